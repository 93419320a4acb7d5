import { Readable } from 'node:stream';
import type { Borrowed, StreamTeller } from './stream-news.ts';

/** So much may be under way between two processes for one body, in bytes. */
export const WINDOW_BYTES = 256 * 1024;
const BUFFER_BYTES = 64 * 1024;

/** A body of the other side. Asks for its bytes as it is read, and not before. */
export class BorrowedBody extends Readable implements Borrowed {
  readonly lentId: number;
  readonly #teller: StreamTeller;
  readonly #onOver: () => void;
  /** Asked for, and not here yet. */
  #expected = 0;
  #over = false;
  #fault: Error | undefined;

  constructor(lentId: number, teller: StreamTeller, onOver: () => void) {
    super({ highWaterMark: BUFFER_BYTES });
    this.lentId = lentId;
    this.#teller = teller;
    this.#onOver = onOver;
    // One that nobody reads any more must not end the process when it breaks.
    this.on('error', () => undefined);
  }

  /** Whether nobody has begun to read it: then whoever lent it may have it back. */
  get untouched(): boolean {
    return (
      !this.#over &&
      this.readableFlowing === null &&
      !this.readableDidRead &&
      this.readableEncoding === null &&
      this.listenerCount('readable') === 0
    );
  }

  /** It was given back; whoever listens to it here learns of its end by {@link BorrowedBody.finished}. */
  giveBack(): void {
    this.#over = true;
    this.#onOver();
  }

  /** After {@link BorrowedBody.giveBack}: it has been read to its end, or not, by others. */
  finished(whole: boolean): void {
    if (whole) {
      this.push(null);
      this.resume();
    } else this.destroy();
  }

  /** @throws Error for what nobody asked for: the other side must wait. */
  chunk(bytes: Buffer): void {
    if (this.#expected <= 0) throw new Error('more of a body than was asked for');
    this.#expected -= bytes.length;
    if (!this.#over) this.push(bytes);
  }

  end(): void {
    this.#settle();
    this.push(null);
  }

  broken(error: Error | undefined): void {
    this.#settle();
    this.#fault = error;
    // What nobody has asked for yet tells its fault to whoever asks first.
    if (this.readableFlowing !== null || error === undefined) this.destroy(error);
  }

  override _read(): void {
    if (this.#fault !== undefined) {
      this.destroy(this.#fault);
      return;
    }
    if (this.#over) return;
    const bytes = WINDOW_BYTES - this.#expected;
    if (bytes < WINDOW_BYTES / 2) return;
    this.#expected += bytes;
    this.#teller.tell('pull', { lent: this.lentId, bytes });
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#over) {
      this.#settle();
      this.#teller.tell('drop', { lent: this.lentId });
    }
    done(error);
  }

  #settle(): void {
    this.#over = true;
    this.#onOver();
  }
}
