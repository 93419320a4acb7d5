import type { FinishReason, GatewayError, Usage } from '@cliproxy/plugin-api';
import type { JsonObject } from '../model/json-object.ts';

/**
 * Watches a stream that passes through unchanged: one call per SSE frame, on bytes, without parsing
 * those that can't matter.
 */
export interface FrameTap {
  /**
   * @param frame - one whole frame, its blank line included.
   * @returns whether it holds something meaningful (text, reasoning, tool call, finish).
   * @throws GatewayError for an error told inside the stream.
   */
  see(frame: Buffer): boolean;
  /** @throws GatewayError `UPSTREAM_TRUNCATED` when the answer was not complete. */
  end(): void;
  /** Another object whenever a frame told it. */
  readonly usage: Usage | undefined;
  readonly finish: FinishReason | undefined;
  /**
   * Tells an error after the frames seen so far, in dialects where that depends on them; see
   * {@link StreamEncoder.failure}.
   */
  failure?(error: GatewayError, requestId: string): string;
}

/** What passthrough has to know of a dialect. */
export interface PassthroughCodec {
  tap(): FrameTap;
  /** Usage and finish of a whole answer; throws as {@link ResponseCodec.decode} on an error inside. */
  inspect(body: JsonObject): {
    readonly usage?: Usage | undefined;
    readonly finish?: FinishReason | undefined;
  };
  /** Paths of the keys that name the model in answers, for example `['message', 'model']`. */
  readonly modelPaths: readonly (readonly string[])[];
  /**
   * Whether a request holds what the model refuses elsewhere than at its top level: it can't pass
   * through then. Absent where the dialect has its parameters at the top.
   */
  holdsRefused?(body: JsonObject, refuses: readonly string[]): boolean;
}
