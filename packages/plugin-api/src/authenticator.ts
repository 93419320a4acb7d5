import type { Account, Credential, NewAccount } from './account.ts';
import type { HttpClient, OutgoingRequest } from './http.ts';
import type { Logger } from './logger.ts';
import type { Secret } from './secret.ts';

/** The surroundings of an authenticator's work. */
export interface AuthContext {
  readonly signal: AbortSignal;
  /** Adds no credentials. */
  readonly http: HttpClient;
  readonly logger: Logger;
}

/** Knows how one kind of credential is obtained, renewed and put on a request. */
export interface Authenticator {
  /** Unique within the plugin; named in the manifest's `provides.authenticators`. */
  readonly id: string;
  readonly method: 'api-key' | 'oauth' | 'token' | 'browser';
  /**
   * Adds the credential to a request. Never lets one pass bare.
   *
   * @throws GatewayError `AUTH_*` when the credential does not serve.
   */
  authorize(
    request: OutgoingRequest,
    credential: Credential,
    context: AuthContext,
  ): Promise<OutgoingRequest>;
  /** One linear function from nothing to an account; the kernel ends it after `timeouts.loginMs`. */
  login?(session: LoginSession): Promise<NewAccount>;
  /**
   * Renews a credential. The kernel calls it: one at a time per account, before expiry, and once
   * after an `auth` failure.
   */
  refresh?(credential: Credential, context: AuthContext): Promise<Credential>;
  /**
   * Whether `refresh` may use up what it is asked with. Then the kernel notes on disk that it is under
   * way, since the login may be lost if its end is never known. Default: always. Return `false` where
   * asking leaves the credential as good as before, whatever comes of it.
   */
  refreshSpends?(credential: Credential): boolean;
  /** Default `background`; `on-use` for tokens too short-lived to renew while idle. */
  readonly refreshWhen?: 'background' | 'on-use';
  /** How long before expiry to refresh, in milliseconds. Default 120 000. */
  readonly refreshAheadMs?: number;
  /** Ends the credential at the vendor, on logout. */
  revoke?(credential: Credential, context: AuthContext): Promise<void>;
}

/** What a login can ask for and show. The kernel owns state, redirect listener and time-out. */
export interface LoginSession extends AuthContext {
  /** What the person gave with the login request, for example a token to paste. */
  readonly input: Readonly<Record<string, Secret>>;
  /** Random value for the OAuth `state` parameter; the kernel compares it. */
  readonly state: string;
  /** The account that logs in again, if it is one. */
  readonly previous?: Account;
  /** Opens a one-shot loopback listener; a pasted URL or code is accepted in its place. */
  redirectUri(wish: { readonly port?: number; readonly path: string }): Promise<string>;
  /** Shows the person a page, in a browser where there is one. */
  open(url: string): void;
  /** Shows a device code and where to enter it. */
  showCode(url: string, code: string): void;
  /** Tells the person what happens, in a sentence. */
  progress(text: string): void;
  /** The query of the redirect; `state` is compared already. */
  callback(): Promise<Readonly<Record<string, string>>>;
}
