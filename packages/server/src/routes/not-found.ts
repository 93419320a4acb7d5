import { GatewayError } from '@cliproxy/plugin-api';
import { writeAnswer } from '../edge/answer.ts';
import { preflightHeaders } from '../edge/cors.ts';
import type { Exchange } from '../edge/exchange.ts';
import type { ServerContext } from '../edge/server-context.ts';
import { sendError } from '../errors/error-answer.ts';
import { compilePath } from './path-pattern.ts';
import type { RouteInfo } from './route.ts';

/**
 * Answers what no route takes: 405 with `Allow` where the path has another method, else 404. One of
 * Gemini's paths ends in a method of its own; where there is none of that name, this is a 404 too.
 */
export function answerUnrouted(
  exchange: Exchange,
  context: ServerContext,
  routes: readonly RouteInfo[],
): void {
  const shown = JSON.stringify(exchange.path.slice(0, 200));
  const verbs = exchange.method === 'POST' ? verbsBeside(exchange.path, routes) : [];
  if (verbs.length > 0) {
    const verb = exchange.path.slice(exchange.path.lastIndexOf(':') + 1);
    const error = new GatewayError(
      'CLIENT_NOT_FOUND',
      `there is no method ${JSON.stringify(verb.slice(0, 100))} in ${shown}; ` +
        `use ${verbs.join(' or ')}`,
    );
    sendError(exchange, error, context);
    return;
  }
  const methods = methodsOf(exchange.path, routes);
  if (methods.length > 0) {
    const error = new GatewayError(
      'CLIENT_METHOD_NOT_ALLOWED',
      `${shown} does not take ${exchange.method.slice(0, 20)}; use ${methods.join(' or ')}`,
    );
    sendError(exchange, error, context, { allow: [...methods, 'OPTIONS'].join(', ') });
    return;
  }
  if (context.kernel.sockets.at(exchange.path) !== undefined) {
    const error = new GatewayError(
      'CLIENT_UPGRADE_REQUIRED',
      `${shown} takes WebSocket connections alone`,
    );
    sendError(exchange, error, context, { upgrade: 'websocket' });
    return;
  }
  const near = nearPath(exchange.path, routes);
  const hint =
    near === undefined
      ? 'docs/API.md lists the paths'
      : `did you mean ${near}? check whether the client's base URL is to end in a version, such as /v1`;
  const error = new GatewayError('CLIENT_NOT_FOUND', `there is no path ${shown}; ${hint}`);
  sendError(exchange, error, context);
}

/** Answers `OPTIONS`: what a path takes, and to a browser whether its page may send it. */
export function answerOptions(
  exchange: Exchange,
  context: ServerContext,
  routes: readonly RouteInfo[],
): void {
  const methods =
    exchange.path === '*' ? ['GET', 'HEAD', 'POST'] : methodsOf(exchange.path, routes);
  if (methods.length === 0) {
    answerUnrouted(exchange, context, routes);
    return;
  }
  writeAnswer(exchange, context.draining, {
    status: 204,
    headers: preflightHeaders(exchange, methods),
    body: Buffer.alloc(0),
  });
}

function methodsOf(path: string, routes: readonly RouteInfo[]): string[] {
  const methods = new Set<string>();
  for (const route of routes) {
    if (!fits(path, route)) continue;
    methods.add(route.method);
    if (route.method === 'GET') methods.add('HEAD');
  }
  return [...methods];
}

/** The methods that a path might have ended in, where it ends in another. */
function verbsBeside(path: string, routes: readonly RouteInfo[]): string[] {
  const at = path.lastIndexOf(':');
  if (at < 0 || path.includes('/', at)) return [];
  const verbs = routes.flatMap((route) => /\}:(\w+)$/.exec(route.path)?.[1] ?? []);
  return [...new Set(verbs)].filter((verb) =>
    routes.some(
      (route) => fits(`${path.slice(0, at)}:${verb}`, route) && route.path.endsWith(verb),
    ),
  );
}

function fits(path: string, { path: pattern }: RouteInfo): boolean {
  return compilePath(pattern).fits(path);
}

/** A base URL with a version too few or too many is the commonest mistake. */
function nearPath(path: string, routes: readonly RouteInfo[]): string | undefined {
  const guesses = [
    path.replace(/^\/v1(?=\/v1)/, ''),
    path.replace(/\/+$/, ''),
    `/v1${path}`,
    `/v1beta${path}`,
  ];
  return guesses.find((guess) => guess !== path && routes.some((route) => fits(guess, route)));
}
