import { GatewayError } from '@cliproxy/plugin-api';
import { presentedKeys } from './client-keys.ts';
import type { Grant, PresentedKey } from './client-keys.ts';
import type { Exchange } from './exchange.ts';
import type { ServerContext } from './server-context.ts';

/**
 * Who may use a route. `anyone`: keys are not looked at; `optional`: a key shows more; `client`: a
 * client key, or an admin key; `admin`: an admin key; `ticket`: an admin key, or a one-shot `?ticket=`.
 */
export type Access = 'anyone' | 'optional' | 'client' | 'admin' | 'ticket';

/**
 * Finds out who a request comes from.
 *
 * @throws GatewayError `CLIENT_UNAUTHORIZED`, `CLIENT_NOT_ADMIN`, `CLIENT_TOO_MANY_TRIES`
 */
export function authorize(exchange: Exchange, access: Access, context: ServerContext): Grant {
  if (access === 'anyone') return { role: 'nobody' };
  const { keys } = context.policy;
  const ticket = access === 'ticket' ? new URLSearchParams(exchange.query).get('ticket') : null;
  if (ticket !== null) {
    if (context.tickets.take(ticket, exchange.path)) return { role: 'admin' };
    throw refusal(exchange, [{ bytes: Buffer.from(ticket), inQuery: true }], context, TICKET_WRONG);
  }
  if (access === 'admin' || access === 'ticket') {
    if (!keys.hasAdmins) {
      throw new GatewayError(
        'CLIENT_NOT_ADMIN',
        'this route needs an admin key and none is configured; set server.adminKeys',
      );
    }
    // A key in the address would be kept in histories and logs: not even looked at here.
    const shown = presentedKeys(exchange.req.headers, '');
    const grant = keys.find(shown);
    if (grant === undefined) throw refusal(exchange, shown, context, ADMIN_KEY_WRONG);
    if (grant.role === 'admin') return grant;
    throw new GatewayError(
      'CLIENT_NOT_ADMIN',
      'this route needs an admin key; send one of server.adminKeys as Authorization: Bearer or x-api-key',
    );
  }
  const shown = presentedKeys(exchange.req.headers, exchange.query);
  const grant = keys.find(shown);
  if (grant !== undefined) return grant;
  if (!keys.clientsNeedKey) return { role: 'open' };
  if (access === 'optional' && shown.length === 0) return { role: 'nobody' };
  throw refusal(exchange, shown, context, CLIENT_KEY_WRONG);
}

const CLIENT_KEY_WRONG =
  'the client key is missing or wrong; send a key of server.apiKeys as Authorization: Bearer, ' +
  'x-api-key, x-goog-api-key or ?key=';
const ADMIN_KEY_WRONG =
  'the admin key is missing or wrong; send a key of server.adminKeys as Authorization: Bearer, ' +
  'x-api-key or x-goog-api-key';

const TICKET_WRONG =
  'the ticket is not one that opens this path, or was used, or is older than a minute; ask for a new one';

/** One sentence for a missing and for a wrong key: the answer must not help to guess. */
function refusal(
  exchange: Exchange,
  shown: readonly PresentedKey[],
  context: ServerContext,
  sentence: string,
): GatewayError {
  const address = exchange.req.socket.remoteAddress;
  const untilMs = shown.length > 0 ? context.tries.wrongKey(address) : undefined;
  if (untilMs !== undefined) {
    return new GatewayError(
      'CLIENT_TOO_MANY_TRIES',
      'too many requests with a wrong key came from this address; wait as long as Retry-After ' +
        'says, then use a right key',
      { failure: { kind: 'rate-limit', scope: 'request', resetAtMs: untilMs } },
    );
  }
  return new GatewayError('CLIENT_UNAUTHORIZED', sentence);
}
