import type { ModelEvent, Part } from '@cliproxy/plugin-api';
import type { DecodeContext } from '../codec/answer-context.ts';
import type { StreamDecoder } from '../codec/stream-codec.ts';
import { errorInside } from '../codec/error-inside.ts';
import { eventObject } from '../codec/event-object.ts';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import { checkKept } from '../model/kept.ts';
import { classify, truncated } from './error-classes.ts';
import { readRedacted, readThinking } from './reasoning-blocks.ts';
import { readStopReason } from './stop-reason.ts';
import { unwrapped } from './tool-arguments.ts';
import { UsageCounter } from './usage.ts';

/**
 * Reads a stream of named events. Unknown events, blocks and deltas are skipped, as the vendor asks.
 *
 * An end after the `message_delta` that told the stop reason counts as complete, though
 * `message_stop` is missing: all of the answer is there. An end before it is a truncation.
 *
 * @see https://platform.claude.com/docs/en/build-with-claude/streaming
 */
export function streamDecoder(context: DecodeContext): StreamDecoder {
  const blocks = new Map<unknown, OpenBlock>();
  const usage = new UsageCounter();
  let nextIndex = 0;
  let keptChars = 0;
  let started = false;
  let calledTool = false;
  let stopReason: unknown;
  let finished = false;

  const openBlock = ({ index, content_block: block }: JsonObject): readonly ModelEvent[] => {
    if (!isJsonObject(block)) return [];
    const read = readStart(block, context);
    if (read === undefined) return [];
    const lost = closeBlock({ index });
    const opened = { ...read, index: nextIndex };
    nextIndex += 1;
    calledTool ||= read.part.type === 'tool-call';
    blocks.set(index, opened);
    checkKept({ parts: blocks.size });
    return [...lost, { type: 'open', index: opened.index, part: read.part }];
  };
  const keep = (text: string): string => {
    keptChars += text.length;
    checkKept({ chars: keptChars });
    return text;
  };
  const append = ({ index, delta }: JsonObject): readonly ModelEvent[] => {
    const block = blocks.get(index);
    if (block === undefined || !isJsonObject(delta)) return [];
    if (delta.type === 'signature_delta') {
      if (typeof delta.signature === 'string') block.signature += keep(delta.signature);
      return [];
    }
    const text = delta[DELTA_KEYS.get(delta.type) ?? ''];
    if (typeof text !== 'string' || text === '') return [];
    block.hasDelta = true;
    if (block.isCustom) {
      block.held += keep(text);
      return [];
    }
    return [{ type: 'delta', index: block.index, text }];
  };
  const closeBlock = ({ index }: JsonObject): readonly ModelEvent[] => {
    const block = blocks.get(index);
    if (block === undefined) return [];
    blocks.delete(index);
    return block.end(block);
  };
  const finish = (): readonly ModelEvent[] => {
    if (finished) return [];
    finished = true;
    const open = [...blocks.keys()].flatMap((index) => closeBlock({ index }));
    return [...open, { type: 'finish', reason: readStopReason(stopReason, calledTool) }];
  };
  const countTokens = (told: unknown): readonly ModelEvent[] => {
    usage.see(told);
    return usage.total === undefined ? [] : [{ type: 'usage', usage: usage.total }];
  };

  const read = (data: JsonObject, type: unknown): readonly ModelEvent[] => {
    if (type === 'error') throw errorInside(classify, data);
    if (finished) return [];
    switch (type) {
      case 'message_start': {
        if (started) return [];
        started = true;
        const message = isJsonObject(data.message) ? data.message : {};
        const start = typeof message.id === 'string' ? { id: message.id } : {};
        return [{ type: 'start', ...start }, ...countTokens(message.usage)];
      }
      case 'content_block_start':
        return openBlock(data);
      case 'content_block_delta':
        return append(data);
      case 'content_block_stop':
        return closeBlock(data);
      case 'message_delta':
        if (isJsonObject(data.delta)) stopReason = data.delta.stop_reason ?? stopReason;
        return countTokens(data.usage);
      case 'message_stop':
        return finish();
      default:
        return [];
    }
  };

  return {
    push(event) {
      const data = eventObject(event);
      if (data === undefined) return [];
      const type = data.type ?? event.event;
      const events = read(data, type);
      if (started || events.length === 0) return events;
      started = true;
      return [{ type: 'start' }, ...events];
    },
    end() {
      if (finished) return [];
      if (typeof stopReason !== 'string') throw truncated();
      return finish();
    },
  };
}

/** A block under way. */
interface OpenBlock {
  readonly index: number;
  readonly part: Part;
  readonly isCustom: boolean;
  /** Pieces of a wrapped free text, which can be unwrapped only whole. */
  held: string;
  hasDelta: boolean;
  signature: string;
  readonly end: (block: OpenBlock) => readonly ModelEvent[];
}

/** Which member of a delta carries its piece. */
const DELTA_KEYS: ReadonlyMap<unknown, string> = new Map([
  ['text_delta', 'text'],
  ['thinking_delta', 'thinking'],
  ['input_json_delta', 'partial_json'],
]);

function readStart(
  block: JsonObject,
  context: DecodeContext,
): Omit<OpenBlock, 'index'> | undefined {
  const fresh = { isCustom: false, held: '', hasDelta: false, signature: '', end: plainEnd };
  switch (block.type) {
    case 'text':
      return { ...fresh, part: { type: 'text', text: stringOf(block.text) } };
    case 'thinking':
      return {
        ...fresh,
        part: { type: 'reasoning', text: stringOf(block.thinking) },
        signature: stringOf(block.signature),
        end: ({ index, signature }) => {
          const { opaque } = readThinking('', signature, context.origin);
          return [{ type: 'close', index, ...(opaque === undefined ? {} : { opaque }) }];
        },
      };
    case 'redacted_thinking':
      return { ...fresh, part: readRedacted(stringOf(block.data), context.origin) };
    case 'tool_use': {
      const sent = stringOf(block.name);
      const isCustom = context.customTools?.has(sent) === true;
      const name = context.toolNames.get(sent) ?? sent;
      const id = stringOf(block.id);
      const call = { type: 'tool-call', id, name, argumentsJson: '' } as const;
      return {
        ...fresh,
        isCustom,
        part: isCustom ? { ...call, kind: 'custom' } : call,
        end: (open) => endOfCall(open, block.input),
      };
    }
    default:
      return undefined;
  }
}

function plainEnd({ index }: OpenBlock): readonly ModelEvent[] {
  return [{ type: 'close', index }];
}

/** Without a delta the input is what the start held: `{}`, or all of it from some look-alikes. */
function endOfCall(block: OpenBlock, input: unknown): readonly ModelEvent[] {
  const { index, hasDelta, isCustom, held } = block;
  const close = { type: 'close', index } as const;
  if (hasDelta && !isCustom) return [close];
  const whole = hasDelta ? held : JSON.stringify(isJsonObject(input) ? input : {});
  const text = isCustom ? (unwrapped(whole) ?? whole) : whole;
  return text === '' ? [close] : [{ type: 'delta', index, text }, close];
}

function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
