import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError, readBody } from '@cliproxy/plugin-api';
import type { LoginSession } from '@cliproxy/plugin-api';
import type { Service } from '../config.ts';
import { isObject } from '../json-object.ts';
import type { JsonObject } from '../json-object.ts';
import { withKey } from '../service-key.ts';

const MAX_STATUS_BYTES = 256 * 1024;
const POLL_MS = 1_000;

/**
 * Lets WebAI-to-API open its own browser, in which a person logs in, and waits until it has the
 * session. The session stays there: none of it comes here.
 *
 * @throws GatewayError `AUTH_LOGIN_FAILED` with what the service says, `UPSTREAM_*` where it is not
 *   there.
 * @see https://github.com/Amm1rr/WebAI-to-API/blob/master/src/app/endpoints/auth.py
 */
export async function loginAtService(service: Service, session: LoginSession): Promise<void> {
  const begun = await ask('POST', '/v1/auth/login', service, session);
  // 409: its browser waits for a person already.
  if (begun.status !== 202 && begun.status !== 409) {
    const { detail } = begun.body;
    const said = typeof detail === 'string' ? `: ${detail.slice(0, 300)}` : '';
    throw failed(`answered ${begun.status} when it was to open its browser${said}`);
  }
  session.progress('WebAI-to-API has opened its own browser: log in there');
  for (;;) {
    await sleep(POLL_MS, undefined, { signal: session.signal });
    const { status, body } = await ask('GET', '/v1/auth/status', service, session);
    if (status !== 200) throw failed(`answered ${status} when it was asked about its login`);
    if (body['login_state'] === 'LOGIN_IN_PROGRESS') continue;
    if (hasSession(body)) return;
    throw failed('has no session after its login; its log says why. Log in again');
  }
}

function hasSession({ gemini_webapi: api, playwright }: JsonObject): boolean {
  return (
    (isObject(api) && api['status'] === 'AUTHENTICATED') ||
    (isObject(playwright) && playwright['status'] === 'VALID_SESSION')
  );
}

async function ask(
  method: 'GET' | 'POST',
  path: string,
  service: Service,
  { http, signal }: LoginSession,
): Promise<{ readonly status: number; readonly body: JsonObject }> {
  const request = withKey({ method, url: service.root + path, headers: {} }, service);
  const reply = await http.request(request, signal);
  const text = await readBody(reply, MAX_STATUS_BYTES);
  try {
    const body: unknown = JSON.parse(text.toString());
    return { status: reply.status, body: isObject(body) ? body : {} };
  } catch {
    return { status: reply.status, body: {} };
  }
}

function failed(what: string): GatewayError {
  return new GatewayError('AUTH_LOGIN_FAILED', `the service ${what}`);
}
