import { jest } from '@jest/globals';
import { isGatewayError } from '@cliproxy/plugin-api';
import type { Credential, NewAccount } from '@cliproxy/plugin-api';
import { oauthLogin } from '../src/oauth-login.ts';
import type { OAuthOptions } from '../src/oauth-options.ts';
import { startOAuthServer, startTokenProxy } from '@cliproxy/plugin-testkit';
import type { OAuthServer, TokenProxy } from '@cliproxy/plugin-testkit';
import { logged, testSession } from './test-session.ts';
import type { TestSession } from './test-session.ts';

/** As the server knows clients unless it is told otherwise. */
export const CLIENT_ID = 'cliproxy';

export const NOW_MS = Date.UTC(2026, 0, 2);

/** A vendor to log in at, with a proxy before its token endpoint; remembers what must stay secret. */
export class Vendor {
  readonly server: OAuthServer;
  readonly proxy: TokenProxy;
  readonly #caught: unknown[] = [];
  readonly #secrets = new Set<string>();

  constructor(server: OAuthServer, proxy: TokenProxy) {
    this.server = server;
    this.proxy = proxy;
  }

  static async start(options: { readonly codeLifeS?: number } = {}): Promise<Vendor> {
    // The server has much to say on how it is not set up for the world.
    for (const way of ['warn', 'info'] as const) {
      jest.spyOn(console, way).mockImplementation(() => undefined);
    }
    const server = await startOAuthServer(options);
    return new Vendor(server, await startTokenProxy(`${server.issuer}/token`));
  }

  async close(): Promise<void> {
    await this.proxy.close();
    await this.server.close();
  }

  /** Its addresses as it publishes them. */
  discovered(more: Partial<OAuthOptions> = {}): OAuthOptions {
    return {
      server: { issuer: this.server.issuer },
      clientId: CLIENT_ID,
      scopes: ['openid', 'email', 'offline_access'],
      authorizeParameters: { prompt: 'consent' },
      insecureLoopback: true,
      now: () => NOW_MS,
      ...more,
    };
  }

  /** Its addresses as a plugin writes them down, with the proxy's among them. */
  written(more: Partial<OAuthOptions> = {}): OAuthOptions {
    const { issuer } = this.server;
    const endpoints = {
      token: this.proxy.url,
      authorize: `${issuer}/auth`,
      device: `${issuer}/device/auth`,
      revoke: `${issuer}/token/revocation`,
      keys: `${issuer}/jwks`,
      sendsIss: true,
    };
    return this.discovered({ server: { issuer, endpoints }, ...more });
  }

  async loggedIn(): Promise<Credential> {
    return this.noted(await oauthLogin(this.written()).login(testSession()));
  }

  /** An account's credential. */
  noted({ credential }: NewAccount): Credential {
    if (credential === undefined) throw new Error('an account without a credential');
    return this.kept(credential);
  }

  kept(credential: Credential): Credential {
    for (const part of [credential.secrets, credential.session ?? {}]) {
      for (const value of Object.values(part)) this.#secrets.add(value.reveal());
    }
    return credential;
  }

  /** What is thrown, as its code and sentence; `none` where nothing is. */
  async faultOf(work: Promise<unknown>): Promise<string> {
    try {
      await work;
      return 'none';
    } catch (error) {
      this.#caught.push(error);
      if (isGatewayError(error)) return `${error.code}: ${error.message}`;
      throw error;
    }
  }

  async loginFault(session: TestSession, options = this.written()): Promise<string> {
    const fault = await this.faultOf(oauthLogin(options).login(session));
    for (const value of [session.state, session.query().code]) {
      if (value !== undefined) this.#secrets.add(value);
    }
    return fault;
  }

  /** All that was caught and logged, causes included, and which of the secrets are in there. */
  leaks(): {
    readonly caught: number;
    readonly secrets: number;
    readonly found: readonly string[];
  } {
    const all = [...logged, ...this.#caught.map((error) => textOf(error))].join('\n');
    const wanted = [...this.#secrets, 'sk-canary'];
    return {
      caught: this.#caught.length,
      secrets: this.#secrets.size,
      found: wanted.filter((one) => all.includes(one)),
    };
  }
}

export function refreshTokenOf(credential: Credential): string {
  return credential.secrets.refreshToken?.reveal() ?? 'none';
}

/** Every text within a value, whether it shows or not. */
function textOf(value: unknown, seen = new Set<unknown>()): string {
  if (typeof value !== 'object' || value === null) return String(value);
  if (seen.has(value)) return '';
  seen.add(value);
  return Object.getOwnPropertyNames(value)
    .map((name) => textOf((value as Record<string, unknown>)[name], seen))
    .join('\n');
}
