import type { Citation, ModelEvent, Opaque } from '@cliproxy/plugin-api';
import type { Piece } from './answer-parts.ts';
import { checkKept } from '../model/kept.ts';
import { TextGrowth } from './text-growth.ts';

/** Gives the blocks of an answer their numbers. */
export type NextIndex = () => number;

/** Builds the blocks of text, reasoning and refusal out of a stream's chunks, one after another. */
export class ProseBlocks {
  readonly #nextIndex: NextIndex;
  readonly #growth = {
    text: new TextGrowth(),
    reasoning: new TextGrowth(),
    refusal: new TextGrowth(),
  };
  #open: { readonly index: number; readonly type: Piece['type'] } | undefined;
  #opaque: Opaque | undefined;
  #citations: readonly Citation[] = [];

  constructor(nextIndex: NextIndex) {
    this.#nextIndex = nextIndex;
  }

  /** @param isWholeMessage - the text stood in a `message`, not in a `delta`. */
  write({ type, text }: Piece, isWholeMessage: boolean, out: ModelEvent[]): void {
    const added = this.#growth[type].push(text, isWholeMessage);
    if (added !== '') this.#append(type, added, out);
  }

  /** Takes the signature of the reasoning that was sent last, or of reasoning that is not shown. */
  sign(opaque: Opaque, out: ModelEvent[]): void {
    if (this.#open?.type !== 'reasoning' || this.#opaque !== undefined) {
      this.close(out);
      this.#begin('reasoning', out);
    }
    this.#opaque = opaque;
  }

  /** Takes what the text that was sent last rests on. */
  cite(citations: readonly Citation[]): void {
    if (this.#open?.type !== 'text') return;
    this.#citations = [...this.#citations, ...citations];
    checkKept({ parts: this.#citations.length });
  }

  /** Ends the block that is open, with what is still held. */
  close(out: ModelEvent[]): void {
    for (const type of ['reasoning', 'text', 'refusal'] as const) {
      const held = this.#growth[type].flush();
      if (held !== '') this.#append(type, held, out);
    }
    this.#end(out);
  }

  #append(type: Piece['type'], text: string, out: ModelEvent[]): void {
    if (this.#open?.type !== type || this.#opaque !== undefined) {
      this.#end(out);
      this.#begin(type, out);
    }
    if (this.#open !== undefined) out.push({ type: 'delta', index: this.#open.index, text });
  }

  #begin(type: Piece['type'], out: ModelEvent[]): void {
    const index = this.#nextIndex();
    this.#open = { index, type };
    out.push({ type: 'open', index, part: { type, text: '' } });
  }

  #end(out: ModelEvent[]): void {
    if (this.#open === undefined) return;
    const { index } = this.#open;
    const opaque = this.#opaque;
    const citations = this.#citations;
    out.push({
      type: 'close',
      index,
      ...(opaque === undefined ? {} : { opaque }),
      ...(citations.length === 0 ? {} : { citations }),
    });
    this.#open = undefined;
    this.#opaque = undefined;
    this.#citations = [];
  }
}
