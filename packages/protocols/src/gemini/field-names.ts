import type { JsonObject } from '../model/json-object.ts';

/**
 * An object of the API with its keys in camelCase. Requests may name fields either way, even side by
 * side; the camelCase one counts. For objects of the API alone: what clients name themselves, such
 * as arguments and properties, must stay as it is.
 *
 * @see https://protobuf.dev/programming-guides/json/
 */
export function camelKeys(object: JsonObject): JsonObject {
  if (!Object.keys(object).some((key) => SNAKE.test(key))) return object;
  const renamed = Object.entries(object).map(([key, value]) => [camel(key), value] as const);
  const own = Object.entries(object).filter(([key]) => !SNAKE.test(key));
  return Object.fromEntries([...renamed, ...own]);
}

const SNAKE = /^[a-z]+(?:_[a-z0-9]+)+$/;

function camel(key: string): string {
  if (!SNAKE.test(key)) return key;
  return key.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
