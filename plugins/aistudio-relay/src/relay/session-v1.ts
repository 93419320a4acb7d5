import { randomUUID } from 'node:crypto';
import type { OutgoingRequest, Socket, WireReply } from '@cliproxy/plugin-api';
import { readPageMessageV1, writeV1 } from '../envelope/v1.ts';
import type { AnswerMessageV1, PageMessageV1 } from '../envelope/v1.ts';
import { Calls } from './calls.ts';
import { PageAnswer } from './page-answer.ts';
import { errorReply, pageFault } from './page-fault.ts';
import type { PageSession } from './page-session.ts';
import type { PageStatus } from './relay-view.ts';

/** More than this of one answer unread: the connection is read no further for a while. */
const PAUSE_BYTES = 1024 * 1024;
/** More than this of one answer unread: it fails, so that the page's others can go on. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
/** How long one slow reader may hold up the other calls of a page. */
const PAUSE_MS = 1000;

/** A page of version 1, which sends as fast as it can. */
export class SessionV1 implements PageSession {
  readonly #socket: Socket;
  readonly #now: () => number;
  readonly #calls: Calls<string>;
  /** Answers that the page was held up for already. */
  readonly #unread = new Set<string>();
  readonly #clientId: string;
  readonly #connectedAtMs: number;
  #heardAtMs: number;
  #open = true;
  #goOn: (() => void) | undefined;

  /** @param now - milliseconds since 1970. */
  constructor(socket: Socket, clientId: string, now: () => number) {
    this.#socket = socket;
    this.#now = now;
    this.#clientId = clientId;
    this.#calls = new Calls(now);
    this.#connectedAtMs = this.#heardAtMs = now();
  }

  get status(): PageStatus {
    return {
      clientId: this.#clientId,
      version: 1,
      connectedAtMs: this.#connectedAtMs,
      lastPongAtMs: this.#heardAtMs,
      calls: this.#calls.size,
    };
  }

  /** Such pages can't be asked whether they hang; the gateway sees when the connection is dead. */
  get responsive(): boolean {
    return this.#open;
  }

  async ask(request: OutgoingRequest, signal: AbortSignal): Promise<WireReply> {
    if (!this.#open) throw pageFault('has left');
    signal.throwIfAborted();
    const id = randomUUID();
    const answer = new PageAnswer({
      taken: () => this.#goOn?.(),
      abandoned: () => {
        this.#calls.forget(id);
        this.#unread.delete(id);
        this.#goOn?.();
        this.#say(writeV1({ type: 'cancel', id }));
      },
    });
    this.#calls.add(id, answer);
    const onAbort = (): void => answer.cancel(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    const { method, url, headers, body = Buffer.alloc(0) } = request;
    this.#say(
      writeV1({
        type: 'http_request',
        id,
        method,
        url,
        headers: Object.fromEntries(
          Object.entries(headers).map(([name, value]) => [name, [value].flat()]),
        ),
        body: body.toString(),
      }),
    );
    return answer.reply;
  }

  close(code: number, reason: string): void {
    this.#open = false;
    this.#socket.close(code, reason);
    this.#goOn?.();
  }

  retire(): void {
    this.#open = false;
    this.#calls.whenIdle(() => this.close(1012, 'come again'));
  }

  async run(messages: AsyncIterable<Buffer | string>): Promise<void> {
    try {
      for await (const frame of messages) {
        this.#heardAtMs = this.#now();
        if (typeof frame !== 'string') {
          this.close(1003, 'version 1 has text frames alone');
          return;
        }
        await this.#take(readPageMessageV1(frame));
      }
    } finally {
      this.#open = false;
      this.#calls.failAll('has left before its answer was complete');
    }
  }

  async #take(message: PageMessageV1 | 'malformed' | 'unknown'): Promise<void> {
    if (message === 'malformed') {
      this.close(1008, 'a frame is no message of the relay');
      return;
    }
    if (message === 'unknown') {
      this.#bear();
      return;
    }
    if (message.type === 'ping' || message.type === 'pong') {
      const borne = this.#bear();
      if (borne && message.type === 'ping') this.#say(writeV1({ type: 'pong', id: message.id }));
      return;
    }
    const { id } = message;
    const last = ['http_response', 'stream_end', 'error'].includes(message.type);
    const answer = this.#calls.get(id);
    if (answer === undefined) {
      if (!this.#calls.wasForgotten(id, last)) this.#bear();
      return;
    }
    this.#answer(answer, message);
    if (!last) await this.#slowDown(id, answer);
    else {
      this.#calls.remove(id);
      this.#unread.delete(id);
    }
  }

  #answer(answer: PageAnswer, message: AnswerMessageV1): void {
    switch (message.type) {
      case 'http_response':
        answer.head(message.status, message.headers);
        answer.bytes(Buffer.from(message.body));
        answer.end();
        return;
      case 'stream_start':
        answer.head(message.status, message.headers);
        return;
      case 'stream_chunk':
        answer.head(200, {});
        answer.bytes(Buffer.from(message.data));
        return;
      case 'stream_end':
        answer.head(200, {});
        answer.end();
        return;
      case 'error':
        answer.failWith(
          errorReply(message.status, message.message),
          pageFault(`could not complete its answer: ${message.message.slice(0, 500)}`),
        );
    }
  }

  /** Version 1 knows no other way to slow a page down than to read nothing of it, once for a while. */
  async #slowDown(id: string, answer: PageAnswer): Promise<void> {
    if (answer.waitingBytes <= PAUSE_BYTES) {
      this.#unread.delete(id);
      return;
    }
    if (!this.#unread.has(id)) {
      await this.#pause(() => answer.waitingBytes > PAUSE_BYTES && this.#calls.get(id) === answer);
      // From now on, the page's other calls matter more.
      if (this.#calls.get(id) === answer) this.#unread.add(id);
    }
    if (answer.waitingBytes <= MAX_WAITING_BYTES) return;
    this.#calls.forget(id);
    this.#unread.delete(id);
    answer.fail(pageFault(`sent ${MAX_WAITING_BYTES} bytes more than the client has read`));
    this.#say(writeV1({ type: 'cancel', id }));
  }

  async #pause(needed: () => boolean): Promise<void> {
    const until = this.#now() + PAUSE_MS;
    while (needed() && this.#open) {
      const leftMs = until - this.#now();
      if (leftMs <= 0) break;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#goOn = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#goOn = undefined;
    }
  }

  #bear(): boolean {
    const borne = this.#calls.bear();
    if (!borne) this.close(1008, 'too many messages that belong to no call');
    return borne;
  }

  #say(frame: string): void {
    // A connection that ends fails every call, with a clearer word.
    this.#socket.send(frame).catch(() => undefined);
  }
}
