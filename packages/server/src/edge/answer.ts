import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HeaderMap } from '@cliproxy/plugin-api';
import { addCorsHeaders } from './cors.ts';
import type { Exchange } from './exchange.ts';

/** A body up to this size that nobody has read is read to its end by Node; the connection stays. */
const SMALL_BODY_BYTES = 64 * 1024;
/** How long a larger one is read on after the answer, so that its sender gets to see the answer. */
const LINGER_MS = 2000;

/** A whole answer. */
export interface Answer {
  readonly status: number;
  readonly headers: HeaderMap;
  readonly body: Buffer;
}

/** Answers with JSON. */
export function answerJson(
  exchange: Exchange,
  draining: boolean,
  value: unknown,
  status = 200,
): void {
  const body = Buffer.from(JSON.stringify(value));
  writeAnswer(exchange, draining, {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body,
  });
}

/**
 * Writes a whole answer to the raw response; nothing where one has begun or the client has left.
 *
 * A client that is still sending would not see an answer on a connection that is closed under it,
 * so the rest of its body is read on for a while, and thrown away.
 */
export function writeAnswer(exchange: Exchange, draining: boolean, answer: Answer): void {
  const { req, res } = exchange;
  if (res.headersSent || res.destroyed) return;
  const unread = !req.complete && !expectsSmallBody(req);
  const head = ['x-request-id', exchange.requestId, 'x-content-type-options', 'nosniff'];
  if (draining || unread) head.push('connection', 'close');
  addCorsHeaders(head, exchange);
  for (const [name, value] of Object.entries(answer.headers)) {
    if (name === 'x-request-id' || name === 'content-length' || name === 'connection') continue;
    for (const one of typeof value === 'string' ? [value] : value) {
      head.push(name, headerText(one));
    }
  }
  if (answer.status !== 204) head.push('content-length', String(answer.body.length));
  res.writeHead(answer.status, head);
  if (!unread) {
    res.end(answer.body);
    return;
  }
  res.write(answer.body);
  readOn(req, res);
}

/** A value that can stand in a header: what can't is shown as `?`. */
export function headerText(value: string): string {
  return value.replace(/[^\t\x20-\x7e\x80-\xff]/g, '?');
}

function expectsSmallBody(req: IncomingMessage): boolean {
  if (req.headers['transfer-encoding'] !== undefined) return false;
  // One that waits for a go-ahead sends nothing until it gets one, or everything later.
  if (req.headers.expect !== undefined) return false;
  return Number(req.headers['content-length'] ?? 0) <= SMALL_BODY_BYTES;
}

function readOn(req: IncomingMessage, res: ServerResponse): void {
  const finish = (): void => {
    clearTimeout(timer);
    res.end();
  };
  const timer = setTimeout(finish, LINGER_MS);
  timer.unref();
  req.once('end', finish);
  res.once('close', () => clearTimeout(timer));
  req.resume();
}
