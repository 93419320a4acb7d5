import { describe, expect, test } from '@jest/globals';
import { errorTable, GatewayError } from '@cliproxy/plugin-api';
import { errorOfFailure, errorOfThrown, failureOf, withoutSecrets } from './failure-of.ts';

describe('what was thrown', () => {
  test('one of ours stays as it is', () => {
    const failure = { kind: 'overloaded', scope: 'model' } as const;
    const error = new GatewayError('UPSTREAM_OVERLOADED', 'busy', { failure });
    expect(errorOfThrown(error, 'a')).toBe(error);
  });

  test.each([
    ['UPSTREAM_BAD_REQUEST', 'bad-request', 'request'],
    ['UPSTREAM_REQUEST_TOO_LARGE', 'too-large', 'request'],
    ['UPSTREAM_NOT_FOUND', 'not-found', 'model'],
    ['UPSTREAM_RATE_LIMIT', 'rate-limit', 'account'],
    ['UPSTREAM_TRUNCATED', 'upstream', 'account'],
    ['AUTH_NEEDS_LOGIN', 'auth', 'account'],
    ['AUTH_INVALID_KEY', 'auth', 'account'],
    ['CLIENT_UNSUPPORTED', 'bad-request', 'request'],
    ['KERNEL_STOPPING', 'overloaded', 'request'],
    ['PLUGIN_HOST_FORBIDDEN', 'upstream', 'instance'],
    ['ACME_BROKE', 'upstream', 'instance'],
  ])('one without a failure: %s means %s, %s', (code, kind, scope) => {
    const cause = new Error('why');
    const error = errorOfThrown(new GatewayError(code, 'so', { cause }), 'a');
    expect(error).toMatchObject({ code, message: 'so', cause, failure: { kind, scope } });
  });

  test.each([
    { kind: 'banana', scope: 'account' },
    { kind: 'upstream', scope: 'world' },
    { kind: 'upstream' },
    'text',
    null,
  ])('a malformed failure is worked out anew: %j', (failure) => {
    const error = new GatewayError('UPSTREAM_OVERLOADED', 'busy', { failure: failure as never });
    expect(errorOfThrown(error, 'a').failure).toEqual({ kind: 'overloaded', scope: 'account' });
  });

  test('a brand alone convinces nobody', () => {
    const forged = { $$type: '@cliproxy/gateway-error', code: 7, message: {} };
    expect(errorOfThrown(forged, 'a').code).toBe('PLUGIN_FAULT');
  });

  test.each([undefined, 0, 'text', {}, Symbol('x'), () => undefined])(
    'anything else is the plugin’s fault, named: %p',
    (thrown) => {
      const error = errorOfThrown(thrown, 'bad');
      expect(error).toMatchObject({ code: 'PLUGIN_FAULT', failure: { scope: 'instance' } });
      expect(error.message).toContain('"bad"');
    },
  );

  test('a TimeoutError of a signal is a time-out', () => {
    const thrown = Object.assign(new Error('late'), { name: 'TimeoutError' });
    expect(errorOfThrown(thrown, 'a').code).toBe('UPSTREAM_TIMEOUT');
  });
});

test('every code has a failure', () => {
  for (const code of Object.keys(errorTable)) {
    expect(failureOf(new GatewayError(code, 'x')).kind).toEqual(expect.any(String));
  }
});

test('a vendor’s sentence is shown, but not about our own account, and not without end', () => {
  const said = (kind: 'auth' | 'billing' | 'rate-limit', message: string): string =>
    errorOfFailure({ kind, scope: 'account', message }, 'a').message;
  expect(said('rate-limit', 'slow down')).toBe('a: slow down');
  expect(said('auth', 'bad key sk-1')).not.toContain('sk-1');
  expect(said('billing', 'org-1 is broke')).not.toContain('org-1');
  expect(said('rate-limit', 'x'.repeat(9_000)).length).toBeLessThan(2_100);
});

test('secrets are taken out of both sentences; an error without any stays the same object', () => {
  const masked = (text: string): string => text.replaceAll('key-1', '***');
  const failure = { kind: 'auth', scope: 'account', message: 'no key-1' } as const;
  const cause = new Error('why');
  const told = new GatewayError('UPSTREAM_AUTH', 'a: no key-1', { failure, cause });
  expect(withoutSecrets(told, masked)).toMatchObject({
    code: 'UPSTREAM_AUTH',
    message: 'a: no ***',
    cause,
    failure: { ...failure, message: 'no ***' },
  });
  const plain = new GatewayError('UPSTREAM_AUTH', 'a: no', {
    failure: { ...failure, message: '' },
  });
  expect(withoutSecrets(plain, masked)).toBe(plain);
});

test('a vendor’s name that holds a secret is taken out; the others stay', () => {
  const masked = (text: string): string => text.replaceAll('key-1', '***');
  const vendor = { dialect: 'openai-chat', code: 'bad_value', param: 'key-1' } as const;
  const failure = { kind: 'bad-request', scope: 'request', vendor } as const;
  const told = new GatewayError('UPSTREAM_BAD_REQUEST', 'a: no', { failure });
  expect(withoutSecrets(told, masked).failure?.vendor).toEqual({
    dialect: 'openai-chat',
    code: 'bad_value',
  });
  expect(withoutSecrets(told, (text) => text)).toBe(told);
});
