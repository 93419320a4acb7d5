import { GatewayError } from '@cliproxy/plugin-api';
import type { Failure, FailureKind, HeaderMap } from '@cliproxy/plugin-api';
import { statusFailure } from '../codec/status-failure.ts';
import { retryAtMs } from '../codec/retry-after.ts';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';

/**
 * Says what an error answer means. The body's type counts before the status; the two general types
 * (`invalid_request_error`, `api_error`) give way to a status that says more.
 *
 * @see https://platform.claude.com/docs/en/api/errors
 */
export function classify(
  answer: {
    readonly status: number;
    readonly headers: HeaderMap;
    readonly body: JsonObject | undefined;
  },
  nowMs: number,
): Failure {
  const { type, message } = errorTold(answer.body);
  const failure = failureOf(answer.status, type, message);
  const reset = RESETS.has(failure.kind) ? resetAtMs(answer.headers, nowMs) : undefined;
  return {
    ...failure,
    ...(reset === undefined ? {} : { resetAtMs: reset }),
    ...(message === '' ? {} : { message }),
  };
}

/** A stream that ended before its answer was complete. */
export function truncated(): GatewayError {
  const message = "The upstream's stream ended before `message_stop`; the answer is incomplete.";
  return new GatewayError('UPSTREAM_TRUNCATED', message, {
    failure: { kind: 'upstream', scope: 'instance', message },
  });
}

function failureOf(status: number, type: string, message: string): Failure {
  if (/credit balance is too low|insufficient (?:credit|balance)/i.test(message)) {
    return { kind: 'billing', scope: 'account' };
  }
  const named = TYPES.get(type);
  if (named !== undefined) return named;
  if (status >= 400 && status !== 500 && status !== 400) return statusFailure(status);
  if (type === 'invalid_request_error') return { kind: 'bad-request', scope: 'request' };
  return statusFailure(type === 'api_error' || status < 400 ? 500 : status);
}

/** Reads `{"error":{"type","message"}}`, and what look-alikes make of it. */
function errorTold(body: JsonObject | undefined): {
  readonly type: string;
  readonly message: string;
} {
  const error = isJsonObject(body?.error) ? body.error : body;
  const message = error?.message ?? body?.error;
  return {
    type: typeof error?.type === 'string' ? error.type : '',
    message: typeof message === 'string' ? fitToShow(message) : '',
  };
}

const MAX_MESSAGE_CHARS = 1000;

/** One bounded line without control characters and without what looks like a key. */
function fitToShow(message: string): string {
  return message
    .slice(0, MAX_MESSAGE_CHARS)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/\b(?:sk|key)-[\w*.-]{6,}|\bBearer\s+\S+/g, '***')
    .trim();
}

/**
 * When a limit that is used up begins anew: as told for all, else the latest of the limits of which
 * nothing remains (RFC 3339), else that of a subscription (seconds since 1970).
 */
function resetAtMs(headers: HeaderMap, nowMs: number): number | undefined {
  const told = retryAtMs(headers, nowMs);
  if (told !== undefined) return told;
  const limits = ['requests', 'tokens', 'input-tokens', 'output-tokens'].flatMap((limit) => {
    if (Number(headers[`anthropic-ratelimit-${limit}-remaining`] ?? 1) !== 0) return [];
    const reset = Date.parse(String(headers[`anthropic-ratelimit-${limit}-reset`]));
    return Number.isNaN(reset) ? [] : [reset];
  });
  if (limits.length > 0) return Math.max(nowMs, ...limits);
  const unified = Number(headers['anthropic-ratelimit-unified-reset'] ?? Number.NaN) * 1000;
  return Number.isFinite(unified) && unified > nowMs ? unified : undefined;
}

const RESETS: ReadonlySet<FailureKind> = new Set(['rate-limit', 'overloaded', 'upstream']);

const TYPES: ReadonlyMap<string, Failure> = new Map([
  ['authentication_error', { kind: 'auth', scope: 'account' }],
  ['billing_error', { kind: 'billing', scope: 'account' }],
  ['permission_error', { kind: 'forbidden', scope: 'account' }],
  ['not_found_error', { kind: 'not-found', scope: 'model' }],
  ['request_too_large', { kind: 'too-large', scope: 'request' }],
  ['rate_limit_error', { kind: 'rate-limit', scope: 'account' }],
  ['overloaded_error', { kind: 'overloaded', scope: 'instance' }],
  ['timeout_error', { kind: 'timeout', scope: 'instance' }],
  ['conflict_error', { kind: 'upstream', scope: 'instance' }],
] as const);
