import { accessTokenOf, oauthLogin } from '@cliproxy/oauth';
import { GatewayError } from '@cliproxy/plugin-api';
import type { Authenticator, OutgoingRequest, Secret } from '@cliproxy/plugin-api';
import type { OAuthConfig } from './config.js';

/** Both are named in package.json: cliproxyPlugin.provides.authenticators. */
const OAUTH = 'oauth';
export const TOKEN = 'token';

/**
 * Logs accounts in by the browser (authorization code with PKCE), renews their tokens, and puts them on
 * each request. The executor never sees one: whatever it sends by `call.http` passes here.
 *
 * The hosts that it talks to are in package.json: cliproxyPlugin.permissions.hosts.
 */
export function oauthAuthenticator(config: OAuthConfig): Authenticator {
  const { clientId, scopes, authorizeUrl, tokenUrl, revokeUrl } = config;
  const addresses = [authorizeUrl, tokenUrl, revokeUrl];
  return {
    id: OAUTH,
    method: 'oauth',
    authorize: async (request, credential) => withToken(request, accessTokenOf(credential)),
    ...oauthLogin({
      server: {
        // A vendor that publishes a discovery document needs no addresses here, but its issuer.
        issuer: new URL(authorizeUrl).origin,
        endpoints: {
          authorize: authorizeUrl,
          token: tokenUrl,
          ...(revokeUrl === undefined ? {} : { revoke: revokeUrl }),
        },
      },
      clientId,
      scopes,
      // The callback that is registered at the vendor; with `port` where only one port is.
      redirect: { path: '/callback' },
      // Whose login it is, is told by the id token (scope `openid`). Where the vendor has none, say
      // `account: ({ answer, http, accessToken }) => ({ key: …, label: … })`: a stable key, a masked label.
      // The schema lets plain http lead to this machine alone: that is for tests.
      insecureLoopback: addresses.some((url) => url?.startsWith('http:')),
    }),
  };
}

/** Puts the tokens of the configuration on requests. */
export const tokenAuthenticator: Authenticator = {
  id: TOKEN,
  method: 'token',
  async authorize(request, credential) {
    const token = credential.secrets.apiKey;
    if (token === undefined) {
      throw new GatewayError(
        'AUTH_NEEDS_LOGIN',
        'the account has no token: add it to accessTokens',
      );
    }
    return withToken(request, token);
  },
};

function withToken(request: OutgoingRequest, token: Secret): OutgoingRequest {
  const authorization = `Bearer ${token.reveal()}`;
  return { ...request, headers: { ...request.headers, authorization } };
}
