import type { FailureKind, GatewayError } from '@cliproxy/plugin-api';
import type { ErrorCodec } from '../codec/error-codec.ts';
import { kindOf, retryAfterHeader, tableStatus } from '../codec/error-kind.ts';
import { vendorWords } from '../codec/vendor-words.ts';
import type { JsonObject } from '../model/json-object.ts';
import { classify } from './error-classes.ts';
import { quotaHeaders } from './quotas.ts';

/**
 * Errors of the dialect. `gateway_code` beside the vendor's type is the gateway's own stable code.
 *
 * @see https://platform.claude.com/docs/en/api/errors
 */
export const errors: ErrorCodec = {
  classify,
  quotaHeaders,
  encode(error, { requestId, retryAfterMs }) {
    return {
      status: statusOf(error),
      headers: {
        'content-type': 'application/json',
        'request-id': requestId,
        'x-request-id': requestId,
        ...retryAfterHeader(retryAfterMs),
      },
      body: Buffer.from(JSON.stringify(errorBody(error, requestId))),
    };
  },
};

/** The error as the dialect tells it, in Anthropic's own words where it said it: as a body, and as the data of an `error` event. */
export function errorBody(error: GatewayError, requestId: string): JsonObject {
  const told = vendorWords(error, ['anthropic-messages']);
  const type = told?.type ?? TYPES[kindOf(error)];
  const message = told?.message ?? error.message;
  return {
    type: 'error',
    error: { type, message, gateway_code: error.code },
    request_id: requestId,
  };
}

const TYPES: Readonly<Record<FailureKind, string>> = {
  'bad-request': 'invalid_request_error',
  auth: 'authentication_error',
  billing: 'billing_error',
  forbidden: 'permission_error',
  'not-found': 'not_found_error',
  'too-large': 'request_too_large',
  'rate-limit': 'rate_limit_error',
  overloaded: 'overloaded_error',
  timeout: 'timeout_error',
  network: 'api_error',
  upstream: 'api_error',
};

/** For codes that a plugin made up. */
const STATUSES: Readonly<Record<FailureKind, number>> = {
  'bad-request': 400,
  auth: 500,
  billing: 500,
  forbidden: 500,
  'not-found': 404,
  'too-large': 413,
  'rate-limit': 429,
  overloaded: 529,
  timeout: 504,
  network: 502,
  upstream: 502,
};

/** The vendor's own status where it has one that others lack. */
const OVERLOADED_STATUS = 529;

function statusOf(error: GatewayError): number {
  const kind = kindOf(error);
  const status = tableStatus(error);
  if (status === undefined) return STATUSES[kind];
  return kind === 'overloaded' ? OVERLOADED_STATUS : status;
}
