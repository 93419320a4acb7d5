import { GatewayError } from '@cliproxy/plugin-api';
import * as oauth from 'oauth4webapi';
import type { Door } from './oauth-door.ts';
import { throughDoor } from './oauth-door.ts';
import type { OAuthClient } from './oauth-client.ts';
import { loginFailed } from './oauth-faults.ts';
import { rateLimited } from './retry-after.ts';
import { RATE_LIMIT } from './token-request.ts';
import type { TokenOutcome } from './token-request.ts';

/** What a login has brought. */
export interface LoginTokens {
  readonly tokens: oauth.TokenEndpointResponse;
  readonly clientId: string;
}

const MEANINGS: Readonly<Record<string, string>> = {
  invalid_grant: 'the code has expired, was used already, or belongs to another login',
  access_denied: 'it was declined',
  expired_token: 'the code was not entered in time',
  invalid_client: 'the vendor does not know the client; check its id and secret',
  unauthorized_client: 'the vendor does not let this client log in so; check its id',
  invalid_scope: 'the vendor does not grant the scopes that are asked for',
};

/**
 * The tokens of a login, or why there are none. A login may be begun again, so it does not matter
 * here whether the vendor has made any.
 */
export function grantedTokens(outcome: TokenOutcome, nowMs: number): oauth.TokenEndpointResponse {
  switch (outcome.kind) {
    case 'granted':
      return outcome.tokens;
    case 'refused':
      if (outcome.code === RATE_LIMIT) throw rateLimited(outcome.retryAfter, nowMs);
      throw loginFailed(meaningOf(outcome.code));
    case 'unknown':
      throw new GatewayError(
        'AUTH_LOGIN_FAILED',
        `the login failed: ${outcome.reason}; start it again`,
        { cause: outcome.cause },
      );
  }
}

/** A vendor's error code, with what it means. */
export function meaningOf(code: string): string {
  const meaning = MEANINGS[code];
  return `the vendor refused it with ${code}${meaning === undefined ? '' : `: ${meaning}`}`;
}

/**
 * Reads the answer to a login's token request. The id token's signature is checked where the
 * vendor's keys are known.
 */
export async function readLoginAnswer(
  client: OAuthClient,
  server: oauth.AuthorizationServer,
  door: Door,
  reply: Response,
  read: (reply: Response) => Promise<oauth.TokenEndpointResponse>,
): Promise<oauth.TokenEndpointResponse> {
  const tokens = await read(reply);
  if (tokens.id_token !== undefined && server.jwks_uri !== undefined) {
    await oauth.validateApplicationLevelSignature(server, reply, throughDoor(door, client.options));
  }
  return tokens;
}
