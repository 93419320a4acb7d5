import { createServer as createNodeServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import { applyLimits, nodeServerOptions } from './edge/limits.ts';
import { openPort, refuseUnsafe } from './edge/listen.ts';
import { createEdgePolicy } from './edge/server-context.ts';
import type { ServerContext } from './edge/server-context.ts';
import { createTickets } from './edge/tickets.ts';
import { createTryLimit } from './edge/try-limit.ts';
import { createListeners } from './request-listener.ts';
import { createOpenSockets } from './sockets/open-sockets.ts';
import { routeTable } from './routes/route-table.ts';
import type { GatewayServer, ServerOptions, ServerSettings } from './server-options.ts';

/** How long answers may take to say their last words at the deadline. */
const LAST_WORDS_MS = 1000;

/** Makes the HTTP edge; it listens once told to. */
export function createServer(options: ServerOptions): GatewayServer {
  let { settings } = options;
  const context: ServerContext = {
    kernel: options.kernel,
    dialects: options.dialects,
    logger: options.logger,
    version: options.version,
    ...(options.reloadConfig && { reloadConfig: options.reloadConfig }),
    explain: (plan) => options.explain(plan),
    metrics: () => options.metrics(),
    now: () => options.now(),
    tries: createTryLimit(() => options.now()),
    tickets: createTickets(() => options.now()),
    startedMs: options.now(),
    policy: createEdgePolicy(settings),
    draining: false,
  };
  const server = createNodeServer(nodeServerOptions(settings));
  applyLimits(server, settings);
  const open = createOpenSockets();
  open.pingEvery(settings.socketPingMs);
  const { onRequest, onClientError, onUpgrade } = createListeners(context, routeTable, {
    open,
    server: () => server,
  });
  const underWay = trackAnswers(server);
  server.on('request', onRequest);
  // So that no body is sent in vain: the go-ahead is given once somebody wants to read it.
  server.on('checkContinue', onRequest);
  server.on('clientError', onClientError);
  server.on('upgrade', onUpgrade);

  // Bound is the former address until the restart.
  const check = ({ apiKeys }: ServerSettings): void =>
    refuseUnsafe({ host: settings.host, apiKeys });

  const stopListening = (): void => {
    context.draining = true;
    if (server.listening) server.close();
    server.closeIdleConnections();
  };

  return {
    async listen() {
      refuseUnsafe(settings);
      const address = await openPort(server, settings.host, settings.port);
      // For example too many open files: one connection fails, not the process.
      server.on('error', (cause) => {
        options.logger.error('a connection could not be taken', { cause });
      });
      return address;
    },
    check,
    update(next) {
      check(next);
      const needsRestart = (['host', 'port'] as const).filter((key) => next[key] !== settings[key]);
      // Bound is the former address until the restart: its name stays allowed.
      settings = { ...next, host: settings.host, port: settings.port };
      context.policy = createEdgePolicy(settings);
      applyLimits(server, settings);
      open.pingEvery(settings.socketPingMs);
      return { needsRestart: needsRestart.map((key) => `server.${key}`) };
    },
    async drain(deadlineMs, atDeadline) {
      stopListening();
      try {
        const quiet = await within(deadlineMs, underWay.over());
        if (!quiet && atDeadline !== undefined) {
          await within(LAST_WORDS_MS, Promise.all([atDeadline(), underWay.over()]));
        }
      } finally {
        server.closeAllConnections();
      }
    },
    async close() {
      stopListening();
      server.closeAllConnections();
      await Promise.all([underWay.over(), open.end()]);
    },
  };
}

/** Knows when the last answer under way is over. Counts them: see `Flights` for why there is no Set. */
function trackAnswers(server: Server): { over(): Promise<void> } {
  let underWay = 0;
  let waiting: (() => void)[] = [];
  const onClose = (): void => {
    underWay -= 1;
    if (waiting.length === 0 || underWay > 0) return;
    for (const resolve of waiting) setImmediate(resolve);
    waiting = [];
  };
  const track = (_req: unknown, res: ServerResponse): void => {
    underWay += 1;
    res.once('close', onClose);
  };
  server.on('request', track);
  server.on('checkContinue', track);
  return {
    over: () =>
      underWay === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            waiting.push(resolve);
          }),
  };
}

/** @returns whether the work was over in time. Times are in milliseconds. */
async function within(timeMs: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeMs);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
