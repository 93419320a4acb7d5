import type { Usage } from '@cliproxy/plugin-api';
import type { JsonObject } from '../model/json-object.ts';
import { isJsonObject } from '../model/json-object.ts';

/**
 * Adds up what an answer says about its tokens. A stream says it twice: at the start, and at the
 * end in totals that may leave out, or give as 0, what was said at the start.
 */
export class UsageCounter {
  #seen: JsonObject | undefined;

  /** @param usage - the `usage` object of the message or of `message_delta`; junk is ignored. */
  see(usage: unknown): void {
    if (!isJsonObject(usage)) return;
    const seen: Record<string, unknown> = { ...this.#seen };
    for (const [key, value] of Object.entries(usage)) {
      const told = isCount(value) && (value > 0 || seen[key] === undefined);
      if (told || isJsonObject(value)) seen[key] = value;
    }
    this.#seen = seen;
  }

  /** Undefined until something was said. */
  get total(): Usage | undefined {
    return this.#seen === undefined ? undefined : readUsage(this.#seen);
  }
}

/** The dialect's own figures; `input_tokens` leaves out what came from or went into a cache. */
export function writeUsage(usage: Usage | undefined): JsonObject {
  const cached = usage?.cachedTokens ?? 0;
  const cacheWrite = usage?.cacheWriteTokens ?? 0;
  return {
    input_tokens: Math.max(0, (usage?.inputTokens ?? 0) - cached - cacheWrite),
    cache_creation_input_tokens: cacheWrite,
    cache_read_input_tokens: cached,
    output_tokens: usage?.outputTokens ?? 0,
    ...(usage?.reasoningTokens === undefined
      ? {}
      : { output_tokens_details: { thinking_tokens: usage.reasoningTokens } }),
  };
}

function readUsage(usage: JsonObject): Usage {
  const cached = count(usage.cache_read_input_tokens);
  const cacheWrite = count(usage.cache_creation_input_tokens);
  const details = usage.output_tokens_details;
  const thinking = isJsonObject(details) ? count(details.thinking_tokens) : undefined;
  return {
    inputTokens: (count(usage.input_tokens) ?? 0) + (cached ?? 0) + (cacheWrite ?? 0),
    outputTokens: count(usage.output_tokens) ?? 0,
    ...(cached === undefined ? {} : { cachedTokens: cached }),
    ...(cacheWrite === undefined ? {} : { cacheWriteTokens: cacheWrite }),
    ...(thinking === undefined ? {} : { reasoningTokens: thinking }),
  };
}

function count(value: unknown): number | undefined {
  return isCount(value) ? value : undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
