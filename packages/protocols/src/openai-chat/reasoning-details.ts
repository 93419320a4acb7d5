import type { Opaque, ReasoningPart } from '@cliproxy/plugin-api';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import { untagOpaque } from '../model/opaque-tag.ts';

/** One entry of `reasoning_details`. */
export interface ReasoningDetail {
  readonly text: string;
  readonly opaque: Opaque | undefined;
}

/**
 * Reads `reasoning_details`, the extension in which OpenRouter and its clients carry what Chat has
 * no place for: signatures and encrypted reasoning.
 *
 * @see https://openrouter.ai/docs/use-cases/reasoning-tokens
 */
export function readDetails(details: unknown, fallbackOrigin: string): readonly ReasoningDetail[] {
  if (!Array.isArray(details)) return [];
  const merged = new Map<unknown, ReasoningDetail>();
  for (const [position, detail] of details.entries()) {
    if (!isJsonObject(detail)) continue;
    const { text, summary } = detail;
    const value = [detail.signature, detail.data].find((v) => typeof v === 'string' && v !== '');
    // Streamed pieces of one block share its index; a key of their own keeps the others apart.
    const key = typeof detail.index === 'number' ? detail.index : `at ${position}`;
    const before = merged.get(key);
    merged.set(key, {
      text:
        (before?.text ?? '') +
        (typeof text === 'string' ? text : typeof summary === 'string' ? summary : ''),
      opaque: typeof value === 'string' ? untagOpaque(value, fallbackOrigin) : before?.opaque,
    });
  }
  return [...merged.values()];
}

/**
 * The reasoning of a whole message. The details are the better source where they hold all of the
 * text: only they say where one block ends. Else the plain text counts, with the first signature.
 */
export function readReasoning(message: JsonObject, fallbackOrigin: string): ReasoningPart[] {
  const plain = reasoningText(message);
  const details = readDetails(message.reasoning_details, fallbackOrigin);
  const told = details.map(({ text }) => text).join('');
  if (details.length > 0 && (told === plain || plain === '')) {
    return details
      .filter(({ text, opaque }) => text !== '' || opaque !== undefined)
      .map(({ text, opaque }) => reasoningPart(text, opaque));
  }
  const opaque = details.find((detail) => detail.opaque !== undefined)?.opaque;
  return plain === '' ? [] : [reasoningPart(plain, opaque)];
}

/** Writes one reasoning block's signature, with the text that it signs. */
export function writeDetail(text: string, value: string, index: number): JsonObject {
  return text === ''
    ? { type: 'reasoning.encrypted', data: value, index }
    : { type: 'reasoning.text', text, signature: value, index };
}

/** `reasoning_content` (DeepSeek and many) or `reasoning` (OpenRouter); never both, they repeat. */
export function reasoningText(message: JsonObject): string {
  const { reasoning_content: content, reasoning } = message;
  if (typeof content === 'string' && content !== '') return content;
  return typeof reasoning === 'string' ? reasoning : '';
}

/**
 * The signature on a tool call, where Google's OpenAI-compatible API has it.
 *
 * @see https://ai.google.dev/gemini-api/docs/thought-signatures
 */
export function readCallSignature(call: JsonObject, fallbackOrigin: string): Opaque | undefined {
  const google = isJsonObject(call.extra_content) ? call.extra_content.google : undefined;
  const value = isJsonObject(google) ? google.thought_signature : undefined;
  return typeof value === 'string' && value !== '' ? untagOpaque(value, fallbackOrigin) : undefined;
}

/** See {@link readCallSignature}. */
export function writeCallSignature(value: string): JsonObject {
  return { extra_content: { google: { thought_signature: value } } };
}

function reasoningPart(text: string, opaque: Opaque | undefined): ReasoningPart {
  return { type: 'reasoning', text, ...(opaque === undefined ? {} : { opaque }) };
}
