import { GatewayError } from '@cliproxy/plugin-api';
import type { Authenticator } from '@cliproxy/plugin-api';

/**
 * Puts a Gemini API key on each request, as `x-goog-api-key`. Never as `?key=`: addresses end in
 * logs.
 *
 * @see https://ai.google.dev/gemini-api/docs/api-key
 */
export const apiKeyAuthenticator: Authenticator = {
  id: 'gemini-api-key',
  method: 'api-key',
  async authorize(request, credential) {
    const key = credential.secrets['apiKey'];
    if (key === undefined) {
      throw new GatewayError('AUTH_NEEDS_LOGIN', 'the account has no API key: add it to apiKeys');
    }
    return { ...request, headers: { ...request.headers, 'x-goog-api-key': key.reveal() } };
  },
};
