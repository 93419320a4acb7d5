import type { HealthSnapshot } from '@cliproxy/kernel';
import { GatewayError } from '@cliproxy/plugin-api';
import { answerJson } from '../edge/answer.ts';
import type { Exchange } from '../edge/exchange.ts';
import type { ServerContext } from '../edge/server-context.ts';
import { sendError } from '../errors/error-answer.ts';
import type { RouteHandler } from './route.ts';

/** `GET /v1/health`. Always 200 while it can answer: the state is in the body. */
export const health: RouteHandler = (exchange, grant, context) => {
  const snapshot = context.kernel.health();
  if (grant.role === 'nobody') {
    answerJson(exchange, context.draining, { status: snapshot.status });
  } else {
    answerInFull(exchange, context, snapshot);
  }
};

/** `GET /v1/health/deep`. Probing ends when the client leaves. */
export const deepHealth: RouteHandler = async (exchange, _grant, context) => {
  const leaving = new AbortController();
  exchange.res.once('close', () => leaving.abort());
  answerInFull(exchange, context, await context.kernel.checkHealth(leaving.signal));
};

/** `GET /livez`: the process answers. */
export const live: RouteHandler = (exchange, _grant, context) => {
  answerJson(exchange, context.draining, { status: 'alive' });
};

/** `GET /readyz`: 503 before the start is over and from the beginning of the stop. */
export const ready: RouteHandler = (exchange, _grant, context) => {
  if (context.draining) {
    sendError(
      exchange,
      new GatewayError('KERNEL_STOPPING', 'the gateway is shutting down'),
      context,
    );
  } else if (!context.kernel.health().ready) {
    const error = new GatewayError('KERNEL_STOPPING', 'the gateway is not ready yet, or no longer');
    sendError(exchange, error, context);
  } else {
    answerJson(exchange, false, { status: 'ready' });
  }
};

function answerInFull(exchange: Exchange, context: ServerContext, snapshot: HealthSnapshot): void {
  answerJson(exchange, context.draining, {
    status: snapshot.status,
    ready: snapshot.ready && !context.draining,
    version: context.version,
    uptimeMs: Math.max(0, context.now() - context.startedMs),
    process: { pid: process.pid, rssBytes: process.memoryUsage.rss(), node: process.version },
    plugins: snapshot.plugins,
  });
}
