import { describe, expect, test } from '@jest/globals';
import { GatewayError } from '@cliproxy/plugin-api';
import type { Failure } from '@cliproxy/plugin-api';
import { errors } from './errors.ts';

const NOW = Date.UTC(2026, 0, 15, 20, 0, 0, 500);
const classify = (status: number, body?: object): Failure =>
  errors.classify({ status, headers: {}, body: body as never }, NOW);
const told = (status: string, message = 'm', ...details: object[]): object => ({
  error: { code: 400, message, status, details },
});
const info = (reason: string): object => ({
  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
  reason,
  domain: 'googleapis.com',
});
const retry = (retryDelay: unknown): object => ({
  '@type': 'type.googleapis.com/google.rpc.RetryInfo',
  retryDelay,
});
const quota = (...ids: string[]): object => ({
  '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
  violations: ids.map((quotaId) => ({ quotaId })),
});

describe('classify', () => {
  test.each<[number, object | undefined, string]>([
    [400, told('INVALID_ARGUMENT', 'API key not valid.', info('API_KEY_INVALID')), 'auth/account'],
    [400, told('INVALID_ARGUMENT', 'API key not valid. Please pass one.'), 'auth/account'],
    [403, told('PERMISSION_DENIED', 'Your API key was reported as leaked.'), 'auth/account'],
    [401, told('UNAUTHENTICATED'), 'auth/account'],
    [400, told('INVALID_ARGUMENT'), 'bad-request/request'],
    [400, told('FAILED_PRECONDITION', 'User location is not supported.'), 'forbidden/account'],
    [400, told('FAILED_PRECONDITION', 'Please enable billing.'), 'billing/account'],
    [403, told('PERMISSION_DENIED', 'm', info('BILLING_DISABLED')), 'billing/account'],
    [403, told('PERMISSION_DENIED', 'm', info('SERVICE_DISABLED')), 'forbidden/account'],
    [403, told('PERMISSION_DENIED'), 'forbidden/account'],
    [404, told('NOT_FOUND'), 'not-found/model'],
    [429, told('RESOURCE_EXHAUSTED'), 'rate-limit/account'],
    [499, told('CANCELLED'), 'upstream/instance'],
    [500, told('INTERNAL'), 'upstream/instance'],
    [503, told('UNAVAILABLE'), 'overloaded/instance'],
    [504, told('DEADLINE_EXCEEDED'), 'timeout/instance'],
    [413, undefined, 'too-large/request'],
    [429, undefined, 'rate-limit/account'],
    [502, { error: 'x' }, 'upstream/instance'],
    [200, { error: { code: 404 } }, 'not-found/model'],
  ])('%i %j is %s', (status, body, expected) => {
    const { kind, scope } = classify(status, body);
    expect(`${kind}/${scope}`).toBe(expected);
  });

  test.each<[string, object[], string, Partial<Failure>]>([
    ['m', [retry('17s')], 'account', { resetAtMs: NOW + 17_000 }],
    ['m', [retry('1.5s')], 'account', { resetAtMs: NOW + 1500 }],
    ['m', [retry({ seconds: '2', nanos: 500_000_000 })], 'account', { resetAtMs: NOW + 2500 }],
    ['Please retry in 3.25s.', [], 'account', { resetAtMs: NOW + 3250 }],
    ['m', [retry('soon')], 'account', {}],
    [
      'm',
      [quota('GenerateRequestsPerMinutePerProjectPerModel-FreeTier'), retry('9s')],
      'model',
      { resetAtMs: NOW + 9000 },
    ],
    // 20:00 in England is noon in California.
    [
      'm',
      [quota('GenerateRequestsPerDayPerProjectPerModel-FreeTier'), retry('9s')],
      'model',
      { resetAtMs: Date.UTC(2026, 0, 16, 8) },
    ],
    ['m', [quota('TokensPerMinutePerProject')], 'account', {}],
  ])('a used-up quota: %s %j is out for %s until %j', (message, details, scope, expected) => {
    const { message: said, ...rest } = classify(
      429,
      told('RESOURCE_EXHAUSTED', message, ...details),
    );
    expect(rest).toEqual({ kind: 'rate-limit', scope, ...expected });
    expect(said).toBe(message);
  });

  test('shows no key', () => {
    const { message } = classify(400, told('X', 'key AIzaSyA1234567890abc\nis bad'));
    expect(message).toBe('key *** is bad');
  });
});

describe('encode', () => {
  test.each([
    ['CLIENT_BAD_REQUEST', 400, 'INVALID_ARGUMENT'],
    ['CLIENT_TOO_LARGE', 413, 'INVALID_ARGUMENT'],
    ['ROUTE_MODEL_NOT_FOUND', 404, 'NOT_FOUND'],
    ['UPSTREAM_RATE_LIMIT', 429, 'RESOURCE_EXHAUSTED'],
    ['UPSTREAM_OVERLOADED', 503, 'UNAVAILABLE'],
    ['UPSTREAM_TIMEOUT', 504, 'DEADLINE_EXCEEDED'],
    ['UPSTREAM_FAILED', 502, 'INTERNAL'],
    ['PLUGIN_OWN_CODE', 502, 'INTERNAL'],
  ])('%s is %i %s', (code, status, word) => {
    const answer = errors.encode(new GatewayError(code, 'What to do.'), { requestId: 'req_1' });
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body.toString())).toEqual({
      error: {
        code: status,
        message: 'What to do.',
        status: word,
        details: [{ ...info(code), domain: 'cliproxy', metadata: { requestId: 'req_1' } }],
      },
    });
  });

  test('says when to come again, in both places, as the gateway reads it itself', () => {
    const error = new GatewayError('UPSTREAM_RATE_LIMIT', 'm');
    const { headers, body } = errors.encode(error, { requestId: 'r', retryAfterMs: 1200 });
    expect(headers['retry-after']).toBe('2');
    expect(classify(429, JSON.parse(body.toString()) as object).resetAtMs).toBe(NOW + 2000);
  });

  test("our own credentials' refusal looks like none of the client's key", () => {
    const failure = { kind: 'auth', scope: 'account' } as const;
    const error = new GatewayError('PLUGIN_OWN_CODE', 'm', { failure });
    expect(errors.encode(error, { requestId: 'r' }).status).toBe(502);
  });
});
