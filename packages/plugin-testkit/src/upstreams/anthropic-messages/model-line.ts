/** What a line of Claude models takes. */
export interface ModelLine {
  /** Values of `thinking.type`. */
  readonly thinking: readonly ('enabled' | 'adaptive' | 'disabled')[];
  readonly efforts: readonly string[];
  /** `one`: not temperature and top_p together; `default`: no other value than the default. */
  readonly sampling: 'all' | 'one' | 'default';
  /** Whether a conversation may end with the beginning of the answer. */
  readonly prefill: boolean;
  /** Whether `output_config.format` and `strict` are known. */
  readonly schemas: boolean;
  readonly maxTokens: number;
}

/**
 * The line of a model, by its name. A name that is no Claude model's is some server that takes
 * either way of thinking.
 *
 * @see https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking
 * @see https://platform.claude.com/docs/en/build-with-claude/effort
 */
export function modelLine(model: string): ModelLine {
  if (!model.startsWith('claude-')) return ANY;
  const version = versionOf(model);
  const isOpus = model.includes('opus');
  if (version >= 4.7) {
    const isAlwaysOn = /fable|mythos/u.test(model);
    return isAlwaysOn ? { ...NEWEST, thinking: ['adaptive'] } : NEWEST;
  }
  if (version >= 4.6) return isOpus ? { ...LINE_4_6, maxTokens: 128_000 } : LINE_4_6;
  if (version >= 4.5)
    return isOpus ? { ...LINE_4_5, efforts: ['low', 'medium', 'high'] } : LINE_4_5;
  if (version >= 4.1) return { ...LINE_4_5, maxTokens: 32_000 };
  if (version >= 4) return isOpus ? { ...LINE_4, maxTokens: 32_000 } : LINE_4;
  if (version >= 3.7) return LINE_4;
  return { ...LINE_4, thinking: [], maxTokens: version >= 3.5 ? 8192 : 4096 };
}

const ANY: ModelLine = {
  thinking: ['enabled', 'adaptive', 'disabled'],
  efforts: ['low', 'medium', 'high', 'xhigh', 'max'],
  sampling: 'all',
  prefill: true,
  schemas: true,
  maxTokens: 128_000,
};
const LINE_4: ModelLine = {
  thinking: ['enabled', 'disabled'],
  efforts: [],
  sampling: 'all',
  prefill: true,
  schemas: false,
  maxTokens: 64_000,
};
const LINE_4_5: ModelLine = { ...LINE_4, sampling: 'one', schemas: true };
const LINE_4_6: ModelLine = {
  ...LINE_4_5,
  thinking: ['enabled', 'adaptive', 'disabled'],
  efforts: ['low', 'medium', 'high', 'max'],
  prefill: false,
};
const NEWEST: ModelLine = {
  ...LINE_4_6,
  thinking: ['adaptive', 'disabled'],
  efforts: ['low', 'medium', 'high', 'xhigh', 'max'],
  sampling: 'default',
  maxTokens: 128_000,
};

/** `claude-opus-4-6` and `claude-3-7-sonnet`; a date is no version. */
function versionOf(model: string): number {
  const [, major, minor = '0'] = /-(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/u.exec(model) ?? [];
  return major === undefined ? 99 : Number(`${major}.${minor}`);
}
