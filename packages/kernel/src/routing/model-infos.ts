import type { Capability, Dialect, ModelInfo } from '@cliproxy/plugin-api';

/** What could be made of a plugin's answer. */
export interface ReadModelInfos {
  /** Absent: it is no list. */
  readonly models?: ReadonlyMap<string, ModelInfo>;
  /** What had to be left out, or why there is nothing. */
  readonly problem?: string;
}

const MAX_MODELS = 5_000;
const MAX_NAME_LENGTH = 256;
const MAX_REFUSED = 64;

const dialects: readonly Dialect[] = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini',
];
const capabilities: readonly Capability[] = [
  'tools',
  'images',
  'json-schema',
  'reasoning',
  'system',
  'multi-turn',
];

/** Reads a plugin's list of models: keeps what is well-formed and says what is not. */
export function readModelInfos(answer: unknown): ReadModelInfos {
  if (!Array.isArray(answer)) {
    return { problem: `the plugin gave ${typeof answer} where a list of models is due` };
  }
  const models = new Map<string, ModelInfo>();
  let malformed = 0;
  for (const item of answer as readonly unknown[]) {
    const info = readModelInfo(item);
    if (info === undefined) malformed += 1;
    else if (models.size < MAX_MODELS && !models.has(info.id)) models.set(info.id, info);
  }
  const problems = [
    ...(malformed === 0 ? [] : [`${malformed} malformed entries of the model list are ignored`]),
    ...(answer.length <= MAX_MODELS
      ? []
      : [`of ${answer.length} models only the first ${MAX_MODELS} are listed`]),
  ];
  return { models, ...(problems.length === 0 ? {} : { problem: problems.join('; ') }) };
}

function readModelInfo(item: unknown): ModelInfo | undefined {
  if (typeof item !== 'object' || item === null) return undefined;
  const source = item as Readonly<Record<string, unknown>>;
  if (!isName(source['id'])) return undefined;
  const { upstreamId, displayName, contextTokens, maxOutputTokens } = source;
  const speaks = chosen(source['dialects'], dialects);
  const lacks = chosen(source['lacks'], capabilities);
  const refuses = namesOf(source['refuses']);
  return Object.freeze({
    id: source['id'],
    ...(isName(upstreamId) ? { upstreamId } : {}),
    ...(isName(displayName) ? { displayName } : {}),
    ...(speaks === undefined ? {} : { dialects: speaks }),
    ...(lacks === undefined ? {} : { lacks }),
    ...(refuses === undefined ? {} : { refuses }),
    ...(isCount(contextTokens) ? { contextTokens } : {}),
    ...(isCount(maxOutputTokens) ? { maxOutputTokens } : {}),
  });
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_NAME_LENGTH;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

function chosen<T extends string>(value: unknown, known: readonly T[]): readonly T[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const found = (value as unknown[]).filter((item) => isOneOf(item, known));
  return found.length === 0 ? undefined : found;
}

function isOneOf<T extends string>(value: unknown, known: readonly T[]): value is T {
  return known.includes(value as T);
}

function namesOf(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return (value as unknown[]).filter(isName).slice(0, MAX_REFUSED);
}
