import { secret } from '@cliproxy/plugin-api';
import type { Authenticator, Json, LoginSession, NewAccount } from '@cliproxy/plugin-api';
import * as oauth from 'oauth4webapi';
import { credentialOf } from './credential.ts';
import { defaultAccount } from './default-account.ts';
import { deviceFlow } from './device-flow.ts';
import type { LoginTokens } from './login-tokens.ts';
import { OAuthClient } from './oauth-client.ts';
import { badOption, badWish } from './oauth-faults.ts';
import type { OAuthFlow, OAuthGrant, OAuthOptions } from './oauth-options.ts';
import { redirectFlow } from './redirect-flow.ts';
import { refresh, scopesOf } from './refresh.ts';
import { revoke } from './revoke.ts';
import { safeAddress } from './safe-address.ts';

/** What {@link oauthLogin} fills of an `Authenticator`. */
export type OAuthLogin = Required<Pick<Authenticator, 'login' | 'refresh' | 'revoke'>>;

const flows = { redirect: redirectFlow, device: deviceFlow };

/**
 * Logs accounts in at a vendor that speaks OAuth 2: authorization code with PKCE, or device codes.
 * All requests go through the plugin's own way out, so that its manifest must declare the hosts.
 *
 * ```ts
 * const authenticator: Authenticator = {
 *   id: 'example',
 *   method: 'oauth',
 *   authorize: async (request, credential) => ({
 *     ...request,
 *     headers: { ...request.headers, authorization: `Bearer ${accessTokenOf(credential).reveal()}` },
 *   }),
 *   ...oauthLogin({
 *     server: { issuer: 'https://auth.example.com' },
 *     clientId: 'cliproxy',
 *     scopes: ['openid', 'email', 'offline_access'],
 *   }),
 * };
 * ```
 *
 * The functions throw `GatewayError`:
 * - `login`: `AUTH_LOGIN_FAILED` when it was refused, or its answer is not for it;
 *   `CLIENT_BAD_REQUEST` for a `flow` that is not offered.
 * - `refresh`: `AUTH_NEEDS_LOGIN` when the vendor has ended the login; `AUTH_OUTCOME_UNKNOWN` when
 *   the refresh token may be spent; `UPSTREAM_AUTH`, `UPSTREAM_RATE_LIMIT`, and `UPSTREAM_*` where
 *   no connection could be made, when it is not.
 * - `revoke`: `UPSTREAM_FAILED`.
 *
 * @throws GatewayError `CONFIG_INVALID` for an address that is none, or not `https:`.
 * @see https://www.rfc-editor.org/rfc/rfc9700 Best Current Practice for OAuth 2.0 Security
 */
export function oauthLogin(options: OAuthOptions): OAuthLogin {
  checkOptions(options);
  const client = new OAuthClient(options);
  return {
    login: async (session) => {
      const flow = flowOf(options, session);
      return newAccount(client, session, await flows[flow](client, session));
    },
    refresh: (credential, context) => refresh(client, credential, context),
    revoke: (credential, context) => revoke(client, credential, context),
  };
}

function checkOptions({ server, clientId, redirect, insecureLoopback }: OAuthOptions): void {
  safeAddress('issuer', server.issuer, insecureLoopback);
  for (const name of ['token', 'authorize', 'device', 'revoke', 'keys'] as const) {
    const address = server.endpoints?.[name];
    if (address !== undefined) safeAddress(`endpoints.${name}`, address, insecureLoopback);
  }
  if (redirect !== undefined && 'uri' in redirect) {
    safeAddress('redirect.uri', redirect.uri, insecureLoopback);
  }
  if (clientId === '') throw badOption('clientId', 'is empty');
}

function flowOf({ flows: offered = ['redirect'] }: OAuthOptions, session: LoginSession): OAuthFlow {
  const wanted = session.input.flow?.reveal() ?? offered[0];
  const found = offered.find((flow) => flow === wanted);
  if (found !== undefined) return found;
  throw badWish('flow', `is none that there is; use one of ${offered.join(', ')}`);
}

/** What stands in every token answer, or must not be shown. */
const KNOWN_FIELDS: ReadonlySet<string> = new Set([
  'access_token',
  'refresh_token',
  'id_token',
  'token_type',
  'expires_in',
  'scope',
]);

async function newAccount(
  client: OAuthClient,
  { signal, http, logger }: LoginSession,
  { tokens, clientId }: LoginTokens,
): Promise<NewAccount> {
  const { options } = client;
  const claims = client.wantsIdToken ? oauth.getValidatedIdTokenClaims(tokens) : undefined;
  const answer = Object.entries(tokens).filter(([name]) => !KNOWN_FIELDS.has(name));
  const grant: OAuthGrant = {
    signal,
    http,
    logger,
    accessToken: secret(tokens.access_token),
    ...(claims === undefined ? {} : { claims: claims as Readonly<Record<string, Json>> }),
    answer: Object.fromEntries(answer) as Readonly<Record<string, Json>>,
  };
  const { key, label, facts } = await (options.account ?? defaultAccount)(grant);
  const scopes = { scopes: options.scopes.join(' '), ...scopesOf(tokens) };
  return {
    key,
    label,
    credential: credentialOf(
      tokens,
      { ...facts, ...scopes, ...client.factsFor(clientId) },
      client.nowMs(),
    ),
  };
}
