import { GatewayError } from '@cliproxy/plugin-api';
import type { Authenticator } from '@cliproxy/plugin-api';

/**
 * Puts an account's API key on each request. The executor never sees a key: whatever it sends by
 * `call.http` passes here.
 */
export const apiKey: Authenticator = {
  // Named in package.json: cliproxyPlugin.provides.authenticators.
  id: 'api-key',
  method: 'api-key',
  async authorize(request, credential) {
    const key = credential.secrets.apiKey;
    if (key === undefined) {
      throw new GatewayError('AUTH_NEEDS_LOGIN', 'the account has no API key: add it to apiKeys');
    }
    return { ...request, headers: { ...request.headers, authorization: `Bearer ${key.reveal()}` } };
  },
};
