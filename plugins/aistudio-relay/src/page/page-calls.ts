import type { ErrorReasonV2, HeadersV2 } from '../envelope/v2.ts';

/** One request of the gateway, as both versions have it. */
export interface PageRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: HeadersV2;
  readonly body: Uint8Array<ArrayBuffer> | string;
}

/** Why a call came to nothing; the words of version 2. */
interface PageFault {
  readonly reason: ErrorReasonV2;
  readonly message: string;
}

/** Takes an answer, in this order: `head`, `chunk`s, and `end` or `fail`. */
export interface AnswerSink {
  head(status: number, headers: HeadersV2): void;
  /** Resolves once more may follow. */
  chunk(bytes: Uint8Array): Promise<void>;
  end(): void;
  fail(fault: PageFault): void;
}

/** Told of the calls, for the display. */
export interface CallCounter {
  begun(): void;
  over(fault?: PageFault): void;
}

/** The calls of one connection: asks the vendor, and nobody else. */
export class PageCalls<Id> {
  readonly #allowedOrigins: readonly string[];
  readonly #counter: CallCounter;
  readonly #running = new Map<Id, AbortController>();

  constructor(allowedOrigins: readonly string[], counter: CallCounter) {
    this.#allowedOrigins = allowedOrigins;
    this.#counter = counter;
  }

  /** Asks, and tells the sink. Never rejects; a cancelled call tells the sink nothing more. */
  async run(id: Id, request: PageRequest, sink: AnswerSink): Promise<void> {
    const leaving = new AbortController();
    this.#running.set(id, leaving);
    this.#counter.begun();
    let fault: PageFault | undefined;
    try {
      this.#check(request.url);
      await relay(request, sink, leaving.signal);
    } catch (error) {
      fault = faultOf(error, request);
    }
    // The same id may be another call's by now.
    if (this.#running.get(id) === leaving) this.#running.delete(id);
    if (leaving.signal.aborted) {
      this.#counter.over();
      return;
    }
    this.#counter.over(fault);
    if (fault !== undefined) sink.fail(fault);
  }

  /** Ends a call's request at the vendor. */
  cancel(id: Id): void {
    this.#running.get(id)?.abort();
    this.#running.delete(id);
  }

  cancelAll(): void {
    for (const id of [...this.#running.keys()]) this.cancel(id);
  }

  /** The gateway says what to ask; it is not trusted to say whom. */
  #check(url: string): void {
    const origin = URL.canParse(url) ? new URL(url).origin : undefined;
    if (origin !== undefined && this.#allowedOrigins.includes(origin)) return;
    const where = origin ?? 'what is no address';
    const message = `this page asks ${this.#allowedOrigins.join(', ')} alone, not ${where}`;
    throw Object.assign(new Error(message), { reason: 'refused-host' });
  }
}

/** The browser writes these itself, or the answer's bytes no longer fit them. */
const LEFT_OUT = new Set(['content-encoding', 'content-length', 'transfer-encoding']);

async function relay(request: PageRequest, sink: AnswerSink, signal: AbortSignal): Promise<void> {
  const hasBody = request.body.length > 0 && !/^(GET|HEAD)$/i.test(request.method);
  // Looked up at each call: the page around may have put its own in place.
  const response = await globalThis.fetch(request.url, {
    method: request.method,
    headers: Object.entries(request.headers).flatMap(([name, values]) =>
      values.map((value): [string, string] => [name, value]),
    ),
    ...(hasBody ? { body: request.body } : {}),
    cache: 'no-store',
    // Or an allowed host could send the request to any other.
    redirect: 'error',
    signal,
  });
  const headers: Record<string, readonly string[]> = {};
  for (const [name, value] of response.headers) {
    if (!LEFT_OUT.has(name)) headers[name] = [value];
  }
  const isLeft = (): boolean => signal.aborted;
  if (isLeft()) return;
  sink.head(response.status, headers);
  const reader = response.body?.getReader();
  for (;;) {
    const part = await reader?.read();
    if (isLeft()) return;
    if (part === undefined || part.done) break;
    await sink.chunk(part.value);
    if (isLeft()) return;
  }
  sink.end();
}

function faultOf(error: unknown, { url, method }: PageRequest): PageFault {
  const { reason, name, message = String(error) } = error as Partial<PageFault & Error>;
  if (reason !== undefined) return { reason, message };
  if (name === 'AbortError') return { reason: 'aborted', message: 'the request was ended' };
  // What fetch() says of a network error and of a request that it can't make is the same TypeError.
  const bad = /Failed to (execute|parse)|Request with GET/.test(message);
  const where = URL.canParse(url) ? new URL(url).origin : url;
  return {
    reason: bad ? 'bad-request' : 'network',
    message: `${method} to ${where} came to nothing: ${message} (no connection, or no leave by CORS)`,
  };
}
