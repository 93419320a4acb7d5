import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { authContext, logged, testSession } from '../test/test-session.ts';
import { startTokenProxy } from '@cliproxy/plugin-testkit';
import type { TokenProxy } from '@cliproxy/plugin-testkit';
import { NOW_MS, Vendor, refreshTokenOf } from '../test/vendor.ts';
import { accessTokenOf } from './credential.ts';
import { oauthLogin } from './oauth-login.ts';

let vendor: Vendor;
beforeAll(async () => {
  vendor = await Vendor.start();
});
beforeEach(() => vendor.proxy.reset());
afterAll(() => vendor.close());

const without = (answer: object, name: string): object =>
  Object.fromEntries(Object.entries(answer).filter(([one]) => one !== name));

describe('refresh', () => {
  test('rotates: the new token serves, the old one ends the whole login', async () => {
    const { login, refresh } = oauthLogin(vendor.written());
    const first = vendor.noted(await login(testSession()));
    const second = vendor.kept(await refresh(first, authContext()));
    expect(refreshTokenOf(second)).not.toBe(refreshTokenOf(first));
    expect(second.facts).toEqual(first.facts);
    const third = vendor.kept(await refresh(second, authContext()));
    expect(await vendor.server.isActive(refreshTokenOf(third))).toBe(true);
    expect(await vendor.faultOf(refresh(first, authContext()))).toBe(
      'AUTH_NEEDS_LOGIN: the vendor has ended the login (invalid_grant); log in again',
    );
    expect(await vendor.server.isActive(refreshTokenOf(third))).toBe(false);
    expect(await vendor.faultOf(refresh(third, authContext()))).toContain('AUTH_NEEDS_LOGIN');
  });

  test('keeps the old token where the vendor sends none', async () => {
    const { refresh } = oauthLogin(vendor.written());
    const first = await vendor.loggedIn();
    for (const none of [undefined, null, '']) {
      vendor.proxy.answer(({ status, headers, body }) => ({
        status,
        headers,
        body: JSON.stringify({ ...JSON.parse(body), refresh_token: none }),
      }));
      vendor.proxy.ask(async () => ({
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ access_token: 'next', token_type: 'Bearer', refresh_token: none }),
      }));
      const next = await refresh(first, authContext());
      expect(refreshTokenOf(next)).toBe(refreshTokenOf(first));
      expect(accessTokenOf(next).reveal()).toBe('next');
    }
  });

  const lives: [unknown, number | undefined][] = [
    [undefined, undefined],
    [null, undefined],
    [0, undefined],
    [-1, undefined],
    ['', undefined],
    ['soon', undefined],
    [true, undefined],
    [3600, 3600],
    ['3600', 3600],
    [0.5, 0.5],
    [1e99, 366 * 24 * 3600],
  ];
  test.each(lives)('comes through an expires_in of %j', async (given, seconds) => {
    const first = await vendor.loggedIn();
    vendor.proxy.answer(({ status, headers, body }) => ({
      status,
      headers,
      body: JSON.stringify({ ...JSON.parse(body), expires_in: given }),
    }));
    const next = vendor.kept(await oauthLogin(vendor.written()).refresh(first, authContext()));
    expect(next.expiresAtMs).toBe(seconds === undefined ? undefined : NOW_MS + seconds * 1000);
    expect(refreshTokenOf(next)).not.toBe(refreshTokenOf(first));
  });

  test('comes through oddities that would cost the rotated token', async () => {
    const first = await vendor.loggedIn();
    vendor.proxy.answer(({ status, headers, body }) => {
      const rest = without(JSON.parse(body), 'token_type');
      return { status, headers, body: JSON.stringify({ ...rest, id_token: 'junk', scope: null }) };
    });
    const next = vendor.kept(await oauthLogin(vendor.written()).refresh(first, authContext()));
    expect(await vendor.server.isActive(refreshTokenOf(next))).toBe(true);
  });

  const html = '<html>sk-canary-in-a-page</html>';
  const unknown: [string, (proxy: TokenProxy) => void][] = [
    ['the answer is lost after the rotation', (at) => at.answer(() => 'drop')],
    ['500', (at) => at.answer(() => ({ status: 500, headers: {}, body: html }))],
    [
      '502 that speaks of invalid_grant',
      (at) => at.answer(() => ({ status: 502, headers: {}, body: '{"error":"invalid_grant"}' })),
    ],
    [
      'a page with 200',
      (at) =>
        at.answer(() => ({ status: 200, headers: { 'content-type': 'text/html' }, body: html })),
    ],
    ['a page with 403', (at) => at.ask(() => ({ status: 403, headers: {}, body: html }))],
    ['an empty answer', (at) => at.answer(() => ({ status: 204, headers: {}, body: '' }))],
    ['a redirect', (at) => at.ask(() => ({ status: 302, headers: { location: '/x' }, body: '' }))],
    ['too much', (at) => at.ask(() => ({ status: 200, headers: {}, body: 'x'.repeat(300_000) }))],
    [
      'another token type',
      (at) =>
        at.answer(({ status, headers, body }) => ({
          status,
          headers,
          body: JSON.stringify({ ...JSON.parse(body), token_type: 'mac' }),
        })),
    ],
    [
      'no access token',
      (at) => at.ask(() => ({ status: 200, headers: {}, body: '{"refresh_token":"sk-canary-x"}' })),
    ],
  ];
  test.each(unknown)('does not know what became of it: %s', async (_what, fault) => {
    const first = await vendor.loggedIn();
    fault(vendor.proxy);
    const before = vendor.proxy.requests.length;
    const told = await vendor.faultOf(oauthLogin(vendor.written()).refresh(first, authContext()));
    expect(told).toMatch(/^AUTH_OUTCOME_UNKNOWN: .*the refresh token may be spent$/);
    // Never sent a second time by itself.
    expect(vendor.proxy.requests).toHaveLength(before + 1);
  });

  test('that is given up while the vendor is slow has an unknown outcome as well', async () => {
    const first = await vendor.loggedIn();
    const aborting = new AbortController();
    vendor.proxy.answer(async (reply) => {
      aborting.abort();
      await sleep(10_000, undefined, { ref: false });
      return reply;
    });
    const work = oauthLogin(vendor.written()).refresh(first, authContext(aborting.signal));
    expect(await vendor.faultOf(work)).toContain('AUTH_OUTCOME_UNKNOWN: ');
    const before = vendor.proxy.requests.length;
    await expect(
      oauthLogin(vendor.written()).refresh(first, authContext(aborting.signal)),
    ).rejects.toMatchObject({ name: 'AbortError' });
    expect(vendor.proxy.requests).toHaveLength(before);
  });

  test('that never left keeps its own error: the token is still good', async () => {
    const first = await vendor.loggedIn();
    const gone = await startTokenProxy(vendor.proxy.url);
    await gone.close();
    const endpoints = { token: gone.url };
    const { refresh } = oauthLogin({
      ...vendor.discovered(),
      server: { issuer: vendor.server.issuer, endpoints },
    });
    expect(await vendor.faultOf(refresh(first, authContext()))).toContain('UPSTREAM_UNREACHABLE');
  });

  const refusals: [number, unknown, string][] = [
    [400, { error: 'invalid_grant', error_description: 'sk-canary-in-a-text' }, 'AUTH_NEEDS_LOGIN'],
    [401, { error: { code: 'refresh_token_reused', message: 'sk-canary' } }, 'AUTH_NEEDS_LOGIN'],
    [400, { error: 'token_is_tired' }, 'AUTH_NEEDS_LOGIN'],
    [401, { error: 'invalid_client' }, 'UPSTREAM_AUTH'],
    [400, { type: 'error', error: { type: 'invalid_request_error' } }, 'UPSTREAM_AUTH'],
  ];
  test.each(refusals)('tells a refusal: %d %j', async (status, answer, code) => {
    const first = await vendor.loggedIn();
    vendor.proxy.ask(() => ({
      status,
      headers: { 'www-authenticate': 'Bearer error="x"' },
      body: JSON.stringify(answer),
    }));
    const { refresh } = oauthLogin(vendor.written({ endingCodes: ['token_is_tired'] }));
    expect(await vendor.faultOf(refresh(first, authContext()))).toMatch(new RegExp(`^${code}: `));
  });

  const limits: [string | undefined, number | undefined][] = [
    ['30', NOW_MS + 30_000],
    [new Date(NOW_MS + 90_000).toUTCString(), NOW_MS + 90_000],
    [new Date(NOW_MS - 90_000).toUTCString(), undefined],
    ['-1', undefined],
    ['1e99', undefined],
    [undefined, undefined],
  ];
  test.each(limits)('tells a limit of the rate: retry-after %j', async (retryAfter, resetAtMs) => {
    const first = await vendor.loggedIn();
    vendor.proxy.ask(() => ({
      status: 429,
      headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter },
      body: html,
    }));
    const work = oauthLogin(vendor.written()).refresh(first, authContext());
    await expect(work).rejects.toMatchObject({
      code: 'UPSTREAM_RATE_LIMIT',
      failure: { kind: 'rate-limit', scope: 'account' },
    });
    const { failure } = (await work.catch((error: unknown) => error)) as { failure: object };
    expect(failure).toEqual({
      kind: 'rate-limit',
      scope: 'account',
      ...(resetAtMs === undefined ? {} : { resetAtMs }),
    });
  });

  test('without a refresh token asks for a login', async () => {
    vendor.proxy.answer(({ status, headers, body }) => {
      const rest = without(JSON.parse(body), 'refresh_token');
      return { status, headers, body: JSON.stringify(rest) };
    });
    const credential = await vendor.loggedIn();
    expect(Object.keys(credential.secrets)).toEqual(['accessToken']);
    expect(accessTokenOf(credential).reveal()).not.toBe('');
    expect(
      await vendor.faultOf(oauthLogin(vendor.written()).refresh(credential, authContext())),
    ).toContain('AUTH_NEEDS_LOGIN: the account has no refresh token');
  });
});

