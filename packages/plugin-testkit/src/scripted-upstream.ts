import { once } from 'node:events';
import type http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { startLoopbackServer } from './loopback-server.ts';
import { pacedWrite } from './paced-write.ts';

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
  /** Pause before the status line is sent, in milliseconds. `Infinity`: nothing is ever sent. */
  readonly headAfterMs?: number;
  /** Default 200. */
  readonly status?: number;
  readonly headers?: http.OutgoingHttpHeaders;
  /** Sent piece by piece, waiting for a slow reader. */
  readonly body?: AnswerStep | readonly AnswerStep[];
  /**
   * What follows the body: `end` (default) completes the answer, `reset` breaks the connection in
   * the middle of it, `hang` leaves it open until the other side goes.
   */
  readonly finally?: 'end' | 'reset' | 'hang';
}

/** Works out what to answer; what it throws is answered with 500 and its message. */
export type AnswerScript = (request: ReceivedRequest) => ScriptedAnswer | Promise<ScriptedAnswer>;

/** A real HTTP server on loopback that answers as it is told. */
export interface ScriptedUpstream {
  /** Without a slash at the end. */
  readonly url: string;
  /** All that arrived completely, in their order. */
  readonly requests: readonly ReceivedRequest[];
  /** Answers from now on. A list is used one by one; its last entry for all that follow. */
  answer(script: ScriptedAnswer | readonly ScriptedAnswer[] | AnswerScript): void;
  /** Breaks what is open and frees the port. Closing twice is no error. */
  close(): Promise<void>;
}

/** Starts a scripted upstream on a free port of 127.0.0.1. Until told otherwise, it answers 500. */
export async function startScriptedUpstream(): Promise<ScriptedUpstream> {
  const requests: ReceivedRequest[] = [];
  let next: AnswerScript = () => ({ status: 500 });
  const serve = async (
    incoming: http.IncomingMessage,
    outgoing: http.ServerResponse,
  ): Promise<void> => {
    const request = await receive(incoming, outgoing);
    requests.push(request);
    await play(await scriptFor(next, request), outgoing);
  };
  const { url, close } = await startLoopbackServer(serve);
  return {
    url,
    requests,
    answer(script) {
      next = typeof script === 'function' ? script : oneByOne(script);
    },
    close,
  };
}

function oneByOne(script: ScriptedAnswer | readonly ScriptedAnswer[]): AnswerScript {
  const list: ScriptedAnswer[] = listOf(script);
  return () => (list.length > 1 ? list.shift() : list[0]) ?? { status: 500 };
}

function listOf<T>(value: T | readonly T[] | undefined): T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? [...(value as readonly T[])] : [value as T];
}

async function scriptFor(next: AnswerScript, request: ReceivedRequest): Promise<ScriptedAnswer> {
  try {
    return await next(request);
  } catch (error) {
    return { status: 500, body: `the script threw: ${String(error)}` };
  }
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
  outgoing.on('error', () => undefined);
  const gone = new AbortController();
  outgoing.once('close', () => gone.abort());
  if (script.headAfterMs !== undefined) await pause(script.headAfterMs, gone.signal);
  const left = (): boolean => outgoing.destroyed;
  if (left()) return;
  outgoing.writeHead(script.status ?? 200, script.headers);
  outgoing.flushHeaders();
  for (const step of listOf(script.body)) {
    if (left()) return;
    if (typeof step === 'string' || Buffer.isBuffer(step)) await pacedWrite(outgoing, step);
    else if ('pauseMs' in step) await pause(step.pauseMs, gone.signal);
    else await writeEndlessly(outgoing, step.endless);
  }
  if (script.finally === 'reset') outgoing.destroy();
  else if (script.finally !== 'hang') outgoing.end();
}

/** Ends early when the connection does. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms === Number.POSITIVE_INFINITY) {
    if (!signal.aborted) await once(signal, 'abort');
  } else await sleep(ms, undefined, { signal }).catch(() => undefined);
}

async function writeEndlessly(
  outgoing: http.ServerResponse,
  bytes: string | Buffer,
): Promise<void> {
  while (!outgoing.destroyed) await pacedWrite(outgoing, bytes);
}
