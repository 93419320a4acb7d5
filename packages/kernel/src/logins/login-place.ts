import type { Account, Authenticator, HttpClient, Logger } from '@cliproxy/plugin-api';
import type { OnFault } from '../faults/instance-faults.ts';
import type { LogoutResult } from './logins.ts';

/** What a running plugin instance offers to those who log its accounts in and out. */
export interface LoginPlace {
  readonly logger: Logger;
  /** Takes what the plugin's own code does wrong. */
  readonly onFault: OnFault;
  authenticators(): readonly Authenticator[];
  /** The instance's accounts. */
  list(): readonly { readonly account: Account }[];
  /** Connections for work that belongs to no account yet. */
  openDoor(): { readonly http: HttpClient; close(): void };
  /**
   * Keeps what a login brought, and puts it to work. Takes the place of the same account.
   *
   * @param by - id of the authenticator that logged it in; the account may name another.
   * @throws GatewayError `PLUGIN_BAD_ACCOUNT`, `KERNEL_STORE_*`
   */
  keep(account: unknown, by: string): Promise<Account>;
  /**
   * Forgets a login, after the vendor was asked to end it.
   *
   * @throws GatewayError `AUTH_ACCOUNT_UNKNOWN`, `KERNEL_STORE_*`
   */
  forget(accountId: string, signal: AbortSignal): Promise<LogoutResult>;
}
