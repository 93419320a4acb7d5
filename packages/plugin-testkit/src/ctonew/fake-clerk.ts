import type http from 'node:http';
import type { CtonewAccount } from './ctonew-account.ts';
import { answerJson, bodyOf } from './json-answer.ts';
import type { CtonewFault } from './json-answer.ts';

const ORIGIN = 'https://cto.new';

/**
 * The part of Clerk's frontend API that signs a browser in at cto.new.
 *
 * @see https://clerk.com/docs/reference/frontend-api
 */
export class FakeClerk {
  /** Whether each answer brings another cookie, after which the former is refused. */
  rotates = false;
  /** What the next requests get, in turn. */
  readonly faults: CtonewFault[] = [];
  /** Method and path of all that came. */
  readonly requests: string[] = [];
  readonly violations: string[] = [];
  /** Requests wait for it. */
  gate: Promise<void> = Promise.resolve();
  readonly #account: CtonewAccount;

  constructor(account: CtonewAccount) {
    this.#account = account;
  }

  async serve(incoming: http.IncomingMessage, outgoing: http.ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://clerk');
    const asked = `${incoming.method} ${pathname}`;
    this.requests.push(asked);
    this.#check(incoming, searchParams, await bodyOf(incoming));
    await this.gate;
    const fault = this.faults.shift();
    answerJson(outgoing, fault ?? this.#answer(asked, incoming.headers.cookie));
  }

  #answer(asked: string, cookie: string | undefined): CtonewFault {
    const account = this.#account;
    if (!account.signedIn || cookie !== `__client=${account.cookie}`) {
      return refusal(401, 'signed_out', 'Signed out');
    }
    const body = this.#bodyFor(asked);
    if (body === undefined) return refusal(404, 'resource_not_found', 'Session not found');
    if (!this.rotates) return { status: 200, body };
    const value = account.rotateCookie();
    const set = `__client=${value}; Path=/; Domain=clerk.cto.new; HttpOnly; Secure; SameSite=Lax`;
    return { status: 200, body, headers: { 'set-cookie': set } };
  }

  #bodyFor(asked: string): object | undefined {
    const account = this.#account;
    if (asked === 'GET /v1/client') return { response: this.#client(), client: null };
    if (account.sessionId === undefined) return undefined;
    const session = `POST /v1/client/sessions/${account.sessionId}`;
    if (asked === `${session}/tokens`) return { object: 'token', jwt: account.sessionToken() };
    if (asked !== `${session}/remove`) return undefined;
    account.endSession(false);
    return { response: { object: 'session', status: 'removed' }, client: null };
  }

  #client(): object {
    const { sessionId: id, userId, email } = this.#account;
    const user = { id: userId, email_addresses: [{ email_address: email }] };
    const sessions = [
      { id: 'sess_of_yesterday', object: 'session', status: 'ended', user },
      ...(id === undefined ? [] : [{ id, object: 'session', status: 'active', user }]),
    ];
    return { object: 'client', sessions, last_active_session_id: id ?? null };
  }

  #check({ method, headers }: http.IncomingMessage, query: URLSearchParams, body: string): void {
    const version = query.get('__clerk_api_version') ?? '';
    const demands: readonly [boolean, string][] = [
      [headers.origin === ORIGIN, 'it must say that it comes from the page'],
      [/^\d{4}-\d{2}-\d{2}$/u.test(version), '__clerk_api_version is missing'],
      [headers.authorization === undefined, 'a token of EngineLabs is none of its business'],
      [
        method === 'GET' || headers['content-type'] === 'application/x-www-form-urlencoded',
        'the body must be a form',
      ],
      [body === '' || body.startsWith('organization_id='), 'nothing but an organization is sent'],
    ];
    for (const [met, what] of demands) if (!met) this.violations.push(`clerk: ${what}`);
  }
}

function refusal(status: number, code: string, message: string): CtonewFault {
  return { status, body: { errors: [{ message, long_message: `${message}.`, code }] } };
}
