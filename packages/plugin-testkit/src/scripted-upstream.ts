import { once } from 'node:events';
import type http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { faultyScript } from './faulty-script.ts';
import { strikes } from './fault.ts';
import type { Fault } from './fault.ts';
import { startLoopbackServer } from './loopback-server.ts';
import { pacedWrite } from './paced-write.ts';
import type { ScriptedAnswer } from './scripted-answer.ts';

/** One request as the upstream received it. */
export interface ReceivedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
  /** True once the other side left before its answer was complete. */
  readonly aborted: boolean;
  /** Bytes of the answer's body that were written so far. */
  readonly writtenBytes: number;
  /** Resolves once the connection ended, with the bytes of the answer written so far. */
  readonly closed: Promise<{ readonly complete: boolean; readonly writtenBytes: number }>;
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
  /**
   * What befalls all that is asked from now on; nothing given: nothing any more. What is scripted
   * stays the answer that goes wrong: an `endless` one repeats the last piece but one of its body, an
   * `unfinished` one lacks the last.
   */
  fault(fault?: Fault): void;
  /** Breaks what is open and frees the port. Closing twice is no error. */
  close(): Promise<void>;
}

/** Starts a scripted upstream on a free port of 127.0.0.1. Until told otherwise, it answers 500. */
export async function startScriptedUpstream(): Promise<ScriptedUpstream> {
  const requests: ReceivedRequest[] = [];
  let next: AnswerScript = () => ({ status: 500 });
  let fault: Fault | undefined;
  const serve = async (
    incoming: http.IncomingMessage,
    outgoing: http.ServerResponse,
  ): Promise<void> => {
    const progress = { writtenBytes: 0, wasCut: false, wasLeft: false };
    outgoing.once('close', () => {
      progress.wasLeft = !outgoing.writableFinished && !progress.wasCut;
    });
    const request = await receive(incoming, outgoing, progress);
    requests.push(request);
    const script = await scriptFor(next, request);
    const struck = strikes(fault, request.method === 'POST') ? faultyScript(script, fault) : script;
    await play(struck, outgoing, progress);
  };
  const { url, close } = await startLoopbackServer(serve);
  return {
    url,
    requests,
    answer(script) {
      next = typeof script === 'function' ? script : oneByOne(script);
    },
    fault: (given) => void (fault = given),
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
  progress: Readonly<Progress>,
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
    get aborted() {
      return progress.wasLeft;
    },
    get writtenBytes() {
      return progress.writtenBytes;
    },
    closed,
  };
}

/** How far an answer has come. */
interface Progress {
  writtenBytes: number;
  /** By the script, not by the other side. */
  wasCut: boolean;
  wasLeft: boolean;
}

async function play(
  script: ScriptedAnswer,
  outgoing: http.ServerResponse,
  progress: Progress,
): Promise<void> {
  const write = async (bytes: string | Buffer): Promise<void> => {
    await pacedWrite(outgoing, bytes);
    progress.writtenBytes += Buffer.byteLength(bytes);
  };
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
    if (typeof step === 'string' || Buffer.isBuffer(step)) await write(step);
    else if ('pauseMs' in step) await pause(step.pauseMs, gone.signal);
    else while (!left()) await write(step.endless);
  }
  progress.wasCut = script.finally === 'reset' || script.finally === 'cut';
  if (script.finally === 'reset') outgoing.destroy();
  else if (script.finally === 'cut') outgoing.socket?.destroySoon();
  else if (script.finally !== 'hang') outgoing.end();
}

/** Ends early when the connection does. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms === Number.POSITIVE_INFINITY) {
    if (!signal.aborted) await once(signal, 'abort');
  } else await sleep(ms, undefined, { signal }).catch(() => undefined);
}
