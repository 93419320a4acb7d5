import { Readable } from 'node:stream';
import { GatewayError } from '@cliproxy/plugin-api';
import type { WireReply } from '@cliproxy/plugin-api';

/** The page can't answer: another may. */
export function pageFault(message: string): GatewayError {
  return new GatewayError('UPSTREAM_UNREACHABLE', `the relay page ${message}`, {
    failure: { kind: 'network', scope: 'account', message: `the relay page ${message}` },
  });
}

/** The page asks what it was not told to, or refuses to ask: it is set up for another address. */
export function wrongHost(message: string): GatewayError {
  return new GatewayError(
    'PLUGIN_HOST_FORBIDDEN',
    `the relay page refuses the address: ${message}`,
    {
      failure: { kind: 'upstream', scope: 'account', message },
    },
  );
}

/**
 * An error that a page reports with the status that it had, in the form that Gemini gives its own.
 *
 * @see https://google.aip.dev/193
 */
export function errorReply(status: number, message: string): WireReply {
  const error = { code: status, message, status: STATUS_WORDS[status] ?? 'UNKNOWN' };
  return {
    status,
    headers: { 'content-type': 'application/json; charset=UTF-8' },
    body: Readable.from([Buffer.from(JSON.stringify({ error }))]),
  };
}

const STATUS_WORDS: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};
