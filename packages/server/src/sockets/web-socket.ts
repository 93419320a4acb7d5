import type { Duplex } from 'node:stream';
import type { Socket } from '@cliproxy/plugin-api';
import type { RawData, WebSocket } from 'ws';

/** Read ahead for a plugin that is slower than its peer; then the connection is paused. */
const READ_AHEAD_BYTES = 64 * 1024;
/** Written ahead for a peer that is slower than the plugin; then `send` waits. */
const WRITE_AHEAD_BYTES = 256 * 1024;
/** More than this stays unread only where somebody asks and never listens. */
const MAX_UNREAD_BYTES = 1024 * 1024;
/** How long a peer may take to say goodbye. */
const GOODBYE_MS = 1000;

/** A connection of the `ws` package as plugins know it: never more in memory than was agreed. */
export class PeerSocket implements Socket {
  readonly messages: AsyncIterable<Buffer | string>;
  readonly #ws: WebSocket;
  readonly #tcp: Duplex;
  readonly #stallMs: number;
  readonly #queue: (Buffer | string)[] = [];
  #queuedBytes = 0;
  #wake: (() => void) | undefined;
  #over = false;
  #closing = false;
  #sending: Promise<unknown> | undefined;
  /** Whether the peer has said anything since it was asked last. */
  #heard = true;

  /** @param stallMs - how long the peer may take nothing of what is sent. */
  constructor(ws: WebSocket, tcp: Duplex, stallMs: number) {
    this.#ws = ws;
    this.#tcp = tcp;
    this.#stallMs = stallMs;
    this.messages = { [Symbol.asyncIterator]: () => this.#read() };
    ws.on('message', (data, isBinary) => this.#take(data, isBinary));
    ws.on('pong', () => {
      this.#heard = true;
    });
    ws.on('ping', () => {
      this.#heard = true;
      if (tcp.writableLength > MAX_UNREAD_BYTES) this.close(1008, 'answers are not read');
    });
    // `ws` answers what breaks the protocol itself, with the code that fits; without a listener the
    // process would end.
    ws.on('error', () => this.#leave());
    ws.on('close', () => {
      this.#over = true;
      this.#wake?.();
    });
  }

  async send(data: Uint8Array | string): Promise<void> {
    const turn =
      this.#sending === undefined ? this.#write(data) : this.#sending.then(() => this.#write(data));
    const settled = turn.catch(() => undefined);
    this.#sending = settled;
    void settled.then(() => {
      if (this.#sending === settled) this.#sending = undefined;
    });
    return turn;
  }

  close(code: number, reason: string): void {
    if (this.#closing || this.#over) return;
    this.#ws.close(code, reason);
    this.#leave();
  }

  /** Asks whether the peer is there; one that did not answer the last time is cut off. */
  ask(): void {
    if (this.#closing || this.#over) return;
    // Nothing is heard of a peer while nothing of it is read.
    if (!this.#heard && !this.#ws.isPaused) this.close(1001, 'no answer to pings');
    else {
      this.#heard = false;
      this.#ws.ping();
    }
  }

  /** Nothing more is read; what the plugin still waits for is over. */
  #leave(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    this.#wake?.();
    // So that the peer's goodbye can be read.
    this.#ws.resume();
    const timer = setTimeout(() => this.#ws.terminate(), GOODBYE_MS);
    this.#ws.once('close', () => clearTimeout(timer));
  }

  #take(data: RawData, isBinary: boolean): void {
    this.#heard = true;
    if (this.#closing) return;
    const bytes = data as Buffer;
    this.#queue.push(isBinary ? bytes : bytes.toString());
    this.#queuedBytes += bytes.length;
    if (this.#queuedBytes >= READ_AHEAD_BYTES) this.#ws.pause();
    this.#wake?.();
  }

  async *#read(): AsyncGenerator<Buffer | string> {
    for (;;) {
      const next = this.#queue.shift();
      if (next !== undefined) {
        yield next;
        continue;
      }
      this.#queuedBytes = 0;
      if (this.#over || this.#closing) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        if (this.#ws.isPaused) this.#ws.resume();
      });
      this.#wake = undefined;
    }
  }

  async #write(data: Uint8Array | string): Promise<void> {
    if (this.#closing || this.#over) throw new Error('the connection has ended');
    this.#ws.send(data, { binary: typeof data !== 'string' });
    if (this.#tcp.writableLength > WRITE_AHEAD_BYTES) await this.#drained();
  }

  async #drained(): Promise<void> {
    const tcp = this.#tcp;
    let left = tcp.writableLength;
    const watch = setInterval(() => {
      if (tcp.writableLength >= left) this.close(1008, 'what is sent is not read');
      left = tcp.writableLength;
    }, this.#stallMs);
    await new Promise<void>((resolve, reject) => {
      const onDrain = (): void => {
        tcp.off('close', onClose);
        resolve();
      };
      const onClose = (): void => {
        tcp.off('drain', onDrain);
        reject(new Error('the connection has ended'));
      };
      tcp.once('drain', onDrain);
      tcp.once('close', onClose);
    }).finally(() => clearInterval(watch));
  }
}
