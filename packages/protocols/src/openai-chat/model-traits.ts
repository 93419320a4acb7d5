import type { ReasoningWish } from '@cliproxy/plugin-api';

/**
 * What a model's name tells about the parameters that it takes. Names may carry a vendor, as in
 * `openai/gpt-5`. A wrong guess is mended by the `refuses` of the model.
 */
export interface ModelTraits {
  /** Served by OpenAI, as far as the name tells. */
  readonly isOpenAi: boolean;
  /** Refuses `max_tokens` in favour of `max_completion_tokens`. */
  readonly wantsCompletionTokens: boolean;
  /** Efforts at which sampling is free; undefined where it always is. The empty text is none said. */
  readonly samplesAt: readonly string[] | undefined;
  /** Least effort that it takes; undefined where unknown. */
  readonly leastEffort: 'none' | 'minimal' | 'low' | undefined;
  /** Greatest effort that it takes for sure. */
  readonly greatestEffort: 'high' | 'xhigh';
}

/** Reads a model's name. */
export function modelTraits(model: string): ModelTraits {
  const name = model.slice(model.lastIndexOf('/') + 1).toLowerCase();
  const gpt = /^(?:chatgpt|gpt)-(\d+)(?:\.(\d+))?/.exec(name);
  const version = Number(gpt?.[1] ?? 0) + Number(gpt?.[2] ?? 0) / 10;
  const isO = /^o\d/.test(name);
  const isCodex = name.startsWith('codex');
  const wantsCompletionTokens = version >= 5 || isO || isCodex;
  const reasons = wantsCompletionTokens && !name.includes('-chat');
  return {
    isOpenAi: gpt !== null || isO || isCodex || name.startsWith('chatgpt'),
    wantsCompletionTokens,
    samplesAt: !reasons ? undefined : version > 5 ? ['', 'none'] : [],
    leastEffort:
      version > 5 ? 'none' : version === 5 ? 'minimal' : isO || isCodex ? 'low' : undefined,
    greatestEffort: version >= 5.2 ? 'xhigh' : 'high',
  };
}

/** Whether a model takes other values of `temperature` and the like than the default. */
export function takesSampling(model: string, effort = ''): boolean {
  return modelTraits(model).samplesAt?.includes(effort) !== false;
}

/**
 * `reasoning_effort` for a wish. An effort in this dialect's own words is sent as it was written; a
 * foreign one is held within what the model takes, and a budget becomes the nearest effort. Where
 * the wish is no thinking and the model's switch is unknown, nothing is said.
 */
export function effortFor(
  wish: ReasoningWish | undefined,
  traits: ModelTraits,
  isOwn: boolean,
): string | undefined {
  if (wish === undefined) return undefined;
  if (isOwn && wish.effort !== undefined) return wish.effort;
  if (asksInVain(wish, traits)) return undefined;
  if (!wish.enabled || wish.effort === 'none') return traits.leastEffort;
  const { effort, budgetTokens } = wish;
  if (effort === 'max' || effort === 'xhigh') return traits.greatestEffort;
  if (effort === 'minimal') return traits.leastEffort === 'minimal' ? effort : 'low';
  if (effort === 'low' || effort === 'medium' || effort === 'high') return effort;
  if (budgetTokens === undefined) return undefined;
  return budgetTokens <= 1024 ? 'low' : budgetTokens <= 8192 ? 'medium' : 'high';
}

/**
 * Whether a wish goes unheard: thinking is asked of a model that does none, or none of a model whose
 * switch is unknown.
 *
 * @param effort - that the wish came to; see {@link effortFor}.
 */
export function isUnheard(
  wish: ReasoningWish | undefined,
  traits: ModelTraits,
  effort: string | undefined,
): boolean {
  if (wish === undefined || effort !== undefined) return false;
  const isOff = !wish.enabled || wish.effort === 'none';
  return isOff ? !traits.isOpenAi : asksInVain(wish, traits);
}

/** Whether thinking is asked of a model that is known to do none: OpenAI's older ones. */
export function asksInVain(wish: ReasoningWish | undefined, traits: ModelTraits): boolean {
  return wish?.enabled === true && traits.isOpenAi && !traits.wantsCompletionTokens;
}
