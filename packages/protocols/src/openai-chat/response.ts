import type { Part, ToolCallPart } from '@cliproxy/plugin-api';
import { unwrapped } from '../anthropic-messages/tool-arguments.ts';
import type { AnswerContext, DecodeContext } from '../codec/answer-context.ts';
import type { ResponseCodec } from '../codec/response-codec.ts';
import { answerEvents } from '../model/answer-events.ts';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import { tagOpaque } from '../model/opaque-tag.ts';
import { chatAnnotations, readCitations } from './annotations.ts';
import { callPieces, contentPieces, firstChoice, newCallId } from './answer-parts.ts';
import type { CallPiece } from './answer-parts.ts';
import { badAnswer } from '../codec/bad-answer.ts';
import { throwErrorInside } from './error-classes.ts';
import { readFinish, writeFinish } from './finish-reason.ts';
import { readReasoning, writeCallSignature, writeDetail } from './reasoning-details.ts';
import { usageIn, writeUsage } from './usage.ts';

/**
 * Answers without stream. Of several choices the first is read. Servers that put the message under
 * `delta`, or its text under `text`, are understood.
 *
 * @see https://platform.openai.com/docs/api-reference/chat/object
 */
export const response: ResponseCodec = {
  decode(body, context) {
    throwErrorInside(body);
    const choice = firstChoice(body);
    if (choice === undefined) {
      throw badAnswer("The upstream's answer has no `choices`.");
    }
    const parts = readParts(choice, context);
    const usage = usageIn(body);
    const word = choice.finish_reason;
    const hasCalls = parts.some(({ type }) => type === 'tool-call');
    return answerEvents({
      ...(typeof body.id === 'string' && body.id !== '' ? { id: body.id } : {}),
      parts,
      finish: readFinish(typeof word === 'string' ? word : undefined, hasCalls),
      ...(usage === undefined ? {} : { usage }),
    });
  },
  encode(answer, context) {
    const hasCalls = answer.parts.some(({ type }) => type === 'tool-call');
    return {
      id: chatId(answer.id, context),
      object: 'chat.completion',
      created: context.createdS,
      model: context.model,
      choices: [
        {
          index: 0,
          message: writeMessage(answer.parts, context),
          logprobs: null,
          finish_reason: writeFinish(answer.finish, hasCalls),
        },
      ],
      ...(answer.usage === undefined ? {} : { usage: writeUsage(answer.usage) }),
    };
  },
};

/** An id with the dialect's prefix: the upstream's where there is one. */
export function chatId(upstreamId: string | undefined, context: AnswerContext): string {
  const id = upstreamId ?? context.id;
  return id.startsWith('chatcmpl-') ? id : `chatcmpl-${id}`;
}

/** The image of a media part, as OpenRouter's `images` extension has it. */
export function writeImage(
  part: Extract<Part, { readonly type: 'media' }>,
): JsonObject | undefined {
  const { source, mediaType } = part;
  if (!mediaType.startsWith('image/') || 'fileId' in source) return undefined;
  const url = 'url' in source ? source.url : `data:${mediaType};base64,${source.base64}`;
  return { type: 'image_url', image_url: { url } };
}

function readParts(choice: JsonObject, context: DecodeContext): readonly Part[] {
  const message = [choice.message, choice.delta].find(isJsonObject) ?? { content: choice.text };
  const parts: Part[] = readReasoning(message, context.origin);
  for (const { type, text } of contentPieces(message.content)) {
    const last = parts.at(-1);
    if (last?.type === type) parts.splice(-1, 1, { ...last, text: last.text + text });
    else parts.push({ type, text });
  }
  const citations = readCitations(message.annotations);
  const last = parts.at(-1);
  if (citations.length > 0 && last?.type === 'text') parts.splice(-1, 1, { ...last, citations });
  if (typeof message.refusal === 'string' && message.refusal !== '') {
    parts.push({ type: 'refusal', text: message.refusal });
  }
  const calls = callPieces(message, context.origin).filter(({ name }) => name !== '');
  return [...parts, ...calls.map((call) => callPart(call, context))];
}

function callPart(call: CallPiece, context: DecodeContext): ToolCallPart {
  const { opaque } = call;
  const text = context.customTools?.has(call.name) ? unwrapped(call.argumentsJson) : undefined;
  const isCustom = call.isCustom || text !== undefined;
  const argumentsJson = text ?? call.argumentsJson;
  return {
    type: 'tool-call',
    ...(isCustom ? { kind: 'custom' } : {}),
    id: call.id === '' ? newCallId() : call.id,
    name: context.toolNames.get(call.name) ?? call.name,
    argumentsJson: argumentsJson.trim() === '' && !isCustom ? '{}' : argumentsJson,
    ...(opaque === undefined ? {} : { opaque }),
  };
}

function writeMessage(parts: readonly Part[], context: AnswerContext): JsonObject {
  const native = context.upstream === 'openai-chat' ? context.upstream : undefined;
  let content = '';
  let refusal = '';
  let reasoning = '';
  const details: JsonObject[] = [];
  const calls: JsonObject[] = [];
  const images: JsonObject[] = [];
  const annotations: JsonObject[] = [];
  for (const part of parts) {
    switch (part.type) {
      case 'text':
        annotations.push(...chatAnnotations(part.citations ?? [], content.length));
        content += part.text;
        break;
      case 'refusal':
        refusal += part.text;
        break;
      case 'reasoning':
        reasoning += part.text;
        if (part.opaque !== undefined) {
          details.push(writeDetail(part.text, tagOpaque(part.opaque, native), details.length));
        }
        break;
      case 'tool-call':
        calls.push(writeCall(part, native));
        break;
      case 'media': {
        const image = writeImage(part);
        if (image !== undefined) images.push(image);
        break;
      }
      case 'tool-result':
        break; // A tool that ran at the upstream: its answer is in the text.
    }
  }
  return {
    role: 'assistant',
    content: content === '' && (calls.length > 0 || refusal !== '') ? null : content,
    refusal: refusal === '' ? null : refusal,
    ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
    ...(images.length === 0 ? {} : { images }),
    ...(annotations.length === 0 ? {} : { annotations }),
  };
}

function writeCall(part: ToolCallPart, native: 'openai-chat' | undefined): JsonObject {
  const { id, name, argumentsJson, opaque } = part;
  if (part.kind === 'custom') return { id, type: 'custom', custom: { name, input: argumentsJson } };
  return {
    id,
    type: 'function',
    function: { name, arguments: argumentsJson.trim() === '' ? '{}' : argumentsJson },
    ...(opaque === undefined ? {} : writeCallSignature(tagOpaque(opaque, native))),
  };
}
