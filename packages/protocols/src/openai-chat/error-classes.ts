import { GatewayError } from '@cliproxy/plugin-api';
import type { Failure, FailureKind, HeaderMap } from '@cliproxy/plugin-api';
import { statusFailure } from '../codec/status-failure.ts';
import { errorInside } from '../codec/error-inside.ts';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import { resetAtMs } from './rate-limit-reset.ts';

/**
 * Says what an error answer means. The body's `code` and `type` count before the status: OpenAI
 * tells used-up credit as a 429, others a wrong key as a 400.
 */
export function classify(
  answer: {
    readonly status: number;
    readonly headers: HeaderMap;
    readonly body: JsonObject | undefined;
  },
  nowMs: number,
): Failure {
  const told = answer.body === undefined ? undefined : errorTold(answer.body);
  const meant = failureOf(told, answer.status);
  const failure = told?.isOneProviders === true ? ofOneModel(meant) : meant;
  const reset = RESETS.includes(failure.kind) ? resetAtMs(answer.headers, nowMs) : undefined;
  return {
    ...failure,
    ...(reset === undefined ? {} : { resetAtMs: reset }),
    ...(told === undefined || told.message === '' ? {} : { message: told.message }),
  };
}

/**
 * Throws what an error inside an answer of status 200 means: in a stream, or instead of one.
 *
 * @param body - a chunk or an answer; without an error in it, nothing happens.
 * @throws GatewayError of the `UPSTREAM_` family.
 */
export function throwErrorInside(body: JsonObject, isErrorEvent = false): void {
  const isError =
    isErrorEvent ||
    (body.error !== undefined && body.error !== null && body.error !== false) ||
    body.object === 'error' ||
    (body.detail !== undefined && body.choices === undefined);
  if (isError) throw errorInside(classify, body);
}

/** A stream that ended before it was complete. */
export function truncated(): GatewayError {
  const message =
    "The upstream's stream ended with neither a finish_reason nor [DONE]; the answer is incomplete.";
  return new GatewayError('UPSTREAM_TRUNCATED', message, {
    failure: { kind: 'upstream', scope: 'instance', message },
  });
}

interface ErrorTold {
  readonly message: string;
  /** `code` and `type`, lower case. */
  readonly words: readonly string[];
  /** An HTTP status given as the code. */
  readonly status: number | undefined;
  /** It names the model or the model's provider, one of many behind the server: gpt4free does. */
  readonly isOneProviders: boolean;
}

/** Reads OpenAI's `{"error":{…}}`, a bare error object, and FastAPI's `{"detail":…}`. */
function errorTold(body: JsonObject): ErrorTold {
  const error = isJsonObject(body.error) ? body.error : body;
  const words = [error.code, error.type, error.status]
    .filter((word) => typeof word === 'string')
    .map((word) => word.toLowerCase());
  const status = [error.status, error.status_code, error.code]
    .map(Number)
    .find((number) => Number.isInteger(number) && number >= 400 && number < 600);
  const isOneProviders =
    body.choices === undefined &&
    isJsonObject(body.error) &&
    (typeof body.provider === 'string' || typeof body.model === 'string');
  return { message: fitToShow(messageOf(body.error ?? body)), words, status, isOneProviders };
}

function messageOf(error: unknown): string {
  if (typeof error === 'string') return error;
  if (!isJsonObject(error)) return '';
  if (typeof error.message === 'string') return error.message;
  if (typeof error.detail === 'string') return error.detail;
  if (!Array.isArray(error.detail)) return '';
  return error.detail
    .filter(isJsonObject)
    .map(({ loc, msg, message }) => {
      const where = Array.isArray(loc) ? `${loc.join('.')}: ` : '';
      // FastAPI's own word is `msg`; gpt4free's is `message`.
      return where + ([msg, message].find((said) => typeof said === 'string') ?? '');
    })
    .join('; ');
}

const MAX_MESSAGE_CHARS = 1024;

