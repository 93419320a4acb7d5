import { describe, expect, test } from '@jest/globals';
import { GatewayError } from '@cliproxy/plugin-api';
import type { Failure } from '@cliproxy/plugin-api';
import { throwErrorInside } from './error-classes.ts';
import { errors } from './errors.ts';

const NOW = Date.UTC(2026, 0, 1);
const classify = (status: number, body?: object, headers = {}): Failure =>
  errors.classify({ status, headers, body: body as never }, NOW);
const told = (error: object) => ({ error: { message: 'm', ...error } });

describe('classify', () => {
  test.each<[number, object | undefined, string]>([
    [429, told({ type: 'insufficient_quota', code: 'insufficient_quota' }), 'billing/account'],
    [402, { error: { message: 'Insufficient Balance' } }, 'billing/account'],
    [401, told({ type: 'invalid_request_error', code: 'invalid_api_key' }), 'auth/account'],
    [400, told({ code: 'invalid_api_key' }), 'auth/account'],
    [400, told({ message: 'API key not valid. Please pass one.' }), 'auth/account'],
    [401, undefined, 'auth/account'],
    [403, undefined, 'forbidden/account'],
    [403, told({ code: 'unsupported_country_region_territory' }), 'forbidden/account'],
    [404, told({ code: 'model_not_found' }), 'not-found/model'],
    [400, told({ code: 'model_not_found' }), 'not-found/model'],
    [400, told({ code: 'context_length_exceeded' }), 'bad-request/request'],
    [400, told({ type: 'invalid_request_error' }), 'bad-request/request'],
    [422, { detail: [] }, 'bad-request/request'],
    [413, undefined, 'too-large/request'],
    [429, told({ type: 'requests', code: 'rate_limit_exceeded' }), 'rate-limit/account'],
    [429, undefined, 'rate-limit/account'],
    [503, told({ code: 'slow_down' }), 'rate-limit/account'],
    [500, told({ code: 'engine_overloaded' }), 'overloaded/instance'],
    [503, undefined, 'overloaded/instance'],
    [529, undefined, 'overloaded/instance'],
    [408, undefined, 'timeout/instance'],
    [504, undefined, 'timeout/instance'],
    [409, undefined, 'upstream/instance'],
    [500, told({ type: 'server_error' }), 'upstream/instance'],
    [302, undefined, 'upstream/instance'],
    [200, told({ code: 502 }), 'upstream/instance'],
    [200, told({ code: '429' }), 'rate-limit/account'],
    [200, told({ type: 'invalid_request_error' }), 'bad-request/request'],
    [200, told({}), 'upstream/instance'],
  ])('%i %j is %s', (status, body, expected) => {
    const { kind, scope } = classify(status, body);
    expect(`${kind}/${scope}`).toBe(expected);
  });

  test.each<[number, object, string]>([
    [500, { error: { message: 'm' }, model: 'm', provider: 'p' }, 'upstream/model'],
    [200, { error: { message: 'm' }, model: 'm' }, 'upstream/model'],
    [429, { error: { message: 'm' }, provider: 'p' }, 'rate-limit/model'],
    [401, { error: { message: 'm' }, model: 'm', provider: 'p' }, 'upstream/model'],
    [403, { error: { message: 'm' }, model: 'm', provider: 'p' }, 'upstream/model'],
    [401, { error: { message: 'Invalid API key' } }, 'auth/account'],
    [400, { error: { message: 'm' }, model: 'm' }, 'bad-request/request'],
    [404, { error: { message: 'm' }, model: 'm' }, 'not-found/model'],
    [500, { error: { message: 'm' }, model: 'm', choices: [] }, 'upstream/instance'],
  ])('%i that names the model or its provider: %j is %s', (status, body, expected) => {
    const { kind, scope } = classify(status, body);
    expect(`${kind}/${scope}`).toBe(expected);
  });

  test.each([
    [{ detail: 'Gemini client is not initialized.' }, 'Gemini client is not initialized.'],
    [
      { detail: [{ loc: ['body', 'model'], msg: 'Input should be', type: 'enum' }] },
      'body.model: Input should be',
    ],
    [
      { detail: [{ loc: ['body', 'messages'], message: 'Field required', type: 'missing' }, 7] },
      'body.messages: Field required',
    ],
    [{ detail: [{ type: 'missing' }] }, undefined],
  ])("FastAPI's %j says %s", (body, message) => {
    expect(classify(422, body)).toEqual({
      kind: 'bad-request',
      scope: 'request',
      ...(message && { message }),
    });
  });

  test.each<[object, number | undefined]>([
    [{ 'retry-after-ms': '1500', 'retry-after': '9' }, NOW + 1500],
    [{ 'retry-after': '2' }, NOW + 2000],
    [{ 'retry-after': ['3'] }, NOW + 3000],
    [{ 'retry-after': new Date(NOW + 60_000).toUTCString() }, NOW + 60_000],
    [{ 'retry-after': new Date(NOW - 60_000).toUTCString() }, NOW],
    [{ 'retry-after': 'soon' }, undefined],
    [
      { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '6m0s' },
      NOW + 360_000,
    ],
    [{ 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '1.5s250ms' }, NOW + 1750],
    [{ 'x-ratelimit-remaining-tokens': '5', 'x-ratelimit-reset-tokens': '1s' }, undefined],
    [{ 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': 'x' }, undefined],
    [{ 'retry-after': ' ' }, undefined],
    [{ 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': ['1s'] }, undefined],
  ])('reset by %j', (headers, resetAtMs) => {
    expect(classify(429, undefined, headers).resetAtMs).toBe(resetAtMs);
  });

  test('a request that is wrong has no reset', () => {
    expect(classify(400, undefined, { 'retry-after': '1' })).toEqual({
      kind: 'bad-request',
      scope: 'request',
    });
  });

  test.each<[object, string | undefined]>([
    [{ error: 'plain' }, 'plain'],
    [{ error: { message: 'a\u0000b\r\nc\u2028d' } }, 'a b c d'],
    [{ object: 'error', message: 'flat' }, 'flat'],
    [{ detail: 'not found' }, 'not found'],
    [{ detail: [{ loc: ['body', 'n'], msg: 'bad' }, { msg: 'worse' }, 3] }, 'body.n: bad; worse'],
    [
      { error: { message: 'Incorrect API key provided: sk-proj-abc***xyz.' } },
      'Incorrect API key provided: ***',
    ],
    [{ error: { message: 5 } }, undefined],
    [{ error: 5 }, undefined],
  ])('the message of %j', (body, message) => {
    expect(classify(500, body).message).toBe(message);
  });

  test('a message is bounded', () => {
    const { message } = classify(500, { error: { message: 'x'.repeat(100_000) } });
    expect(message).toHaveLength(1024);
  });

  test('errors inside an answer throw by their kind, with the failure', () => {
    expect(() => throwErrorInside({ error: null, choices: [] })).not.toThrow();
    expect(() => throwErrorInside({ detail: 'x', choices: [] })).not.toThrow();
    expect(() => throwErrorInside({ detail: 'gone' })).toThrow('gone');
    expect(() =>
      throwErrorInside({ error: { code: 'rate_limit_exceeded', message: 'slow' } }),
    ).toThrow(
      expect.objectContaining({
        code: 'UPSTREAM_RATE_LIMIT',
        failure: { kind: 'rate-limit', scope: 'account', message: 'slow' },
      }),
    );
    expect(() => throwErrorInside({ error: {} })).toThrow('without a message');
  });
});

describe('encode', () => {
  const encode = (code: string, message = 'm', failure?: Failure, retryAfterMs?: number) => {
    const error = new GatewayError(code, message, failure === undefined ? {} : { failure });
    const context = { requestId: 'r-1', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
    const { status, headers, body } = errors.encode(error, context);
    return { status, headers, error: (JSON.parse(body.toString()) as { error: object }).error };
  };

  test.each([
    ['CLIENT_UNAUTHORIZED', 401, 'invalid_request_error', 'invalid_api_key', null],
    ['CLIENT_NOT_ADMIN', 403, 'invalid_request_error', 'permission_denied', null],
    ['ROUTE_MODEL_NOT_FOUND', 404, 'invalid_request_error', 'model_not_found', 'model'],
    ['UPSTREAM_NOT_FOUND', 404, 'invalid_request_error', 'model_not_found', 'model'],
    ['CLIENT_NOT_FOUND', 404, 'invalid_request_error', 'not_found', null],
    ['AUTH_ACCOUNT_UNKNOWN', 404, 'invalid_request_error', 'not_found', null],
    ['AUTH_LOGIN_UNKNOWN', 404, 'invalid_request_error', 'not_found', null],
    ['CLIENT_TOO_LARGE', 413, 'invalid_request_error', 'request_too_large', null],
    ['ROUTE_RATE_LIMITED', 429, 'rate_limit_error', 'rate_limit_exceeded', null],
    ['UPSTREAM_OVERLOADED', 503, 'service_unavailable_error', 'server_is_overloaded', null],
    ['UPSTREAM_TIMEOUT', 504, 'server_error', 'timeout', null],
    ['UPSTREAM_AUTH', 503, 'server_error', null, null],
    ['UPSTREAM_BILLING', 503, 'server_error', 'insufficient_quota', null],
    ['UPSTREAM_UNREACHABLE', 502, 'server_error', null, null],
    ['KERNEL_INTERNAL', 500, 'server_error', null, null],
    ['CLIENT_BAD_REQUEST', 400, 'invalid_request_error', null, null],
    ['CLIENT_UNSUPPORTED', 400, 'invalid_request_error', 'unsupported_parameter', null],
    ['CONFIG_INVALID', 500, 'invalid_request_error', null, null],
    ['MADE_UP', 502, 'server_error', null, null],
  ])('%s is %i %s %s', (code, status, type, word, param) => {
    expect(encode(code)).toEqual({
      status,
      headers: { 'content-type': 'application/json', 'x-request-id': 'r-1' },
      error: { message: 'm', type, param, code: word, gateway_code: code },
    });
  });

  test('a code that a plugin made up goes by its failure, our credentials apart', () => {
    expect(encode('FOO_SLOW', 'm', { kind: 'rate-limit', scope: 'account' }).status).toBe(429);
    expect(encode('FOO_AUTH', 'm', { kind: 'auth', scope: 'account' }).status).toBe(502);
  });

  test('the field is the param', () => {
    expect(encode('CLIENT_BAD_REQUEST', '`messages[0].role` must be …').error).toMatchObject({
      param: 'messages[0].role',
    });
  });

  test.each([
    "This model's maximum context length is 8192 tokens.",
    'prompt is too long: 210000 tokens > 200000 maximum',
    'The input token count (1200000) exceeds the maximum number of tokens allowed',
  ])('clients learn that a conversation is too long: %s', (message) => {
    expect(encode('UPSTREAM_BAD_REQUEST', message).error).toMatchObject({
      code: 'context_length_exceeded',
    });
    expect(encode('CLIENT_BAD_REQUEST', message).error).toMatchObject({ code: null });
  });

  test.each([
    [1, '1'],
    [1000, '1'],
    [1001, '2'],
    [0, '1'],
  ])('retry after %i ms is told as %s s', (ms, seconds) => {
    expect(encode('ROUTE_RATE_LIMITED', 'm', undefined, ms).headers['retry-after']).toBe(seconds);
  });
});
