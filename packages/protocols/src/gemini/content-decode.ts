import type { MediaPart, Part, Turn } from '@cliproxy/plugin-api';
import type { Leftovers, Place } from '../anthropic-messages/leftovers.ts';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import {
  booleanAt,
  fieldError,
  mustBe,
  objectAt,
  optional,
  stringAt,
} from '../openai-chat/field-path.ts';
import { callIds } from './call-ids.ts';
import type { CallIds } from './call-ids.ts';
import { camelKeys } from './field-names.ts';
import { readResult } from './function-response.ts';
import { readBlob, readFile } from './media.ts';
import { readSignature } from './signatures.ts';

/**
 * Reads `contents`: as the API has it, or in the short forms of its SDKs (a string, one content).
 *
 * @param firstTurn - number of turns before these.
 * @throws GatewayError `CLIENT_BAD_REQUEST`, naming the field by its path.
 */
export function decodeContents(
  value: unknown,
  firstTurn: number,
  leftovers: Leftovers,
): readonly Turn[] {
  if (value === undefined || value === null) throw fieldError('contents', 'is missing');
  const contents: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (contents.length === 0) throw fieldError('contents', 'must hold at least one content');
  const ids = callIds();
  return contents.map((item, i) => {
    const path = `contents[${i}]`;
    const content = typeof item === 'string' ? { parts: item } : camelKeys(objectAt(item, path));
    const role = ROLES.get(content.role ?? 'user');
    if (role === undefined) throw mustBe(`${path}.role`, 'user or model', content.role);
    if (role === 'assistant') ids.begin();
    const where = { in: 'contents[].parts[]', turn: firstTurn + i, leftovers, ids } as const;
    return { role, parts: decodeParts(content.parts, `${path}.parts`, where) };
  });
}

const ROLES: ReadonlyMap<unknown, 'user' | 'assistant'> = new Map([
  ['user', 'user'],
  ['model', 'assistant'],
  // Of the results of functions, in older clients.
  ['function', 'user'],
] as const);

/**
 * Reads `systemInstruction`: a content, its parts, or a string.
 *
 * @throws GatewayError `CLIENT_BAD_REQUEST` for other parts than text.
 */
export function decodeSystem(value: unknown, leftovers: Leftovers): Turn {
  const isContent = isJsonObject(value) && 'parts' in value;
  const path = isContent ? 'systemInstruction.parts' : 'systemInstruction';
  const where = {
    in: 'systemInstruction.parts[]',
    turn: 0,
    leftovers,
    ids: callIds(),
  } as const;
  const parts = decodeParts(isContent ? value.parts : value, path, where);
  if (parts.some(({ type }) => type !== 'text')) throw fieldError(path, 'must hold text alone');
  return { role: 'system', parts };
}

interface Where {
  readonly in: Place['in'];
  readonly turn: number;
  readonly leftovers: Leftovers;
  readonly ids: CallIds;
}

function decodeParts(value: unknown, path: string, where: Where): readonly Part[] {
  if (value === undefined || value === null) return [];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const parts: Part[] = [];
  for (const [i, item] of list.entries()) {
    const at = Array.isArray(value) ? `${path}[${i}]` : path;
    const part = typeof item === 'string' ? { text: item } : camelKeys(objectAt(item, at));
    decodePart(part, at, where, parts);
  }
  return parts;
}

function decodePart(part: JsonObject, path: string, where: Where, parts: Part[]): void {
  const kind = kindOf(part);
  if (kind === undefined) throw fieldError(path, 'holds nothing: neither text nor anything else');
  const place: Place = { in: where.in, turn: where.turn, part: parts.length };
  const read = READERS.get(kind);
  if (read === undefined) {
    where.leftovers.block(place, kind, part);
    return;
  }
  where.leftovers.keys(place, kind, part, [kind, 'thought', 'thoughtSignature']);
  read(part, `${path}.${kind}`, { place, where, parts });
}

