import { GatewayError, isGatewayError } from '@cliproxy/plugin-api';
import type { Failure } from '@cliproxy/plugin-api';

const TIMEOUTS: ReadonlySet<string> = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
]);

/** What a person can make of Node's and undici's codes. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name service does not answer',
  ECONNRESET: 'the upstream reset it',
  EPIPE: 'the upstream closed it',
  UND_ERR_SOCKET: 'the upstream closed it',
  UND_ERR_DESTROYED: 'its connections have been closed, because its plugin instance has ended',
  UND_ERR_CLOSED: 'its connections have been closed, because its plugin instance has ended',
  EHOSTUNREACH: 'there is no way to the host',
  ENETUNREACH: 'there is no way to the network',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS; should the address begin with http://?',
};

/** The gateway closed its own connections, those of one account. */
const CLOSED: ReadonlySet<string> = new Set(['UND_ERR_DESTROYED', 'UND_ERR_CLOSED']);

/**
 * Says in our terms what Node or undici threw while an upstream was talked to.
 *
 * @param origin - scheme, host and port; never a path or query, they may hold secrets.
 * @param connected - false: no connection could be made, which holds for every account alike. One
 *   that breaks later may have been broken for this account alone.
 */
export function upstreamFault(error: unknown, origin: string, connected: boolean): GatewayError {
  if (isGatewayError(error)) return error;
  const code = errorCode(error);
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED') {
    return new GatewayError(
      'PLUGIN_FAULT',
      `the request to ${origin} can't be sent: ${messageOf(error)}`,
      { cause: error },
    );
  }
  const scope: Failure['scope'] = connected || CLOSED.has(code) ? 'account' : 'instance';
  if (TIMEOUTS.has(code)) {
    const deed = connected ? 'went silent' : 'did not connect in time';
    return new GatewayError('UPSTREAM_TIMEOUT', `${origin} ${deed} (${code})`, {
      failure: { kind: 'timeout', scope },
      cause: error,
    });
  }
  const reason = REASONS[code] ?? messageOf(error);
  const what = connected ? `the connection to ${origin} broke` : `no connection to ${origin}`;
  const message = `${what}: ${reason}${code === '' ? '' : ` (${code})`}`;
  return new GatewayError('UPSTREAM_UNREACHABLE', message, {
    failure: { kind: 'network', scope, message },
    cause: error,
  });
}

function errorCode(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

function messageOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('message' in error)) return String(error);
  const text = typeof error.message === 'string' ? error.message : '';
  // OpenSSL's end with the end of a line.
  return text.replace(/\s+/g, ' ').trim() || 'it gave no reason';
}
