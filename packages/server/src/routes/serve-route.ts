import { authorize } from '../edge/access.ts';
import { requireJson } from '../edge/content-type.ts';
import type { Exchange } from '../edge/exchange.ts';
import { readQuery } from '../edge/query.ts';
import type { ServerContext } from '../edge/server-context.ts';
import { sendError } from '../errors/error-answer.ts';
import { isBodiless } from './json-object.ts';
import type { PathPattern } from './path-pattern.ts';
import type { Route } from './route.ts';

const NO_QUERY = readQuery({}, '');

/** Checks who asks and for what, and has the route answer; never rejects. */
export async function serveRoute(
  route: Route,
  path: PathPattern,
  exchange: Exchange,
  context: ServerContext,
): Promise<void> {
  try {
    const grant = authorize(exchange, route.access, context);
    const mayBeBare = route.bodyOptional === true && isBodiless(exchange.req);
    if (route.method === 'POST' && !mayBeBare) requireJson(exchange.req.headers);
    const named = path.valueIn(exchange.path) ?? '';
    const query = route.query === undefined ? NO_QUERY : readQuery(route.query, exchange.query);
    await route.handle(exchange, grant, context, { named, query });
  } catch (error) {
    sendError(exchange, error, context);
  }
}
