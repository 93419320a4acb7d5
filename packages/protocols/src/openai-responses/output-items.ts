import type { Citation, MediaPart, Opaque, ToolCallPart } from '@cliproxy/plugin-api';
import type { AnswerContext } from '../codec/answer-context.ts';
import type { JsonObject } from '../model/json-object.ts';
import { citationMembers } from '../openai-chat/annotations.ts';
import { NATIVE, clientEncrypted, writeSummary } from './encrypted-reasoning.ts';

/** How far an item came. */
export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

/** The vendor's prefixes of item ids. */
export type ItemPrefix = 'msg' | 'rs' | 'fc' | 'ctc' | 'ig';

/** An id for an item of an answer: unique among all answers, since clients send items back. */
export function itemId(prefix: ItemPrefix, outputIndex: number, context: AnswerContext): string {
  return `${prefix}_${context.id}${outputIndex.toString(16).padStart(4, '0')}`;
}

/** A message's part. */
export function contentPart(
  type: 'text' | 'refusal',
  text: string,
  citations: readonly Citation[] = [],
): JsonObject {
  return type === 'refusal'
    ? { type: 'refusal', refusal: text }
    : { type: 'output_text', text, annotations: citations.map(annotation), logprobs: [] };
}

/** An annotation of an `output_text`. */
export function annotation(citation: Citation): JsonObject {
  return { type: 'url_citation', ...citationMembers(citation) };
}

/** A `message` item. */
export function messageItem(
  id: string,
  status: ItemStatus,
  content: readonly JsonObject[],
): JsonObject {
  return { id, type: 'message', status, role: 'assistant', content };
}

/**
 * A `reasoning` item: its text is told as a summary, which every client shows.
 *
 * @param told - the id, where it was told already; `given` otherwise gives way to that of the maker.
 */
export function reasoningItem(
  ids: { readonly told: string } | { readonly given: string },
  text: string,
  opaque: Opaque | undefined,
  context: AnswerContext,
): JsonObject {
  const told = 'told' in ids ? ids.told : undefined;
  const given = 'told' in ids ? ids.told : ids.given;
  if (opaque === undefined) {
    return { id: given, type: 'reasoning', summary: writeSummary(text, undefined) };
  }
  const native = context.upstream === NATIVE ? NATIVE : undefined;
  const { id = given, ...members } = clientEncrypted(text, opaque, native, told);
  return { id, type: 'reasoning', ...members };
}

/** A `function_call` or `custom_tool_call` item. */
export function callItem(
  id: string,
  status: ItemStatus,
  part: ToolCallPart,
  context: AnswerContext,
): JsonObject {
  const { id: call_id, argumentsJson } = part;
  const name = context.echo?.calls.get(part.name) ?? { name: part.name };
  return part.kind === 'custom'
    ? { id, type: 'custom_tool_call', status, call_id, ...name, input: argumentsJson }
    : {
        id,
        type: 'function_call',
        status,
        call_id,
        ...name,
        arguments: argumentsJson,
      };
}

/** An `image_generation_call` item; undefined for media that no item can hold. */
export function imageItem(id: string, { mediaType, source }: MediaPart): JsonObject | undefined {
  if (!mediaType.startsWith('image/') || !('base64' in source)) return undefined;
  return { id, type: 'image_generation_call', status: 'completed', result: source.base64 };
}
