import type { Secret } from '@cliproxy/plugin-api';
import type { LoginView } from './login-view.ts';

/** What to log in. */
export interface LoginWish {
  readonly instanceId: string;
  /** Absent: the only one of the instance that can log in. */
  readonly authenticator?: string;
  /** What the person gives with the wish, for example a token; names as the plugin's docs say. */
  readonly input: Readonly<Record<string, Secret>>;
  /**
   * The gateway's own callback route, as an absolute URL; given only where the vendor allows any
   * address. It is used unless the plugin wants a port of its own; hand the query that comes to
   * {@link Logins.callback}.
   */
  readonly gatewayCallback?: string;
  /** Id of the account that logs in again, if it is one. */
  readonly previous?: string;
}

/** A page for a browser. It has no script and repeats nothing of the query. */
export interface LoginPage {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What became of an account that was logged out. */
export interface LogoutResult {
  readonly accountId: string;
  readonly label: string;
  /** Whether the vendor has ended it, too; `unsupported`: the plugin can't ask for that. */
  readonly revoked: 'yes' | 'failed' | 'unsupported';
  /** Why it could not be revoked, and what to do. */
  readonly reason?: string;
}

/** Logs accounts in and out while the gateway runs. */
export interface Logins {
  /**
   * Begins a login. Several may be under way; each ends after `timeouts.loginMs` at the latest.
   *
   * @throws GatewayError `AUTH_LOGIN_UNSUPPORTED` when the instance can't log in, does not run, or
   *   has several ways of which none was named; `AUTH_ACCOUNT_UNKNOWN` for a `previous` that is not
   *   there; `AUTH_TOO_MANY_LOGINS`.
   */
  start(wish: LoginWish): LoginView;
  /** An instance's logins that are under way or ended not long ago; the oldest first. */
  list(instanceId: string): readonly LoginView[];
  /** A login that is under way or ended not long ago. */
  get(id: string): LoginView | undefined;
  /**
   * The view, once its version is above `seen`: at once when it is already or when the login has
   * ended, otherwise at the next change. When the signal ends the wait, the view as it is then.
   *
   * @throws GatewayError `AUTH_LOGIN_UNKNOWN`
   */
  wait(id: string, seen: number, signal: AbortSignal): Promise<LoginView>;
  /**
   * Takes what the person pasted in the place of the redirect: the whole address, `code#state`, or
   * the code alone.
   *
   * @throws GatewayError `AUTH_LOGIN_UNKNOWN`; `AUTH_BAD_PASTE` when the login waits for nothing of
   *   the sort, or it belongs to another one. The login goes on.
   */
  paste(id: string, text: Secret): LoginView;
  /**
   * Takes a redirect that came to the gateway's callback route. The login is found by `state`.
   * Never rejects: the page says what is wrong, once the login has come to an end.
   */
  callback(query: Readonly<Record<string, string>>): Promise<LoginPage>;
  /** Ends a login. @throws GatewayError `AUTH_LOGIN_UNKNOWN` */
  cancel(id: string): LoginView;
  /**
   * Forgets an account that was logged in, after the vendor was asked to end it. What the vendor
   * says to that keeps nothing from being forgotten.
   *
   * @throws GatewayError `AUTH_ACCOUNT_UNKNOWN` when no such account is kept.
   */
  logout(accountId: string, signal: AbortSignal): Promise<LogoutResult>;
}
