import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import { GatewayError } from '@cliproxy/plugin-api';
import { createBrokenRequestHandler } from './edge/broken-requests.ts';
import { newExchange } from './edge/exchange.ts';
import type { Exchange } from './edge/exchange.ts';
import { checkHostOrigin } from './edge/host-origin.ts';
import { createRequestIds } from './edge/request-id.ts';
import type { ServerContext } from './edge/server-context.ts';
import { sendError } from './errors/error-answer.ts';
import { createRouteApp } from './routes/app.ts';
import { createHotRoutes } from './routes/hot-routes.ts';
import { answerOptions } from './routes/not-found.ts';
import type { Route } from './routes/route.ts';
import type { OpenSockets } from './sockets/open-sockets.ts';
import { createUpgradeListener } from './sockets/upgrade-listener.ts';
import type { UpgradeListener } from './sockets/upgrade-listener.ts';

/** What Node's server is told to call. */
export interface Listeners {
  readonly onRequest: RequestListener;
  readonly onClientError: (error: Error, socket: Duplex) => void;
  readonly onUpgrade: UpgradeListener;
}

/** Leads every request through the gate, past which nothing comes unchecked, to its route. */
export function createListeners(
  context: ServerContext,
  routes: readonly Route[],
  sockets: { readonly open: OpenSockets; readonly server: () => Server },
): Listeners {
  const nextRequestId = createRequestIds();
  const exchanges = new WeakMap<IncomingMessage, Exchange>();
  const lastOn = new WeakMap<Duplex, Exchange>();
  const waitForTurn = createTurns();
  const serveHot = createHotRoutes(routes, context);
  const app = createRouteApp(routes, context, (req) => {
    const exchange = exchanges.get(req);
    if (exchange === undefined) throw new Error('a request came past the gate');
    return exchange;
  });
  // What can't be routed at all is answered below, in the same way as everything else.
  const route = getRequestListener(app.fetch, { errorHandler: () => undefined });

  return {
    onRequest(req, res) {
      const exchange = newExchange(req, res, nextRequestId(req.headers['x-request-id']));
      lastOn.set(req.socket, exchange);
      if (res.socket === null) waitForTurn(req.socket, res);
      try {
        exchange.corsOrigin = checkHostOrigin(req, context.policy.hosts);
        if (exchange.method === 'OPTIONS') {
          answerOptions(exchange, context, routes);
          return;
        }
      } catch (error) {
        sendError(exchange, error, context);
        return;
      }
      if (serveHot(exchange)) return;
      exchanges.set(req, exchange);
      // The adapter makes a URL of it and is choosier than we are; it has done its work by now.
      req.headers.host = 'localhost';
      // Hono would wrap what answers a HEAD in a response of its own; Node leaves the body out.
      if (exchange.method === 'HEAD') req.method = 'GET';
      void route(req, res).then(() => {
        if (res.headersSent || res.destroyed) return;
        const error = new GatewayError(
          'CLIENT_BAD_REQUEST',
          'the request target is not a valid URL',
        );
        sendError(exchange, error, context);
      });
    },
    onClientError: createBrokenRequestHandler(context, nextRequestId, (socket) =>
      lastOn.get(socket),
    ),
    onUpgrade: createUpgradeListener(context, sockets.open, nextRequestId, sockets.server),
  };
}

/**
 * Closes answers that wait for their turn when their connection closes: Node tells that only to the
 * answer whose turn it is, and the others would be worked at for nobody.
 *
 * @returns what is told of each answer that has to wait.
 */
function createTurns(): (socket: Socket, res: ServerResponse) => void {
  const waiting = new WeakMap<Socket, Set<ServerResponse>>();
  return (socket, res) => {
    let answers = waiting.get(socket);
    if (answers === undefined) {
      const all = (answers = new Set<ServerResponse>());
      waiting.set(socket, all);
      socket.once('close', () => {
        for (const one of all) {
          if (one.socket !== null) continue;
          one.destroy();
          one.emit('close');
        }
      });
    }
    const all = answers.add(res);
    res.once('close', () => all.delete(res));
  };
}
