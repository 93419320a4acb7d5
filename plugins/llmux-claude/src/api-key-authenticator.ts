import { GatewayError } from '@cliproxy/plugin-api';
import type { Authenticator } from '@cliproxy/plugin-api';

/**
 * Puts an Anthropic API key on each request, as `x-api-key`.
 *
 * @see https://platform.claude.com/docs/en/api/overview
 */
export const apiKeyAuthenticator: Authenticator = {
  id: 'anthropic-api-key',
  method: 'api-key',
  async authorize(request, credential) {
    const key = credential.secrets['apiKey'];
    if (key === undefined) {
      throw new GatewayError('AUTH_NEEDS_LOGIN', 'the account has no API key: add it to apiKeys');
    }
    return { ...request, headers: { ...request.headers, 'x-api-key': key.reveal() } };
  },
};
