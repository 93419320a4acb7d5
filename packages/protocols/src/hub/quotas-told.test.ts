import { describe, expect, test } from '@jest/globals';
import type { Dialect, HeaderMap, Quota } from '@cliproxy/plugin-api';
import { createDialects } from './dialects.ts';

const NOW = Date.parse('2026-11-20T12:00:00Z');
const dialects = createDialects();

const told = (
  dialect: Dialect,
  headers: HeaderMap,
  body?: unknown,
): readonly Quota[] | undefined => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = body === undefined ? { headers } : { headers, body: Buffer.from(text) };
  return dialects.quotas(dialect, answer, NOW)?.();
};

test("Anthropic's, with resets as dates", () => {
  const quotas = told('anthropic-messages', {
    'content-type': 'application/json',
    'anthropic-ratelimit-requests-limit': '50',
    'anthropic-ratelimit-requests-remaining': '49',
    'anthropic-ratelimit-requests-reset': '2026-11-20T12:00:30Z',
    'anthropic-ratelimit-input-tokens-limit': '40000',
    'anthropic-ratelimit-input-tokens-remaining': '0',
    'anthropic-ratelimit-input-tokens-reset': 'soon',
  });
  expect(quotas).toEqual([
    { name: 'requests', limit: 50, remaining: 49, resetAtMs: NOW + 30_000 },
    { name: 'input-tokens', limit: 40_000, remaining: 0 },
  ]);
});

test("Anthropic's of a subscription: a share that is used, resets in seconds", () => {
  const quotas = told('anthropic-messages', {
    'anthropic-ratelimit-unified-status': 'allowed',
    'anthropic-ratelimit-unified-reset': String(NOW / 1000 + 60),
    'anthropic-ratelimit-unified-5h-utilization': '0.27',
    'anthropic-ratelimit-unified-5h-reset': String(NOW / 1000 + 3600),
    'anthropic-ratelimit-unified-7d-utilization': '1.4',
  });
  expect(quotas).toEqual([
    { name: 'unified', resetAtMs: NOW + 60_000 },
    { name: 'unified-5h', limit: 100, remaining: 73, resetAtMs: NOW + 3_600_000 },
    { name: 'unified-7d', limit: 100, remaining: 0 },
  ]);
});

describe.each(['openai-chat', 'openai-responses'] as const)('%s', (dialect) => {
  test.each([
    ['6m0s', 360_000],
    ['250ms', 250],
    ['1h2m3.5s', 3_723_500],
    ['12', 12_000],
    [String(NOW / 1000 + 9), 9_000],
    [String(NOW + 9_000), 9_000],
    ['soon', undefined],
    ['', undefined],
  ])('the reset %s', (text, inMs) => {
    const headers = { 'x-ratelimit-limit-tokens': '10', 'x-ratelimit-reset-tokens': text };
    const resetAtMs = inMs === undefined ? {} : { resetAtMs: NOW + inMs };
    expect(told(dialect, headers)).toEqual([{ name: 'tokens', limit: 10, ...resetAtMs }]);
  });

  test("names and numbers that are none, and other vendors' headers, are left out", () => {
    expect(
      told(dialect, {
        'x-ratelimit-limit': '7',
        'x-ratelimit-remaining-tokens': '-1',
        'x-ratelimit-limit-tokens': 'Infinity',
        'x-ratelimit-limit-a b': '1',
        'x-ratelimit-limit-many': ['1', '2'],
        [`x-ratelimit-limit-${'n'.repeat(65)}`]: '1',
      }),
    ).toEqual([{ name: 'requests', limit: 7 }]);
    expect(told(dialect, { 'anthropic-ratelimit-requests-limit': '50' })).toBeUndefined();
    expect(told(dialect, {})).toBeUndefined();
  });
});

describe("Gemini's errors", () => {
  const error = (...details: readonly object[]): object => ({
    error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'Quota exceeded', details },
  });
  const violation = (more: object): object => ({
    '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
    violations: [{ quotaId: 'GenerateRequestsPerMinutePerModel-FreeTier', ...more }],
  });

  test('tell which quota is used up, and until when', () => {
    const info = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '17s' };
    expect(told('gemini', {}, error(violation({ quotaValue: '15' }), info))).toEqual([
      {
        name: 'GenerateRequestsPerMinutePerModel-FreeTier',
        limit: 15,
        remaining: 0,
        resetAtMs: NOW + 17_000,
      },
    ]);
  });

  test.each(['<html>', '[]', '{"error":1}', error(), error(violation({ quotaId: 'a b' }))])(
    'without one tell nothing: %p',
    (body) => {
      expect(told('gemini', {}, body)).toBeUndefined();
    },
  );
});
