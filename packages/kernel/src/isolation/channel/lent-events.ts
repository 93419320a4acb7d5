import type { Lent, StreamTeller } from './stream-news.ts';
import { errorToWire } from './wire-error.ts';

/** After so many events in a row the timers and sockets get their turn. */
const EVENTS_PER_TURN = 64;

/** Events that the other side may take: JSON arrays, each of what came in one turn. */
export class LentEvents implements Lent {
  readonly #events: AsyncIterable<unknown>;
  readonly #id: number;
  readonly #teller: StreamTeller;
  readonly #onOver: () => void;
  #iterator: AsyncIterator<unknown> | undefined;
  #credit = 0;
  #begun = false;
  #over = false;
  #wake: () => void = () => undefined;
  /** Not sent yet. */
  #texts: string[] = [];
  #flush: NodeJS.Immediate | undefined;

  constructor(
    events: AsyncIterable<unknown>,
    id: number,
    teller: StreamTeller,
    onOver: () => void,
  ) {
    this.#events = events;
    this.#id = id;
    this.#teller = teller;
    this.#onOver = onOver;
  }

  pull(bytes: number): void {
    this.#credit += bytes;
    if (this.#begun) this.#wake();
    else {
      this.#begun = true;
      void this.#run();
    }
  }

  drop(): void {
    if (this.#over) return;
    this.#finish();
    this.#wake();
    try {
      Promise.resolve(this.#iterator?.return?.()).catch(() => undefined);
    } catch {
      // How a plugin takes that nobody listens any more is its own affair.
    }
  }

  async #run(): Promise<void> {
    const isOver = (): boolean => this.#over;
    try {
      this.#iterator = this.#events[Symbol.asyncIterator]();
      for (let count = 1; ; count++) {
        const step = await this.#iterator.next();
        if (isOver()) return;
        if (step.done === true) break;
        this.#add(step.value);
        if (count % EVENTS_PER_TURN === 0) await new Promise(setImmediate);
        while (this.#credit <= 0 && !isOver()) {
          await new Promise<void>((resolve) => (this.#wake = resolve));
        }
        if (isOver()) return;
      }
      this.#send();
      this.#teller.tell('end', { borrowed: this.#id });
    } catch (error) {
      if (isOver()) return;
      this.#send();
      this.#teller.tell('broken', { borrowed: this.#id, error: errorToWire(error) });
    }
    this.#finish();
  }

  #add(event: unknown): void {
    // What JSON has no word for is no event, which is told on the other side.
    const text = (JSON.stringify(event) as string | undefined) ?? 'null';
    this.#credit -= Buffer.byteLength(text);
    this.#texts.push(text);
    this.#flush ??= setImmediate(() => this.#send());
  }

  #send(): void {
    clearImmediate(this.#flush);
    this.#flush = undefined;
    if (this.#texts.length === 0 || this.#over) return;
    const batch = Buffer.from(`[${this.#texts.join(',')}]`);
    this.#texts = [];
    this.#teller.tell('chunk', { borrowed: this.#id }, batch);
  }

  #finish(): void {
    this.#over = true;
    clearImmediate(this.#flush);
    this.#onOver();
  }
}
