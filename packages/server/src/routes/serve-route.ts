import { authorize } from '../edge/access.ts';
import { requireJson } from '../edge/content-type.ts';
import type { Exchange } from '../edge/exchange.ts';
import type { ServerContext } from '../edge/server-context.ts';
import { sendError } from '../errors/error-answer.ts';
import type { PathPattern } from './path-pattern.ts';
import type { Route } from './route.ts';

/** Checks who asks and for what, and has the route answer; never rejects. */
export async function serveRoute(
  route: Route,
  path: PathPattern,
  exchange: Exchange,
  context: ServerContext,
): Promise<void> {
  try {
    const grant = authorize(exchange, route.access, context);
    if (route.method === 'POST') requireJson(exchange.req.headers);
    await route.handle(exchange, grant, context, path.valueIn(exchange.path) ?? '');
  } catch (error) {
    sendError(exchange, error, context);
  }
}
