import { GatewayError } from '@cliproxy/plugin-api';
import type { Authenticator } from '@cliproxy/plugin-api';

/** Named in the manifest: `provides.authenticators`. */
export const KEY = 'acme-key';

/**
 * Puts an API key on each request. The executor never sees it: whatever it sends by `call.http` passes
 * here on its way out.
 */
export const keyAuthenticator: Authenticator = {
  id: KEY,
  method: 'api-key',
  async authorize(request, credential) {
    const key = credential.secrets['apiKey'];
    if (key === undefined) {
      throw new GatewayError('AUTH_NEEDS_LOGIN', 'the account has no API key: add it to apiKeys');
    }
    const authorization = `Bearer ${key.reveal()}`;
    return { ...request, headers: { ...request.headers, authorization } };
  },
};
