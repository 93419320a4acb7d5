import { secret } from '@cliproxy/plugin-api';
import type { Credential, Secret } from '@cliproxy/plugin-api';
import type { TokenEndpointResponse } from 'oauth4webapi';
import { needsLogin } from './oauth-faults.ts';
import { lifeSeconds } from './token-request.ts';

/** Longer lives are cut: no timer and no clock is to be trusted beyond. */
const LONGEST_LIFE_S = 366 * 24 * 3600;

/**
 * What is kept of a token answer. The refresh token belongs to the vault, the access token lives in
 * memory; where there is no refresh token, the access token is all there is, and is kept.
 *
 * @param former - what it renews: its refresh token stays where the vendor sends none.
 */
export function credentialOf(
  tokens: TokenEndpointResponse,
  facts: Readonly<Record<string, string>>,
  nowMs: number,
  former?: Credential,
): Credential {
  const accessToken = secret(tokens.access_token);
  const refreshToken =
    tokens.refresh_token === undefined
      ? former?.secrets.refreshToken
      : secret(tokens.refresh_token);
  const seconds = lifeSeconds(tokens.expires_in);
  return {
    ...(refreshToken === undefined
      ? { secrets: { accessToken } }
      : { secrets: { ...former?.secrets, refreshToken }, session: { accessToken } }),
    facts: { ...former?.facts, ...facts },
    ...(seconds === undefined
      ? {}
      : { expiresAtMs: nowMs + Math.min(seconds, LONGEST_LIFE_S) * 1000 }),
  };
}

/**
 * The token that an authenticator's `authorize` puts on a request.
 *
 * @throws GatewayError `AUTH_NEEDS_LOGIN` when there is none.
 */
export function accessTokenOf(credential: Credential): Secret {
  const token = credential.session?.accessToken ?? credential.secrets.accessToken;
  if (token === undefined) throw needsLogin('the account has no access token');
  return token;
}
