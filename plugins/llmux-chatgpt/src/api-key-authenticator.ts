import { GatewayError } from '@cliproxy/plugin-api';
import type { Authenticator } from '@cliproxy/plugin-api';

/**
 * Puts an OpenAI API key on each request, as a bearer token.
 *
 * @see https://platform.openai.com/docs/api-reference/authentication
 */
export const apiKeyAuthenticator: Authenticator = {
  id: 'openai-api-key',
  method: 'api-key',
  async authorize(request, credential) {
    const key = credential.secrets['apiKey'];
    if (key === undefined) {
      throw new GatewayError('AUTH_NEEDS_LOGIN', 'the account has no API key: add it to apiKeys');
    }
    return { ...request, headers: { ...request.headers, authorization: `Bearer ${key.reveal()}` } };
  },
};
