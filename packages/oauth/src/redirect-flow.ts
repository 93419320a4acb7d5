import { createHash, timingSafeEqual } from 'node:crypto';
import type { LoginSession } from '@cliproxy/plugin-api';
import * as oauth from 'oauth4webapi';
import { grantedTokens, meaningOf, readLoginAnswer } from './login-tokens.ts';
import type { LoginTokens } from './login-tokens.ts';
import type { OAuthClient } from './oauth-client.ts';
import { loginFailed } from './oauth-faults.ts';
import type { OAuthRedirect } from './oauth-options.ts';
import { safeAddress } from './safe-address.ts';
import { requestTokens } from './token-request.ts';

/** Authorization code with PKCE S256. */
export async function redirectFlow(
  client: OAuthClient,
  session: LoginSession,
): Promise<LoginTokens> {
  const { options } = client;
  const server = await client.server(session);
  const page = safeAddress(
    "the vendor's authorize address",
    server.authorization_endpoint,
    options.insecureLoopback,
  );
  const verifier = oauth.generateRandomCodeVerifier();
  const nonce = client.wantsIdToken ? oauth.generateRandomNonce() : undefined;
  const redirectUri = await redirectUriOf(options.redirect ?? { path: '/callback' }, session);
  const beganAs = client.idFor(session.previous?.facts);
  const { authorizeParameters: more } = options;
  const parameters = {
    ...(typeof more === 'function' ? more(session) : more),
    client_id: beganAs,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: options.scopes.join(' '),
    state: session.state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...(nonce === undefined ? {} : { nonce }),
  };
  for (const [name, value] of Object.entries(parameters)) page.searchParams.set(name, value);
  session.open(page.href);
  session.progress('waiting for the browser to come back');

  const callback = callbackOf(await session.callback());
  const issued = options.issuesClientId === true ? callback.query.client_id : undefined;
  const clientId = issued ?? beganAs;
  const us: oauth.Client = { client_id: clientId };
  const checked = checkCallback(server, us, callback, session.state);
  const outcome = await requestTokens(
    () =>
      oauth.authorizationCodeGrantRequest(
        server,
        us,
        client.proof(),
        checked,
        redirectUri,
        verifier,
        client.tokenRequest(
          session,
          options.stateInTokenRequest === true ? { state: session.state } : {},
        ),
      ),
    (reply) =>
      readLoginAnswer(client, server, session, reply, (answer) =>
        oauth.processAuthorizationCodeResponse(server, us, answer, {
          ...(nonce === undefined ? {} : { expectedNonce: nonce, requireIdToken: true }),
        }),
      ),
    client.wantsIdToken ? 'checked' : 'ignored',
  );
  return { tokens: grantedTokens(outcome, client.nowMs()), clientId };
}

async function redirectUriOf(redirect: OAuthRedirect, session: LoginSession): Promise<string> {
  if ('uri' in redirect) return redirect.uri;
  const { path, port, host } = redirect;
  const uri = await session.redirectUri({ path, ...(port === undefined ? {} : { port }) });
  if (host === undefined) return uri;
  const url = new URL(uri);
  url.hostname = host;
  return url.href;
}

type Query = Readonly<Record<string, string>>;

/** What came back: by the browser, or as a code that the person has pasted. */
interface Callback {
  readonly query: Query;
  /** A code alone says neither whose login it is for nor who gave it: its verifier binds it to both. */
  readonly isPasted: boolean;
}

/** Vendors whose page shows a code to paste write `code#state` there. */
function callbackOf(query: Query): Callback {
  const { code, state, ...rest } = query;
  const [own, itsState] = code?.split('#') ?? [];
  if (own !== undefined && itsState !== undefined) {
    return { query: { ...rest, code: own, state: itsState }, isPasted: true };
  }
  return { query, isPasted: code !== undefined && state === undefined };
}

/** Refuses a callback that does not belong to this login, before any of it is used. */
function checkCallback(
  server: oauth.AuthorizationServer,
  us: oauth.Client,
  { query, isPasted }: Callback,
  state: string,
): URLSearchParams {
  if (query.state === undefined ? !isPasted : !sameText(query.state, state)) {
    throw loginFailed('the callback belongs to another login (its state differs); start it again');
  }
  const needsIss = server.authorization_response_iss_parameter_supported === true && !isPasted;
  if (query.iss === undefined ? needsIss : query.iss !== server.issuer) {
    const { issuer } = server;
    throw loginFailed(`the callback does not say that it comes from ${issuer} (its iss differs)`);
  }
  if (query.error !== undefined) {
    const isCode = /^[a-z_]{1,48}$/.test(query.error);
    throw loginFailed(meaningOf(isCode ? query.error : 'an error'));
  }
  if (query.code === undefined || query.code === '') {
    throw loginFailed('the callback holds no code');
  }
  try {
    return oauth.validateAuthResponse(
      { ...server, authorization_response_iss_parameter_supported: needsIss },
      us,
      new URLSearchParams(query),
      query.state === undefined ? oauth.expectNoState : state,
    );
  } catch {
    // Its errors repeat the query, code included.
    throw loginFailed('the callback is not what the standard prescribes');
  }
}

/** In a time that tells nothing of where they differ. */
function sameText(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
