import { randomBytes } from 'node:crypto';
import { fakeJwt } from './fake-jwt.ts';

/** What both services know of one account: the browser, its session, and the tokens given out. */
export class CtonewAccount {
  readonly userId = `user_${randomBytes(12).toString('hex')}`;
  readonly email = 'someone@example.com';
  /** What `__client` must be now. */
  cookie = newCookie();
  refreshToken = newRefreshToken();
  sessionId: string | undefined = newSessionId();
  signedIn = true;
  /** Seconds. */
  tokenLifetime = 60;
  exchanges = 0;
  renewals = 0;
  #tokens = new Set<string>();

  /** A session's token, as Clerk makes it. */
  sessionToken(): string {
    this.exchanges += 1;
    const iat = Math.floor(Date.now() / 1000);
    const exp = iat + this.tokenLifetime;
    return this.#given(fakeJwt({ iss: 'clerk', sub: this.userId, sid: this.sessionId, iat, exp }));
  }

  /** The command line's token; its refresh token is good for one use. */
  renew(refreshToken: string): object | undefined {
    if (refreshToken !== this.refreshToken) return undefined;
    this.renewals += 1;
    this.refreshToken = newRefreshToken();
    const access_token = this.#given(`cto_at_${randomBytes(24).toString('hex')}`);
    return {
      access_token,
      refresh_token: this.refreshToken,
      token_type: 'Bearer',
      expires_in: this.tokenLifetime,
    };
  }

  knows(authorization: string | undefined): boolean {
    return (
      authorization?.startsWith('Bearer ') === true && this.#tokens.has(authorization.slice(7))
    );
  }

  /** What a browser's account proves itself with now. */
  get secrets(): readonly string[] {
    return [...this.#tokens, this.cookie, this.userId];
  }

  rotateCookie(): string {
    this.cookie = newCookie();
    return this.cookie;
  }

  /** The tokens that were given out are refused from now on. */
  endTokens(): void {
    this.#tokens = new Set();
  }

  /** The session is over. @param next - whether the browser has begun another. */
  endSession(next: boolean): void {
    this.endTokens();
    this.sessionId = next ? newSessionId() : undefined;
  }

  #given(token: string): string {
    this.#tokens.add(token);
    return token;
  }
}

function newCookie(): string {
  const [id, rotating_token] = [randomBytes(12), randomBytes(20)].map((bytes) =>
    bytes.toString('hex'),
  );
  return fakeJwt({ id: `client_${id}`, rotating_token });
}

function newRefreshToken(): string {
  return `cto_rt_${randomBytes(24).toString('hex')}`;
}

function newSessionId(): string {
  return `sess_${randomBytes(12).toString('hex')}`;
}
