import type { Dialect, Opaque, Part, ToolCallPart } from '@cliproxy/plugin-api';
import type { JsonObject } from '../model/json-object.ts';
import { legalToolId } from './legal-names.ts';
import { isRedacted, writeReasoning, writeSignature } from './reasoning-blocks.ts';
import { freeTextInput } from './tool-arguments.ts';

/** One block of a stream that is being written. */
export interface StreamBlock {
  append(text: string): void;
  /** No more comes. Closing again changes nothing. */
  close(opaque: Opaque | undefined): void;
  readonly closed: boolean;
  /** Whether text has come that was not taken yet. */
  readonly holdsText: boolean;
  /** Whether there is anything to tell; a block that closes without is left out. */
  hasContent(): boolean;
  /** The `content_block` of its start. */
  start(): JsonObject;
  /** What has come since the last call, as `delta` objects. */
  takeDeltas(): readonly JsonObject[];
}

/**
 * Makes the block for a part; undefined for parts that the dialect has no block for.
 *
 * @param native - see `tagOpaque`.
 */
export function streamBlock(part: Part, native: Dialect | undefined): StreamBlock | undefined {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return block({
        text: part.text,
        hasContent: (text) => text !== '',
        start: () => ({ type: 'text', text: '' }),
        delta: (text) => ({ type: 'text_delta', text }),
      });
    case 'tool-call':
      return block({
        text: part.argumentsJson,
        hasContent: () => true,
        start: () => startOfCall(part),
        delta: (partial_json) => ({ type: 'input_json_delta', partial_json }),
        // Free text has to be whole before it can be wrapped.
        ...(part.kind === 'custom' ? { whole: (text) => JSON.stringify(freeTextInput(text)) } : {}),
      });
    case 'reasoning':
      return block({
        text: part.text,
        opaque: part.opaque,
        hasContent: (text, opaque, closed) =>
          text !== '' || (opaque !== undefined && (closed || isRedacted({ ...part, opaque }))),
        start: (opaque) =>
          writeReasoning(
            opaque !== undefined && isRedacted({ ...part, opaque })
              ? { ...part, opaque }
              : { type: 'reasoning', text: '' },
            native,
          ),
        delta: (thinking) => ({ type: 'thinking_delta', thinking }),
        last: (opaque) =>
          isRedacted({ ...part, opaque })
            ? undefined
            : { type: 'signature_delta', signature: writeSignature(opaque, native) },
      });
    case 'media':
    case 'tool-result':
      return undefined;
  }
}

interface BlockKind {
  /** Known at once. */
  readonly text: string;
  readonly opaque?: Opaque | undefined;
  hasContent(text: string, opaque: Opaque | undefined, closed: boolean): boolean;
  start(opaque: Opaque | undefined): JsonObject;
  delta(text: string): JsonObject;
  /** The delta before the end, made of the opaque value. */
  last?(opaque: Opaque): JsonObject | undefined;
  /** Holds all text back until the end, and makes one piece of it. */
  whole?(text: string): string;
}

function block(kind: BlockKind): StreamBlock {
  let pending = kind.text;
  let opaque = kind.opaque;
  let closed = false;
  let ended = false;
  return {
    get closed() {
      return closed;
    },
    get holdsText() {
      return pending !== '';
    },
    append(text) {
      if (!closed) pending += text;
    },
    close(last) {
      if (closed) return;
      closed = true;
      opaque = last ?? opaque;
      if (kind.whole !== undefined) pending = kind.whole(pending);
    },
    hasContent: () => kind.hasContent(pending, opaque, closed),
    start: () => kind.start(opaque),
    takeDeltas() {
      const deltas: JsonObject[] = [];
      if (pending !== '' && (closed || kind.whole === undefined)) {
        deltas.push(kind.delta(pending));
        pending = '';
      }
      if (closed && !ended) {
        ended = true;
        const last = opaque === undefined ? undefined : kind.last?.(opaque);
        if (last !== undefined) deltas.push(last);
      }
      return deltas;
    },
  };
}

function startOfCall(part: ToolCallPart): JsonObject {
  return { type: 'tool_use', id: legalToolId(part.id), name: part.name, input: {} };
}
