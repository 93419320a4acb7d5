import type { Refusal } from '../refusal.ts';
import type { VendorFault } from '../vendor-answer.ts';
import type { FaultAnswer, Frame } from '../vendor-api.ts';
import { frame } from './frames.ts';

const TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  409: 'conflict_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

/** An error with its status. */
export function faultAnswer(fault: VendorFault, requestId: string): FaultAnswer {
  const { retryAfter } = fault;
  return {
    headers: {
      'request-id': requestId,
      ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
    },
    body: { ...errorOf(fault), request_id: requestId },
  };
}

/** An error in a stream. */
export function faultFrame(fault: VendorFault): Frame {
  return frame('closing', errorOf(fault));
}

function errorOf({ status, message = `status ${status}`, code }: VendorFault) {
  const type = code ?? TYPES[status] ?? 'api_error';
  return { type: 'error', error: { details: null, type, message } };
}

/** How the API says what it refuses. */
export function refusalFault({ kind, path, message }: Refusal): VendorFault {
  const place = path.join('.');
  switch (kind) {
    case 'key':
      return { status: 401, message: 'invalid x-api-key' };
    case 'found':
      return { status: 404, message };
    case 'unknown':
      return { status: 400, message: `${place}: Extra inputs are not permitted` };
    case 'missing':
      return { status: 400, message: `${place}: Field required` };
    case 'type':
    case 'value':
    case 'rule':
      return { status: 400, message: place === '' ? message : `${place}: ${message}` };
  }
}
