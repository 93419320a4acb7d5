/** What a line of Claude models takes; see {@link modelLine}. */
export interface ModelLine {
  /** `budget`: `enabled` with `budget_tokens`; `adaptive`: `adaptive` with an effort. */
  readonly thinking: 'none' | 'budget' | 'adaptive';
  /**
   * How thinking is switched off: it is off unless asked for, it is on unless `disabled` is sent,
   * or it can't be.
   */
  readonly off: 'omit' | 'disabled' | 'never';
  /** Values that `output_config.effort` takes, weakest first. */
  readonly efforts: readonly string[];
  /** Whether `temperature`, `top_p` and `top_k` are taken; `one`: not the first two together. */
  readonly sampling: 'all' | 'one' | 'none';
  /** Whether a conversation may end with the beginning of the answer. */
  readonly prefill: boolean;
  /** Whether `output_config.format` and strict tools are taken. */
  readonly schemas: boolean;
  /** Longest answer in tokens, thinking included. */
  readonly maxOutputTokens: number;
}

/**
 * What a model takes, told by its name. Names without a version count as the newest line where they
 * say Claude; anything else is somebody's server that speaks the dialect and takes what the older
 * models took.
 *
 * @see https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking
 * @see https://platform.claude.com/docs/en/build-with-claude/effort
 * @see https://platform.claude.com/docs/en/about-claude/models/overview
 */
export function modelLine(model: string): ModelLine {
  const name = model.toLowerCase();
  const version = versionOf(name);
  if (version === undefined) return name.includes('claude') ? ADAPTIVE_ON : OTHER;
  const line = LINES.find(([since, family]) => version >= since && family.test(name));
  return line?.[2] ?? OLDEST;
}

const OLDEST: ModelLine = {
  thinking: 'none',
  off: 'omit',
  efforts: [],
  sampling: 'all',
  prefill: true,
  schemas: false,
  maxOutputTokens: 4096,
};
const BUDGET: ModelLine = { ...OLDEST, thinking: 'budget', maxOutputTokens: 64_000 };
const OTHER: ModelLine = { ...BUDGET, schemas: true, maxOutputTokens: 32_000 };
const BUDGET_4_5: ModelLine = { ...BUDGET, sampling: 'one', schemas: true };
const ADAPTIVE_4_6: ModelLine = {
  ...BUDGET_4_5,
  thinking: 'adaptive',
  efforts: ['low', 'medium', 'high', 'max'],
  prefill: false,
};
const ADAPTIVE_4_7: ModelLine = {
  ...ADAPTIVE_4_6,
  efforts: ['low', 'medium', 'high', 'xhigh', 'max'],
  sampling: 'none',
  maxOutputTokens: 128_000,
};
const ADAPTIVE_ON: ModelLine = { ...ADAPTIVE_4_7, off: 'disabled' };
const ADAPTIVE_ALWAYS: ModelLine = { ...ADAPTIVE_4_7, off: 'never' };

/** Version from which, families, line. The first that fits counts. Versions are major × 100 + minor. */
const LINES: readonly (readonly [number, RegExp, ModelLine])[] = [
  [501, /claude/, ADAPTIVE_ALWAYS],
  [500, /fable|mythos/, ADAPTIVE_ALWAYS],
  [500, /claude/, ADAPTIVE_ON],
  [407, /claude/, ADAPTIVE_4_7],
  [406, /opus/, { ...ADAPTIVE_4_6, maxOutputTokens: 128_000 }],
  [406, /claude/, ADAPTIVE_4_6],
  [405, /opus/, { ...BUDGET_4_5, efforts: ['low', 'medium', 'high'] }],
  [405, /claude/, BUDGET_4_5],
  [401, /claude/, { ...BUDGET_4_5, maxOutputTokens: 32_000 }],
  [400, /opus/, { ...BUDGET, maxOutputTokens: 32_000 }],
  [307, /claude/, BUDGET],
  [305, /claude/, { ...OLDEST, maxOutputTokens: 8192 }],
];

/** `claude-sonnet-4-5-20250929`, `claude-3-7-sonnet-latest`, `anthropic/claude-opus-4.6`. */
function versionOf(name: string): number | undefined {
  const found = /claude(?:-[a-z]+)*?-(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/.exec(name);
  if (found === null) return undefined;
  return Number(found[1]) * 100 + Number(found[2] ?? 0);
}
