import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';

const WORD = /json/i;

/** Whether a conversation speaks of JSON: OpenAI refuses to write it otherwise. Only texts count. */
export function speaksOfJson(messages: readonly JsonObject[]): boolean {
  return messages.some(({ content, output }) => saysJson(content) || saysJson(output));
}

/** The same instructions, speaking of JSON. */
export function sayingJson(instructions: string): string {
  if (WORD.test(instructions)) return instructions;
  return instructions === '' ? 'Answer in JSON.' : `${instructions}\n\nAnswer in JSON.`;
}

function saysJson(content: unknown): boolean {
  if (typeof content === 'string') return WORD.test(content);
  return (
    Array.isArray(content) && content.some((part) => isJsonObject(part) && saysJson(part.text))
  );
}
