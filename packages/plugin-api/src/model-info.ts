import type { Dialect } from './dialect.ts';

/** What a model may or may not be able to do. */
export type Capability = 'tools' | 'images' | 'json-schema' | 'reasoning' | 'system' | 'multi-turn';

/** One model that an executor offers. */
export interface ModelInfo {
  /** The name that clients use. */
  readonly id: string;
  /** The name at the upstream, where it differs. */
  readonly upstreamId?: string;
  readonly displayName?: string;
  /** Narrows the executor's `speaks` for this model, best first. */
  readonly dialects?: readonly Dialect[];
  /** What this model can't do; requests that need it go elsewhere. */
  readonly lacks?: readonly Capability[];
  /** Top-level request parameters to strip and to report as ignored. */
  readonly refuses?: readonly string[];
  /** Size of the context window, in tokens. */
  readonly contextTokens?: number;
  /** Longest answer, in tokens. */
  readonly maxOutputTokens?: number;
}