/** One bounded line without control characters and without what looks like a key. */
export function fitToShow(message: string): string {
  const line = message
    .slice(0, 4 * MAX_MESSAGE_CHARS)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/\b(?:sk|gsk|xai)-[\w*.-]{6,}|\bAIza[\w*-]{10,}|\bBearer\s+\S+/g, '***')
    .trim();
  return line.length <= MAX_MESSAGE_CHARS ? line : `${line.slice(0, MAX_MESSAGE_CHARS - 1)}…`;
}

/** Words of `code` and `type` that say more than the status. The first that matches counts. */
const WORDS: readonly (readonly [RegExp, FailureKind])[] = [
  [/^(insufficient_quota|billing_.*|insufficient_(balance|credits?|funds))$/, 'billing'],
  [/^(invalid_api_key|api_key_invalid|authentication_error|unauthenticated)$/, 'auth'],
  [/^(model_not_found|model_not_available|invalid_model|not_found_error)$/, 'not-found'],
  [/^(context_length_exceeded|string_above_max_length)$/, 'bad-request'],
  [/^(previous_response_not_found|invalid_encrypted_content|invalid_prompt)$/, 'bad-request'],
  [/^(?:invalid_(?:base64_)?image\w*|image_\w+|empty_image_file)$/, 'bad-request'],
  [/^(?:bio_policy|misalignment_policy_violation|data_residency_mismatch)$/, 'bad-request'],
  [/^(content_policy_violation|content_filter|responsibleaipolicyviolation)$/, 'bad-request'],
  [/^(request_too_large|payload_too_large)$/, 'too-large'],
  [/overloaded|^(service_unavailable(_error)?|unavailable|capacity_exceeded)$/, 'overloaded'],
  [/^(rate_limit.*|slow_down|resource_exhausted|too_many_requests)$/, 'rate-limit'],
  [/^(permission_(error|denied)|unsupported_country.*)$/, 'forbidden'],
  [/^(timeout|timeout_error|deadline_exceeded)$/, 'timeout'],
];

/** Read only where the status says nothing: some use these types for every 4xx. */
const GENERAL_WORDS: readonly (readonly [RegExp, FailureKind])[] = [
  [/^(invalid_request_error|bad_request|invalid_argument|validation_error)$/, 'bad-request'],
];

function failureOf(told: ErrorTold | undefined, httpStatus: number): Failure {
  const byWord = match(WORDS, told?.words);
  if (byWord !== undefined) return byWord;
  // Within an answer of status 200, the error may name a status of its own.
  const status = httpStatus >= 400 ? httpStatus : told?.status;
  if (status === undefined) return match(GENERAL_WORDS, told?.words) ?? statusFailure(500);
  if (status === 400 && /api key (?:is )?not valid|invalid api key/i.test(told?.message ?? '')) {
    return { kind: 'auth', scope: 'account' };
  }
  return statusFailure(status);
}

function match(
  table: readonly (readonly [RegExp, FailureKind])[],
  words: readonly string[] = [],
): Failure | undefined {
  const kind = table.find(([pattern]) => words.some((word) => pattern.test(word)))?.[1];
  return kind === undefined ? undefined : { kind, scope: SCOPES[kind] };
}

/** The server's other models are as good as before; what a provider wants is not our account's affair. */
function ofOneModel({ kind, scope }: Failure): Failure {
  if (scope === 'request') return { kind, scope };
  const isOfAccount = kind === 'auth' || kind === 'forbidden' || kind === 'billing';
  return { kind: isOfAccount ? 'upstream' : kind, scope: 'model' };
}

const RESETS: readonly FailureKind[] = ['rate-limit', 'overloaded', 'upstream'];

const SCOPES: Readonly<Record<FailureKind, Failure['scope']>> = {
  'bad-request': 'request',
  'too-large': 'request',
  auth: 'account',
  billing: 'account',
  forbidden: 'account',
  'rate-limit': 'account',
  'not-found': 'model',
  overloaded: 'instance',
  timeout: 'instance',
  network: 'instance',
  upstream: 'instance',
};
