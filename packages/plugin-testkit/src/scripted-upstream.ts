import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** One request as the upstream received it. */
export interface ReceivedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
  /** Resolves once the connection ended, with the bytes of the answer written so far. */
  readonly closed: Promise<{ readonly complete: boolean; readonly writtenBytes: number }>;
}

/** A piece of an answer: bytes, a pause, or what is written again and again until the end. */
export type AnswerStep =
  string | Buffer | { readonly pauseMs: number } | { readonly endless: string | Buffer };

/** What to answer. */
export interface ScriptedAnswer {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: AnswerStep | readonly AnswerStep[];
  /** `end` (default) completes the answer, `reset` breaks the connection, `hang` leaves it open. */
  readonly finally?: 'end' | 'reset' | 'hang';
}

/** A real HTTP server on loopback that answers as it is told. */
export interface ScriptedUpstream {
  /** Without a slash at the end. */
  readonly url: string;
  readonly requests: readonly ReceivedRequest[];
  /** Answers from now on. A list is used one by one; its last entry for all that follow. */
  answer(
    script:
      ScriptedAnswer | readonly ScriptedAnswer[] | ((request: ReceivedRequest) => ScriptedAnswer),
  ): void;
  close(): Promise<void>;
}

/** Starts a scripted upstream on a free port of 127.0.0.1. Until told otherwise, it answers 500. */
export async function startScriptedUpstream(): Promise<ScriptedUpstream> {
  const requests: ReceivedRequest[] = [];
  let next: (request: ReceivedRequest) => ScriptedAnswer = () => ({ status: 500 });
  const server = http.createServer((incoming, outgoing) => {
    void receive(incoming, outgoing).then((request) => {
      requests.push(request);
      return play(next(request), outgoing);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    answer(script) {
      if (typeof script === 'function') next = script;
      else {
        const list = Array.isArray(script)
          ? [...(script as readonly ScriptedAnswer[])]
          : [script as ScriptedAnswer];
        next = () => (list.length > 1 ? list.shift() : list[0]) ?? { status: 500 };
      }
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function receive(
  incoming: http.IncomingMessage,
  outgoing: http.ServerResponse,
): Promise<ReceivedRequest> {
  const closed = new Promise<{ complete: boolean; writtenBytes: number }>((resolve) => {
    const { socket } = incoming;
    const before = socket.bytesWritten;
    outgoing.once('close', () =>
      resolve({
        complete: outgoing.writableFinished,
        writtenBytes: socket.bytesWritten - before,
      }),
    );
  });
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return {
    method: incoming.method ?? '',
    url: incoming.url ?? '',
    headers: incoming.headers,
    body: Buffer.concat(chunks),
    closed,
  };
}

async function play(script: ScriptedAnswer, outgoing: http.ServerResponse): Promise<void> {
  const steps = Array.isArray(script.body)
    ? (script.body as readonly AnswerStep[])
    : script.body === undefined
      ? []
      : [script.body as AnswerStep];
  outgoing.on('error', () => undefined);
  const gone = new AbortController();
  outgoing.once('close', () => gone.abort());
  outgoing.writeHead(script.status ?? 200, script.headers);
  outgoing.flushHeaders();
  for (const step of steps) {
    if (outgoing.destroyed) return;
    if (typeof step === 'string' || Buffer.isBuffer(step)) await write(outgoing, step);
    else if ('pauseMs' in step) {
      await sleep(step.pauseMs, undefined, { signal: gone.signal }).catch(() => undefined);
    } else await writeEndlessly(outgoing, step.endless);
  }
  if (script.finally === 'reset') outgoing.destroy();
  else if (script.finally !== 'hang') outgoing.end();
}

async function writeEndlessly(
  outgoing: http.ServerResponse,
  bytes: string | Buffer,
): Promise<void> {
  while (!outgoing.destroyed) await write(outgoing, bytes);
}

/** Writes with back-pressure, so that a slow reader shows. */
async function write(outgoing: http.ServerResponse, bytes: string | Buffer): Promise<void> {
  if (outgoing.write(bytes)) {
    // Let others run: an endless answer must not block the loop.
    await new Promise(setImmediate);
    return;
  }
  await new Promise<void>((resolve) => {
    const settle = () => {
      outgoing.off('drain', settle);
      outgoing.off('close', settle);
      resolve();
    };
    outgoing.once('drain', settle);
    outgoing.once('close', settle);
  });
}
