import { accessTokenOf, oauthLogin } from '@cliproxy/oauth';
import type { Authenticator } from '@cliproxy/plugin-api';
import type { AcmeConfig } from './config.ts';

/**
 * Logs people in at Acme: authorization code with PKCE, the browser comes back to this machine. The
 * gateway asks for renewals ahead of time, keeps the refresh token in its vault, and ends the login at
 * Acme when somebody logs out; `oauthLogin` knows how each is done.
 */
export function loginAuthenticator({ loginUrl, clientId }: AcmeConfig): Authenticator {
  return {
    id: 'acme',
    method: 'oauth',
    async authorize(request, credential) {
      const authorization = `Bearer ${accessTokenOf(credential).reveal()}`;
      return { ...request, headers: { ...request.headers, authorization } };
    },
    ...oauthLogin({
      // Its addresses are in its discovery document. A vendor without one needs `endpoints`.
      server: { issuer: loginUrl },
      clientId,
      // `openid` and `email` tell whose login it is; `offline_access` lasts longer than an hour.
      scopes: ['openid', 'email', 'offline_access'],
      redirect: { path: '/callback' },
      // The schema lets plain http lead to this machine alone: a test's server.
      insecureLoopback: loginUrl.startsWith('http:'),
    }),
  };
}
