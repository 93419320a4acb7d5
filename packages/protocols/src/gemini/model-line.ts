/** What a line of models takes; see {@link modelLine}. */
export interface ModelLine {
  /** `budget`: `thinkingBudget`, in tokens; `level`: `thinkingLevel`. */
  readonly thinking: 'none' | 'budget' | 'level';
  /** Range of the budget, weakest first; 0 besides where thinking can be switched off. */
  readonly budget: readonly [number, number];
  /** Words of the level, weakest first. */
  readonly levels: readonly string[];
  /** Whether thinking can be switched off. */
  readonly off: boolean;
  /** Whether calls of the turn under way must have a signature. */
  readonly signsCalls: boolean;
  /** Whether a function's result may hold media. */
  readonly mediaResults: boolean;
  /** Whether JSON output and functions go together. */
  readonly jsonWithTools: boolean;
}

/**
 * What a model takes, told by its name. A Gemini without a version counts as the newest; anything
 * else is another model behind the same API, and takes what the oldest took.
 *
 * @see https://ai.google.dev/gemini-api/docs/thinking
 */
export function modelLine(model: string): ModelLine {
  const name = model.toLowerCase();
  if (/-(?:image|tts)\b/.test(name)) return { ...lineOf(name), thinking: 'none' };
  return lineOf(name);
}

function lineOf(name: string): ModelLine {
  if (!name.includes('gemini')) return OLDEST;
  const version = /gemini-(\d+)(?:\.(\d+))?/.exec(name);
  if (version === null) return NEWEST;
  const number = Number(version[1]) * 100 + Number(version[2] ?? 0);
  const line = LINES.find(([since, family]) => number >= since && family.test(name));
  return line?.[2] ?? OLDEST;
}

const OLDEST: ModelLine = {
  thinking: 'none',
  budget: [0, 0],
  levels: [],
  off: true,
  signsCalls: false,
  mediaResults: false,
  jsonWithTools: false,
};
const BUDGET: ModelLine = { ...OLDEST, thinking: 'budget', budget: [1, 24_576] };
const NEWEST: ModelLine = {
  thinking: 'level',
  budget: [0, 0],
  levels: ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH'],
  off: false,
  signsCalls: true,
  mediaResults: true,
  jsonWithTools: true,
};

/** Version from which, families, line. The first that fits counts. Versions are major × 100 + minor. */
const LINES: readonly (readonly [number, RegExp, ModelLine])[] = [
  [301, /pro/, { ...NEWEST, levels: ['LOW', 'MEDIUM', 'HIGH'] }],
  [300, /pro/, { ...NEWEST, levels: ['LOW', 'HIGH'] }],
  [300, /gemini/, NEWEST],
  [205, /pro/, { ...BUDGET, budget: [128, 32_768], off: false }],
  [205, /lite/, { ...BUDGET, budget: [512, 24_576] }],
  [205, /gemini/, BUDGET],
];
