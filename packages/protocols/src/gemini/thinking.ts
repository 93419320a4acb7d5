import type { ReasoningWish } from '@cliproxy/plugin-api';
import type { JsonObject } from '../model/json-object.ts';
import type { ModelLine } from './model-line.ts';

/** How a request says what the client wishes about thinking. */
export interface ThinkingPlan {
  /** The `thinkingConfig` field. */
  readonly config?: JsonObject;
  /** The wish could not be met. */
  readonly ignored: boolean;
}

/** Tokens per effort, for models that take a budget. */
const BUDGETS: ReadonlyMap<string, number> = new Map([
  ['minimal', 512],
  ['low', 1024],
  ['medium', 8192],
  ['high', 24_576],
  ['xhigh', 32_768],
  ['max', 65_536],
]);

/** Levels per effort, for models that take one. */
const LEVELS: ReadonlyMap<string, string> = new Map([
  ['minimal', 'MINIMAL'],
  ['low', 'LOW'],
  ['medium', 'MEDIUM'],
  ['high', 'HIGH'],
  ['xhigh', 'HIGH'],
  ['max', 'HIGH'],
]);

/**
 * Says the wish in the one word that the model takes. A model that can't stop thinking is asked for
 * the least instead. A budget leaves room for the answer, whose limit it counts towards.
 *
 * @param native - the client speaks this dialect: what it does not ask for, it does not want.
 * @see https://ai.google.dev/gemini-api/docs/thinking
 */
export function planThinking(
  wish: ReasoningWish | undefined,
  line: ModelLine,
  maxOutputTokens: number | undefined,
  native: boolean,
): ThinkingPlan {
  if (wish === undefined) return { ignored: false };
  const isOff = !wish.enabled || wish.effort === 'none';
  if (line.thinking === 'none') return { ignored: !isOff };
  if (isOff) return { config: leastOf(line), ignored: !line.off };
  const shows = wish.visible ?? !native;
  const amount =
    line.thinking === 'budget' ? budgetOf(wish, line, maxOutputTokens) : levelOf(wish, line);
  const config = { ...amount, ...(shows ? { includeThoughts: true } : {}) };
  return { ...(Object.keys(config).length === 0 ? {} : { config }), ignored: false };
}

function leastOf(line: ModelLine): JsonObject {
  if (line.thinking === 'budget') return { thinkingBudget: line.off ? 0 : line.budget[0] };
  return { thinkingLevel: line.levels[0] };
}

function budgetOf(
  { effort, budgetTokens }: ReasoningWish,
  { budget: [least, most] }: ModelLine,
  maxOutputTokens: number | undefined,
): JsonObject {
  const wanted = budgetTokens ?? BUDGETS.get(effort ?? '');
  // As much as the model sees fit; the smallest models would not think at all unless told.
  if (wanted === undefined) return { thinkingBudget: -1 };
  const room =
    maxOutputTokens === undefined || wanted < maxOutputTokens
      ? wanted
      : Math.floor(maxOutputTokens / 2);
  return { thinkingBudget: Math.max(least, Math.min(most, room)) };
}

function levelOf({ effort, budgetTokens }: ReasoningWish, { levels }: ModelLine): JsonObject {
  const wanted =
    LEVELS.get(effort ?? '') ??
    (effort === undefined && budgetTokens !== undefined ? levelOfBudget(budgetTokens) : undefined);
  if (wanted === undefined) return {};
  const at = ORDER.indexOf(wanted);
  // The next stronger one where there is none of the name.
  const level = levels.find((one) => ORDER.indexOf(one) >= at) ?? levels.at(-1);
  return { thinkingLevel: level };
}

const ORDER: readonly string[] = ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH'];

function levelOfBudget(budgetTokens: number): string {
  if (budgetTokens <= 512) return 'MINIMAL';
  if (budgetTokens <= 1024) return 'LOW';
  return budgetTokens <= 8192 ? 'MEDIUM' : 'HIGH';
}
