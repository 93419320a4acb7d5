import type { IncomingMessage, ServerResponse } from 'node:http';

/** One request and its answer, as the server's parts hand it on. */
export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Told to the client as `x-request-id`. */
  readonly requestId: string;
  /** The method as it was sent; routing sees `HEAD` as `GET`. */
  readonly method: string;
  /** The path as it was sent, without the query. */
  readonly path: string;
  /** What follows the `?`; may hold a key: never to be logged. */
  readonly query: string;
  /** Set where the request comes from a page of an allowed origin. */
  corsOrigin: string | undefined;
  /** True once the kernel has taken the request; it then accounts for it. */
  handed: boolean;
}

/** A request that has just come, and what will answer it. */
export function newExchange(
  req: IncomingMessage,
  res: ServerResponse,
  requestId: string,
): Exchange {
  const { path, query } = splitTarget(req.url ?? '/');
  return {
    req,
    res,
    requestId,
    method: req.method ?? 'GET',
    path,
    query,
    corsOrigin: undefined,
    handed: false,
  };
}

/** Takes a request target apart; also the absolute form that proxies' clients send. */
export function splitTarget(target: string): {
  readonly authority: string | undefined;
  readonly path: string;
  readonly query: string;
} {
  let authority: string | undefined;
  let rest = target;
  const scheme = /^https?:\/\//i.exec(target);
  if (scheme !== null) {
    const from = scheme[0].length;
    const length = target.slice(from).search(/[/?#]/);
    authority = length < 0 ? target.slice(from) : target.slice(from, from + length);
    rest = target.slice(from + authority.length);
  }
  const mark = rest.indexOf('?');
  return {
    authority,
    path: (mark < 0 ? rest : rest.slice(0, mark)) || '/',
    query: mark < 0 ? '' : rest.slice(mark + 1),
  };
}
