import { isObject } from '../shape.ts';
import type { Json } from '../shape.ts';

/** What clients may write as they like: no field of the API's is in it. */
const FREE = new Set([
  ...['args', 'response', 'default', 'example', 'partMetadata', 'labels'],
  ...['parametersJsonSchema', 'responseJsonSchema'],
]);

/**
 * A body with its fields in camel case, without nulls: the API reads `max_output_tokens` and
 * `maxOutputTokens` alike, and null as absent. Names of properties stay as they are.
 */
export function camelKeys(body: Json): Json {
  return camelObject(body);
}

function camelObject(node: Json, isMap = false): Json {
  const entries = Object.entries(node).flatMap(([name, value]) => {
    if (value === null) return [];
    const key = isMap
      ? name
      : name.replaceAll(/_([a-z])/gu, (_, letter: string) => letter.toUpperCase());
    return [[key, !isMap && FREE.has(key) ? value : camelValue(value, key, isMap)] as const];
  });
  return Object.fromEntries(entries);
}

function camelValue(value: unknown, key: string, isInMap: boolean): unknown {
  if (Array.isArray(value)) return value.map((entry) => camelValue(entry, '', false));
  return isObject(value) ? camelObject(value, key === 'properties' && !isInMap) : value;
}