/** The field that says what a part is. One with a signature alone is an empty text. */
function kindOf(part: JsonObject): string | undefined {
  const present = Object.keys(part).filter((key) => part[key] !== undefined && part[key] !== null);
  const known = present.find((key) => READERS.has(key));
  if (known !== undefined) return known;
  const other = present.find((key) => !MODIFIERS.has(key));
  return other ?? (present.includes('thoughtSignature') ? 'text' : undefined);
}

const MODIFIERS: ReadonlySet<string> = new Set([
  'thought',
  'thoughtSignature',
  'videoMetadata',
  'mediaResolution',
  'partMetadata',
  'mediaProcessing',
  'speechMetadata',
]);

interface ReadContext {
  readonly place: Place;
  readonly where: Where;
  /** Takes what was read. */
  readonly parts: Part[];
}

type PartReader = (part: JsonObject, path: string, context: ReadContext) => void;

const READERS: ReadonlyMap<string, PartReader> = new Map<string, PartReader>([
  ['text', readText],
  ['functionCall', readCall],
  [
    'functionResponse',
    ({ functionResponse }, path, { parts, where, place }) => {
      const response = camelKeys(objectAt(functionResponse, path));
      keepInner(response, 'functionResponse', ['id', 'name', 'response', 'parts'], where, place);
      parts.push(readResult(response, path, where.ids));
    },
  ],
  ['inlineData', mediaReader('inlineData', ['mimeType', 'data'], readBlob)],
  ['fileData', mediaReader('fileData', ['mimeType', 'fileUri'], readFile)],
]);

function mediaReader(
  key: 'inlineData' | 'fileData',
  known: readonly string[],
  read: (data: JsonObject, path: string) => MediaPart,
): PartReader {
  return (part, path, { parts, where, place }) => {
    const data = camelKeys(objectAt(part[key], path));
    keepInner(data, key, known, where, place);
    parts.push(read(data, path));
  };
}

/** Fields of a part's inside that nobody else has. */
function keepInner(
  object: JsonObject,
  key: string,
  known: readonly string[],
  { leftovers }: Where,
  place: Place,
): void {
  const rest = Object.entries(object).filter(([name]) => !known.includes(name));
  const named = Object.fromEntries(rest.map(([name, value]) => [`${key}.${name}`, value]));
  leftovers.keys(place, key, named, []);
}

/**
 * Thoughts that follow one another are pieces of one, up to the piece that holds the signature. A
 * signature of a text stands after it, as a thought without words.
 */
function readText(part: JsonObject, path: string, { parts }: ReadContext): void {
  const text = optional(part.text, path, stringAt) ?? '';
  const opaque = readSignature(part.thoughtSignature);
  const signed = opaque === undefined ? {} : { opaque };
  if (optional(part.thought, `${path.slice(0, -'text'.length)}thought`, booleanAt) === true) {
    const last = parts.at(-1);
    if (last?.type === 'reasoning' && last.opaque === undefined) {
      parts.splice(-1, 1, { ...last, text: last.text + text, ...signed });
    } else if (text !== '' || opaque !== undefined) {
      parts.push({ type: 'reasoning', text, ...signed });
    }
    return;
  }
  if (text !== '') parts.push({ type: 'text', text });
  if (opaque !== undefined) parts.push({ type: 'reasoning', text: '', opaque });
}

function readCall(part: JsonObject, path: string, { parts, where, place }: ReadContext): void {
  const call = camelKeys(objectAt(part.functionCall, path));
  keepInner(call, 'functionCall', ['id', 'name', 'args'], where, place);
  const name = stringAt(call.name, `${path}.name`);
  if (name === '') throw fieldError(`${path}.name`, 'must not be empty');
  const args = optional(call.args, `${path}.args`, objectAt) ?? {};
  const opaque = readSignature(part.thoughtSignature);
  parts.push({
    type: 'tool-call',
    id: where.ids.call(nonEmpty(optional(call.id, `${path}.id`, stringAt)), name),
    name,
    argumentsJson: JSON.stringify(args),
    ...(opaque === undefined ? {} : { opaque }),
  });
}

/** Protobuf writes an absent string as an empty one. */
function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
