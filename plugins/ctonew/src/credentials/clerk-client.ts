import { GatewayError } from '@cliproxy/plugin-api';
import type { AuthContext } from '@cliproxy/plugin-api';
import type { CtonewService } from '../config.ts';
import type { JsonObject } from '../json-object.ts';
import { listOf, objectOf, textOf } from '../json-object.ts';
import { askJson, badAnswer } from './ask-json.ts';
import { cookieHeader, rotatedCookie } from './client-cookie.ts';
import { claimsIfAny } from './jwt.ts';

/** A session of a signed-in browser. */
export interface ClerkSession {
  readonly id: string;
  readonly email: string | undefined;
}

/** A token that speaks for a session, for about a minute. */
export interface SessionToken {
  readonly jwt: string;
  readonly userId: string;
  readonly lifetimeMs: number;
}

const LIFETIME_MS = 60_000;
const REMEDY = 'sign in at https://cto.new, copy the cookie __client anew and log in again';

/**
 * Talks to the service that signs people in at cto.new, as one browser.
 *
 * @see https://clerk.com/docs/reference/frontend-api
 */
export class ClerkClient {
  readonly #service: CtonewService;
  readonly #context: Pick<AuthContext, 'http' | 'signal'>;
  #cookie: string;

  /** @param cookie - value of `__client`. */
  constructor(
    service: CtonewService,
    cookie: string,
    context: Pick<AuthContext, 'http' | 'signal'>,
  ) {
    this.#service = service;
    this.#context = context;
    this.#cookie = cookie;
  }

  /** The value of `__client` now: any answer may replace it. */
  get cookie(): string {
    return this.#cookie;
  }

  /**
   * The session that the browser used last.
   *
   * @throws GatewayError `AUTH_NEEDS_LOGIN` where it is signed out, else `UPSTREAM_*`.
   */
  async activeSession(): Promise<ClerkSession> {
    const { response } = await this.#ask('GET', '/v1/client');
    const client = objectOf(response) ?? {};
    const sessions = listOf(client['sessions']).flatMap((entry) => {
      const session = objectOf(entry);
      const status = session?.['status'] ?? 'active';
      return session !== undefined && status === 'active' ? [session] : [];
    });
    const last = sessions.find(({ id }) => id === client['last_active_session_id']);
    const found = last ?? sessions[0];
    const id = textOf(found?.['id']);
    if (found !== undefined && id !== undefined) return { id, email: emailOf(found) };
    throw new GatewayError('AUTH_NEEDS_LOGIN', `the browser is signed out of cto.new: ${REMEDY}`, {
      failure: { kind: 'auth', scope: 'account', message: 'the browser is signed out of cto.new' },
    });
  }

  /** @throws GatewayError `AUTH_NEEDS_LOGIN` where the session has ended, else `UPSTREAM_*`. */
  async sessionToken(sessionId: string): Promise<SessionToken> {
    const path = `/v1/client/sessions/${encodeURIComponent(sessionId)}/tokens`;
    const jwt = textOf((await this.#ask('POST', path))['jwt']);
    const claims = jwt === undefined ? undefined : claimsIfAny(jwt);
    const userId = textOf(claims?.['sub']);
    if (jwt === undefined || claims === undefined || userId === undefined) {
      throw badAnswer(`POST ${path}`, 'a token that names its user');
    }
    return { jwt, userId, lifetimeMs: lifetimeMs(claims) };
  }

  /** Signs the session out, in the browser as well. */
  async removeSession(sessionId: string): Promise<void> {
    await this.#ask('POST', `/v1/client/sessions/${encodeURIComponent(sessionId)}/remove`);
  }

  async #ask(method: 'GET' | 'POST', path: string): Promise<JsonObject> {
    const { clerk, clerkApiVersion, origin, clock } = this.#service;
    const { headers, body } = await askJson(
      {
        method,
        url: `${clerk}${path}?__clerk_api_version=${clerkApiVersion}`,
        headers: {
          accept: 'application/json',
          origin,
          cookie: cookieHeader(this.#cookie),
          ...(method === 'POST' && { 'content-type': 'application/x-www-form-urlencoded' }),
        },
      },
      this.#context,
      { refused: [400, 401, 403, 404, 422], remedy: REMEDY, clock },
    );
    this.#cookie = rotatedCookie(headers['set-cookie']) ?? this.#cookie;
    return body;
  }
}

/** By the token's own clock: ours may be wrong. */
function lifetimeMs({ iat, exp }: JsonObject): number {
  if (typeof iat !== 'number' || typeof exp !== 'number' || exp <= iat) return LIFETIME_MS;
  return (exp - iat) * 1000;
}

function emailOf(session: JsonObject): string | undefined {
  const identifier = textOf(objectOf(session['public_user_data'])?.['identifier']);
  const addresses = listOf(objectOf(session['user'])?.['email_addresses']);
  return identifier ?? textOf(objectOf(addresses[0])?.['email_address']);
}
