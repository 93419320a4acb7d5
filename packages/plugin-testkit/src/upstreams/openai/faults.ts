import { bracketed } from '../refusal.ts';
import type { Refusal } from '../refusal.ts';
import type { VendorFault } from '../vendor-answer.ts';
import type { FaultAnswer } from '../vendor-api.ts';

/** A failure with the parameter that is to blame. */
export type OpenAiFault = VendorFault & { readonly param?: string };

const TYPES: Readonly<Record<number, readonly [string, string | null]>> = {
  400: ['invalid_request_error', null],
  401: ['invalid_request_error', 'invalid_api_key'],
  403: ['invalid_request_error', null],
  404: ['invalid_request_error', 'model_not_found'],
  429: ['requests', 'rate_limit_exceeded'],
  503: ['service_unavailable_error', 'server_is_overloaded'],
};

/** The object that stands under `error`, and as it is in a stream of responses. */
export function errorOf({ status, message = `status ${status}`, code, param }: OpenAiFault) {
  const [type, usual] = TYPES[status] ?? ['server_error', null];
  const isBilling = code === 'insufficient_quota';
  return {
    message,
    type: isBilling ? 'insufficient_quota' : type,
    param: param ?? null,
    code: code ?? usual,
  };
}

/** An error with its status. */
export function faultAnswer(fault: VendorFault, requestId: string): FaultAnswer {
  const { retryAfter } = fault;
  return {
    headers: {
      'x-request-id': requestId,
      ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
    },
    body: { error: errorOf(fault) },
  };
}

/** How the API says what it refuses. */
export function refusalFault({ kind, path, message, code }: Refusal): OpenAiFault {
  const param = bracketed(path);
  const where = param === '' ? {} : { param };
  const refused = { status: 400, ...where };
  switch (kind) {
    case 'key':
      return { status: 401, message };
    case 'found':
      return {
        status: 404,
        message,
        ...where,
        code: code ?? (param === 'model' ? 'model_not_found' : 'unknown_url'),
      };
    case 'unknown':
      return { ...refused, message: `Unknown parameter: '${param}'.`, code: 'unknown_parameter' };
    case 'missing':
      return {
        ...refused,
        message: `Missing required parameter: '${param}'.`,
        code: 'missing_required_parameter',
      };
    case 'type':
      return {
        ...refused,
        message: `Invalid type for '${param}': ${message}.`,
        code: 'invalid_type',
      };
    case 'value':
      return { ...refused, message: `Invalid '${param}': ${message}.`, code: 'invalid_value' };
    case 'rule':
      return { ...refused, message, ...(code !== undefined && { code }) };
  }
}
