import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** What the server answered, or what becomes of it; `drop` breaks the connection. */
type TokenReply =
  | {
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    }
  | 'drop';

type MaybeReply = TokenReply | undefined;

/** What a token endpoint was asked. */
export interface TokenRequest {
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** Stands before a token endpoint and has the last word. */
export interface TokenProxy {
  /** In the place of the endpoint's. */
  readonly url: string;
  /** All that arrived, in their order. */
  readonly requests: readonly TokenRequest[];
  /** Bodies of what was answered. */
  readonly replies: readonly string[];
  /** Until the next call, answers pass through this; the server has done its part by then. */
  answer(change?: (reply: Exclude<TokenReply, 'drop'>) => TokenReply | Promise<TokenReply>): void;
  /** Until the next call, requests pass through this; what it has a reply for does not come to the server. */
  ask(reply?: (request: TokenRequest) => MaybeReply | Promise<MaybeReply>): void;
  /** As it was at the start. */
  reset(): void;
  /** Frees the port. */
  close(): Promise<void>;
}

/** Starts it before a token endpoint, such as `${server.issuer}/token`. */
export async function startTokenProxy(target: string): Promise<TokenProxy> {
  const requests: TokenRequest[] = [];
  const replies: string[] = [];
  let change: Parameters<TokenProxy['answer']>[0];
  let instead: Parameters<TokenProxy['ask']>[0];

  const forward = async ({ headers, body }: TokenRequest): Promise<TokenReply> => {
    const isJson = headers['content-type'] === 'application/json';
    const form = isJson ? new URLSearchParams(JSON.parse(body) as Record<string, string>) : body;
    // eslint-disable-next-line no-restricted-globals -- between two ends of a test
    const reply = await fetch(target, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: String(form),
    });
    const answer = {
      status: reply.status,
      headers: { 'content-type': reply.headers.get('content-type') ?? '' },
      body: await reply.text(),
    };
    return change === undefined ? answer : change(answer);
  };

  const serve = async (incoming: http.IncomingMessage, outgoing: http.ServerResponse) => {
    const request = { headers: incoming.headers, body: await text(incoming) };
    requests.push(request);
    const reply = (await instead?.(request)) ?? (await forward(request));
    if (reply === 'drop') {
      outgoing.destroy();
      return;
    }
    replies.push(reply.body);
    outgoing.writeHead(reply.status, reply.headers).end(reply.body);
  };
  const server = http.createServer((incoming, outgoing) => {
    serve(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    requests,
    replies,
    answer: (next) => (change = next),
    ask: (next) => (instead = next),
    reset: () => {
      change = instead = undefined;
      requests.length = replies.length = 0;
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
