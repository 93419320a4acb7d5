import type { OutgoingRequest, Socket, WireReply } from '@cliproxy/plugin-api';
import { readFrameV2, readPageMessageV2, writeFrameV2, writeV2 } from '../envelope/v2.ts';
import type { PageMessageV2 } from '../envelope/v2.ts';
import { Calls } from './calls.ts';
import { PageAnswer } from './page-answer.ts';
import { errorReply, pageFault, wrongHost } from './page-fault.ts';
import type { PageSession } from './page-session.ts';
import type { PageStatus } from './relay-view.ts';

/** What a page of version 2 may send of an answer before anybody has read it. */
export const CREDIT_BYTES = 256 * 1024;
/** How often a page is asked whether it is there. */
export const PING_MS = 5000;
/** A page that has said nothing for so long hangs, though its browser may answer for it. */
const HANGS_AFTER_MS = 17_500;
const BODY_FRAME_BYTES = 64 * 1024;

/** Who a page of version 2 is. */
export interface PageIdentity {
  readonly clientId: string;
  readonly profile?: string;
}

/** A page of version 2: it sends no more than what is read. */
export class SessionV2 implements PageSession {
  readonly #socket: Socket;
  readonly #identity: PageIdentity;
  readonly #now: () => number;
  readonly #calls: Calls<number>;
  readonly #credits = new Map<number, number>();
  readonly #connectedAtMs: number;
  #heardAtMs: number;
  #open = true;
  #lastCall = 0;

  /** @param now - milliseconds since 1970. */
  constructor(socket: Socket, identity: PageIdentity, now: () => number) {
    this.#socket = socket;
    this.#identity = identity;
    this.#now = now;
    this.#calls = new Calls(now);
    this.#connectedAtMs = this.#heardAtMs = now();
  }

  get status(): PageStatus {
    return {
      ...this.#identity,
      version: 2,
      connectedAtMs: this.#connectedAtMs,
      lastPongAtMs: this.#heardAtMs,
      calls: this.#calls.size,
    };
  }

  get responsive(): boolean {
    return this.#open && this.#now() - this.#heardAtMs < HANGS_AFTER_MS;
  }

  async ask(request: OutgoingRequest, signal: AbortSignal): Promise<WireReply> {
    if (!this.responsive) throw pageFault(this.#open ? 'hangs' : 'has left');
    signal.throwIfAborted();
    this.#lastCall = (this.#lastCall + 1) % 2 ** 32;
    const call = this.#lastCall;
    let takenBytes = 0;
    const answer = new PageAnswer({
      taken: (bytes) => {
        takenBytes += bytes;
        // Half of it at a time: a message for each chunk would cost as much as the chunk.
        if (takenBytes < CREDIT_BYTES / 2 || this.#calls.get(call) !== answer) return;
        this.#credits.set(call, (this.#credits.get(call) ?? 0) + takenBytes);
        this.#say(writeV2({ type: 'credit', call, bytes: takenBytes }));
        takenBytes = 0;
      },
      abandoned: () => {
        this.#calls.forget(call);
        this.#credits.delete(call);
        this.#say(writeV2({ type: 'cancel', call }));
      },
    });
    this.#calls.add(call, answer);
    this.#credits.set(call, CREDIT_BYTES);
    const onAbort = (): void => answer.cancel(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    void this.#send(call, request);
    return answer.reply;
  }

  close(code: number, reason: string): void {
    this.#open = false;
    this.#socket.close(code, reason);
  }

  retire(): void {
    this.#open = false;
    this.#calls.whenIdle(() => this.close(1012, 'come again'));
  }

  async run(messages: AsyncIterable<Buffer | string>): Promise<void> {
    const pings = setInterval(() => this.#ping(), PING_MS);
    try {
      for await (const frame of messages) {
        this.#heardAtMs = this.#now();
        if (typeof frame === 'string') this.#control(readPageMessageV2(frame));
        else this.#bytes(frame);
      }
    } finally {
      clearInterval(pings);
      this.#open = false;
      this.#calls.failAll('has left before its answer was complete');
    }
  }

  async #send(call: number, request: OutgoingRequest): Promise<void> {
    const { method, url, headers, body = Buffer.alloc(0) } = request;
    const lists = Object.entries(headers).map(([name, value]) => [name, [value].flat()] as const);
    try {
      await this.#socket.send(
        writeV2({
          type: 'request',
          call,
          method,
          url,
          headers: Object.fromEntries(lists),
          bodyBytes: body.length,
        }),
      );
      for (let at = 0; at < body.length && this.#calls.get(call) !== undefined;) {
        const piece = body.subarray(at, at + BODY_FRAME_BYTES);
        await this.#socket.send(writeFrameV2(call, piece));
        at += piece.length;
      }
    } catch {
      // The connection has ended, and every call with it.
    }
  }

  #ping(): void {
    this.#say(writeV2({ type: 'ping', at: this.#now() }));
    if (!this.responsive) this.#calls.failAll('hangs');
  }

  #control(message: PageMessageV2 | undefined): void {
    if (message === undefined || message.type === 'hello') {
      this.close(1008, 'a frame is no message that a page may send now');
      return;
    }
    if (message.type === 'pong') {
      this.#bear();
      return;
    }
    const { call } = message;
    const answer = this.#calls.get(call);
    const last = message.type !== 'response';
    if (answer === undefined) {
      if (!this.#calls.wasForgotten(call, last)) this.#bear();
      return;
    }
    switch (message.type) {
      case 'response':
        answer.head(message.status, message.headers);
        return;
      case 'end':
        answer.head(200, {});
        answer.end();
        break;
      case 'error':
        this.#fail(answer, message);
    }
    this.#calls.remove(call);
    this.#credits.delete(call);
  }

  #fail(
    answer: PageAnswer,
    { message, reason, status }: Extract<PageMessageV2, { type: 'error' }>,
  ): void {
    const said = message.slice(0, 500);
    const fault =
      reason === 'refused-host' ? wrongHost(said) : pageFault(`could not ask (${reason}): ${said}`);
    if (status === undefined) answer.fail(fault);
    else answer.failWith(errorReply(status, said), fault);
  }

  #bytes(frame: Buffer): void {
    const read = readFrameV2(frame);
    if (read === undefined) {
      this.close(1008, 'a binary frame has no call');
      return;
    }
    const { call, bytes } = read;
    const answer = this.#calls.get(call);
    if (answer === undefined) {
      if (!this.#calls.wasForgotten(call, false)) this.#bear();
      return;
    }
    const left = (this.#credits.get(call) ?? 0) - bytes.length;
    if (left < 0) {
      this.close(1008, 'more bytes came than there was credit for');
      return;
    }
    this.#credits.set(call, left);
    answer.head(200, {});
    answer.bytes(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  }

  #bear(): void {
    if (!this.#calls.bear()) this.close(1008, 'too many messages that belong to no call');
  }

  #say(frame: string): void {
    // A connection that ends fails every call, with a clearer word.
    this.#socket.send(frame).catch(() => undefined);
  }
}
