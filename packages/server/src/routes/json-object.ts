import type { IncomingMessage } from 'node:http';
import { GatewayError } from '@cliproxy/plugin-api';
import type { Exchange } from '../edge/exchange.ts';
import type { ServerContext } from '../edge/server-context.ts';
import { readRequestBody } from '../hot-path/request-body.ts';

/** Operators send a few fields, a file of credentials at most. */
const MAX_BYTES = 256 * 1024;

/** Whether a request has no body. */
export function isBodiless({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;
}

/**
 * Reads an operator's body; none is an empty object. Nothing of it comes into an error: it may hold
 * secrets.
 *
 * @throws GatewayError `CLIENT_BAD_JSON`, `CLIENT_TOO_LARGE`, `CLIENT_CLOSED`
 */
export async function readJsonObject(
  exchange: Exchange,
  context: Pick<ServerContext, 'policy'>,
): Promise<Readonly<Record<string, unknown>>> {
  if (isBodiless(exchange.req)) return {};
  const body = await readRequestBody(exchange, Math.min(MAX_BYTES, context.policy.maxBodyBytes));
  const value = parsed(body);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw new GatewayError('CLIENT_BAD_JSON', 'the body is not a JSON object; send one, or no body');
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
