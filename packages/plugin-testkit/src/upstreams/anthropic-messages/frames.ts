import { piecesOf } from '../pieces.ts';
import type { Json } from '../shape.ts';
import type { Frame } from '../vendor-api.ts';
import type { AnsweredBlock } from './content.ts';
import type { Block } from './conversation.ts';

/** The head of a message as it is known before the first token. */
export function startFrame(message: object): Frame {
  return frame('opening', { type: 'message_start', message });
}

/** The frames of the blocks, one after another, with a ping after the first has begun. */
export function blockFrames(blocks: readonly AnsweredBlock[]): readonly Frame[] {
  const frames = blocks.flatMap(({ block, pieces }, index) => [
    frame('opening', { type: 'content_block_start', index, content_block: emptied(block) }),
    ...deltasOf(block, pieces).map((delta) =>
      frame('content', { type: 'content_block_delta', index, delta }),
    ),
    frame('opening', { type: 'content_block_stop', index }),
  ]);
  frames.splice(1, 0, frame('opening', { type: 'ping' }));
  return frames;
}

/** How the answer ended. */
export function endFrames(delta: object, usage: object): readonly Frame[] {
  return [
    frame('closing', { type: 'message_delta', delta, usage }),
    frame('closing', { type: 'message_stop' }),
  ];
}

interface Typed extends Json {
  readonly type: string;
}

/** A frame is named as its type. */
export function frame(place: Frame['place'], data: Typed): Frame {
  return { event: data.type, data, place };
}

/** A block as it is before its first delta. `redacted_thinking` comes whole. */
function emptied(block: Block): Block {
  switch (block.type) {
    case 'text':
      return { ...block, text: '' };
    case 'thinking':
      return { ...block, thinking: '', signature: '' };
    case 'tool_use':
      return { ...block, input: {} };
    default:
      return block;
  }
}

function deltasOf(block: Block, pieces: number | undefined): readonly Typed[] {
  switch (block.type) {
    case 'text':
      return piecesOf(block['text'] as string, pieces).map((text) => ({
        type: 'text_delta',
        text,
      }));
    case 'thinking':
      return [
        ...piecesOf(block['thinking'] as string, pieces).map((thinking) => ({
          type: 'thinking_delta',
          thinking,
        })),
        { type: 'signature_delta', signature: block['signature'] },
      ];
    case 'tool_use': {
      // The first piece is empty; it is the only one where there are no arguments.
      const json = JSON.stringify(block['input']);
      return ['', ...piecesOf(json === '{}' ? '' : json, pieces)].map((partial_json) => ({
        type: 'input_json_delta',
        partial_json,
      }));
    }
    default:
      return [];
  }
}
