import type { Failure, HeaderMap } from '@cliproxy/plugin-api';
import { statusFailure } from '../codec/status-failure.ts';
import { errorInside } from '../codec/error-inside.ts';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import { fitToShow } from '../openai-chat/error-classes.ts';
import { quotaReset } from './quota-reset.ts';

/**
 * Says what an error answer means. A reason among the details counts before the message, that before
 * the word of the status, and that before the status: a wrong key is told as a 400.
 *
 * @see https://ai.google.dev/gemini-api/docs/troubleshooting
 */
export function classify(
  answer: {
    readonly status: number;
    readonly headers: HeaderMap;
    readonly body: JsonObject | undefined;
  },
  nowMs: number,
): Failure {
  const told = errorTold(answer.body);
  const failure = failureOf(answer.status, told);
  const quota = failure.kind === 'rate-limit' ? quotaReset(told.details, told.message, nowMs) : {};
  return {
    ...failure,
    ...(quota.perModel === true ? { scope: 'model' } : {}),
    ...(quota.resetAtMs === undefined ? {} : { resetAtMs: quota.resetAtMs }),
    ...(told.message === '' ? {} : { message: told.message }),
  };
}

/**
 * Throws what an error inside an answer of status 200 means: in a stream, or instead of an answer.
 *
 * @throws GatewayError of the `UPSTREAM_` family.
 */
export function throwErrorInside(body: JsonObject): void {
  if (isJsonObject(body.error)) throw errorInside(classify, body);
}

interface ErrorTold {
  readonly message: string;
  /** `status`, such as `NOT_FOUND`. */
  readonly word: string;
  /** The HTTP status that the error names. */
  readonly code: number | undefined;
  /** Of `ErrorInfo`, such as `API_KEY_INVALID`. */
  readonly reasons: readonly string[];
  readonly details: readonly JsonObject[];
}

/** Reads `{"error":{code,message,status,details}}`. */
function errorTold(body: JsonObject | undefined): ErrorTold {
  const error = isJsonObject(body?.error) ? body.error : {};
  const { message, status, code } = error;
  const details = Array.isArray(error.details) ? error.details.filter(isJsonObject) : [];
  return {
    message: typeof message === 'string' ? fitToShow(message) : '',
    word: typeof status === 'string' ? status : '',
    code: typeof code === 'number' && code >= 400 && code < 600 ? code : undefined,
    reasons: details.flatMap(({ reason }) => (typeof reason === 'string' ? reason : [])),
    details,
  };
}

function failureOf(status: number, { message, word, code, reasons }: ErrorTold): Failure {
  for (const reason of reasons) {
    const named = REASONS.get(reason);
    if (named !== undefined) return named;
  }
  const said = MESSAGES.find(([pattern]) => pattern.test(message));
  if (said !== undefined) return said[1];
  const named = WORDS.get(word);
  if (named !== undefined) return named;
  return statusFailure(status >= 400 ? status : (code ?? 500));
}

const AUTH: Failure = { kind: 'auth', scope: 'account' };
const BILLING: Failure = { kind: 'billing', scope: 'account' };
const FORBIDDEN: Failure = { kind: 'forbidden', scope: 'account' };
const UPSTREAM: Failure = { kind: 'upstream', scope: 'instance' };
const BAD_REQUEST: Failure = { kind: 'bad-request', scope: 'request' };

/** @see https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto */
const REASONS: ReadonlyMap<string, Failure> = new Map([
  ['API_KEY_INVALID', AUTH],
  ['API_KEY_EXPIRED', AUTH],
  ['ACCESS_TOKEN_EXPIRED', AUTH],
  ['ACCESS_TOKEN_TYPE_UNSUPPORTED', AUTH],
  ['CREDENTIALS_MISSING', AUTH],
  ['BILLING_DISABLED', BILLING],
  ['API_KEY_SERVICE_BLOCKED', FORBIDDEN],
  ['SERVICE_DISABLED', FORBIDDEN],
  ['CONSUMER_SUSPENDED', FORBIDDEN],
  ['CONSUMER_INVALID', FORBIDDEN],
]);

const MESSAGES: readonly (readonly [RegExp, Failure])[] = [
  [/api key (?:is )?(?:not valid|not found|expired)|reported as leaked/i, AUTH],
  [/user location is not supported/i, FORBIDDEN],
  [/(?:enable|check your) billing|billing (?:account|is not)|prepayment credits/i, BILLING],
];

/** @see https://cloud.google.com/apis/design/errors#error_codes */
const WORDS: ReadonlyMap<string, Failure> = new Map([
  ['INVALID_ARGUMENT', BAD_REQUEST],
  ['OUT_OF_RANGE', BAD_REQUEST],
  ['FAILED_PRECONDITION', FORBIDDEN],
  ['UNAUTHENTICATED', AUTH],
  ['PERMISSION_DENIED', FORBIDDEN],
  ['NOT_FOUND', { kind: 'not-found', scope: 'model' }],
  ['RESOURCE_EXHAUSTED', { kind: 'rate-limit', scope: 'account' }],
  ['UNAVAILABLE', { kind: 'overloaded', scope: 'instance' }],
  ['DEADLINE_EXCEEDED', { kind: 'timeout', scope: 'instance' }],
  ['INTERNAL', UPSTREAM],
  ['UNKNOWN', UPSTREAM],
  ['DATA_LOSS', UPSTREAM],
  ['ABORTED', UPSTREAM],
  ['CANCELLED', UPSTREAM],
] as const);
