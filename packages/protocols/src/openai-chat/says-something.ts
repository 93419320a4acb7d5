import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import { callPieces, contentPieces } from './answer-parts.ts';
import { reasoningText } from './reasoning-details.ts';

/** Whether a choice, of a chunk or whole, tells a part of an answer. */
export function saysSomething({ delta, message, text }: JsonObject): boolean {
  const told = [delta, message].find(isJsonObject) ?? { content: text };
  return (
    contentPieces(told.content).length > 0 ||
    reasoningText(told) !== '' ||
    (typeof told.refusal === 'string' && told.refusal !== '') ||
    (Array.isArray(told.reasoning_details) && told.reasoning_details.length > 0) ||
    callPieces(told, '').length > 0
  );
}
