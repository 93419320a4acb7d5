import { readFrameV2, readRouterMessageV2, writeFrameV2, writeV2 } from './envelope/v2.ts';
import type { PageMessageV2, RouterMessageV2 } from './envelope/v2.ts';

/** How a {@link NodePage} behaves. */
export interface NodePageOptions {
  readonly clientId: string;
  /** What it adds to each request, as the session of whoever is signed in does in a browser. */
  readonly headers: Readonly<Record<string, string>>;
  /** Keeps every request without an answer. */
  readonly silent?: boolean;
  /** In how many bytes it sends the next piece of an answer. */
  readonly pieceBytes?: () => number;
}

type Request = Extract<RouterMessageV2, { type: 'request' }>;

interface Call {
  readonly request: Request;
  readonly body: Buffer[];
  missing: number;
  credit: number;
  readonly abort: AbortController;
  wake: () => void;
}

/**
 * A page of version 2 without a browser: asks what it is told to, within the credit that it is given.
 * For tests; whoever uses it owns the connection.
 */
export class NodePage {
  /** Requests that it was told to send, in their order. */
  readonly asked: Request[] = [];
  /** Calls that it was told to end. */
  readonly cancelled: number[] = [];
  /** Resolves with the resume token of the welcome. */
  readonly welcomed: Promise<string>;
  readonly #options: NodePageOptions;
  readonly #send: (data: string | Uint8Array) => void;
  readonly #calls = new Map<number, Call>();
  #startCredit = 0;
  #welcome: (resume: string) => void = () => undefined;

  /** @param send - sends a message by the connection. */
  constructor(options: NodePageOptions, send: (data: string | Uint8Array) => void) {
    this.#options = options;
    this.#send = send;
    this.welcomed = new Promise((resolve) => (this.#welcome = resolve));
  }

  /** Says the first word, once the connection is open. */
  greet(): void {
    this.#say({ type: 'hello', version: 2, clientId: this.#options.clientId });
  }

  /** Takes what came by the connection. */
  received(data: Buffer, isBinary: boolean): void {
    if (isBinary) {
      const frame = readFrameV2(data);
      const call = this.#calls.get(frame?.call ?? -1);
      if (frame === undefined || call === undefined) return;
      call.body.push(Buffer.from(frame.bytes));
      call.missing -= frame.bytes.length;
      if (call.missing === 0) void this.#run(call);
      return;
    }
    const message = readRouterMessageV2(data.toString());
    if (message !== undefined) this.#told(message);
  }

  /** Ends what is under way. */
  stop(): void {
    for (const call of this.#calls.values()) end(call);
  }

  #told(message: RouterMessageV2): void {
    switch (message.type) {
      case 'welcome':
        this.#startCredit = message.creditBytes;
        this.#welcome(message.resume);
        return;
      case 'request':
        this.#begin(message);
        return;
      case 'credit': {
        const call = this.#calls.get(message.call);
        if (call === undefined) return;
        call.credit += message.bytes;
        call.wake();
        return;
      }
      case 'cancel': {
        this.cancelled.push(message.call);
        const call = this.#calls.get(message.call);
        if (call !== undefined) end(call);
        return;
      }
      case 'ping':
        this.#say({ type: 'pong', at: message.at });
    }
  }

  #begin(request: Request): void {
    const call: Call = {
      request,
      body: [],
      missing: request.bodyBytes,
      credit: this.#startCredit,
      abort: new AbortController(),
      wake: () => undefined,
    };
    this.#calls.set(request.call, call);
    if (call.missing === 0) void this.#run(call);
  }

  async #run(call: Call): Promise<void> {
    const { request, body, abort } = call;
    this.asked.push(request);
    if (this.#options.silent === true) return;
    const { call: number, method, url } = request;
    try {
      // eslint-disable-next-line no-restricted-globals -- this is the page, not the gateway's traffic
      const answer = await fetch(url, {
        method,
        headers: { ...firstValues(request), ...this.#options.headers },
        ...(method === 'GET' ? {} : { body: Buffer.concat(body) }),
        signal: abort.signal,
      });
      const headers = Object.fromEntries(
        [...answer.headers].map(([name, value]) => [name, [value]]),
      );
      this.#say({ type: 'response', call: number, status: answer.status, headers });
      for await (const chunk of answer.body ?? []) await this.#give(call, chunk as Uint8Array);
      if (!abort.signal.aborted) this.#say({ type: 'end', call: number });
    } catch (error) {
      if (abort.signal.aborted) return;
      this.#say({ type: 'error', call: number, message: String(error), reason: 'network' });
    } finally {
      this.#calls.delete(number);
    }
  }

  /** Waits where there is no credit, and thereby stops reading. */
  async #give(call: Call, chunk: Uint8Array): Promise<void> {
    const { pieceBytes = () => 16_384 } = this.#options;
    for (let at = 0; at < chunk.length;) {
      while (call.credit === 0 && !call.abort.signal.aborted) {
        await new Promise<void>((resolve) => (call.wake = resolve));
      }
      if (call.abort.signal.aborted) return;
      const size = Math.min(call.credit, pieceBytes(), chunk.length - at);
      call.credit -= size;
      this.#send(writeFrameV2(call.request.call, chunk.subarray(at, at + size)));
      at += size;
    }
  }

  #say(message: PageMessageV2): void {
    this.#send(writeV2(message));
  }
}

function end({ abort, wake }: Call): void {
  abort.abort();
  wake();
}

function firstValues({ headers }: Request): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, values]) => [name, values[0] ?? '']),
  );
}
