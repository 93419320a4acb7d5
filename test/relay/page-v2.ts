import { once } from 'node:events';
import { WebSocket } from 'ws';
import { NodePage } from '../../plugins/aistudio-relay/src/node-page.ts';
import { PAGE_KEY } from './page-v1.ts';
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

/** The offered credential of a relay token. */
export const tokenCredential = (token: string): string =>
  `token.${Buffer.from(token).toString('base64url')}`;

/** A page of version 2 in Node: the envelope knows of no browser. */
export async function openPageV2(options: PageV2Options): Promise<TestPageV2> {
  const { gateway, credential, clientId = 'node-page-1', ...more } = options;
  const { origin = 'https://aistudio.google.com' } = options;
  const socket = new WebSocket(
    `${gateway.replace('http', 'ws')}/v1/ws`,
    ['cliproxy-relay.2', credential],
    { origin },
  );
  const page = new NodePage(
    { ...more, clientId, headers: { 'x-goog-api-key': PAGE_KEY } },
    (data) => socket.send(data),
  );
  const asked: string[] = [];
  const headers: Record<string, unknown>[] = [];
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    page.received(data, isBinary);
    for (const request of page.asked.slice(asked.length)) {
      asked.push(request.url);
      headers.push(request.headers);
    }
  });
  await once(socket, 'open');
  page.greet();
  const { cancelled } = page;
  return { socket, asked, headers, cancelled, resume: await page.welcomed };
}
