import { describe, expect, test } from '@jest/globals';
import { GatewayError, errorTable } from '@cliproxy/plugin-api';
import { errors } from './errors.ts';

const NOW = Date.UTC(2026, 0, 1);
const classify = (status: number, body?: object, headers = {}) =>
  errors.classify({ status, headers, body: body as never }, NOW);
const told = (type: string, message = 'm') => ({ type: 'error', error: { type, message } });

describe('classify', () => {
  test.each<[number, object | undefined, string]>([
    [400, told('invalid_request_error'), 'bad-request/request'],
    [
      400,
      told('invalid_request_error', 'Your credit balance is too low to use it'),
      'billing/account',
    ],
    [400, told('authentication_error'), 'auth/account'],
    [401, told('authentication_error'), 'auth/account'],
    [401, undefined, 'auth/account'],
    [402, told('billing_error'), 'billing/account'],
    [403, told('permission_error'), 'forbidden/account'],
    [404, told('not_found_error'), 'not-found/model'],
    [404, told('invalid_request_error'), 'not-found/model'],
    [409, told('conflict_error'), 'upstream/instance'],
    [413, told('request_too_large'), 'too-large/request'],
    [413, undefined, 'too-large/request'],
    [422, undefined, 'bad-request/request'],
    [429, told('rate_limit_error'), 'rate-limit/account'],
    [429, told('api_error'), 'rate-limit/account'],
    [500, told('api_error'), 'upstream/instance'],
    [500, told('overloaded_error'), 'overloaded/instance'],
    [500, undefined, 'upstream/instance'],
    [504, told('timeout_error'), 'timeout/instance'],
    [529, undefined, 'overloaded/instance'],
    [529, told('api_error'), 'overloaded/instance'],
    [302, undefined, 'upstream/instance'],
    [400, { error: 'a string' }, 'bad-request/request'],
    [400, { message: 'bare', type: 'rate_limit_error' }, 'rate-limit/account'],
  ])('%i %j is %s', (status, body, expected) => {
    const { kind, scope } = classify(status, body);
    expect(`${kind}/${scope}`).toBe(expected);
  });

  test.each<[object, number | undefined]>([
    [{ 'retry-after': '20' }, NOW + 20_000],
    [
      {
        'anthropic-ratelimit-requests-remaining': '0',
        'anthropic-ratelimit-requests-reset': '2026-01-01T00:01:00Z',
        'anthropic-ratelimit-tokens-remaining': '0',
        'anthropic-ratelimit-tokens-reset': '2026-01-01T00:02:00Z',
        'anthropic-ratelimit-output-tokens-remaining': '5',
        'anthropic-ratelimit-output-tokens-reset': '2026-01-01T00:09:00Z',
        'anthropic-ratelimit-input-tokens-remaining': '0',
        'anthropic-ratelimit-input-tokens-reset': 'junk',
      },
      NOW + 120_000,
    ],
    [{ 'anthropic-ratelimit-unified-reset': String(NOW / 1000 + 60) }, NOW + 60_000],
    [{ 'anthropic-ratelimit-unified-reset': String(NOW / 1000 - 60) }, undefined],
    [{}, undefined],
  ])('reset by %j', (headers, resetAtMs) => {
    expect(classify(429, told('rate_limit_error'), headers).resetAtMs).toBe(resetAtMs);
  });

  test('no reset where waiting does not help', () => {
    expect(classify(401, undefined, { 'retry-after': '5' })).toEqual({
      kind: 'auth',
      scope: 'account',
    });
  });

  test('the sentence is one bounded line without keys', () => {
    const message = classify(
      400,
      told('x', `a\nb sk-ant-api03-secret ${'x'.repeat(2000)}`),
    ).message;
    expect(message).toMatch(/^a b \*\*\* x+$/);
    expect(message?.length).toBeLessThanOrEqual(1000);
    expect(classify(400, { error: 'bare' }).message).toBe('bare');
  });
});

describe('encode', () => {
  const encode = (error: GatewayError, retryAfterMs?: number) => {
    const { status, headers, body } = errors.encode(error, {
      requestId: 'req_1',
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
    return { status, headers, body: JSON.parse(body.toString()) };
  };

  test('shape, ids and retry-after', () => {
    expect(encode(new GatewayError('ROUTE_RATE_LIMITED', 'later'), 1200)).toEqual({
      status: 429,
      headers: {
        'content-type': 'application/json',
        'request-id': 'req_1',
        'x-request-id': 'req_1',
        'retry-after': '2',
      },
      body: {
        type: 'error',
        error: { type: 'rate_limit_error', message: 'later', gateway_code: 'ROUTE_RATE_LIMITED' },
        request_id: 'req_1',
      },
    });
    expect(encode(new GatewayError('ROUTE_RATE_LIMITED', 'x'), 0).headers['retry-after']).toBe('1');
    expect(encode(new GatewayError('ROUTE_RATE_LIMITED', 'x')).headers).not.toHaveProperty(
      'retry-after',
    );
  });

  test.each([
    ['CLIENT_BAD_REQUEST', 400, 'invalid_request_error'],
    ['CLIENT_UNAUTHORIZED', 401, 'authentication_error'],
    ['CLIENT_NOT_ADMIN', 403, 'permission_error'],
    ['ROUTE_MODEL_NOT_FOUND', 404, 'not_found_error'],
    ['CLIENT_TOO_LARGE', 413, 'request_too_large'],
    ['UPSTREAM_OVERLOADED', 529, 'overloaded_error'],
    ['ROUTE_NO_ACCOUNT', 529, 'overloaded_error'],
    ['UPSTREAM_TIMEOUT', 504, 'timeout_error'],
    ['UPSTREAM_UNREACHABLE', 502, 'api_error'],
    ['UPSTREAM_AUTH', 503, 'api_error'],
    ['CONFIG_INVALID', 500, 'invalid_request_error'],
  ])('%s is %i %s', (code, status, type) => {
    const answer = encode(new GatewayError(code, 'm'));
    expect([answer.status, answer.body.error.type]).toEqual([status, type]);
  });

  test("a code of a plugin's own counts by its failure, and never as the client's key", () => {
    const own = (kind: 'auth' | 'rate-limit') =>
      encode(new GatewayError('FOO_BAR', 'm', { failure: { kind, scope: 'account' } }));
    expect([own('auth').status, own('auth').body.error.type]).toEqual([502, 'api_error']);
    expect([own('rate-limit').status, own('rate-limit').body.error.type]).toEqual([
      429,
      'rate_limit_error',
    ]);
    expect(encode(new GatewayError('FOO_BAR', 'm')).status).toBe(502);
  });

  test('every code has a status of an error and a type of the vendor', () => {
    for (const code of Object.keys(errorTable)) {
      const { status, body } = encode(new GatewayError(code, 'm'));
      expect(status).toBeGreaterThanOrEqual(400);
      expect(body.error.type).toMatch(/_error$|^request_too_large$/);
    }
  });
});
