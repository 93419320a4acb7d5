import { readFrameV2, readRouterMessageV2, writeFrameV2, writeV2 } from '../envelope/v2.ts';
import type { PageMessageV2, RouterMessageV2 } from '../envelope/v2.ts';
import type { AnswerSink, PageCalls, PageRequest } from './page-calls.ts';
import type { Speaker } from './speaker.ts';

/** What {@link speakV2} works with. */
export interface SpeakV2Options {
  readonly socket: Pick<WebSocket, 'send'>;
  readonly calls: PageCalls<number>;
  readonly clientId: string;
  readonly profile?: string;
  /** The gateway took the page. */
  onWelcome(welcome: Extract<RouterMessageV2, { type: 'welcome' }>): void;
  /** The gateway has said something. */
  onSign(): void;
}

/** So that control messages of other calls are not kept waiting. */
const MAX_FRAME_BYTES = 32 * 1024;

interface Incoming {
  readonly request: Omit<PageRequest, 'body'>;
  readonly body: Uint8Array<ArrayBuffer>;
  filled: number;
}

/** Version 2: binary bodies, each answer within the credit that the gateway gives. */
export function speakV2(options: SpeakV2Options): Speaker {
  const { socket, calls, clientId, profile } = options;
  const incoming = new Map<number, Incoming>();
  const credits = new Map<number, Credit>();
  let startCredit = 0;
  const say = (message: PageMessageV2): void => socket.send(writeV2(message));

  const begin = (call: number, { request, body }: Incoming): void => {
    incoming.delete(call);
    const credit = new Credit(startCredit);
    credits.set(call, credit);
    const sink: AnswerSink = {
      head: (status, headers) => say({ type: 'response', call, status, headers }),
      chunk: async (bytes) => {
        for (let at = 0; at < bytes.length;) {
          const size = await credit.take(Math.min(bytes.length - at, MAX_FRAME_BYTES));
          if (size === 0) return;
          socket.send(writeFrameV2(call, bytes.subarray(at, at + size)));
          at += size;
        }
      },
      end: () => say({ type: 'end', call }),
      fail: (fault) => say({ type: 'error', call, ...fault }),
    };
    void calls.run(call, { ...request, body }, sink).finally(() => {
      if (credits.get(call) === credit) credits.delete(call);
    });
  };

  const cancel = (call: number): void => {
    incoming.delete(call);
    calls.cancel(call);
    credits.get(call)?.end();
  };

  const control = (message: RouterMessageV2): void => {
    switch (message.type) {
      case 'welcome':
        startCredit = message.creditBytes;
        options.onWelcome(message);
        return;
      case 'request': {
        const { call, method, url, headers, bodyBytes } = message;
        const entry = { request: { method, url, headers }, body: new Uint8Array(bodyBytes) };
        if (bodyBytes === 0) begin(call, { ...entry, filled: 0 });
        else incoming.set(call, { ...entry, filled: 0 });
        return;
      }
      case 'credit':
        credits.get(message.call)?.give(message.bytes);
        return;
      case 'cancel':
        cancel(message.call);
        return;
      case 'ping':
        say({ type: 'pong', at: message.at });
    }
  };

  return {
    opened: () =>
      say({
        type: 'hello',
        version: 2,
        clientId,
        ...(profile === undefined ? {} : { profile }),
        userAgent: navigator.userAgent,
      }),
    received: (data) => {
      options.onSign();
      if (typeof data === 'string') {
        const message = readRouterMessageV2(data);
        // What a later gateway may say is no reason to end.
        if (message !== undefined) control(message);
        return;
      }
      const frame = readFrameV2(new Uint8Array(data));
      const entry = frame && incoming.get(frame.call);
      if (frame === undefined || entry === undefined) return;
      if (entry.filled + frame.bytes.length > entry.body.length) {
        throw new Error('a body is longer than was said');
      }
      entry.body.set(frame.bytes, entry.filled);
      entry.filled += frame.bytes.length;
      if (entry.filled === entry.body.length) begin(frame.call, entry);
    },
    closed: () => {
      incoming.clear();
      calls.cancelAll();
      for (const credit of credits.values()) credit.end();
    },
  };
}

/** How many bytes of one answer may still be sent. */
class Credit {
  #left: number;
  #ended = false;
  #wake: () => void = () => undefined;

  constructor(start: number) {
    this.#left = start;
  }

  give(bytes: number): void {
    this.#left += bytes;
    this.#wake();
  }

  /** Nothing more is wanted. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Takes up to `wanted` once there is any; 0 once it has ended. */
  async take(wanted: number): Promise<number> {
    while (this.#left === 0 && !this.#ended) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (this.#ended) return 0;
    const size = Math.min(wanted, this.#left);
    this.#left -= size;
    return size;
  }
}
