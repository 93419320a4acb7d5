import { GatewayError } from '@cliproxy/plugin-api';
import type { Authenticator, Secret } from '@cliproxy/plugin-api';
import { accountUnknown } from '../accounts/account-unknown.ts';
import type { PluginInstance } from '../plugins/plugin-instance.ts';
import type { Clock } from '../ports/clock.ts';
import type { CredentialStore } from '../ports/credential-store.ts';
import type { SecretRegistry } from '../ports/secret-registry.ts';
import { Login } from './login.ts';
import type { LoginPlace } from './login-place.ts';
import type { LoginView } from './login-view.ts';
import type { LoginPage, Logins, LoginWish, LogoutResult } from './logins.ts';
import { answerRedirect, RedirectListeners } from './redirect-listeners.ts';

/** What a {@link LoginDesk} works with. */
export interface LoginDeskOptions {
  readonly instances: () => readonly PluginInstance[];
  readonly store: CredentialStore;
  readonly clock: Clock;
  readonly secrets: SecretRegistry;
  /** How long a person has, in milliseconds; asked when a login begins. */
  readonly loginMs: () => number;
}

const MAX_UNDER_WAY = 16;
const MAX_ENDED = 64;
/** How long it is remembered how a login ended. */
const ENDED_MS = 600_000;

/** Where accounts are logged in and out. */
export class LoginDesk implements Logins {
  readonly #options: LoginDeskOptions;
  readonly #listeners = new RedirectListeners();
  readonly #logins = new Map<string, Login>();

  constructor(options: LoginDeskOptions) {
    this.#options = options;
  }

  start(wish: LoginWish): LoginView {
    this.#forget();
    const place = this.#place(wish.instanceId);
    const authenticator = chosen(wish, place);
    const previous = place.list().find(({ account }) => account.id === wish.previous)?.account;
    if (wish.previous !== undefined && previous === undefined) throw accountUnknown(wish.previous);
    const underWay = [...this.#logins.values()].filter((one) => one.endedAtMs === undefined);
    if (underWay.length >= MAX_UNDER_WAY) {
      throw new GatewayError(
        'AUTH_TOO_MANY_LOGINS',
        `${MAX_UNDER_WAY} logins are under way; finish or cancel one`,
      );
    }
    const login = new Login({
      wish,
      authenticator,
      previous,
      place: () => this.#place(wish.instanceId),
      listeners: this.#listeners,
      clock: this.#options.clock,
      secrets: this.#options.secrets,
      limitMs: this.#options.loginMs(),
    });
    this.#logins.set(login.id, login);
    return login.view();
  }

  list(instanceId: string): readonly LoginView[] {
    this.#forget();
    return [...this.#logins.values()]
      .map((login) => login.view())
      .filter((view) => view.instanceId === instanceId);
  }

  get(id: string): LoginView | undefined {
    this.#forget();
    return this.#logins.get(id)?.view();
  }

  async wait(id: string, seen: number, signal: AbortSignal): Promise<LoginView> {
    return this.#login(id).changed(seen, signal);
  }

  paste(id: string, text: Secret): LoginView {
    return this.#login(id).paste(text.reveal());
  }

  callback(query: Readonly<Record<string, string>>): Promise<LoginPage> {
    return answerRedirect([...this.#logins.values()], query);
  }

  cancel(id: string): LoginView {
    return this.#login(id).cancel();
  }

  async logout(accountId: string, signal: AbortSignal): Promise<LogoutResult> {
    const [instanceId = '', key = ''] = accountId.split('/');
    const place = this.#options.instances().find(({ id }) => id === instanceId)?.logins;
    if (place?.list().some(({ account }) => account.id === accountId) === true) {
      return place.forget(accountId, signal);
    }
    // Nobody here can use it, for example since its plugin is disabled; it can be forgotten still.
    const { store } = this.#options;
    if (!/^[\w.-]+$/.test(key)) throw accountUnknown(accountId);
    return store.withLock(accountId, async () => {
      const kept = await store.get(accountId);
      if (kept === undefined) throw accountUnknown(accountId);
      await store.delete(accountId);
      const reason = 'its plugin does not run; end the login at the vendor';
      return { accountId, label: kept.label, revoked: 'unsupported', reason };
    });
  }

  /** Ends all logins. */
  stop(): void {
    for (const login of this.#logins.values()) login.cancel();
    this.#listeners.stop();
  }

  #place(instanceId: string): LoginPlace {
    const instances = this.#options.instances();
    const place = instances.find(({ id }) => id === instanceId)?.logins;
    if (place !== undefined && canLogIn(place).length > 0) return place;
    const able = instances.filter(({ logins }) => logins && canLogIn(logins).length > 0);
    const names = able.map(({ id }) => id).join(', ');
    throw unsupported(
      `nobody can be logged in to "${instanceId}"; ${names === '' ? 'no running plugin has logins' : `it can be done to: ${names}`}`,
    );
  }

  #login(id: string): Login {
    this.#forget();
    const login = this.#logins.get(id);
    if (login !== undefined) return login;
    throw new GatewayError(
      'AUTH_LOGIN_UNKNOWN',
      'there is no such login; it may have ended some time ago. Start a new one',
    );
  }

  /** Drops what ended long ago, and the oldest where there are many. */
  #forget(): void {
    const beforeMs = this.#options.clock.now() - ENDED_MS;
    const ended = [...this.#logins.values()].filter((one) => one.endedAtMs !== undefined);
    const surplus = ended.length - MAX_ENDED;
    for (const [index, { id, endedAtMs = 0 }] of ended.entries()) {
      if (endedAtMs < beforeMs || index < surplus) this.#logins.delete(id);
    }
  }
}

function canLogIn(place: LoginPlace): readonly Authenticator[] {
  return place.authenticators().filter((one) => one.login !== undefined);
}

function chosen({ instanceId, authenticator }: LoginWish, place: LoginPlace): Authenticator {
  const able = canLogIn(place);
  const [only] = able;
  const found =
    authenticator === undefined && able.length === 1
      ? only
      : able.find(({ id }) => id === authenticator);
  if (found !== undefined) return found;
  const names = able.map(({ id }) => id).join(', ');
  throw unsupported(
    authenticator === undefined
      ? `"${instanceId}" has several ways to log in; name one as "authenticator" (--authenticator): ${names}`
      : `"${instanceId}" has no way to log in that is called ${JSON.stringify(authenticator)}; name one of: ${names}`,
  );
}

function unsupported(message: string): GatewayError {
  return new GatewayError('AUTH_LOGIN_UNSUPPORTED', message);
}
