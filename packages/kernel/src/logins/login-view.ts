/** Where a login is in its life. All but the first two are its end. */
export type LoginState = 'starting' | 'waiting' | 'done' | 'failed' | 'expired' | 'cancelled';

/** A login for whoever began it. No secret is in it. Times are milliseconds since 1970. */
export interface LoginView {
  readonly id: string;
  readonly instanceId: string;
  /** Id of the authenticator that logs in. */
  readonly authenticator: string;
  /** `waiting`: for the person. */
  readonly state: LoginState;
  /** The page to open in a browser. */
  readonly url?: string;
  /** What to enter there; absent: nothing. */
  readonly code?: string;
  /** What has happened so far, a sentence each; the oldest first. */
  readonly progress: readonly string[];
  /** True: the address that the browser ended at, or the code on its page, can be pasted. */
  readonly acceptsPaste: boolean;
  /** Who was logged in, once `done`. */
  readonly account?: { readonly id: string; readonly label: string };
  /** Why it came to nothing, by a code of the error table and a sentence. */
  readonly error?: { readonly code: string; readonly message: string };
  readonly startedAtMs: number;
  /** When it ends, at the latest. */
  readonly expiresAtMs: number;
  readonly endedAtMs?: number;
  /** Rises with every change; see {@link Logins.wait}. */
  readonly version: number;
}
