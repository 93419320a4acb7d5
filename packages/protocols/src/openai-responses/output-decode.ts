import type { Part, ReasoningPart, ToolCallPart } from '@cliproxy/plugin-api';
import { unwrapped } from '../anthropic-messages/tool-arguments.ts';
import type { DecodeContext } from '../codec/answer-context.ts';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import { readCitations } from '../openai-chat/annotations.ts';
import { newCallId } from '../openai-chat/answer-parts.ts';
import { SUMMARY_BREAK, readEncrypted, summaryTexts } from './encrypted-reasoning.ts';
import { joinedName } from './namespaces.ts';

/** Reads one item of an upstream's `output`. Tools that ran at the upstream tell nothing. */
export function readItem(item: unknown, context: DecodeContext): readonly Part[] {
  if (!isJsonObject(item)) return [];
  switch (item.type) {
    case 'message':
      return messageParts(item);
    case 'reasoning': {
      const opaque = readEncrypted(item, context.origin);
      const text = reasoningText(item);
      if (text === '' && opaque === undefined) return [];
      const part: ReasoningPart = { type: 'reasoning', text };
      return [opaque === undefined ? part : { ...part, opaque }];
    }
    case 'function_call':
    case 'custom_tool_call':
      return [readCall(item, context)];
    case 'image_generation_call':
      return imageParts(item);
    default:
      return [];
  }
}

/** The prose of a `message` item. */
function messageParts({ content }: JsonObject): readonly Part[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }];
  if (!Array.isArray(content)) return [];
  return content.filter(isJsonObject).flatMap((part): Part[] => {
    const { refusal, text } = part;
    if (part.type === 'refusal' && typeof refusal === 'string' && refusal !== '') {
      return [{ type: 'refusal', text: refusal }];
    }
    if (typeof text !== 'string' || text === '') return [];
    const citations = readCitations(part.annotations);
    return [{ type: 'text', text, ...(citations.length === 0 ? {} : { citations }) }];
  });
}

/** The text of a `reasoning` item: its summary, else the reasoning itself, which few models show. */
export function reasoningText(item: JsonObject): string {
  const told = summaryTexts(item).join(SUMMARY_BREAK);
  return told === '' ? summaryTexts({ summary: item.content }).join('') : told;
}

/** A call, all of it. */
function readCall(item: JsonObject, context: DecodeContext): ToolCallPart {
  const head = callHead(item, context);
  const written = writtenInput(item);
  const text = head.isWrapped ? unwrapped(written) : undefined;
  const isCustom = head.part.kind === 'custom' && (!head.isWrapped || text !== undefined);
  const argumentsJson = text ?? written;
  const { id, name } = head.part;
  return {
    type: 'tool-call',
    ...(isCustom ? { kind: 'custom' } : {}),
    id,
    name,
    argumentsJson: argumentsJson.trim() === '' && !isCustom ? '{}' : argumentsJson,
  };
}

/** What is known of a call when it begins. */
export interface CallHead {
  /** Without arguments. */
  readonly part: ToolCallPart;
  /** A free-text tool that was sent as a function. */
  readonly isWrapped: boolean;
}

/** Reads how a call begins. */
export function callHead(item: JsonObject, context: DecodeContext): CallHead {
  const { call_id: callId, name, namespace } = item;
  const sent = typeof name === 'string' ? name : '';
  const isWrapped = item.type === 'function_call' && context.customTools?.has(sent) === true;
  const known = context.toolNames.get(sent);
  const flat =
    typeof namespace === 'string' && namespace !== '' ? joinedName(namespace, sent) : sent;
  return {
    isWrapped,
    part: {
      type: 'tool-call',
      ...(isWrapped || item.type === 'custom_tool_call' ? { kind: 'custom' } : {}),
      id: typeof callId === 'string' && callId !== '' ? callId : newCallId(),
      name: known ?? flat,
      argumentsJson: '',
    },
  };
}

/** The arguments of a call, as the model wrote them. */
export function writtenInput({ arguments: args, input }: JsonObject): string {
  const written = args ?? input;
  if (typeof written === 'string') return written;
  return isJsonObject(written) ? JSON.stringify(written) : '';
}

/** The image that a tool at the upstream made. */
export function imageParts({ result, output_format: format }: JsonObject): readonly Part[] {
  if (typeof result !== 'string' || result === '') return [];
  const mediaType = `image/${typeof format === 'string' ? format : 'png'}`;
  return [{ type: 'media', mediaType, source: { base64: result } }];
}
