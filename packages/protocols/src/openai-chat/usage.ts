import type { Usage } from '@cliproxy/plugin-api';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import { firstChoice } from './answer-parts.ts';

/** The usage in an answer or a chunk: Moonshot puts it into the choice, Groq under `x_groq`. */
export function usageIn(body: JsonObject): Usage | undefined {
  const found = body.usage ?? firstChoice(body)?.usage ?? member(body.x_groq, 'usage');
  return found === undefined ? undefined : readUsage(found);
}

/**
 * Reads `usage`. Unknown where it is absent or all zeros: no question has none.
 *
 * Some servers leave reasoning out of `completion_tokens` and count it in the total alone; it is
 * added where the numbers show that. DeepSeek tells cache hits under a name of its own.
 *
 * @see https://api-docs.deepseek.com/api/create-chat-completion
 */
function readUsage(value: unknown): Usage | undefined {
  if (!isJsonObject(value)) return undefined;
  const inputTokens = count(value.prompt_tokens) ?? 0;
  const completion = count(value.completion_tokens) ?? 0;
  if (inputTokens === 0 && completion === 0) return undefined;
  const cachedTokens =
    count(member(value.prompt_tokens_details, 'cached_tokens')) ??
    count(value.prompt_cache_hit_tokens);
  const cacheWriteTokens = count(member(value.prompt_tokens_details, 'cache_write_tokens'));
  const reasoningTokens = count(member(value.completion_tokens_details, 'reasoning_tokens'));
  const leftOut = inputTokens + completion + (reasoningTokens ?? 0) === value.total_tokens;
  // Filled in place, no spreading: every answer comes through here.
  const usage: { -readonly [K in keyof Usage]: Usage[K] } = {
    inputTokens,
    outputTokens: leftOut ? completion + (reasoningTokens ?? 0) : completion,
  };
  if (cachedTokens !== undefined) usage.cachedTokens = cachedTokens;
  if (cacheWriteTokens !== undefined) usage.cacheWriteTokens = cacheWriteTokens;
  if (reasoningTokens !== undefined) usage.reasoningTokens = reasoningTokens;
  return usage;
}

/** Writes `usage`: the total is the sum of its parts. */
export function writeUsage(usage: Usage): JsonObject {
  const { inputTokens, outputTokens, cacheWriteTokens } = usage;
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: {
      cached_tokens: usage.cachedTokens ?? 0,
      audio_tokens: 0,
      ...(cacheWriteTokens === undefined ? {} : { cache_write_tokens: cacheWriteTokens }),
    },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoningTokens ?? 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

function member(value: unknown, key: string): unknown {
  return isJsonObject(value) ? value[key] : undefined;
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
    ? Math.round(value)
    : undefined;
}
