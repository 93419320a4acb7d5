import type { Dialect, Opaque, Part, ToolCallPart } from '@cliproxy/plugin-api';
import type { JsonObject } from '../model/json-object.ts';
import { legalToolId } from './legal-names.ts';
import { mediaInWords } from './media-blocks.ts';
import { isRedacted, writeReasoning, writeSignature } from './reasoning-blocks.ts';
import { freeTextInput } from './tool-arguments.ts';

/** One block of a stream that is being written. */
export type StreamBlock = Block;

/**
 * Makes the block for a part; undefined for parts that the dialect has no block for.
 *
 * @param native - see `tagOpaque`.
 */
export function streamBlock(part: Part, native: Dialect | undefined): StreamBlock | undefined {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return new Block({
        text: part.text,
        hasContent: (text) => text !== '',
        start: () => ({ type: 'text', text: '' }),
        delta: (text) => `{"type":"text_delta","text":${JSON.stringify(text)}}`,
      });
    case 'tool-call':
      return new Block({
        text: part.argumentsJson,
        hasContent: () => true,
        start: () => startOfCall(part),
        delta: (text) => `{"type":"input_json_delta","partial_json":${JSON.stringify(text)}}`,
        // Free text has to be whole before it can be wrapped.
        ...(part.kind === 'custom' ? { whole: (text) => JSON.stringify(freeTextInput(text)) } : {}),
      });
    case 'reasoning':
      return new Block({
        text: part.text,
        opaque: part.opaque,
        hasContent: (text, opaque, closed) =>
          text !== '' || (opaque !== undefined && (closed || isRedacted({ ...part, opaque }))),
        start: (opaque) =>
          opaque !== undefined && isRedacted({ ...part, opaque })
            ? writeReasoning({ ...part, opaque }, native)
            : { type: 'thinking', thinking: '', signature: '' },
        delta: (text) => `{"type":"thinking_delta","thinking":${JSON.stringify(text)}}`,
        last: (opaque) => {
          if (opaque !== undefined && isRedacted({ ...part, opaque })) return undefined;
          const signature = writeSignature(opaque, native);
          return signature === ''
            ? undefined
            : JSON.stringify({ type: 'signature_delta', signature });
        },
      });
    case 'media':
      return streamBlock({ type: 'text', text: mediaInWords(part) }, native);
    case 'tool-result':
      return undefined;
  }
}

interface BlockKind {
  /** Known at once. */
  readonly text: string;
  readonly opaque?: Opaque | undefined;
  readonly hasContent: (text: string, opaque: Opaque | undefined, closed: boolean) => boolean;
  readonly start: (opaque: Opaque | undefined) => JsonObject;
  /** As JSON, like `last`: of a stream's many deltas, only the text is turned into JSON. */
  readonly delta: (text: string) => string;
  /** The delta before the end, made of the opaque value, if there is one. */
  readonly last?: (opaque: Opaque | undefined) => string | undefined;
  /** Holds all text back until the end, and makes one piece of it. */
  readonly whole?: (text: string) => string;
}

class Block {
  readonly #kind: BlockKind;
  #pending: string;
  #opaque: Opaque | undefined;
  #closed = false;
  #ended = false;

  constructor(kind: BlockKind) {
    this.#kind = kind;
    this.#pending = kind.text;
    this.#opaque = kind.opaque;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Whether text has come that was not taken yet. */
  get holdsText(): boolean {
    return this.#pending !== '';
  }

  append(text: string): void {
    if (!this.#closed) this.#pending += text;
  }

  /** No more comes. Closing again changes nothing. */
  close(opaque: Opaque | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#opaque = opaque ?? this.#opaque;
    const { whole } = this.#kind;
    if (whole !== undefined) this.#pending = whole(this.#pending);
  }

  /** Whether there is anything to tell; a block that closes without is left out. */
  hasContent(): boolean {
    return this.#kind.hasContent(this.#pending, this.#opaque, this.#closed);
  }

  /** The `content_block` of its start. */
  start(): JsonObject {
    return this.#kind.start(this.#opaque);
  }

  /** What has come since the last call, as the JSON of `delta` objects. */
  takeDeltas(): readonly string[] {
    const { delta, last, whole } = this.#kind;
    const deltas: string[] = [];
    if (this.#pending !== '' && (this.#closed || whole === undefined)) {
      deltas.push(delta(this.#pending));
      this.#pending = '';
    }
    if (this.#closed && !this.#ended) {
      this.#ended = true;
      const end = last?.(this.#opaque);
      if (end !== undefined) deltas.push(end);
    }
    return deltas;
  }
}

function startOfCall(part: ToolCallPart): JsonObject {
  return { type: 'tool_use', id: legalToolId(part.id), name: part.name, input: {} };
}
