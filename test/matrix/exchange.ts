/** One request of a client and its answer, as they travelled. */
export interface Exchange {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Parsed. */
  readonly request: unknown;
  /** Undefined until the head of the answer is there. */
  status: number | undefined;
  headers: Headers;
  /** What has arrived so far. */
  body: string;
  /** The body ended as HTTP says that bodies end. */
  complete: boolean;
}

/** A `fetch` for the SDKs that keeps what goes through it. */
export function recordingFetch(exchanges: Exchange[]): typeof fetch {
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const exchange: Exchange = {
      method: init?.method ?? 'GET',
      path: url.pathname + url.search,
      request: typeof init?.body === 'string' ? (JSON.parse(init.body) as unknown) : undefined,
      status: undefined,
      headers: new Headers(),
      body: '',
      complete: false,
    };
    exchanges.push(exchange);
    const response = await fetch(input, init);
    const { status, statusText, headers } = response;
    Object.assign(exchange, { status, headers });
    const text = new TextDecoder();
    const body = response.body?.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          exchange.body += text.decode(chunk, { stream: true });
          controller.enqueue(chunk);
        },
        flush() {
          exchange.complete = true;
        },
      }),
    );
    return new Response(body ?? null, { status, statusText, headers });
  };
}
