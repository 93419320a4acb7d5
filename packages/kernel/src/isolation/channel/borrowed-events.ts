import { WINDOW_BYTES } from './borrowed-body.ts';
import type { Borrowed, StreamTeller } from './stream-news.ts';

/** Events of the other side, for one reader. */
export class BorrowedEvents implements Borrowed, AsyncIterableIterator<unknown> {
  readonly #id: number;
  readonly #teller: StreamTeller;
  readonly #onOver: () => void;
  #batch: readonly unknown[] = [];
  #at = 0;
  /** Batches that have not been begun. */
  readonly #waiting: Buffer[] = [];
  /** What the batch that is being read has cost; given back when it has been. */
  #cost = 0;
  #asked = false;
  #ended = false;
  #over = false;
  #fault: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(id: number, teller: StreamTeller, onOver: () => void) {
    this.#id = id;
    this.#teller = teller;
    this.#onOver = onOver;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<unknown>> {
    if (!this.#asked) {
      this.#asked = true;
      this.#pull(WINDOW_BYTES);
    }
    for (;;) {
      if (this.#at < this.#batch.length) return { done: false, value: this.#batch[this.#at++] };
      if (this.#over) return { done: true, value: undefined };
      if (this.#cost > 0) this.#pull(this.#cost);
      this.#cost = 0;
      const bytes = this.#waiting.shift();
      if (bytes !== undefined) this.#open(bytes);
      else if (this.#fault !== undefined) throw this.#fault;
      else if (this.#ended) return { done: true, value: undefined };
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async return(): Promise<IteratorResult<unknown>> {
    if (!this.#over && !this.#ended) this.#teller.tell('drop', { lent: this.#id });
    this.#over = true;
    this.#batch = [];
    this.#onOver();
    this.#wake?.();
    return { done: true, value: undefined };
  }

  chunk(bytes: Buffer): void {
    if (this.#over) return;
    this.#waiting.push(bytes);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#onOver();
    this.#wake?.();
  }

  broken(error: Error | undefined): void {
    this.#fault = error ?? new Error('the events were cut off');
    this.end();
  }

  #open(bytes: Buffer): void {
    const batch: unknown = JSON.parse(bytes.toString());
    this.#batch = Array.isArray(batch) ? batch : [];
    this.#at = 0;
    // The brackets and commas were not counted where they were made.
    this.#cost = Math.max(0, bytes.length - this.#batch.length - 1);
  }

  #pull(bytes: number): void {
    if (!this.#ended) this.#teller.tell('pull', { lent: this.#id, bytes });
  }
}
