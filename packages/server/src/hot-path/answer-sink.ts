import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { AnswerSink, AnswerStart } from '@cliproxy/kernel';
import { headerText } from '../edge/answer.ts';
import { addCorsHeaders } from '../edge/cors.ts';
import type { Exchange } from '../edge/exchange.ts';

/** A client that takes nothing for so long is gone, whatever its connection says. */
const STALL_MS = 60_000;

/** Writes an answer to Node's raw response: no web stream, no copy, one head. */
export class ResponseSink implements AnswerSink {
  /** True once the head is told. */
  started = false;
  /** True once {@link ResponseSink.end} or {@link ResponseSink.cut} was called. */
  over = false;
  readonly #exchange: Exchange;
  readonly #res: ServerResponse;
  readonly #furtherHead: () => readonly string[];
  readonly #stallMs: number;
  #written = false;
  #left: (() => void) | undefined;
  #stalls: Socket | undefined;

  /**
   * @param furtherHead - asked once, at the start, for more headers: name and value in turn.
   * @param stallMs - how long a client may take nothing of what waits for it.
   */
  constructor(exchange: Exchange, furtherHead: () => readonly string[], stallMs = STALL_MS) {
    this.#exchange = exchange;
    this.#res = exchange.res;
    this.#furtherHead = furtherHead;
    this.#stallMs = stallMs;
    this.#res.once('close', () => {
      this.#clearStall();
      if (!this.over) this.#tellLeft();
    });
    // Writing to a connection that just broke: `close` tells it.
    this.#res.on('error', () => undefined);
  }

  /** True: the client has left before the end. */
  get gone(): boolean {
    return this.#res.destroyed && !this.over;
  }

  start(head: AnswerStart): void {
    if (this.started || this.#res.destroyed) return;
    this.started = true;
    // Also a stream that is one JSON document; what is whole has a length.
    const streams = head.contentLength === undefined;
    const flat = ['x-request-id', this.#exchange.requestId, 'content-type', head.contentType];
    flat.push(...this.#furtherHead());
    // Proxies in between must pass events on as they come.
    if (streams) flat.push('cache-control', 'no-cache', 'x-accel-buffering', 'no');
    if (head.contentLength !== undefined) flat.push('content-length', String(head.contentLength));
    for (const name in head.headers) flat.push(name, headerText(head.headers[name] ?? ''));
    addCorsHeaders(flat, this.#exchange);
    this.#res.writeHead(head.status, flat);
    if (streams) {
      // The first events mostly follow at once, and then go out together with the head.
      process.nextTick(() => {
        if (!this.#written && !this.#res.destroyed) this.#res.flushHeaders();
      });
    }
  }

  write(bytes: Buffer): boolean {
    if (this.#res.destroyed || this.over) return true;
    this.#written = true;
    return this.#res.write(bytes);
  }

  onDrain(resume: () => void): void {
    if (!this.#res.writableNeedDrain) {
      process.nextTick(resume);
      return;
    }
    this.#armStall();
    this.#res.once('drain', () => {
      this.#clearStall();
      resume();
    });
  }

  end(): void {
    if (this.over) return;
    this.over = true;
    if (this.#res.destroyed) return;
    this.#res.end();
    if (!this.#res.writableFinished) this.#armStall();
  }

  cut(): void {
    if (this.over) return;
    this.over = true;
    this.#res.destroy();
  }

  onClosed(left: () => void): void {
    this.#left = left;
    if (this.gone) this.#tellLeft();
  }

  #tellLeft(): void {
    const left = this.#left;
    this.#left = undefined;
    left?.();
  }

  #armStall(): void {
    const { socket } = this.#res;
    // One whose turn on its connection has not come waits for other answers, not for its client.
    if (socket === null || this.#stalls !== undefined) return;
    this.#stalls = socket;
    // The socket's own timer: it begins anew whenever the client has taken something.
    socket.setTimeout(this.#stallMs, this.#onStall);
  }

  #clearStall(): void {
    const socket = this.#stalls;
    if (socket === undefined) return;
    this.#stalls = undefined;
    socket.off('timeout', this.#onStall);
    if (this.#res.socket === socket) socket.setTimeout(0);
  }

  readonly #onStall = (): void => {
    this.#res.destroy();
  };
}
