import type { Credential } from '@cliproxy/plugin-api';

/** An account that was logged in, as it is kept. */
export interface StoredAccount {
  /** `<instance>/<key>`. */
  readonly id: string;
  readonly authenticator: string;
  readonly label: string;
  /** Without its `session`: short-lived tokens are never kept. */
  readonly credential: Omit<Credential, 'session'>;
  /**
   * Since when a renewal is under way, in milliseconds since 1970. Found after a restart, it says
   * that the vendor may have taken the refresh token back: the account needs a login.
   */
  readonly renewingSinceMs?: number;
  /** Rises by one with every write, from 1. */
  readonly generation: number;
}

/** An account that is kept and can't be read. */
export interface UnreadableAccount {
  /** In small letters where only the name of its file is known. */
  readonly id: string;
  /** A sentence. */
  readonly reason: string;
}

/** Keeps the credentials of accounts that were logged in. Implemented by the vault package. */
export interface CredentialStore {
  /** @throws GatewayError `KERNEL_STORE_*` where it is kept and can't be read. */
  get(id: string): Promise<StoredAccount | undefined>;
  list(): Promise<readonly StoredAccount[]>;
  /** What {@link CredentialStore.list} leaves out: it needs a login. */
  unreadable(): Promise<readonly UnreadableAccount[]>;
  /**
   * Keeps an account. It is on disk when the promise resolves.
   *
   * @param ifGeneration - the generation that it replaces; 0 where there must be none. One that was
   *   sealed with a key that is not given counts as none: it is set aside, and not destroyed.
   * @throws GatewayError `KERNEL_STORE_CONFLICT` when another one is kept, `KERNEL_STORE_FAILED`
   *   when it can't be written; what was kept before is still there.
   */
  put(account: Omit<StoredAccount, 'generation'>, ifGeneration: number): Promise<StoredAccount>;
  /** @throws GatewayError `KERNEL_STORE_FAILED` */
  delete(id: string): Promise<void>;
  /**
   * Runs with the account to itself, across processes. Whoever changes an account reads it again in
   * here first.
   *
   * @throws GatewayError `KERNEL_STORE_LOCKED` when it can't be had in time.
   */
  withLock<T>(id: string, run: () => Promise<T>): Promise<T>;
}
