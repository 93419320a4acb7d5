import { once } from 'node:events';
import { WebSocket } from 'ws';
import {
  readFrameV2,
  readRouterMessageV2,
  writeFrameV2,
  writeV2,
} from '../../plugins/aistudio-relay/src/envelope/v2.ts';
import type {
  PageMessageV2,
  RouterMessageV2,
} from '../../plugins/aistudio-relay/src/envelope/v2.ts';
import { flat, PAGE_KEY } from './page-v1.ts';
import type { TestPage } from './page-v1.ts';

/** How a page of version 2 behaves. */
export interface PageV2Options {
  readonly gateway: string;
  /** `token.…`, `ticket.…` or `resume.…`. */
  readonly credential: string;
  readonly clientId?: string;
  readonly origin?: string;
  /** Keeps every request without an answer. */
  readonly silent?: boolean;
  /** In how many bytes it sends the next piece of an answer. */
  readonly pieceBytes?: () => number;
}

/** A connected page, with what it shows when it comes again. */
export interface TestPageV2 extends TestPage {
  readonly resume: string;
}

interface Call {
  readonly request: Extract<RouterMessageV2, { type: 'request' }>;
  readonly body: Buffer[];
  missing: number;
  credit: number;
  readonly abort: AbortController;
  wake: () => void;
}

/** The offered credential of a relay token. */
export const tokenCredential = (token: string): string =>
  `token.${Buffer.from(token).toString('base64url')}`;

/** A page of version 2 in Node: the envelope knows of no browser. */
export async function openPageV2(options: PageV2Options): Promise<TestPageV2> {
  const { gateway, credential, clientId = 'node-page-1', pieceBytes = () => 16_384 } = options;
  const { origin = 'https://aistudio.google.com' } = options;
  const socket = new WebSocket(
    `${gateway.replace('http', 'ws')}/v1/ws`,
    ['cliproxy-relay.2', credential],
    { origin },
  );
  const page = {
    socket,
    asked: [] as string[],
    headers: [] as Record<string, unknown>[],
    cancelled: [] as unknown[],
  };
  const calls = new Map<number, Call>();
  let startCredit = 0;
  const say = (message: PageMessageV2): void => socket.send(writeV2(message));

  const run = async (call: Call): Promise<void> => {
    const { call: number, method, url, headers } = call.request;
    page.asked.push(url);
    page.headers.push(headers);
    if (options.silent === true) return;
    try {
      const answer = await fetch(url, {
        method,
        headers: { ...flat(headers), 'x-goog-api-key': PAGE_KEY },
        ...(method === 'GET' ? {} : { body: Buffer.concat(call.body) }),
        signal: call.abort.signal,
      });
      const lists = [...answer.headers].map(([name, value]) => [name, [value]] as const);
      say({
        type: 'response',
        call: number,
        status: answer.status,
        headers: Object.fromEntries(lists),
      });
      for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
        for (let at = 0; at < chunk.length;) {
          while (call.credit === 0) await new Promise<void>((resolve) => (call.wake = resolve));
          if (call.abort.signal.aborted) return;
          const size = Math.min(call.credit, pieceBytes(), chunk.length - at);
          call.credit -= size;
          socket.send(writeFrameV2(number, chunk.subarray(at, at + size)));
          at += size;
        }
      }
      say({ type: 'end', call: number });
    } catch (error) {
      if (call.abort.signal.aborted) return;
      say({ type: 'error', call: number, message: String(error), reason: 'network' });
    } finally {
      calls.delete(number);
    }
  };

  const welcomed = new Promise<string>((resolve) => {
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) {
        const { call, bytes } = readFrameV2(data)!;
        const entry = calls.get(call);
        if (entry === undefined) return;
        entry.body.push(Buffer.from(bytes));
        entry.missing -= bytes.length;
        if (entry.missing === 0) void run(entry);
        return;
      }
      const message = readRouterMessageV2(data.toString())!;
      if (message.type === 'welcome') {
        startCredit = message.creditBytes;
        resolve(message.resume);
      } else if (message.type === 'request') {
        const missing = message.bodyBytes;
        const abort = new AbortController();
        const wake = (): void => undefined;
        const call = { request: message, body: [], missing, credit: startCredit, abort, wake };
        calls.set(message.call, call);
        if (missing === 0) void run(call);
      } else if (message.type === 'credit') {
        const call = calls.get(message.call);
        if (call === undefined) return;
        call.credit += message.bytes;
        call.wake();
      } else if (message.type === 'cancel') {
        page.cancelled.push(message.call);
        const call = calls.get(message.call);
        call?.abort.abort();
        call?.wake();
      } else say({ type: 'pong', at: message.at });
    });
  });
  await once(socket, 'open');
  say({ type: 'hello', version: 2, clientId });
  return { ...page, resume: await welcomed };
}
