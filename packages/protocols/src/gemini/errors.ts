import type { FailureKind, GatewayError } from '@cliproxy/plugin-api';
import type { ErrorCodec } from '../codec/error-codec.ts';
import { kindOf, retryAfterHeader, tableStatus } from '../codec/error-kind.ts';
import { vendorWords } from '../codec/vendor-words.ts';
import type { JsonObject } from '../model/json-object.ts';
import { classify } from './error-classes.ts';
import { retryInfo, usedUpQuotas } from './quota-reset.ts';

/**
 * Errors of the dialect. The gateway's own stable code is the `reason` of an `ErrorInfo` of the
 * domain `cliproxy`, which is where the vendor puts such codes.
 *
 * @see https://cloud.google.com/apis/design/errors
 */
export const errors: ErrorCodec = {
  classify,
  quotas: usedUpQuotas,
  encode(error, { requestId, retryAfterMs }) {
    return {
      status: statusOf(error),
      headers: {
        'content-type': 'application/json',
        'x-request-id': requestId,
        ...retryAfterHeader(retryAfterMs),
      },
      body: Buffer.from(JSON.stringify(errorBody(error, requestId, retryAfterMs))),
    };
  },
};

/** The error as the dialect tells it, in Google's own words where it said it: as a body, and inside a stream. */
export function errorBody(
  error: GatewayError,
  requestId: string,
  retryAfterMs?: number,
): JsonObject {
  const info = {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason: error.code,
    domain: 'cliproxy',
    metadata: { requestId },
  };
  const told = vendorWords(error, ['gemini']);
  return {
    error: {
      code: statusOf(error),
      message: told?.message ?? error.message,
      status: told?.code ?? KINDS[kindOf(error)][1],
      details: [info, ...(retryAfterMs === undefined ? [] : [retryInfo(retryAfterMs)])],
    },
  };
}

/** Status, for codes that a plugin made up, and the vendor's word. */
const KINDS: Readonly<Record<FailureKind, readonly [number, string]>> = {
  'bad-request': [400, 'INVALID_ARGUMENT'],
  auth: [401, 'UNAUTHENTICATED'],
  billing: [429, 'RESOURCE_EXHAUSTED'],
  forbidden: [403, 'PERMISSION_DENIED'],
  'not-found': [404, 'NOT_FOUND'],
  'too-large': [413, 'INVALID_ARGUMENT'],
  'rate-limit': [429, 'RESOURCE_EXHAUSTED'],
  overloaded: [503, 'UNAVAILABLE'],
  timeout: [504, 'DEADLINE_EXCEEDED'],
  network: [502, 'UNAVAILABLE'],
  upstream: [502, 'INTERNAL'],
};

function statusOf(error: GatewayError): number {
  return tableStatus(error) ?? KINDS[kindOf(error)][0];
}
