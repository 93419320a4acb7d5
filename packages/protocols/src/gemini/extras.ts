import type { Json, ModelRequest } from '@cliproxy/plugin-api';
import { foreignWishes } from '../anthropic-messages/extras.ts';
import { isLeftover } from '../anthropic-messages/leftovers.ts';
import { isJsonObject } from '../model/json-object.ts';

/**
 * Puts the dialect's own extras back into a body, by their names, which are paths; of another
 * dialect's, those that the API has a place for. The rest is named.
 *
 * @returns the client's names of what has no place.
 * @throws GatewayError `CLIENT_UNSUPPORTED` for what changes the meaning if it is left out.
 */
export function writeExtras(
  body: Record<string, unknown>,
  { extras }: ModelRequest,
): readonly string[] {
  const isOwn = extras.dialect === 'gemini';
  const ignored: string[] = [];
  for (const [name, value] of isOwn
    ? Object.entries(extras.fields)
    : foreignWishes(extras.fields)) {
    if (isOwn && isLeftover(name)) {
      if (INNER.test(name)) ignored.push(name);
      continue;
    }
    const place = isOwn ? name : PLACES.get(name);
    const fits = place !== undefined && (name !== 'seed' || isInt32(value));
    if (!fits || !putAt(body, place.split('.'), value)) ignored.push(name);
  }
  return ignored;
}

/** What was inside a part's own object stays out: it has no place but there. */
const INNER = /\]\.(?:functionCall|functionResponse|inlineData|fileData)\./;

/** Where other dialects' parameters go. */
const PLACES: ReadonlyMap<string, string> = new Map([
  ['seed', 'generationConfig.seed'],
  ['frequency_penalty', 'generationConfig.frequencyPenalty'],
  ['presence_penalty', 'generationConfig.presencePenalty'],
  ['top_k', 'generationConfig.topK'],
]);

function isInt32(value: Json): boolean {
  return typeof value === 'number' && (value | 0) === value;
}

/** @returns false where something else is in the way. */
function putAt(object: Record<string, unknown>, path: readonly string[], value: Json): boolean {
  const [key, ...rest] = path;
  if (key === undefined || key === '__proto__') return false;
  if (rest.length === 0) {
    object[key] = value;
    return true;
  }
  const inner = object[key] ?? {};
  if (!isJsonObject(inner)) return false;
  const copy = { ...inner };
  object[key] = copy;
  return putAt(copy, rest, value);
}
