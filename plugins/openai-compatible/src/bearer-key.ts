import type { Authenticator } from '@cliproxy/plugin-api';

/**
 * Puts the account's key on each request, as a bearer token. The one keyless account (for services
 * that ask for none) sends none.
 */
export const bearerKey: Authenticator = {
  id: 'bearer-key',
  method: 'api-key',
  async authorize(request, credential) {
    const key = credential.secrets['apiKey'];
    if (key === undefined) return request;
    return { ...request, headers: { ...request.headers, authorization: `Bearer ${key.reveal()}` } };
  },
};
