/** Tokens of one answer. */
export interface Usage {
  /** All input tokens, cached ones included. */
  readonly inputTokens: number;
  /** All output tokens, reasoning included. */
  readonly outputTokens: number;
  /** Input tokens read from a cache. */
  readonly cachedTokens?: number;
  /** Input tokens written to a cache. */
  readonly cacheWriteTokens?: number;
  readonly reasoningTokens?: number;
  /** True where the upstream did not say and the gateway estimated. */
  readonly estimated?: boolean;
}
