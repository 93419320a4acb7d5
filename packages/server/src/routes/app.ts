import type { IncomingMessage } from 'node:http';
import { Hono } from 'hono';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { HttpBindings } from '@hono/node-server';
import type { Exchange } from '../edge/exchange.ts';
import type { ServerContext } from '../edge/server-context.ts';
import { answerUnrouted } from './not-found.ts';
import { compilePath } from './path-pattern.ts';
import type { Route } from './route.ts';
import { serveRoute } from './serve-route.ts';

/** The routing of one server. */
export type RouteApp = Hono<{ Bindings: HttpBindings }>;

/**
 * Puts the route table behind Hono. Hono finds the route; every answer is written to the raw
 * response, so that there is one way out and no web stream on it.
 *
 * @param exchangeOf - finds what belongs to a request.
 */
export function createRouteApp(
  routes: readonly Route[],
  context: ServerContext,
  exchangeOf: (req: IncomingMessage) => Exchange,
): RouteApp {
  const app: RouteApp = new Hono();
  for (const route of routes) {
    const path = compilePath(route.path);
    app.on(route.method, path.hono, async (c) => {
      await serveRoute(route, path, exchangeOf(c.env.incoming), context);
      return RESPONSE_ALREADY_SENT;
    });
  }
  app.notFound((c) => {
    answerUnrouted(exchangeOf(c.env.incoming), context, routes);
    return RESPONSE_ALREADY_SENT;
  });
  return app;
}
