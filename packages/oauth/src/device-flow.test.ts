import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { LoginBrowser, startTokenProxy } from '@cliproxy/plugin-testkit';
import { authContext, testSession } from '../test/test-session.ts';
import { Vendor } from '../test/vendor.ts';
import { accessTokenOf } from './credential.ts';
import { oauthLogin } from './oauth-login.ts';
import type { OAuthOptions } from './oauth-options.ts';

let vendor: Vendor;
beforeAll(async () => {
  vendor = await Vendor.start();
});
beforeEach(() => vendor.proxy.reset());
afterAll(() => vendor.close());

const DEVICE = { flow: 'device' };
const withDevice = (more: Partial<OAuthOptions> = {}): OAuthOptions =>
  vendor.written({ flows: ['redirect', 'device'], ...more });

/** Has the person asked often: the server leaves the interval at its 5 s. */
async function hasty(): Promise<OAuthOptions> {
  const proxy = await startTokenProxy(`${vendor.server.issuer}/device/auth`);
  closing.push(() => proxy.close());
  proxy.answer((reply) => ({
    ...reply,
    body: JSON.stringify({ ...JSON.parse(reply.body), interval: 0.02 }),
  }));
  const { server, ...rest } = withDevice();
  const { token = '', ...endpoints } = server.endpoints ?? {};
  return { ...rest, server: { ...server, endpoints: { ...endpoints, token, device: proxy.url } } };
}

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** The person follows the address and answers the question there. */
async function answer(url: string, word: 'confirm' | 'abort'): Promise<void> {
  const browser = new LoginBrowser();
  const { text } = await browser.visit(url);
  const hidden = [...text.matchAll(/<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"/g)];
  const form = Object.fromEntries(hidden.map(([, name = '', value = '']) => [name, value]));
  await browser.visit(`${vendor.server.issuer}/device`, { form: { ...form, [word]: 'yes' } });
}

test('brings an account once the code was entered, however often that was asked before', async () => {
  const options = await hasty();
  let url = '';
  let pending = 0;
  vendor.proxy.answer(async (reply) => {
    if (!reply.body.includes('authorization_pending')) return reply;
    pending += 1;
    if (pending === 3) await answer(url, 'confirm');
    return reply;
  });
  const session = testSession({ input: DEVICE, onCode: async (shown) => void (url = shown) });
  const credential = vendor.noted(await oauthLogin(options).login(session));
  expect(pending).toBeGreaterThanOrEqual(3);
  expect(session.codes[0]?.[0]).toContain(vendor.server.issuer);
  expect(session.codes[0]?.[1]).toMatch(/^[A-Z]{4}-[A-Z]{4}$/);
  expect(await vendor.server.isActive(accessTokenOf(credential).reveal())).toBe(true);
  vendor.kept(await oauthLogin(options).refresh(credential, authContext()));
});

test('tells that it was declined', async () => {
  const session = testSession({ input: DEVICE, onCode: (url) => answer(url, 'abort') });
  expect(await vendor.loginFault(session, await hasty())).toBe(
    'AUTH_LOGIN_FAILED: the login failed: the vendor refused it with access_denied: it was declined',
  );
});

test('tells that the code was not entered in time', async () => {
  vendor.proxy.ask(() => ({
    status: 400,
    headers: { 'content-type': 'application/json' },
    body: '{"error":"expired_token"}',
  }));
  const session = testSession({ input: DEVICE });
  expect(await vendor.loginFault(session, await hasty())).toContain('not entered in time');
});

test.each([
  ['slow_down', { status: 400, headers: {}, body: '{"error":"slow_down"}' }],
  ['429', { status: 429, headers: {}, body: '' }],
  ['503', { status: 503, headers: {}, body: '<html>' }],
  ['nothing', 'drop'],
] as const)('goes on more slowly after %s', async (_what, reply) => {
  const options = await hasty();
  const aborting = new AbortController();
  const asked = new Promise<void>((resolve) => {
    vendor.proxy.ask(() => {
      resolve();
      return reply;
    });
  });
  const session = testSession({ input: DEVICE, signal: aborting.signal });
  const login = oauthLogin(options).login(session);
  await Promise.race([login, asked]);
  // Fifty times the interval.
  await Promise.race([login, sleep(1000)]);
  expect(vendor.proxy.requests).toHaveLength(1);
  aborting.abort();
  await expect(login).rejects.toMatchObject({ name: 'AbortError' });
});

test('is refused by name where there are no device codes', async () => {
  const session = testSession({ input: DEVICE });
  expect(await vendor.loginFault(session)).toContain('use one of redirect');
  const none = { issuer: vendor.server.issuer, endpoints: { token: vendor.proxy.url } };
  expect(await vendor.loginFault(session, withDevice({ server: none }))).toContain(
    'has no device codes',
  );
  expect(await vendor.loginFault(session, withDevice({ clientId: 'nobody' }))).toContain(
    'gave no device code',
  );
});
