import type { IncomingHttpHeaders } from 'node:http';
import type { BodyCheck, ClientForm } from '@cliproxy/kernel';
import { GatewayError } from '@cliproxy/plugin-api';
import type { Dialect, HeaderMap, Operation } from '@cliproxy/plugin-api';
import type { Exchange } from '../edge/exchange.ts';
import type { ServerContext } from '../edge/server-context.ts';
import type { Address, Route, RouteHandler } from '../routes/route.ts';
import type { JsonSchema } from '../schemas/json-schema.ts';
import { ResponseSink } from './answer-sink.ts';
import { compileBodyCheck } from './body-check.ts';
import { readRequestBody } from './request-body.ts';

/** Client headers that may go upstream; everything else stays here. */
const FORWARDED = ['anthropic-beta', 'anthropic-version', 'idempotency-key'] as const;

/** What the address of a request says: among it, with Gemini, what in other dialects the body does. */
interface AddressFacts {
  readonly model?: string;
  readonly stream?: boolean;
  readonly form?: ClientForm;
}

/** A route that asks a model. */
export interface ModelRoute extends Omit<Route, 'method' | 'access' | 'handle'> {
  readonly dialect: Dialect;
  readonly operation: Operation;
  readonly body: JsonSchema;
  /** Absent: the address says nothing. */
  readonly factsOf?: (address: Address) => AddressFacts;
}

/** Makes a route that asks a model: body in, the kernel's answer out. */
export function modelRoute({ operation, factsOf, ...info }: ModelRoute): Route {
  const check = compileBodyCheck(info.body);
  return {
    ...info,
    method: 'POST',
    access: 'client',
    handle: generate(info.dialect, operation, check, factsOf),
  };
}

const NO_FACTS: AddressFacts = Object.freeze({});

function generate(
  dialect: Dialect,
  operation: Operation,
  check: BodyCheck,
  factsOf: ModelRoute['factsOf'],
): RouteHandler {
  return async (exchange, grant, context, address) => {
    if (context.draining) {
      throw new GatewayError(
        'KERNEL_STOPPING',
        'the gateway is shutting down; try again in a moment',
      );
    }
    const { req, requestId } = exchange;
    const { model, stream, form } = factsOf?.(address) ?? NO_FACTS;
    const body = await readRequestBody(exchange, context.policy.maxBodyBytes);
    const headers = clientHeaders(req.headers);
    const request = context.dialects.read({
      dialect,
      operation,
      body,
      model,
      stream,
      form,
      check,
      headers,
      requestId,
      client: grant.client,
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
