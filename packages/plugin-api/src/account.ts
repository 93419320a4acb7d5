import type { HttpClient, OutgoingRequest } from './http.ts';
import type { Logger } from './logger.ts';
import type { Secret } from './secret.ts';

/** What an account proves itself with. */
export interface Credential {
  /** Long-lived secrets, kept in the vault. */
  readonly secrets: Readonly<Record<string, Secret>>;
  /** Short-lived tokens, kept in memory alone. */
  readonly session?: Readonly<Record<string, Secret>>;
  /** Public facts, shown on the {@link Account}. */
  readonly facts?: Readonly<Record<string, string>>;
  /** When the short-lived part ends, in milliseconds since 1970. */
  readonly expiresAtMs?: number;
}

/**
 * An account as executors see it: no secret in it.
 *
 * `id` is `<instance>/<key>`, stable across restarts and never derived reversibly from a secret.
 */
export interface Account {
  readonly id: string;
  /** Id of the {@link Authenticator} that authorizes its requests; absent: none needed. */
  readonly authenticator?: string;
  /** What a person recognises it by, for example a masked key or an e-mail address. */
  readonly label: string;
  readonly facts: Readonly<Record<string, string>>;
}

/** An account that a plugin brings: from its configuration, a login, or a connected page. */
export interface NewAccount {
  /** Unique within the instance; letters, digits, `.`, `_` and `-`. */
  readonly key: string;
  /** Id of its authenticator. May be left out by a login: it is the one that logs in. */
  readonly authenticator?: string;
  readonly label: string;
  readonly credential?: Credential;
}

/** The surroundings of work that is done for one account. */
export interface AccountContext {
  readonly account: Account;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  /** The account's own connections. Authorizes every request itself. */
  readonly http: HttpClient;
  /** Adds the account's credentials. Only for transports that are not HTTP. */
  authorize(request: OutgoingRequest): Promise<OutgoingRequest>;
}

/**
 * Accounts that come and go while running, for example relay pages. They live in memory only;
 * configured and logged-in ones never pass here.
 */
export interface AccountRegistry {
  /** @throws GatewayError `PLUGIN_BAD_ACCOUNT` when the key is taken or malformed. */
  attach(account: NewAccount): Promise<Account>;
  /**
   * Takes an account away: no new call uses it.
   *
   * @param reason - a few words for the operator.
   */
  detach(accountId: string, reason: string): Promise<void>;
}
