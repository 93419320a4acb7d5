import type { Dialect } from './dialect.ts';

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

/** How a vendor names a fault of the request, in its own error body. */
export interface VendorFault {
  /** The dialect whose names these are. */
  readonly dialect: Dialect;
  /** For example `invalid_request_error`. */
  readonly type?: string;
  /** For example `context_length_exceeded`. */
  readonly code?: string;
  /** Path of the parameter that is at fault. */
  readonly param?: string;
}

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
  /** The upstream's own names for it, which clients of its dialect are told; never a secret. */
  readonly vendor?: VendorFault;
}

/** One of a vendor's limits, as its headers tell it. */
export interface Quota {
  readonly name: string;
  readonly limit?: number;
  readonly remaining?: number;
  /** Milliseconds since 1970. */
  readonly resetAtMs?: number;
}
