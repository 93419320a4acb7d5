/**
 * What goes wrong with an upstream. Every fake of this package knows these: `vendor.fault(…)`,
 * `upstream.fault(…)`.
 */
export type Fault = FaultKind & {
  /** What it befalls: answers of models (default: what is asked by POST), or model lists as well. */
  readonly on?: 'answers' | 'everything';
};

/** The kinds of {@link Fault}. */
export type FaultKind =
  | {
      readonly kind: 'latency';
      /** Nothing is sent for so many milliseconds; `Infinity`: nothing is ever sent. */
      readonly ms: number;
    }
  | {
      readonly kind: 'cut';
      /** The connection breaks after so many bytes of the body. */
      readonly afterBytes: number;
    }
  /** The body ends in good order, but before the piece that tells how the answer ended. */
  | { readonly kind: 'unfinished' }
  | {
      readonly kind: 'status';
      /** For example 429, 500, or Anthropic's 529. */
      readonly status: number;
      /** The vendor's own code, where its errors have one. */
      readonly code?: string;
      readonly message?: string;
      /** Seconds. */
      readonly retryAfter?: number;
    }
  /** Status 200, with a body that is not what it should be. */
  | { readonly kind: 'garbage' }
  /** A piece of the answer is repeated until the other side leaves. */
  | { readonly kind: 'endless' };

/** What a fake says in the place of JSON or of events. */
export const GARBAGE = 'data: {"half an\n\n}{ <html>';

/** Whether a fault befalls a request. */
export function strikes(fault: Fault | undefined, isAnswer: boolean): fault is Fault {
  return fault !== undefined && (isAnswer || fault.on === 'everything');
}
