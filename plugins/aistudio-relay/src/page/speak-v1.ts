import { readRouterMessageV1, writeV1 } from '../envelope/v1.ts';
import type { PageMessageV1 } from '../envelope/v1.ts';
import type { AnswerSink, PageCalls } from './page-calls.ts';
import type { Speaker } from './speaker.ts';

/** What {@link speakV1} works with. */
export interface SpeakV1Options {
  readonly socket: Pick<WebSocket, 'send' | 'bufferedAmount'>;
  readonly calls: PageCalls<string>;
  onSign(): void;
  /** Version 1 has no welcome: an open connection is a taken page. */
  onWelcome(): void;
}

/** Gateways of version 1 close a connection that is silent for a minute. */
const PING_MS = 25_000;
/** Version 1 has no credit: what the browser has not sent yet is all that can be seen. */
const MAX_BUFFERED_BYTES = 1024 * 1024;
const BUFFER_WAIT_MS = 20;

/** Version 1, as pages of other gateways speak it: bodies are text, answers are streams. */
export function speakV1(options: SpeakV1Options): Speaker {
  const { socket, calls } = options;
  const say = (message: PageMessageV1): void => socket.send(writeV1(message));
  let timer: ReturnType<typeof setInterval> | undefined;
  let open = true;
  const drained = async (): Promise<void> => {
    while (open && socket.bufferedAmount > MAX_BUFFERED_BYTES) {
      await new Promise((resolve) => setTimeout(resolve, BUFFER_WAIT_MS));
    }
  };
  return {
    opened: () => {
      timer = setInterval(() => say({ type: 'ping', id: '' }), PING_MS);
      options.onWelcome();
    },
    received: (data) => {
      options.onSign();
      const message = typeof data === 'string' ? readRouterMessageV1(data) : 'unknown';
      if (typeof message === 'string') return;
      switch (message.type) {
        case 'ping':
          say({ type: 'pong', id: message.id });
          return;
        case 'pong':
          return;
        case 'cancel':
          calls.cancel(message.id);
          return;
        case 'http_request':
          void calls.run(message.id, message, sinkOf(message.id, say, drained));
      }
    },
    closed: () => {
      open = false;
      clearInterval(timer);
      calls.cancelAll();
    },
  };
}

function sinkOf(
  id: string,
  say: (message: PageMessageV1) => void,
  drained: () => Promise<void>,
): AnswerSink {
  // Characters may be cut anywhere.
  const decoder = new TextDecoder();
  const send = (data: string): void => {
    if (data !== '') say({ type: 'stream_chunk', id, data });
  };
  return {
    head: (status, headers) => say({ type: 'stream_start', id, status, headers }),
    chunk: async (bytes) => {
      send(decoder.decode(bytes, { stream: true }));
      await drained();
    },
    end: () => {
      send(decoder.decode());
      say({ type: 'stream_end', id });
    },
    fail: ({ message }) => say({ type: 'error', id, message, status: 502 }),
  };
}