describe('revoke', () => {
  test('ends the login at the vendor', async () => {
    const { login, refresh, revoke } = oauthLogin(vendor.discovered());
    const credential = vendor.noted(await login(testSession()));
    await revoke(credential, authContext());
    expect(await vendor.server.isActive(refreshTokenOf(credential))).toBe(false);
    expect(await vendor.server.isActive(accessTokenOf(credential).reveal())).toBe(false);
    expect(await vendor.faultOf(refresh(credential, authContext()))).toContain('AUTH_NEEDS_LOGIN');
  });

  test('tells when the vendor offers none, or does not do it', async () => {
    const credential = await vendor.loggedIn();
    const none = { issuer: vendor.server.issuer, endpoints: { token: vendor.proxy.url } };
    await oauthLogin({ ...vendor.discovered(), server: none }).revoke(credential, authContext());
    expect(logged.join()).toContain('offers no revocation');
    vendor.proxy.ask(() => ({ status: 500, headers: {}, body: 'sk-canary' }));
    const broken = {
      issuer: vendor.server.issuer,
      endpoints: { token: vendor.proxy.url, revoke: vendor.proxy.url },
    };
    const { revoke } = oauthLogin({ ...vendor.discovered(), server: broken });
    expect(await vendor.faultOf(revoke(credential, authContext()))).toContain('UPSTREAM_FAILED');
  });
});

test('no secret is in anything that was thrown or logged', () => {
  const { caught, secrets, found } = vendor.leaks();
  expect(found).toEqual([]);
  expect(caught).toBeGreaterThan(20);
  expect(secrets).toBeGreaterThan(20);
});
