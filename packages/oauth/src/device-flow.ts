import { setTimeout as sleep } from 'node:timers/promises';
import type { LoginSession } from '@cliproxy/plugin-api';
import { isGatewayError } from '@cliproxy/plugin-api';
import * as oauth from 'oauth4webapi';
import { grantedTokens, readLoginAnswer } from './login-tokens.ts';
import type { LoginTokens } from './login-tokens.ts';
import type { OAuthClient } from './oauth-client.ts';
import { throughDoor } from './oauth-door.ts';
import { loginFailed } from './oauth-faults.ts';
import { safeAddress } from './safe-address.ts';
import { RATE_LIMIT, requestTokens } from './token-request.ts';
import type { TokenOutcome } from './token-request.ts';

/** Seconds, by RFC 8628 section 3.2 and 3.5. */
const DEFAULT_INTERVAL_S = 5;
const SLOWER_BY_S = 5;

/** A network that is away for a while does not end a login. */
const PASSING: ReadonlySet<string> = new Set(['UPSTREAM_UNREACHABLE', 'UPSTREAM_TIMEOUT']);

/** Device authorization: the person enters a code on whichever machine has a browser. */
export async function deviceFlow(client: OAuthClient, session: LoginSession): Promise<LoginTokens> {
  const { options } = client;
  const server = await client.server(session);
  const clientId = client.idFor(session.previous?.facts);
  const us: oauth.Client = { client_id: clientId };
  const asked = await begin(client, server, us, session);
  const page = safeAddress(
    "the vendor's page for device codes",
    asked.verification_uri_complete ?? asked.verification_uri,
    options.insecureLoopback,
  );
  session.showCode(page.href, asked.user_code);
  session.progress('waiting for the code to be entered');

  const endsAtMs = performance.now() + asked.expires_in * 1000;
  let intervalS = asked.interval ?? DEFAULT_INTERVAL_S;
  for (;;) {
    await sleep(intervalS * 1000, undefined, { signal: session.signal });
    if (performance.now() > endsAtMs) throw loginFailed('the code was not entered in time');
    const outcome = await poll(client, server, us, asked.device_code, session);
    const slowerByS = outcome === 'not-sent' ? SLOWER_BY_S : undecided(outcome);
    if (slowerByS !== undefined) intervalS += slowerByS;
    else if (outcome !== 'not-sent') {
      return { tokens: grantedTokens(outcome, client.nowMs()), clientId };
    }
  }
}

async function poll(
  client: OAuthClient,
  server: oauth.AuthorizationServer,
  us: oauth.Client,
  deviceCode: string,
  session: LoginSession,
): Promise<TokenOutcome | 'not-sent'> {
  try {
    return await requestTokens(
      () =>
        oauth.deviceCodeGrantRequest(
          server,
          us,
          client.proof(),
          deviceCode,
          client.tokenRequest(session),
        ),
      (reply) =>
        readLoginAnswer(client, server, session, reply, (answer) =>
          oauth.processDeviceCodeResponse(server, us, answer),
        ),
      client.wantsIdToken ? 'checked' : 'ignored',
    );
  } catch (error) {
    if (isGatewayError(error) && PASSING.has(error.code)) return 'not-sent';
    throw error;
  }
}

/** By how many seconds to wait longer before the next try; `undefined`: there is nothing to wait for. */
function undecided(outcome: TokenOutcome): number | undefined {
  switch (outcome.kind) {
    case 'granted':
      return undefined;
    case 'refused':
      if (outcome.code === 'authorization_pending') return 0;
      return outcome.code === 'slow_down' || outcome.code === RATE_LIMIT ? SLOWER_BY_S : undefined;
    case 'unknown':
      return outcome.status === undefined || outcome.status >= 500 ? SLOWER_BY_S : undefined;
  }
}

async function begin(
  client: OAuthClient,
  server: oauth.AuthorizationServer,
  us: oauth.Client,
  session: LoginSession,
): Promise<oauth.DeviceAuthorizationResponse> {
  const { options } = client;
  if (server.device_authorization_endpoint === undefined) {
    throw loginFailed(`${server.issuer} has no device codes; log in by the browser`);
  }
  const scope = options.scopes.join(' ');
  try {
    const reply = await oauth.deviceAuthorizationRequest(
      server,
      us,
      client.proof(),
      { ...options.tokenParameters, ...(scope === '' ? {} : { scope }) },
      throughDoor(session, options, 'form', options.tokenHeaders),
    );
    return await oauth.processDeviceAuthorizationResponse(server, us, reply);
  } catch (error) {
    if (isGatewayError(error) || session.signal.aborted) throw error;
    throw loginFailed('the vendor gave no device code; check the client id and scopes');
  }
}
