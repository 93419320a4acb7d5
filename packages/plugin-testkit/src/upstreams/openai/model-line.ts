/** What a line of OpenAI's models takes. */
export interface ModelLine {
  /** Whether the name is one of OpenAI's own. */
  readonly isOpenAi: boolean;
  /** Thinks before it answers: refuses `max_tokens`, `stop` and most of sampling. */
  readonly reasons: boolean;
  /** Values of the effort; none where the model does not think. */
  readonly efforts: readonly string[];
  /** Efforts at which sampling may differ from the default; the empty text is none given. */
  readonly samplingAt: readonly string[];
}

/**
 * The line of a model, by its name. A name that is none of OpenAI's is some compatible server.
 *
 * @see https://developers.openai.com/api/docs/models
 */
export function modelLine(model: string): ModelLine {
  const [, major, minor = '0'] = /^gpt-(\d+)(?:\.(\d+))?/u.exec(model) ?? [];
  if (/^o\d/u.test(model) || model.startsWith('codex-')) return O_SERIES;
  if (major === undefined) return model.startsWith('chatgpt-') ? CHAT : COMPATIBLE;
  const version = Number(`${major}.${minor}`);
  if (version < 5 || model.includes('-chat')) return CHAT;
  if (version < 5.1) return GPT_5;
  if (version < 5.2) return GPT_5_1;
  return version < 5.6 ? GPT_5_2 : NEWEST;
}

const CHAT: ModelLine = { isOpenAi: true, reasons: false, efforts: [], samplingAt: [] };
const O_SERIES: ModelLine = {
  isOpenAi: true,
  reasons: true,
  efforts: ['low', 'medium', 'high'],
  samplingAt: [],
};
const GPT_5: ModelLine = { ...O_SERIES, efforts: ['minimal', 'low', 'medium', 'high'] };
const GPT_5_1: ModelLine = {
  ...O_SERIES,
  efforts: ['none', 'low', 'medium', 'high'],
  samplingAt: ['none', ''],
};
const GPT_5_2: ModelLine = { ...GPT_5_1, efforts: ['none', 'low', 'medium', 'high', 'xhigh'] };
const NEWEST: ModelLine = { ...GPT_5_2, efforts: [...GPT_5_2.efforts, 'max'] };
const COMPATIBLE: ModelLine = {
  isOpenAi: false,
  reasons: false,
  efforts: ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'],
  samplingAt: [],
};
