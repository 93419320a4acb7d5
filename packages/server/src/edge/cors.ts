import type { Exchange } from './exchange.ts';

const EXPOSED =
  'x-request-id, retry-after, x-upstream-request-id, x-cliproxy-ignored, x-cliproxy-estimated';
const PREFLIGHT_S = '600';
/** Header names as browsers list them; nothing else is worth repeating. */
const HEADER_LIST = /^[A-Za-z0-9_, -]{1,2000}$/;

/**
 * Headers that let an allowed origin's page read the answer, as a flat list. Never `*`, never with
 * credentials: keys are sent in headers, cookies mean nothing here.
 */
export function addCorsHeaders(head: string[], exchange: Exchange): void {
  if (exchange.corsOrigin === undefined) return;
  head.push('access-control-allow-origin', exchange.corsOrigin, 'vary', 'origin');
  head.push('access-control-expose-headers', EXPOSED);
}

/** Further headers of the answer to a browser that asks before it sends. */
export function preflightHeaders(
  exchange: Exchange,
  methods: readonly string[],
): Record<string, string> {
  const headers: Record<string, string> = { allow: [...methods, 'OPTIONS'].join(', ') };
  if (exchange.corsOrigin === undefined) return headers;
  const asked = exchange.req.headers['access-control-request-headers'];
  headers['access-control-allow-methods'] = methods.join(', ');
  if (typeof asked === 'string' && HEADER_LIST.test(asked)) {
    headers['access-control-allow-headers'] = asked;
  }
  if (exchange.req.headers['access-control-request-private-network'] === 'true') {
    headers['access-control-allow-private-network'] = 'true';
  }
  headers['access-control-max-age'] = PREFLIGHT_S;
  return headers;
}
