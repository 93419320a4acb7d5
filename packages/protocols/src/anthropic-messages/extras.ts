import type { Json, ModelRequest } from '@cliproxy/plugin-api';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import { unsupported } from '../openai-chat/field-path.ts';
import { isLeftover } from './leftovers.ts';
import type { ModelLine } from './model-line.ts';

/** Begins the extras that are members of `output_config`. */
export const OUTPUT_CONFIG = 'output_config.';

/** What became of a request's extras. */
export interface WrittenExtras {
  readonly fields: JsonObject;
  readonly outputConfig: JsonObject;
  readonly ignored: readonly string[];
}

/**
 * Puts the dialect's own extras back; of another dialect's, finds a place for the user's id, refuses
 * what changes the meaning, and names the rest.
 *
 * @throws GatewayError `CLIENT_UNSUPPORTED`, naming the parameter.
 */
export function writeExtras(
  request: ModelRequest,
  line: ModelLine,
  isThinking: boolean,
): WrittenExtras {
  const { dialect, fields } = request.extras;
  return dialect === 'anthropic-messages'
    ? ownExtras(fields, line.sampling === 'none' || isThinking)
    : foreignExtras(fields, line.sampling === 'none' || isThinking);
}

type Fields = Readonly<Record<string, Json>>;

function ownExtras(fields: Fields, refusesTopK: boolean): WrittenExtras {
  const kept: Record<string, Json> = {};
  const outputConfig: Record<string, Json> = {};
  const ignored: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (isLeftover(name)) continue;
    if (name === 'top_k' && refusesTopK) ignored.push(name);
    else if (name.startsWith(OUTPUT_CONFIG)) outputConfig[name.slice(OUTPUT_CONFIG.length)] = value;
    else kept[name] = value;
  }
  return { fields: kept, outputConfig, ignored };
}

function foreignExtras(fields: Fields, refusesTopK: boolean): WrittenExtras {
  const ignored: string[] = [];
  const kept: Record<string, Json> = {};
  for (const [name, value] of foreignWishes(fields)) {
    if (USER_IDS.has(name) && kept.metadata === undefined && isOpaqueId(value)) {
      kept.metadata = { user_id: value };
    } else if (name === GEMINI_TOP_K && !refusesTopK) kept.top_k = value;
    else ignored.push(name);
  }
  return { fields: kept, outputConfig: {}, ignored };
}

const GEMINI_TOP_K = 'generationConfig.topK';

/**
 * What another dialect's extras ask for, less what holds anyway.
 *
 * @throws GatewayError `CLIENT_UNSUPPORTED` for what changes the meaning if it is left out.
 */
export function foreignWishes(fields: Fields): readonly (readonly [string, Json])[] {
  return Object.entries(fields).filter(([name, value]) => {
    refuseUnanswerable(name, value);
    return !asksNothing(name, value);
  });
}

const USER_IDS: ReadonlySet<string> = new Set(['safety_identifier', 'user']);

/** The vendor forbids names, mail addresses and telephone numbers there. */
function isOpaqueId(value: Json): value is string {
  return typeof value === 'string' && /^[\w:.|-]{1,256}$/.test(value) && !/^[\d.-]+$/.test(value);
}

/**
 * Refuses what can't be told to an API that gives one answer, in text and without probabilities.
 *
 * @throws GatewayError `CLIENT_UNSUPPORTED`, naming the parameter.
 */
export function refuseUnanswerable(name: string, value: Json): void {
  const problem = REFUSED.get(name);
  if (problem?.when(value) === true) throw unsupported(name, problem.why);
}

/** Parameters without which the answer would be another one than was asked for. */
const REFUSED: ReadonlyMap<string, { when(value: Json): boolean; readonly why: string }> = new Map([
  [
    'n',
    { when: (n: Json) => n !== 1, why: 'must be 1 for this model: it gives one answer at a time' },
  ],
  [
    'generationConfig.candidateCount',
    { when: (n: Json) => n !== 1, why: 'must be 1 for this model: it gives one answer at a time' },
  ],
  [
    'generationConfig.responseLogprobs',
    { when: (asked: Json) => asked !== false, why: 'is not offered by this model' },
  ],
  [
    'generationConfig.responseModalities',
    { when: hasOtherThanText, why: 'must be ["TEXT"] for this model' },
  ],
  ['logprobs', { when: (asked: Json) => asked !== false, why: 'is not offered by this model' }],
  ['top_logprobs', { when: (asked: Json) => asked !== 0, why: 'is not offered by this model' }],
  [
    'cachedContent',
    {
      when: () => true,
      why: 'names content that is kept by another vendor; send the content itself instead',
    },
  ],
  [
    'input[compaction]',
    {
      when: () => true,
      why: 'holds the conversation so far in a form that only its vendor can read; send the conversation itself instead',
    },
  ],
  ['audio', { when: () => true, why: 'is not offered by this model: it answers in text' }],
  ['modalities', { when: hasOtherThanText, why: 'must be ["text"] for this model' }],
]);

function hasOtherThanText(modalities: Json): boolean {
  return (
    !Array.isArray(modalities) ||
    modalities.some((one) => typeof one !== 'string' || one.toLowerCase() !== 'text')
  );
}

/** Asks for a search by being there. */
const WEB_SEARCH = 'web_search_options';

/** What clients send back of an answer, and no model reads. */
export const REPEATED: ReadonlySet<string> = new Set([
  'messages[].annotations',
  'input[].content[].annotations',
]);

/** Values that say what holds anyway. */
function asksNothing(name: string, value: Json): boolean {
  if (value === null || REFUSED.has(name) || REPEATED.has(name)) return true;
  if (isJsonObject(value) && Object.keys(value).length === 0) return name !== WEB_SEARCH;
  return IDLE.get(name)?.includes(value as string | number | boolean) === true;
}

const IDLE: ReadonlyMap<string, readonly (string | number | boolean)[]> = new Map([
  ['frequency_penalty', [0]],
  ['presence_penalty', [0]],
  ['generationConfig.frequencyPenalty', [0]],
  ['generationConfig.presencePenalty', [0]],
  ['store', [false]],
  ['service_tier', ['auto', 'default']],
  ['stream_options.include_obfuscation', [false]],
] as const);
