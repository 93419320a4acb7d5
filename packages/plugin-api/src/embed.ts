import type { Usage } from './usage.ts';

/** A request for embeddings. */
export interface EmbedRequest {
  readonly model: string;
  readonly inputs: readonly string[];
  readonly dimensions?: number;
}

/** One vector per input, in their order. */
export interface EmbedReply {
  readonly vectors: readonly (readonly number[])[];
  readonly usage?: Usage;
}
