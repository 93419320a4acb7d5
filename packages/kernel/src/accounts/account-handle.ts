import type {
  Account,
  Authenticator,
  GatewayError,
  HttpClient,
  OutgoingRequest,
} from '@cliproxy/plugin-api';
import type { AccountSource } from './account-source.ts';

/** One account at work: what the dispatcher and the probes use. */
export interface AccountHandle {
  readonly account: Account;
  readonly instanceId: string;
  readonly source: AccountSource;
  /** Absent: the plugin has no authenticators and the account needs none. */
  readonly authMethod: Authenticator['method'] | undefined;
  /** The account's own connections; puts its credentials on each request. */
  readonly http: HttpClient;
  /** Puts the credentials on a request, for transports that are not HTTP. */
  authorize(request: OutgoingRequest, signal: AbortSignal): Promise<OutgoingRequest>;
  /**
   * Renews the credential; callers at the same time share one renewal.
   *
   * @param generation - {@link AccountHandle.generation} when the failed request was authorized; a
   *   credential renewed since then is not renewed again.
   * @returns false when the authenticator can't refresh or the vendor refused.
   */
  refresh(generation: number): Promise<boolean>;
  /** What the authenticator threw when it last failed to renew the credential; then none was since. */
  readonly renewalFault: GatewayError | undefined;
  /** Counts the credential's renewals. */
  readonly generation: number;
  /** When the credential of now ends, in milliseconds since 1970, where it does. */
  readonly expiresAtMs: number | undefined;
  /** Why a person has to log in again; undefined: nobody has to. */
  readonly needsLogin: string | undefined;
  /**
   * Renews the credential where it ends soon, or a login where somebody else may have mended it.
   * Called again and again while the gateway runs. Never rejects.
   */
  renewInTime(): Promise<void>;
  /** A text without the account's secrets: some vendors repeat a key that they refuse. */
  masked(text: string): string;
}
