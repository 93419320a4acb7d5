import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { GatewayError } from '@cliproxy/plugin-api';
import { errorAnswer } from '../errors/error-answer.ts';
import { dialectOfPath } from '../errors/dialect-of-path.ts';
import type { Exchange } from './exchange.ts';
import type { ServerContext } from './server-context.ts';

/** How long a sender of something broken may take to fetch the answer. */
const CLOSE_MS = 500;

/**
 * Answers what is not HTTP, too large a head, or too slow, for Node's `clientError`; then closes
 * the connection: what follows on it can't be trusted to be a request.
 *
 * @param lastOn - the last request that came in on a connection.
 */
export function createBrokenRequestHandler(
  context: ServerContext,
  nextRequestId: () => string,
  lastOn: (socket: Duplex) => Exchange | undefined,
): (error: Error, socket: Duplex) => void {
  const handled = new WeakSet<Duplex>();
  return (error, socket) => {
    // Each further piece of the same garbage is reported again.
    if (handled.has(socket)) return;
    handled.add(socket);
    const last = lastOn(socket);
    // The client has left, within a request or not: there is nobody to answer.
    if (['ECONNRESET', 'HPE_INVALID_EOF_STATE'].includes(codeOf(error))) {
      socket.destroy();
      return;
    }
    if (last !== undefined && !last.res.writableFinished) {
      // Broken is the body of `last`, or what follows it. Answers go out in order, so one can be
      // given only to a broken body that is first in line and has no answer yet.
      if (last.req.complete || last.res.headersSent || last.res.socket !== socket) {
        socket.destroy();
        return;
      }
      write(socket, toHttp(toError(error), last, last.requestId, context));
      return;
    }
    if (!socket.writable) {
      socket.destroy();
      return;
    }
    write(socket, toHttp(toError(error), undefined, nextRequestId(), context));
  };
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : '';
}

function toError(error: Error): GatewayError {
  const code = codeOf(error);
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new GatewayError(
      'CLIENT_HEADERS_TOO_LARGE',
      'the request head is larger than server.headerLimitKb; send fewer or smaller headers',
    );
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new GatewayError('CLIENT_TIMEOUT', 'the request did not arrive in time; send it again');
  }
  const reason = 'reason' in error ? String(error.reason) : '';
  return new GatewayError(
    'CLIENT_BAD_REQUEST',
    `the request is not well-formed HTTP/1.1${reason === '' ? '' : `: ${reason.slice(0, 200)}`}`,
  );
}

function toHttp(
  error: GatewayError,
  last: Exchange | undefined,
  requestId: string,
  context: ServerContext,
): Buffer {
  const dialect = last === undefined ? 'openai-chat' : dialectOfPath(last.path, last.req.headers);
  const { status, headers, body } = errorAnswer(error, dialect, requestId, context);
  context.logger.debug('request refused', { requestId, code: error.code, reason: error.message });
  const type = headers['content-type'];
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}`,
    `content-type: ${typeof type === 'string' ? type : 'application/json'}`,
    `content-length: ${body.length}`,
    `x-request-id: ${requestId}`,
    'connection: close',
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
}

function write(socket: Duplex, bytes: Buffer): void {
  const timer = setTimeout(() => socket.destroy(), CLOSE_MS);
  timer.unref();
  socket.once('close', () => clearTimeout(timer));
  socket.once('error', () => socket.destroy());
  socket.end(bytes);
}
