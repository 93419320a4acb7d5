import type { Citation } from '@cliproxy/plugin-api';
import type { PlaceholderBook } from './placeholder-book.ts';

const PLACEHOLDER = /\[[A-Z][A-Z0-9_]{0,39}_\d{1,6}\]/g;
/** What may be the beginning of a placeholder, at the end of a text. */
const BEGINNING = /\[[A-Z0-9_]{0,48}$/;

/** One value in the place of its placeholder. Places count characters from the start of the part. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly length: number;
}

/**
 * Puts values back into a text that comes piece by piece. However it is cut, what comes out is the
 * same; only what may be the beginning of a placeholder is held back.
 */
export class Restorer {
  readonly #book: PlaceholderBook;
  readonly #inJson: boolean;
  readonly #edits: Edit[] = [];
  #held = '';
  /** Characters that were taken so far, without those that are held. */
  #taken = 0;

  /** @param inJson - the text is JSON: values are escaped. */
  constructor(book: PlaceholderBook, inJson: boolean) {
    this.#book = book;
    this.#inJson = inJson;
  }

  /** Takes a piece, gives what is certain. */
  push(piece: string): string {
    const text = this.#held + piece;
    const start = text.includes('[') ? (BEGINNING.exec(text)?.index ?? text.length) : text.length;
    const keeps = start < text.length && this.#book.mayBecome(text.slice(start));
    const whole = keeps ? text.slice(0, start) : text;
    this.#held = keeps ? text.slice(start) : '';
    return this.#restored(whole);
  }

  /** The text is at its end; gives what was held. */
  end(): string {
    const rest = this.#held;
    this.#held = '';
    this.#taken += rest.length;
    return rest;
  }

  /** Citations of the text as it came, with their places in the text as it went on. */
  moved(citations: readonly Citation[]): readonly Citation[] {
    if (this.#edits.length === 0) return citations;
    return citations.map((one) => ({
      ...one,
      start: this.#place(one.start, false),
      end: this.#place(one.end, true),
    }));
  }

  #restored(text: string): string {
    if (!text.includes('[')) {
      this.#taken += text.length;
      return text;
    }
    const restored = text.replaceAll(PLACEHOLDER, (placeholder, at: number) => {
      const value = this.#book.valueOf(placeholder);
      if (value === undefined) return placeholder;
      const written = this.#inJson ? JSON.stringify(value).slice(1, -1) : value;
      const start = this.#taken + at;
      this.#edits.push({ start, end: start + placeholder.length, length: written.length });
      return written;
    });
    this.#taken += text.length;
    return restored;
  }

  #place(at: number, isEnd: boolean): number {
    let shift = 0;
    for (const { start, end, length } of this.#edits) {
      if (at <= start) break;
      if (at < end) return start + shift + (isEnd ? length : 0);
      shift += length - (end - start);
    }
    return at + shift;
  }
}
