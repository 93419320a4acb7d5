import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import type { SseEvent } from './sse-event.ts';
import { badAnswer } from './bad-answer.ts';

/**
 * The object that an event holds; undefined where it holds nothing.
 *
 * @throws GatewayError `UPSTREAM_BAD_ANSWER` for data that is no JSON object.
 */
export function eventObject({ data }: SseEvent): JsonObject | undefined {
  const text = data.trim();
  // Some look-alikes of other vendors end their streams as Chat does.
  if (text === '' || text === '[DONE]') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw badAnswer("An event of the upstream's stream is not JSON.", cause);
  }
  if (!isJsonObject(value)) throw badAnswer("An event of the upstream's stream is no JSON object.");
  return value;
}
