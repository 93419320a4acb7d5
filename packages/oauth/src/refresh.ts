import { GatewayError } from '@cliproxy/plugin-api';
import type { AuthContext, Credential } from '@cliproxy/plugin-api';
import * as oauth from 'oauth4webapi';
import { credentialOf } from './credential.ts';
import type { OAuthClient } from './oauth-client.ts';
import { needsLogin } from './oauth-faults.ts';
import { rateLimited } from './retry-after.ts';
import { RATE_LIMIT, requestTokens } from './token-request.ts';

/** Codes by which vendors say that a refresh token is spent, besides the standard's. */
const ENDING_CODES: readonly string[] = [
  'invalid_grant',
  'invalid_refresh_token',
  'token_expired',
  'refresh_token_expired',
  'refresh_token_invalidated',
  'refresh_token_reused',
];

/**
 * Renews a credential by its refresh token, once. What it throws tells whether that token may be
 * used again.
 */
export async function refresh(
  client: OAuthClient,
  credential: Credential,
  context: AuthContext,
): Promise<Credential> {
  const { refreshToken } = credential.secrets;
  if (refreshToken === undefined) throw needsLogin('the account has no refresh token');
  context.signal.throwIfAborted();
  const server = await client.server(context);
  const us: oauth.Client = { client_id: client.idFor(credential.facts) };
  const outcome = await requestTokens(
    () =>
      oauth.refreshTokenGrantRequest(
        server,
        us,
        client.proof(),
        refreshToken.reveal(),
        client.tokenRequest(context),
      ),
    (reply) => oauth.processRefreshTokenResponse(server, us, reply),
    // Nothing is taken from one here, and a fault in it must not cost the rotated refresh token.
    'ignored',
  );
  switch (outcome.kind) {
    case 'granted':
      return credentialOf(outcome.tokens, scopesOf(outcome.tokens), client.nowMs(), credential);
    case 'refused': {
      const { code, retryAfter } = outcome;
      if (code === RATE_LIMIT) throw rateLimited(retryAfter, client.nowMs());
      if (ENDING_CODES.includes(code) || client.options.endingCodes?.includes(code) === true) {
        throw needsLogin(`the vendor has ended the login (${code})`);
      }
      throw new GatewayError(
        'UPSTREAM_AUTH',
        `the vendor refused to renew the login (${code}); check the client id and secret`,
        { failure: { kind: 'auth', scope: 'account' } },
      );
    }
    case 'unknown':
      throw new GatewayError(
        'AUTH_OUTCOME_UNKNOWN',
        `whether the login was renewed is unknown: ${outcome.reason}; the refresh token may be spent`,
        { failure: { kind: 'upstream', scope: 'account' }, cause: outcome.cause },
      );
  }
}

/** What was granted, where the vendor says so. */
export function scopesOf({ scope }: oauth.TokenEndpointResponse): Record<string, string> {
  return scope === undefined || scope === '' ? {} : { scopes: scope };
}
