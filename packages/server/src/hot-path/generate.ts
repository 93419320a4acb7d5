import type { IncomingHttpHeaders } from 'node:http';
import type { ClientForm } from '@cliproxy/kernel';
import { GatewayError } from '@cliproxy/plugin-api';
import type { Dialect, HeaderMap, Operation } from '@cliproxy/plugin-api';
import type { Exchange } from '../edge/exchange.ts';
import type { ServerContext } from '../edge/server-context.ts';
import type { RouteHandler } from '../routes/route.ts';
import { ResponseSink } from './answer-sink.ts';
import { readRequestBody } from './request-body.ts';

/** Client headers that may go upstream; everything else stays here. */
const FORWARDED = ['anthropic-beta', 'anthropic-version', 'idempotency-key'] as const;

/** What the path of a request says: among it, with Gemini, what in other dialects the body does. */
export interface PathFacts {
  readonly model?: string;
  readonly stream?: boolean;
  readonly form?: ClientForm;
}

/**
 * Makes the handler of a route that asks a model: body in, the kernel's answer out.
 *
 * @param factsOf - reads the path and the query.
 */
export function generate(
  dialect: Dialect,
  operation: Operation,
  factsOf: (exchange: Exchange, named: string) => PathFacts = () => OF_OPERATION[operation],
): RouteHandler {
  return async (exchange, grant, context, named) => {
    if (context.draining) {
      throw new GatewayError(
        'KERNEL_STOPPING',
        'the gateway is shutting down; try again in a moment',
      );
    }
    const { req, requestId } = exchange;
    const facts = factsOf(exchange, named);
    const body = await readRequestBody(exchange, context.policy.maxBodyBytes);
    const headers = clientHeaders(req.headers);
    const request = context.dialects.read({
      dialect,
      operation,
      body,
      headers,
      requestId,
      ...facts,
    });
    const sink = new ResponseSink(exchange, () => furtherHead(exchange, dialect, context));
    exchange.handed = true;
    await context.kernel.handle({
      requestId,
      request,
      headers: forwarded(req.headers),
      strict: context.policy.strictParameters || req.headers['x-cliproxy-strict'] === 'true',
      ...(grant.label === undefined ? {} : { client: grant.label }),
      sink,
    });
    if (!sink.over && !sink.gone) {
      throw new GatewayError('KERNEL_INTERNAL', 'the gateway gave no complete answer; try again');
    }
  };
}

const NO_STREAM: PathFacts = Object.freeze({ stream: false });

/** Only what is generated can be streamed, whatever the body says. */
const OF_OPERATION: Readonly<Record<Operation, PathFacts>> = {
  generate: Object.freeze({}),
  'count-tokens': NO_STREAM,
  embed: NO_STREAM,
};

function furtherHead(exchange: Exchange, dialect: Dialect, context: ServerContext): string[] {
  const head: string[] = [];
  // Anthropic's SDK reads the id under this name.
  if (dialect === 'anthropic-messages') head.push('request-id', exchange.requestId);
  if (context.draining) head.push('connection', 'close');
  return head;
}

function forwarded(headers: IncomingHttpHeaders): HeaderMap {
  const up: Record<string, string | readonly string[]> = {};
  for (const name of FORWARDED) {
    const value = headers[name];
    if (value !== undefined) up[name] = value;
  }
  return up;
}

/** Node's headers have no entry without a value, though their type allows it. */
function clientHeaders(headers: IncomingHttpHeaders): HeaderMap {
  return headers as HeaderMap;
}
