import type { ReasoningWish } from '@cliproxy/plugin-api';
import type { JsonObject } from '../model/json-object.ts';
import type { ModelLine } from './model-line.ts';

/** How a request says what the client wishes about thinking. */
export interface ThinkingPlan {
  /** The `thinking` field. */
  readonly thinking?: JsonObject;
  /** `output_config.effort`. */
  readonly effort?: string;
  /** At least as large as the client's, and larger than the budget. */
  readonly maxTokens: number;
  /** The wish could not be met. */
  readonly ignored: boolean;
}

/** Circumstances under which the API refuses thinking. */
export interface ThinkingLimits {
  readonly line: ModelLine;
  /** As the client asked, or the default. */
  readonly maxTokens: number;
  /** Longest answer of the model in tokens. */
  readonly capTokens: number;
  /** A tool is forced, or the turn under way has no signed thought. */
  readonly impossible: boolean;
}

/** Smallest budget that the API takes, in tokens. */
const MIN_BUDGET_TOKENS = 1024;

/** Budgets in tokens per effort. */
const BUDGETS: ReadonlyMap<string, number> = new Map([
  ['minimal', MIN_BUDGET_TOKENS],
  ['low', MIN_BUDGET_TOKENS],
  ['medium', 8192],
  ['high', 24_576],
  ['xhigh', 32_768],
  ['max', 128_000],
]);

/** Tokens for a client that wants thinking and does not say how much. */
const USUAL_BUDGET_TOKENS = 8192;

/**
 * Says the wish in the words that the model takes. A model that can't stop thinking is asked for
 * the least instead; one that may not think here is told nothing, or `disabled` where it would.
 */
export function planThinking(
  wish: ReasoningWish | undefined,
  limits: ThinkingLimits,
): ThinkingPlan {
  const { line, maxTokens, impossible } = limits;
  if (wish === undefined) return { maxTokens, ignored: false };
  if (!wish.enabled) return { ...switchedOff(line), maxTokens, ignored: line.off === 'never' };
  if (line.thinking === 'none') return { maxTokens, ignored: true };
  if (line.thinking === 'budget') {
    return impossible ? { maxTokens, ignored: true } : withBudget(wish, limits);
  }
  const effort = effortOf(wish, line.efforts);
  const told = effort === undefined ? {} : { effort };
  if (impossible) {
    const off = switchedOff(line);
    // Without thinking, the API refuses the highest efforts.
    const kept = effort !== undefined && ['low', 'medium', 'high'].includes(effort) ? told : {};
    return { ...off, ...kept, maxTokens, ignored: true };
  }
  const display =
    wish.visible === undefined ? {} : { display: wish.visible ? 'summarized' : 'omitted' };
  return { thinking: { type: 'adaptive', ...display }, ...told, maxTokens, ignored: false };
}

function switchedOff(line: ModelLine): Pick<ThinkingPlan, 'thinking' | 'effort'> {
  switch (line.off) {
    case 'omit':
      return {};
    case 'disabled':
      return { thinking: { type: 'disabled' } };
    case 'never':
      return { effort: 'low' };
  }
}

/** The budget must leave room for the answer: the limit is raised first, then the budget lowered. */
function withBudget(wish: ReasoningWish, { maxTokens, capTokens }: ThinkingLimits): ThinkingPlan {
  const wanted = Math.max(
    MIN_BUDGET_TOKENS,
    wish.budgetTokens ?? BUDGETS.get(wish.effort ?? '') ?? USUAL_BUDGET_TOKENS,
  );
  const raised =
    maxTokens > wanted ? maxTokens : Math.min(wanted + maxTokens, Math.max(capTokens, maxTokens));
  const budget = wanted < raised ? wanted : Math.floor(raised / 2);
  if (budget < MIN_BUDGET_TOKENS) return { maxTokens, ignored: true };
  return {
    thinking: { type: 'enabled', budget_tokens: budget },
    maxTokens: raised,
    ignored: false,
  };
}

/** The nearest effort that the model takes; undefined leaves it to the model. */
function effortOf(wish: ReasoningWish, taken: readonly string[]): string | undefined {
  const { effort } = wish;
  const wanted =
    effort ?? (wish.budgetTokens === undefined ? undefined : effortOfBudget(wish.budgetTokens));
  if (wanted === undefined) return undefined;
  if (taken.includes(wanted)) return wanted;
  return INSTEAD.get(wanted)?.find((one) => taken.includes(one));
}

/** For efforts that not every model takes, the next best. */
const INSTEAD: ReadonlyMap<string, readonly string[]> = new Map([
  ['minimal', ['low']],
  ['xhigh', ['max', 'high']],
  ['max', ['xhigh', 'high']],
]);

function effortOfBudget(budgetTokens: number): string {
  if (budgetTokens <= MIN_BUDGET_TOKENS) return 'low';
  if (budgetTokens <= 8192) return 'medium';
  return budgetTokens <= 24_576 ? 'high' : 'xhigh';
}
