import type { FinishReason, Part, Usage } from '@cliproxy/plugin-api';

/** A complete answer: what a stream of model events adds up to. */
export interface Answer {
  readonly id?: string;
  readonly parts: readonly Part[];
  readonly finish: FinishReason;
  readonly usage?: Usage;
}
