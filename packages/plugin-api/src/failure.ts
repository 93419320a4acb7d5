/** What went wrong, as far as routing is concerned. */
export type FailureKind =
  | 'bad-request'
  | 'auth'
  | 'billing'
  | 'forbidden'
  | 'not-found'
  | 'too-large'
  | 'rate-limit'
  | 'overloaded'
  | 'timeout'
  | 'network'
  | 'upstream';

/**
 * A failure as data.
 *
 * Scope `request` is the client's fault and is answered at once. Every other scope says who is out
 * until `resetAtMs`; without it, the configured cooling time of the kind applies.
 */
export interface Failure {
  readonly kind: FailureKind;
  readonly scope: 'request' | 'model' | 'account' | 'instance';
  /** Milliseconds since 1970. */
  readonly resetAtMs?: number;
  /** The upstream's own sentence, fit to show; never a secret. */
  readonly message?: string;
}

/** One of a vendor's limits, as its headers tell it. */
export interface Quota {
  readonly name: string;
  readonly limit?: number;
  readonly remaining?: number;
  /** Milliseconds since 1970. */
  readonly resetAtMs?: number;
}
