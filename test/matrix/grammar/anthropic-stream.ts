import { equal, ok } from 'node:assert/strict';
import type Anthropic from '@anthropic-ai/sdk';
import type { Streamed } from './frames.ts';

type Event =
  | Anthropic.RawMessageStreamEvent
  | { readonly type: 'ping' }
  | { readonly type: 'error'; readonly error: unknown };
type Block = Anthropic.RawContentBlockStartEvent['content_block']['type'];

/** Which deltas a block takes. */
const DELTAS: Readonly<Partial<Record<Block, readonly string[]>>> = {
  text: ['text_delta', 'citations_delta'],
  tool_use: ['input_json_delta'],
  thinking: ['thinking_delta', 'signature_delta'],
  redacted_thinking: [],
};

/**
 * Messages: `message_start`, blocks one after another numbered from 0, a signature last in its
 * block, `message_delta`, `message_stop`; pings anywhere; or an error, and no `message_stop`.
 */
export function checkAnthropicStream({ frames, complete, model }: Streamed): void {
  let state: 'begin' | 'open' | 'in block' | 'told why' | 'over' = 'begin';
  let blocks = 0;
  let block: Block | undefined;
  let signed = false;
  for (const { event, data } of frames) {
    const told = JSON.parse(data) as Event;
    equal(event, told.type, 'the name and the type differ');
    ok(state !== 'over', `after the end: ${data}`);
    switch (told.type) {
      case 'ping':
        break;
      case 'error':
        state = 'over';
        break;
      case 'message_start':
        equal(state, 'begin');
        equal(told.message.model, model);
        equal(told.message.content.length, 0, 'content at the start');
        equal(told.message.stop_reason, null);
        state = 'open';
        break;
      case 'content_block_start':
        equal(state, 'open', `${data} in state ${state}`);
        equal(told.index, blocks, 'blocks are numbered one by one');
        block = told.content_block.type;
        signed = false;
        state = 'in block';
        break;
      case 'content_block_delta':
        equal(state, 'in block', `${data} in state ${state}`);
        equal(told.index, blocks, 'a delta of another block');
        ok(block && DELTAS[block]?.includes(told.delta.type), `${told.delta.type} in ${block}`);
        ok(!signed, `after the signature: ${data}`);
        signed = told.delta.type === 'signature_delta';
        break;
      case 'content_block_stop':
        equal(state, 'in block');
        equal(told.index, blocks);
        blocks += 1;
        state = 'open';
        break;
      case 'message_delta':
        equal(state, 'open', `${data} in state ${state}`);
        ok(told.delta.stop_reason !== null, 'no stop_reason');
        state = 'told why';
        break;
      case 'message_stop':
        equal(state, 'told why');
        state = 'over';
        break;
    }
  }
  if (complete) equal(state, 'over', 'it ends in the midst');
}
