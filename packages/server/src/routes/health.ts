import type { HealthSnapshot } from '@cliproxy/kernel';
import { GatewayError } from '@cliproxy/plugin-api';
import { answerJson } from '../edge/answer.ts';
import type { Exchange } from '../edge/exchange.ts';
import type { ServerContext } from '../edge/server-context.ts';
import { sendError } from '../errors/error-answer.ts';
import { healthAnswer, liveAnswer, readyAnswer } from '../schemas/gateway.ts';
import type { Route, RouteHandler } from './route.ts';

/** `GET /v1/health`. Always 200 while it can answer: the state is in the body. */
const health: RouteHandler = (exchange, grant, context) => {
  const snapshot = context.kernel.health();
  if (grant.role === 'nobody') {
    answerJson(exchange, context.draining, { status: snapshot.status });
  } else {
    answerInFull(exchange, context, snapshot);
  }
};

/** `GET /v1/health/deep`. Probing ends when the client leaves. */
const deepHealth: RouteHandler = async (exchange, _grant, context) => {
  const leaving = new AbortController();
  exchange.res.once('close', () => leaving.abort());
  answerInFull(exchange, context, await context.kernel.checkHealth(leaving.signal));
};

/** `GET /livez`: the process answers. */
const live: RouteHandler = (exchange, _grant, context) => {
  answerJson(exchange, context.draining, { status: 'alive' });
};

/** `GET /readyz`: 503 before the start is over and from the beginning of the stop. */
const ready: RouteHandler = (exchange, _grant, context) => {
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

/** What watches a gateway. */
export const healthRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/health',
    access: 'optional',
    summary: 'The overall state for anyone; in full with a key',
    answers: { 'application/json': healthAnswer },
    handle: health,
  },
  {
    method: 'GET',
    path: '/v1/health/deep',
    access: 'client',
    summary: 'Runs every probe now, then answers as /v1/health',
    answers: { 'application/json': healthAnswer },
    handle: deepHealth,
  },
  {
    method: 'GET',
    path: '/livez',
    access: 'anyone',
    summary: 'The process is up',
    answers: { 'application/json': liveAnswer },
    handle: live,
  },
  {
    method: 'GET',
    path: '/readyz',
    access: 'anyone',
    summary: 'It takes requests; 503 while it starts or stops',
    answers: { 'application/json': readyAnswer },
    handle: ready,
  },
];

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
