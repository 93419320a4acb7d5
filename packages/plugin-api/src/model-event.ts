import type { Citation, Opaque, Part } from './model-request.ts';
import type { Usage } from './usage.ts';

/** Why an answer ended. */
export type FinishReason = 'stop' | 'length' | 'tool-calls' | 'refusal' | 'pause';

/**
 * One step of an answer.
 *
 * The grammar: `start`; then per index `open`, any number of `delta`, `close`; `usage` at any time,
 * the last one counts; exactly one `finish`. An end without `finish` is a truncation. Failures are
 * thrown, never told as an event. Blocks may interleave; indexes are unique, not necessarily dense.
 *
 * `open.part` carries what is known at once (a tool call's id and name); a `delta` appends to the
 * part's text or to its `argumentsJson`.
 */
export type ModelEvent =
  | { readonly type: 'start'; readonly id?: string }
  | { readonly type: 'open'; readonly index: number; readonly part: Part }
  | { readonly type: 'delta'; readonly index: number; readonly text: string }
  | {
      readonly type: 'close';
      readonly index: number;
      readonly opaque?: Opaque;
      /** Of a text. */
      readonly citations?: readonly Citation[];
    }
  | { readonly type: 'usage'; readonly usage: Usage }
  | { readonly type: 'finish'; readonly reason: FinishReason };
