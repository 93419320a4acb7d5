import type { ErrorCode, FailureKind, GatewayError } from '@cliproxy/plugin-api';
import type { ErrorCodec } from '../codec/error-codec.ts';
import { kindOf, retryAfterHeader, tableStatus } from '../codec/error-kind.ts';
import { vendorWords } from '../codec/vendor-words.ts';
import type { JsonObject } from '../model/json-object.ts';
import { classify } from './error-classes.ts';
import { quotaHeaders } from './quotas.ts';

/** What stands under `error`. `gateway_code` is the gateway's own, stable code. */
interface ChatError extends JsonObject {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
  readonly gateway_code: string;
}

/**
 * Errors of the dialect. `type` and `code` use OpenAI's words, since clients act on
 * `model_not_found`, `invalid_api_key`, `rate_limit_exceeded`, `insufficient_quota` and
 * `context_length_exceeded`; the gateway's own code always stands beside them as `gateway_code`.
 *
 * @see https://developers.openai.com/api/docs/guides/error-codes
 */
export const errors: ErrorCodec = errorsOf('openai-chat');

/** The same for either of OpenAI's dialects, which differ in the names of parameters. */
export function errorsOf(dialect: OpenAiDialect): ErrorCodec {
  return {
    classify,
    quotaHeaders,
    encode(error, { requestId, retryAfterMs }) {
      return {
        status: statusOf(error),
        headers: {
          'content-type': 'application/json',
          'x-request-id': requestId,
          ...retryAfterHeader(retryAfterMs),
        },
        body: Buffer.from(JSON.stringify({ error: chatError(error, dialect) })),
      };
    },
  };
}

type OpenAiDialect = 'openai-chat' | 'openai-responses';

const FAMILY = {
  'openai-chat': ['openai-chat', 'openai-responses'],
  'openai-responses': ['openai-responses', 'openai-chat'],
} as const;

/** Parameters that both dialects have under one name. */
const SHARED: ReadonlySet<string | undefined> = new Set([
  'model',
  'temperature',
  'top_p',
  'stream',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'metadata',
  'service_tier',
  'store',
  'user',
]);

/**
 * The error as the dialect tells it, in an answer of its own or inside a stream. What OpenAI itself
 * said about the request is told in its words.
 */
export function chatError(error: GatewayError, dialect: OpenAiDialect = 'openai-chat'): ChatError {
  const kind = kindOf(error);
  const [type, code] = WORDS[kind];
  const told = vendorWords(error, FAMILY[dialect]);
  const param = told?.same === true || SHARED.has(told?.param) ? told?.param : undefined;
  return {
    message: told?.message ?? error.message,
    type: told?.type ?? type,
    param: param ?? paramOf(error, kind),
    code: told?.code ?? codeOf(error, kind) ?? code,
    gateway_code: error.code,
  };
}

/** The error inside a stream. */
export function failureEvent(error: GatewayError, requestId: string): string {
  const body = { error: { ...chatError(error), request_id: requestId } };
  return `data: ${JSON.stringify(body)}\n\n`;
}

/** OpenAI's `type` and `code` per kind of failure. */
const WORDS: Readonly<Record<FailureKind, readonly [string, string | null]>> = {
  'bad-request': ['invalid_request_error', null],
  auth: ['invalid_request_error', 'invalid_api_key'],
  billing: ['insufficient_quota', 'insufficient_quota'],
  forbidden: ['invalid_request_error', 'permission_denied'],
  'not-found': ['invalid_request_error', 'model_not_found'],
  'too-large': ['invalid_request_error', 'request_too_large'],
  'rate-limit': ['rate_limit_error', 'rate_limit_exceeded'],
  overloaded: ['service_unavailable_error', 'server_is_overloaded'],
  timeout: ['server_error', 'timeout'],
  network: ['server_error', null],
  upstream: ['server_error', null],
};

/** For failures whose code is not in the table: a plugin made it up. */
const STATUS: Readonly<Record<FailureKind, number>> = {
  'bad-request': 400,
  auth: 401,
  billing: 429,
  forbidden: 403,
  'not-found': 404,
  'too-large': 413,
  'rate-limit': 429,
  overloaded: 503,
  timeout: 504,
  network: 502,
  upstream: 502,
};

function statusOf(error: GatewayError): number {
  return tableStatus(error) ?? STATUS[kindOf(error)];
}

/** What the vendors say when a conversation is too long; agents shorten it when they read the code. */
const TOO_LONG =
  /context[ _]length|context window|maximum context|prompt is too long|too many (?:input )?tokens|token count .{0,40}exceeds/i;

const CODES: Readonly<Partial<Record<ErrorCode, string>>> = {
  CLIENT_UNSUPPORTED: 'unsupported_parameter',
  CLIENT_NOT_FOUND: 'not_found',
  AUTH_ACCOUNT_UNKNOWN: 'not_found',
  AUTH_LOGIN_UNKNOWN: 'not_found',
  CLIENT_METHOD_NOT_ALLOWED: 'method_not_allowed',
  UPSTREAM_BILLING: 'insufficient_quota',
};

function codeOf(error: GatewayError, kind: FailureKind): string | undefined {
  if (Object.hasOwn(CODES, error.code)) return CODES[error.code as ErrorCode];
  const upstreamSaysNo = kind === 'bad-request' && !error.code.startsWith('CLIENT_');
  return upstreamSaysNo && TOO_LONG.test(error.message) ? 'context_length_exceeded' : undefined;
}

/** Our messages about a field begin with its path in backticks. */
function paramOf(error: GatewayError, kind: FailureKind): string | null {
  if (kind === 'bad-request') return /^`([\w.[\]-]+)`/.exec(error.message)?.[1] ?? null;
  return error.code === 'ROUTE_MODEL_NOT_FOUND' || error.code === 'UPSTREAM_NOT_FOUND'
    ? 'model'
    : null;
}
