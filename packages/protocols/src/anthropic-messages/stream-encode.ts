import type { FinishReason, ToolCallPart, Usage } from '@cliproxy/plugin-api';
import type { AnswerContext } from '../codec/answer-context.ts';
import type { StreamEncoder } from '../codec/stream-codec.ts';
import { callSignature } from '../model/call-signature.ts';
import type { JsonObject } from '../model/json-object.ts';
import { checkKept } from '../model/kept.ts';
import { errorBody } from './errors.ts';
import { messageHead, nativeOf } from './response.ts';
import { writeStopReason } from './stop-reason.ts';
import { streamBlock } from './stream-block.ts';
import type { StreamBlock } from './stream-block.ts';
import { writeUsage } from './usage.ts';

/**
 * Writes a stream in the vendor's grammar: `message_start`; blocks one after another, numbered
 * without gaps; `message_delta` with the final usage; `message_stop`. Blocks that interleave are
 * held back until their turn comes. Blocks that stay empty are not told.
 *
 * `message_start` waits for the first event after `start` and `usage`, so that it can tell what is
 * known of the input by then; `message_delta` for the end, since usage may come after the finish.
 */
export function streamEncoder(context: AnswerContext): StreamEncoder {
  const native = nativeOf(context);
  const blocks = new Map<number, PlacedBlock>();
  let id: string | undefined;
  let usage: Usage | undefined;
  let begun = false;
  let finish: FinishReason | undefined;
  let calledTool = false;
  let nextIndex = 0;
  /** Of the text that waits for its turn. */
  let keptChars = 0;

  const begin = (): string => {
    if (begun) return '';
    begun = true;
    const message = {
      ...messageHead(id, context),
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: writeUsage(usage),
    };
    return sse({ type: 'message_start', message });
  };
  /** Writes what the first block may tell now, and goes on to those after it that are complete. */
  const advance = (): string => {
    let out = '';
    for (const [key, placed] of blocks) {
      const { block } = placed;
      if (placed.index === undefined && block.hasContent()) {
        placed.index = nextIndex;
        nextIndex += 1;
        out += sse({
          type: 'content_block_start',
          index: placed.index,
          content_block: block.start(),
        });
      }
      const { index } = placed;
      if (index !== undefined) {
        for (const delta of block.takeDeltas()) out += deltaEvent(index, delta);
      }
      if (!block.closed) break;
      if (index !== undefined) out += sse({ type: 'content_block_stop', index });
      blocks.delete(key);
    }
    return out;
  };

  /** Tells a call's signature in a block of its own before the call. */
  const sign = (call: ToolCallPart, index: number): void => {
    const signature = callSignature(call);
    const block = signature && streamBlock(signature, native);
    if (block === undefined) return;
    block.close(undefined);
    // Indexes of events are never negative.
    blocks.set(-1 - index, { block, index: undefined });
  };

  const append = (key: number, text: string): string => {
    const block = blocks.get(key)?.block;
    block?.append(text);
    const out = advance();
    if (block?.holdsText === true) {
      keptChars += text.length;
      checkKept({ chars: keptChars });
    } else if (blocks.size <= 1) keptChars = 0;
    return out;
  };

  return {
    push(event) {
      switch (event.type) {
        case 'start':
          id ??= event.id;
          return '';
        case 'usage':
          usage = event.usage;
          return '';
        case 'open': {
          const block = streamBlock(event.part, native);
          if (block === undefined) return begin();
          if (event.part.type === 'tool-call') {
            calledTool = true;
            sign(event.part, event.index);
          }
          blocks.set(event.index, { block, index: undefined });
          checkKept({ parts: blocks.size });
          return begin() + advance();
        }
        case 'delta':
          return begin() + append(event.index, event.text);
        case 'close':
          blocks.get(event.index)?.block.close(event.opaque);
          return begin() + advance();
        case 'finish':
          finish = event.reason;
          for (const { block } of blocks.values()) block.close(undefined);
          return begin() + advance();
      }
    },
    end() {
      if (finish === undefined) return '';
      const delta = { stop_reason: writeStopReason(finish, calledTool), stop_sequence: null };
      return (
        sse({ type: 'message_delta', delta, usage: writeUsage(usage) }) +
        sse({ type: 'message_stop' })
      );
    },
    failure: (error, requestId) => sse(errorBody(error, requestId)),
  };
}

/** A block with its number, once it has begun. */
interface PlacedBlock {
  readonly block: StreamBlock;
  index: number | undefined;
}

/** @param delta - as JSON. */
function deltaEvent(index: number, delta: string): string {
  return `event: content_block_delta\ndata: {"type":"content_block_delta","index":${index},"delta":${delta}}\n\n`;
}

/** One event, named as its data names itself. */
export function sse(data: JsonObject): string {
  return `event: ${String(data.type)}\ndata: ${JSON.stringify(data)}\n\n`;
}
