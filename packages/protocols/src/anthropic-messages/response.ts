import type { Dialect, ModelEvent, Part } from '@cliproxy/plugin-api';
import type { AnswerContext, DecodeContext } from '../codec/answer-context.ts';
import type { ResponseCodec } from '../codec/response-codec.ts';
import { errorInside } from '../codec/error-inside.ts';
import { withCallSignatures } from '../model/call-signature.ts';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import { badAnswer } from '../codec/bad-answer.ts';
import { classify } from './error-classes.ts';
import { legalToolId } from './legal-names.ts';
import { mediaInWords } from './media-blocks.ts';
import { readRedacted, readThinking, writeReasoning } from './reasoning-blocks.ts';
import { readStopReason, writeStopReason } from './stop-reason.ts';
import { freeTextInput, toolInput, unwrapped } from './tool-arguments.ts';
import { UsageCounter, writeUsage } from './usage.ts';

/** Answers without stream. Blocks of kinds that nobody else has, such as server tools', are skipped. */
export const response: ResponseCodec = {
  decode(body, context) {
    const content = contentOf(body);
    const events: ModelEvent[] = [
      typeof body.id === 'string' ? { type: 'start', id: body.id } : { type: 'start' },
    ];
    let index = 0;
    let calledTool = false;
    for (const block of content) {
      const part = isJsonObject(block) ? readBlock(block, context) : undefined;
      if (part === undefined) continue;
      calledTool ||= part.type === 'tool-call';
      events.push({ type: 'open', index, part }, { type: 'close', index });
      index += 1;
    }
    const counter = new UsageCounter();
    counter.see(body.usage);
    if (counter.total !== undefined) events.push({ type: 'usage', usage: counter.total });
    events.push({ type: 'finish', reason: readStopReason(body.stop_reason, calledTool) });
    return events;
  },
  encode(answer, context) {
    const native = nativeOf(context);
    const content = withCallSignatures(answer.parts)
      .map((part) => writeBlock(part, native))
      .filter((block) => block !== undefined);
    const calledTool = content.some(({ type }) => type === 'tool_use');
    return {
      ...messageHead(answer.id, context),
      content,
      stop_reason: writeStopReason(answer.finish, calledTool),
      stop_sequence: null,
      usage: writeUsage(answer.usage),
    };
  },
};

/**
 * The blocks of an answer.
 *
 * @throws GatewayError for an error in place of an answer, `UPSTREAM_BAD_ANSWER` without blocks.
 */
export function contentOf(body: JsonObject): readonly unknown[] {
  if (body.type === 'error' || isJsonObject(body.error)) throw errorInside(classify, body);
  if (Array.isArray(body.content)) return body.content as readonly unknown[];
  throw badAnswer("The upstream's answer is no message: `content` is not an array.");
}

/** What a message begins with, whole or streamed. */
export function messageHead(id: string | undefined, context: AnswerContext): JsonObject {
  return { id: messageId(id, context), type: 'message', role: 'assistant', model: context.model };
}

/** The dialect, where the upstream spoke it too: opaque values then go back as they came. */
export function nativeOf({ upstream }: AnswerContext): Dialect | undefined {
  return upstream === 'anthropic-messages' ? upstream : undefined;
}

function readBlock(block: JsonObject, context: DecodeContext): Part | undefined {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: stringOf(block.text) };
    case 'thinking':
      return readThinking(stringOf(block.thinking), block.signature, context.origin);
    case 'redacted_thinking':
      return readRedacted(stringOf(block.data), context.origin);
    case 'tool_use': {
      const sent = stringOf(block.name);
      const name = context.toolNames.get(sent) ?? sent;
      const argumentsJson = JSON.stringify(block.input ?? {});
      const call = { type: 'tool-call', id: stringOf(block.id), name } as const;
      const text = context.customTools?.has(sent) === true ? unwrapped(argumentsJson) : undefined;
      return text === undefined
        ? { ...call, argumentsJson }
        : { ...call, kind: 'custom', argumentsJson: text };
    }
    default:
      return undefined;
  }
}

function writeBlock(part: Part, native: Dialect | undefined): JsonObject | undefined {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return part.text === '' ? undefined : { type: 'text', text: part.text };
    case 'reasoning':
      if (part.text === '' && part.opaque === undefined) return undefined;
      return writeReasoning(part, native);
    case 'tool-call':
      return {
        type: 'tool_use',
        id: legalToolId(part.id),
        name: part.name,
        input:
          part.kind === 'custom'
            ? freeTextInput(part.argumentsJson)
            : toolInput(part.argumentsJson),
      };
    case 'media':
      return { type: 'text', text: mediaInWords(part) };
    case 'tool-result':
      // A tool that ran at the upstream: its answer is in the text.
      return undefined;
  }
}

function messageId(id: string | undefined, context: AnswerContext): string {
  if (id?.startsWith('msg_') === true) return id;
  const letters = id?.replace(/[^a-zA-Z0-9]/g, '');
  return `msg_${letters === undefined || letters === '' ? context.id : letters}`;
}

function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
