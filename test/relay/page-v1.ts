import { once } from 'node:events';
import { StringDecoder } from 'node:string_decoder';
import { WebSocket } from 'ws';

/** How a page of version 1 behaves. */
export interface PageV1Options {
  /** The gateway's address, `http:`. */
  readonly gateway: string;
  readonly token: string;
  readonly origin?: string;
  /** How it reports that it could not ask. Default: as gateways expect it. */
  readonly errors?: 'gateway' | 'applet';
  /** Keeps every request without an answer. */
  readonly silent?: boolean;
}

/** A connected page. */
export interface TestPage {
  readonly socket: WebSocket;
  /** Addresses that it was told to ask. */
  readonly asked: string[];
  /** Headers of what it was told to ask. */
  readonly headers: Record<string, unknown>[];
  /** Calls that it was told to end. */
  readonly cancelled: unknown[];
}

interface Envelope {
  readonly id: string;
  readonly type: string;
  readonly payload: {
    readonly method: string;
    readonly url: string;
    readonly headers: Record<string, string[]>;
    readonly body: string;
  };
}

/** A page written from the envelope that other gateways' pages follow, with nothing of ours. */
export async function openPageV1(options: PageV1Options): Promise<TestPage> {
  const { gateway, token, origin = 'https://aistudio.google.com' } = options;
  const url = `${gateway.replace('http', 'ws')}/v1/ws?auth_token=${token}`;
  const socket = new WebSocket(url, { origin });
  const page: TestPage = { socket, asked: [], headers: [], cancelled: [] };
  const running = new Map<string, AbortController>();
  const say = (id: string, type: string, payload: object): void =>
    socket.send(JSON.stringify({ id, type, payload }));

  const run = async ({ id, payload }: Envelope): Promise<void> => {
    const { method, url: address, headers, body } = payload;
    page.asked.push(address);
    page.headers.push(headers);
    if (options.silent === true) return;
    const abort = new AbortController();
    running.set(id, abort);
    try {
      const answer = await fetch(address, {
        method,
        headers: { ...flat(headers), 'x-goog-api-key': PAGE_KEY },
        ...(method === 'GET' ? {} : { body }),
        signal: abort.signal,
      });
      say(id, 'stream_start', {
        status: answer.status,
        headers: Object.fromEntries(answer.headers),
      });
      const decoder = new StringDecoder('utf8');
      for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
        say(id, 'stream_chunk', { data: decoder.write(Buffer.from(chunk)) });
      }
      say(id, 'stream_end', {});
    } catch (error) {
      if (abort.signal.aborted) return;
      if (options.errors === 'applet') say(id, 'error', { code: 'FETCH', message: String(error) });
      else say(id, 'error', { error: String(error), status: 502 });
    } finally {
      running.delete(id);
    }
  };

  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as Envelope;
    if (message.type === 'http_request') void run(message);
    if (message.type === 'cancel') {
      page.cancelled.push(message.id);
      running.get(message.id)?.abort();
    }
  });
  await once(socket, 'open');
  return page;
}

/** What the page's own session stands for at the upstream. */
export const PAGE_KEY = 'key-of-the-page';

/** The first value of each header. */
function flat(headers: Readonly<Record<string, readonly string[]>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, values]) => [name, values[0] ?? '']),
  );
}
