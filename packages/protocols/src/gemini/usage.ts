import type { Usage } from '@cliproxy/plugin-api';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';

/**
 * Reads `usageMetadata`; undefined where it is absent or tells of no tokens. The vendor counts
 * thoughts beside the answer, and what its own tools read beside the prompt.
 *
 * @see https://ai.google.dev/api/generate-content#UsageMetadata
 */
export function readUsage(usage: unknown): Usage | undefined {
  if (!isJsonObject(usage)) return undefined;
  const inputTokens =
    (count(usage.promptTokenCount) ?? 0) + (count(usage.toolUsePromptTokenCount) ?? 0);
  const thoughts = count(usage.thoughtsTokenCount);
  const candidates = count(usage.candidatesTokenCount);
  const total = count(usage.totalTokenCount);
  // Some answers tell the total alone.
  const outputTokens =
    candidates === undefined && total !== undefined
      ? Math.max(thoughts ?? 0, total - inputTokens)
      : (candidates ?? 0) + (thoughts ?? 0);
  if (inputTokens === 0 && outputTokens === 0) return undefined;
  const cached = count(usage.cachedContentTokenCount);
  return {
    inputTokens,
    outputTokens,
    ...(cached === undefined ? {} : { cachedTokens: cached }),
    ...(thoughts === undefined ? {} : { reasoningTokens: thoughts }),
  };
}

/** Writes `usageMetadata`: the total is the sum of its parts. */
export function writeUsage(usage: Usage): JsonObject {
  const { inputTokens, outputTokens, cachedTokens, reasoningTokens } = usage;
  const thoughts = Math.min(reasoningTokens ?? 0, outputTokens);
  return {
    promptTokenCount: inputTokens,
    candidatesTokenCount: outputTokens - thoughts,
    totalTokenCount: inputTokens + outputTokens,
    ...(cachedTokens === undefined ? {} : { cachedContentTokenCount: cachedTokens }),
    ...(reasoningTokens === undefined ? {} : { thoughtsTokenCount: thoughts }),
  };
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}
