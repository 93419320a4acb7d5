import { errorRow } from '@cliproxy/plugin-api';
import type { Dialect, GatewayError } from '@cliproxy/plugin-api';
import type { Answer } from '../edge/answer.ts';
import { writeAnswer } from '../edge/answer.ts';
import type { Exchange } from '../edge/exchange.ts';
import type { ServerContext } from '../edge/server-context.ts';
import { dialectOfPath } from './dialect-of-path.ts';
import { toGatewayError } from './to-gateway-error.ts';

/** Told where we turn somebody away and nothing says until when. */
const DEFAULT_RETRY_MS = 1000;

/** An error in a dialect's shape, with `Retry-After` wherever waiting is the answer. */
export function errorAnswer(
  error: GatewayError,
  dialect: Dialect,
  requestId: string,
  context: Pick<ServerContext, 'dialects' | 'now'>,
): Answer {
  const { status } = errorRow(error.code);
  const resetAtMs = error.failure?.resetAtMs;
  const waits = status === 429 || status === 503;
  const retryAfterMs =
    resetAtMs === undefined
      ? DEFAULT_RETRY_MS
      : Math.max(DEFAULT_RETRY_MS, resetAtMs - context.now());
  const answer = context.dialects.error(dialect, error, {
    requestId,
    ...(waits ? { retryAfterMs } : {}),
  });
  const headers: Record<string, string | readonly string[]> = { ...answer.headers };
  if (waits) headers['retry-after'] ??= String(Math.ceil(retryAfterMs / 1000));
  if (error.code === 'CLIENT_UNAUTHORIZED') headers['www-authenticate'] = 'Bearer';
  if (dialect === 'anthropic-messages') headers['request-id'] ??= requestId;
  return { status: answer.status, headers, body: answer.body };
}

/**
 * Tells a client what went wrong, in the shape of its path's dialect. Where an answer has begun
 * already, the connection is cut: half an answer must not look whole.
 *
 * @param headers - further headers, for example `allow`.
 */
export function sendError(
  exchange: Exchange,
  thrown: unknown,
  context: ServerContext,
  headers: Readonly<Record<string, string>> = {},
): void {
  const error = toGatewayError(thrown);
  logError(exchange, error, context);
  const { res } = exchange;
  if (res.headersSent) {
    if (!res.writableEnded) res.destroy();
    return;
  }
  const dialect = dialectOfPath(exchange.path, exchange.req.headers);
  let answer: Answer;
  try {
    answer = errorAnswer(error, dialect, exchange.requestId, context);
  } catch (cause) {
    context.logger.error('an error could not be put into words', {
      requestId: exchange.requestId,
      code: error.code,
      cause,
    });
    answer = plainAnswer(error);
  }
  writeAnswer(exchange, context.draining, {
    ...answer,
    headers: { ...answer.headers, ...headers },
  });
}

/** The last resort, when the dialect itself fails. */
function plainAnswer(error: GatewayError): Answer {
  const { status, when } = errorRow(error.code);
  return {
    status: status === 0 ? 500 : status,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(
      JSON.stringify({
        error: { message: when, type: 'server_error', param: null, code: error.code },
      }),
    ),
  };
}

/** Faults of ours at `error` with their cause; who was turned away at `info`; the rest at `debug`. */
function logError(exchange: Exchange, error: GatewayError, context: ServerContext): void {
  const { logger } = context;
  const { status } = errorRow(error.code);
  const fields = {
    requestId: exchange.requestId,
    method: exchange.method,
    path: exchange.path.slice(0, 200),
    code: error.code,
  };
  if (error.code === 'KERNEL_INTERNAL' || error.code === 'PLUGIN_FAULT') {
    logger.error(error.message, { ...fields, cause: error.cause });
  } else if (!exchange.handed) {
    const turnedAway = status === 401 || status === 403 || status === 429;
    const told = { ...fields, address: exchange.req.socket.remoteAddress, reason: error.message };
    if (turnedAway) logger.info('request refused', told);
    else logger.debug('request refused', told);
  }
}
