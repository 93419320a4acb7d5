import { Readable } from 'node:stream';
import type { HeaderMap, WireReply } from '@cliproxy/plugin-api';

/** What a page's connection does for the reader of an answer. */
export interface AnswerFlow {
  /** The reader has taken so many bytes. */
  taken(bytes: number): void;
  /** Nobody wants the rest. */
  abandoned(): void;
}

/**
 * An answer on its way from a page to whoever asked. Every byte that came in goes out, in order, or
 * the answer fails.
 */
export class PageAnswer {
  readonly reply: Promise<WireReply>;
  readonly #flow: AnswerFlow;
  readonly #body: Readable;
  readonly #chunks: Buffer[] = [];
  #resolve: (reply: WireReply) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;
  #waitingBytes = 0;
  #wanted = false;
  #headed = false;
  /** Everything has come. */
  #whole = false;
  #over = false;

  constructor(flow: AnswerFlow) {
    this.#flow = flow;
    this.reply = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // The page may fail before anybody looks.
    this.reply.catch(() => undefined);
    this.#body = new Readable({
      highWaterMark: 1,
      read: () => {
        this.#wanted = true;
        this.#pass();
      },
      destroy: (error, done) => {
        const early = !this.#over && !this.#whole;
        this.#over = true;
        this.#chunks.length = 0;
        this.#waitingBytes = 0;
        if (early) this.#flow.abandoned();
        done(error);
      },
    });
    // It may break off between its head and its reader's first look.
    this.#body.on('error', () => undefined);
  }

  /** Bytes that have come and that the reader has not taken. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** The head has come; a second one is ignored. */
  head(status: number, headers: Readonly<Record<string, string | readonly string[]>>): void {
    if (this.#headed || this.#over) return;
    this.#headed = true;
    this.#resolve({ status, headers: answerHeaders(headers), body: this.#body });
  }

  /** Bytes of the body have come. */
  bytes(chunk: Buffer): void {
    if (this.#over || this.#whole || chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#waitingBytes += chunk.length;
    this.#pass();
  }

  /** The body is whole. */
  end(): void {
    if (this.#over || this.#whole) return;
    this.#whole = true;
    this.#pass();
  }

  /** It comes to nothing: an error before the head, else a body that breaks off. */
  fail(error: Error): void {
    if (this.#over || this.#whole) return;
    this.#over = true;
    if (this.#headed) this.#body.destroy(error);
    else {
      this.#reject(error);
      this.#body.destroy();
    }
  }

  /** The page reports an error that has a status: it is the answer, where none has begun. */
  failWith(reply: WireReply, otherwise: Error): void {
    if (this.#headed) this.fail(otherwise);
    else if (!this.#over) {
      this.#over = true;
      this.#headed = true;
      this.#body.destroy();
      this.#resolve(reply);
    }
  }

  /** Whoever asked has left. */
  cancel(reason: Error): void {
    if (this.#over) return;
    this.#reject(reason);
    this.#body.destroy(this.#headed ? reason : undefined);
  }

  #pass(): void {
    while (this.#wanted) {
      const chunk = this.#chunks.shift();
      if (chunk === undefined) {
        if (!this.#whole) return;
        this.#wanted = false;
        this.#body.push(null);
        return;
      }
      this.#wanted = false;
      this.#waitingBytes -= chunk.length;
      this.#flow.taken(chunk.length);
      // Asks for the next one where the reader has room.
      this.#body.push(chunk);
    }
  }
}

/** Bytes were decoded by the page's browser: what says how they were sent is no longer true. */
const OF_THE_WAY = ['content-encoding', 'content-length', 'transfer-encoding', 'connection'];

function answerHeaders(headers: Readonly<Record<string, string | readonly string[]>>): HeaderMap {
  return Object.fromEntries(
    Object.entries(headers)
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .filter(([name, value]) => !OF_THE_WAY.includes(name) && value.length > 0),
  );
}
