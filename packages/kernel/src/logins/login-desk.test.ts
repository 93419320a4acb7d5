/** Logins through a whole kernel: a plugin, its vendor and the browser speak real HTTP. */
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { GatewayError, secret } from '@cliproxy/plugin-api';
import type { Authenticator } from '@cliproxy/plugin-api';
import { call, errorOf, until } from '../../test/dispatch-rig.ts';
import { fakeInstance, ManualClock } from '../../test/fake-instances.ts';
import { loginKernel, strictVendor } from '../../test/login-rig.ts';
import type { StrictVendor } from '../../test/login-rig.ts';
import { MemoryCredentials } from '../accounts/memory-credentials.ts';
import type { Kernel } from '../kernel.ts';
import { LoginDesk } from './login-desk.ts';
import type { LoginPlace } from './login-place.ts';
import type { LoginView } from './login-view.ts';
import type { LoginWish } from './logins.ts';

const ends: (() => Promise<unknown>)[] = [];
const { signal } = new AbortController();
let vendor: StrictVendor;

beforeEach(async () => {
  vendor = await strictVendor();
  ends.push(() => vendor.close());
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function open(more: Parameters<typeof loginKernel>[1] = {}) {
  const made = await loginKernel(vendor, more);
  ends.push(() => made.kernel.stop());
  return made;
}

/** Begins a login and waits until it wants the person. */
async function begin(
  kernel: Kernel,
  wish: Partial<LoginWish> = {},
): Promise<{ readonly id: string; readonly state: string; readonly redirect: string }> {
  const { id, version } = kernel.logins.start({ instanceId: 'foo', input: {}, ...wish });
  let view = await kernel.logins.wait(id, version, signal);
  while (!view.acceptsPaste || view.url === undefined) {
    view = await kernel.logins.wait(id, view.version, signal);
  }
  const { searchParams } = new URL(view.url);
  const state = searchParams.get('state') ?? '';
  return { id, state, redirect: searchParams.get('redirect_uri') ?? '' };
}

async function over(kernel: Kernel, id: string): Promise<LoginView> {
  let view = kernel.logins.get(id) as LoginView;
  while (view.endedAtMs === undefined) view = await kernel.logins.wait(id, view.version, signal);
  return view;
}

async function browse(url: string, method = 'GET') {
  const reply = await fetch(url, { method });
  return { status: reply.status, text: await reply.text(), headers: reply.headers };
}

const logIn = async (kernel: Kernel, code = 'good-code') => {
  const { id } = await begin(kernel);
  kernel.logins.paste(id, secret(code));
  expect((await over(kernel, id)).state).toBe('done');
};

describe('by a redirect', () => {
  test('the browser comes back, the account is kept and serves at once', async () => {
    const { kernel, told } = await open();
    expect(kernel.health().plugins[0]?.state).toBe('needs-login');
    const { id, state, redirect } = await begin(kernel);
    expect(Buffer.from(state, 'base64url')).toHaveLength(32);
    expect(redirect).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/auth\/callback$/);
    const page = await browse(`${redirect}?code=good-code&state=${state}`);
    expect(page).toMatchObject({
      status: 200,
      text: expect.stringContaining('g*** was logged in'),
    });
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
    expect(page.text).not.toMatch(/script|good-code/);
    const view = await over(kernel, id);
    expect(view).toMatchObject({
      state: 'done',
      instanceId: 'foo',
      authenticator: 'sign-in',
      acceptsPaste: false,
      account: { id: 'foo/good-code', label: 'g***' },
    });
    expect(view.progress).toContain('redeeming ***');
    expect(kernel.accounts()).toMatchObject([
      {
        id: 'foo/good-code',
        source: 'logged-in',
        method: 'oauth',
        scopes: ['chat', 'files'],
        state: 'usable',
      },
    ]);
    expect(JSON.stringify([view, kernel.accounts()])).not.toMatch(/access-token|refresh-token/);
    expect(told.secrets).toContain('refresh-token-1');
    const asked = call();
    await kernel.handle(asked);
    expect(asked.got.text).toContain('text hi');
    expect(await browse(`${redirect}?code=good-code&state=${state}`)).toMatchObject({
      status: 409,
      text: expect.stringContaining('answered already'),
    });
    await kernel.stop();
    await expect(browse(redirect)).rejects.toThrow();
  });

  test('what is not its answer is refused with a page, and the login goes on', async () => {
    const { kernel } = await open();
    const { id, state, redirect } = await begin(kernel);
    expect(await browse(`${redirect}?code=good-code&state=${'x'.repeat(43)}`)).toMatchObject({
      status: 400,
      text: expect.stringContaining('state'),
    });
    expect((await browse(`${redirect}?code=good-code`)).status).toBe(400);
    expect((await browse(`${redirect}/more?state=${state}`)).status).toBe(404);
    expect((await browse(`${redirect}?code=good-code&state=${state}`, 'POST')).status).toBe(405);
    expect(kernel.logins.get(id)?.state).toBe('waiting');
    expect(vendor.tokenRequests).toBe(0);
    expect((await browse(`${redirect}?state=${state}&code=good-code`)).status).toBe(200);
  });

  test("a vendor's refusal ends it, and its words do no harm to the page", async () => {
    const { kernel } = await open();
    const { id, state, redirect } = await begin(kernel);
    const page = await browse(`${redirect}?error=%3Cscript%3E&state=${state}`);
    expect(page.status).toBe(400);
    expect(page.text).toContain('The login failed');
    expect(page.text).not.toContain('<script>');
    expect(await over(kernel, id)).toMatchObject({
      state: 'failed',
      error: { code: 'AUTH_LOGIN_FAILED' },
    });
  });

  test("the gateway's own route serves where it is wished; each answer counts once", async () => {
    const { kernel } = await open();
    const gatewayCallback = 'http://gateway.example/v1/auth/foo/callback';
    const { id, state, redirect } = await begin(kernel, { gatewayCallback });
    expect(redirect).toBe(gatewayCallback);
    expect((await kernel.logins.callback({ code: 'good-code', state: 'x' })).status).toBe(400);
    const pages = await Promise.all([
      kernel.logins.callback({ code: 'good-code', state }),
      kernel.logins.callback({ code: 'good-code', state }),
    ]);
    expect(pages.map(({ status }) => status)).toEqual([200, 409]);
    expect((await kernel.logins.callback({ code: 'good-code', state })).status).toBe(409);
    expect((await over(kernel, id)).state).toBe('done');
    expect(vendor.tokenRequests).toBe(1);
    const late = await begin(kernel, { gatewayCallback });
    kernel.logins.cancel(late.id);
    const page = await kernel.logins.callback({ code: 'other-code', state: late.state });
    expect(page).toMatchObject({ status: 410, body: expect.stringContaining('has ended') });
  });

  test('two logins at the one port that the vendor knows', async () => {
    const port = await freePort();
    const { kernel } = await open({ port });
    const [one, other] = [await begin(kernel), await begin(kernel)];
    expect([one.redirect, other.redirect]).toEqual(
      Array.from({ length: 2 }, () => `http://127.0.0.1:${port}/auth/callback`),
    );
    await browse(`${other.redirect}?code=other-code&state=${other.state}`);
    await browse(`${one.redirect}?code=good-code&state=${one.state}`);
    expect(kernel.accounts().map(({ id }) => id)).toEqual(['foo/other-code', 'foo/good-code']);
  });

  test('a port that another program has: it says so, and a paste still serves', async () => {
    const other = createServer();
    const port = await new Promise<number>((resolve) => {
      other.listen(0, '127.0.0.1', () => resolve((other.address() as AddressInfo).port));
    });
    ends.push(async () => other.close());
    const { kernel } = await open({ port });
    const { id, state, redirect } = await begin(kernel);
    expect(kernel.logins.get(id)?.progress.join()).toContain(`Port ${port}`);
    kernel.logins.paste(id, secret(`${redirect}?code=good-code&state=${state}`));
    expect((await over(kernel, id)).state).toBe('done');
  });
});

describe('by a paste', () => {
  test('what belongs to another login or is none is refused; the login goes on', async () => {
    const { kernel } = await open();
    const { id, state } = await begin(kernel);
    for (const text of ['', 'two words', 'good-code#other', 'http://x.example/?code=good-code']) {
      expect(() => kernel.logins.paste(id, secret(text))).toThrow(
        expect.objectContaining({ code: 'AUTH_BAD_PASTE' }),
      );
    }
    kernel.logins.paste(id, secret(`good-code#${state}`));
    expect(() => kernel.logins.paste(id, secret('good-code'))).toThrow('answered already');
    expect((await over(kernel, id)).state).toBe('done');
  });

  test('a code that the vendor refuses ends it with the reason; nothing is kept', async () => {
    const { kernel } = await open();
    const { id } = await begin(kernel);
    kernel.logins.paste(id, secret('wrong-code'));
    expect(await over(kernel, id)).toMatchObject({
      state: 'failed',
      error: { message: expect.stringContaining('invalid_grant') },
    });
    expect(kernel.accounts()).toEqual([]);
  });
});

describe('what can go wrong', () => {
  test('a fault of the plugin names it', async () => {
    const { kernel } = await open();
    const { id } = kernel.logins.start({ instanceId: 'foo', input: { fault: secret('x') } });
    expect((await over(kernel, id)).error).toEqual({
      code: 'PLUGIN_FAULT',
      message:
        'authenticator "sign-in" of plugin "foo" threw while it logged in: a bug in the plugin',
    });
  });

  test('wishes that can not be met say what there is', async () => {
    const { kernel } = await open();
    const start = (wish: Partial<LoginWish>) => () =>
      kernel.logins.start({ instanceId: 'foo', input: {}, ...wish });
    expect(start({ instanceId: 'bar' })).toThrow('it can be done to: foo');
    expect(start({ authenticator: 'other' })).toThrow('is called "other"; name one of: sign-in');
    expect(start({ previous: 'foo/nobody' })).toThrow('there is no account');
    for (let count = 0; count < 16; count += 1) start({})();
    expect(start({})).toThrow('16 logins are under way');
    expect(() => kernel.logins.cancel('nothing')).toThrow('no such login');
    expect(kernel.logins.get('nothing')).toBeUndefined();
  });

  test('who waits is told of a cancellation; an aborted wait gives the view of now', async () => {
    const { kernel } = await open();
    const { id } = await begin(kernel);
    const { version } = kernel.logins.get(id) as LoginView;
    const leaving = new AbortController();
    const left = kernel.logins.wait(id, version, leaving.signal);
    leaving.abort();
    expect((await left).state).toBe('waiting');
    const told = kernel.logins.wait(id, version, signal);
    kernel.logins.cancel(id);
    expect((await told).state).toBe('cancelled');
    expect(kernel.logins.cancel(id).state).toBe('cancelled');
  });
});

describe('an account that was logged in', () => {
  test('survives a reload and a restart; logging in again takes its place', async () => {
    const credentials = new MemoryCredentials();
    const first = await open({ credentials });
    await logIn(first.kernel);
    await first.apply({ port: 1 });
    expect(first.kernel.accounts()).toMatchObject([{ id: 'foo/good-code', state: 'usable' }]);
    await first.kernel.stop();
    const second = await open({ credentials });
    expect(second.kernel.accounts()).toMatchObject([
      { id: 'foo/good-code', label: 'g***', facts: { plan: 'plus' }, state: 'usable' },
    ]);
    const asked = call();
    await second.kernel.handle(asked);
    expect(asked.got.text).toContain('text hi');
    expect(second.told.secrets).toContain('refresh-token-1');
  });

  test('100 requests that are refused at once: one renewal, each is sent once more', async () => {
    const { kernel } = await open();
    await logIn(kernel);
    vendor.expireAll();
    vendor.tokenRequests = 0;
    const asked = Array.from({ length: 100 }, () => call());
    await Promise.all(asked.map((one) => kernel.handle(one)));
    expect(asked.every((one) => one.got.text.includes('text hi'))).toBe(true);
    expect(vendor.tokenRequests).toBe(1);
    expect(vendor.apiCalls).toBe(200);
  });

  test('when the vendor has ended it: told, kept, and mended by a new login', async () => {
    const credentials = new MemoryCredentials();
    const { kernel, told } = await open({ credentials });
    await logIn(kernel);
    const kept = await credentials.get('foo/good-code');
    vendor.expireAll();
    await credentials.put(
      { ...kept!, credential: { secrets: { refresh: secret('spent'), access: secret('old') } } },
      kept!.generation,
    );
    expect((await errorOf(kernel.handle(call()))).code).toMatch(/AUTH|ROUTE/);
    expect(kernel.accounts()).toMatchObject([
      { state: 'needs-login', next: 'Log in again: cliproxy login foo' },
    ]);
    expect(told.events).toContainEqual(
      expect.objectContaining({ type: 'account-changed', state: 'needs-login' }),
    );
    expect(await credentials.get('foo/good-code')).toBeDefined();
  });

  test('a renewal that a crash cut off: after the restart it needs a login', async () => {
    const credentials = new MemoryCredentials();
    const first = await open({ credentials });
    await logIn(first.kernel);
    await first.kernel.stop();
    const kept = await credentials.get('foo/good-code');
    await credentials.put({ ...kept!, renewingSinceMs: 1 }, kept!.generation);
    vendor.tokenRequests = 0;
    const second = await open({ credentials });
    expect(second.kernel.accounts()).toMatchObject([
      { state: 'needs-login', reason: expect.stringContaining('has not come to a known end') },
    ]);
    await errorOf(second.kernel.handle(call()));
    expect(vendor.tokenRequests).toBe(0);
  });

  test('one that ends soon is renewed though nobody uses it', async () => {
    const credentials = new MemoryCredentials();
    vendor.lifeS = 0;
    const first = await open({ credentials });
    await logIn(first.kernel);
    await first.kernel.stop();
    vendor.lifeS = 3600;
    const second = await open({ credentials });
    await until(
      () => (second.kernel.accounts()[0]?.expiresAtMs ?? 0) > Date.now() + 3_000_000,
      'the renewal',
    );
    expect(vendor.tokenRequests).toBe(2);
  });

  test('logging out revokes and forgets it', async () => {
    const credentials = new MemoryCredentials();
    const { kernel } = await open({ credentials });
    await logIn(kernel);
    expect(await kernel.logins.logout('foo/good-code', signal)).toEqual({
      accountId: 'foo/good-code',
      label: 'g***',
      revoked: 'yes',
    });
    expect(vendor.revoked).toEqual(['refresh-token-1']);
    expect(kernel.accounts()).toEqual([]);
    expect(await credentials.list()).toEqual([]);
    await expect(kernel.logins.logout('foo/good-code', signal)).rejects.toThrow('no account');
    await expect(kernel.logins.logout('foo', signal)).rejects.toThrow('no account');
  });

  test('a vendor that can not be reached keeps nobody from logging out', async () => {
    const credentials = new MemoryCredentials();
    const { kernel } = await open({ credentials });
    await logIn(kernel);
    await vendor.close();
    expect(await kernel.logins.logout('foo/good-code', signal)).toMatchObject({
      revoked: 'failed',
      reason: expect.stringContaining('end it there'),
    });
    expect(await credentials.list()).toEqual([]);
  });

  test('one that can not be read is shown with the reason, refused, and mended by a login', async () => {
    const credentials = new MemoryCredentials();
    const reason = 'its file was damaged and set aside';
    credentials.unreadable = async () => [{ id: 'foo/good-code', reason }];
    const { kernel } = await open({ credentials });
    expect(kernel.accounts()).toMatchObject([
      { id: 'foo/good-code', source: 'logged-in', state: 'needs-login', reason },
    ]);
    kernel.resetAccounts();
    expect((await errorOf(kernel.handle(call()))).code).toMatch(/AUTH|ROUTE/);
    expect(vendor.apiCalls).toBe(0);
    await logIn(kernel);
    expect(kernel.accounts()).toMatchObject([{ id: 'foo/good-code', state: 'usable' }]);
  });

  test('one that was sealed with another key gives way to a new login', async () => {
    const credentials = new MemoryCredentials();
    const sealed = () =>
      Promise.reject(new GatewayError('KERNEL_STORE_KEY', 'it was sealed with another key'));
    const get = credentials.get.bind(credentials);
    const put = credentials.put.bind(credentials);
    credentials.get = sealed;
    credentials.put = async (account, ifGeneration) => {
      credentials.get = get;
      return put(account, ifGeneration);
    };
    const { kernel } = await open({ credentials });
    await logIn(kernel);
    expect(kernel.accounts()).toMatchObject([{ id: 'foo/good-code', state: 'usable' }]);
  });

  test('one whose plugin does not run can be forgotten', async () => {
    const credentials = new MemoryCredentials();
    const account = { id: 'gone/me', authenticator: 'x', label: 'm***' };
    await credentials.put({ ...account, credential: { secrets: {} } }, 0);
    const { kernel } = await open({ credentials });
    expect(await kernel.logins.logout('gone/me', signal)).toMatchObject({ revoked: 'unsupported' });
    expect(await credentials.list()).toEqual([]);
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('a login that nobody answers ends after ten minutes', async () => {
  jest.useFakeTimers();
  try {
    const place: LoginPlace = {
      logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
      authenticators: () => [
        {
          id: 'sign-in',
          method: 'oauth',
          authorize: async (request) => request,
          login: async (session) => {
            session.showCode('https://vendor.example/device', 'ABCD-EFGH');
            await session.callback();
            throw new Error('never reached');
          },
        },
      ],
      list: () => [],
      onFault: quiet,
      openDoor: () => ({ http: { request: () => Promise.reject(new Error()) }, close: quiet }),
      keep: () => Promise.reject(new Error('nothing to keep')),
      forget: () => Promise.reject(new Error('nothing to forget')),
    };
    const desk = new LoginDesk({
      instances: () => [{ ...fakeInstance('foo'), logins: place }],
      store: new MemoryCredentials(),
      clock: new ManualClock(),
      secrets: { add: quiet, mask: (text) => text },
      loginMs: () => 600_000,
    });
    const { id } = desk.start({ instanceId: 'foo', input: {} });
    await jest.advanceTimersByTimeAsync(599_999);
    expect(desk.get(id)).toMatchObject({ state: 'waiting', code: 'ABCD-EFGH', acceptsPaste: true });
    await jest.advanceTimersByTimeAsync(1);
    expect(desk.get(id)).toMatchObject({ state: 'expired', acceptsPaste: false });
    expect(() => desk.paste(id, secret('code'))).toThrow('waits for none');
  } finally {
    jest.useRealTimers();
  }
});

test('of several ways to log in, one is to be named', async () => {
  const authenticator = (id: string, method: 'oauth' | 'token'): Authenticator => ({
    id,
    method,
    authorize: async (request) => request,
    login: async ({ input }) => ({
      key: id,
      label: id,
      authenticator: id,
      credential: { secrets: { token: input['token'] ?? secret('none') } },
    }),
  });
  const kept: unknown[] = [];
  const place: LoginPlace = {
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    authenticators: () => [authenticator('page', 'oauth'), authenticator('copied', 'token')],
    list: () => [],
    onFault: quiet,
    openDoor: () => ({ http: { request: () => Promise.reject(new Error()) }, close: quiet }),
    keep: async (account) => {
      kept.push(account);
      return { id: 'foo/copied', label: 'me', facts: {} };
    },
    forget: () => Promise.reject(new Error('nothing to forget')),
  };
  const desk = new LoginDesk({
    instances: () => [{ ...fakeInstance('foo'), logins: place }],
    store: new MemoryCredentials(),
    clock: new ManualClock(),
    secrets: { add: quiet, mask: (text) => text },
    loginMs: () => 600_000,
  });
  expect(() => desk.start({ instanceId: 'foo', input: {} })).toThrow(
    expect.objectContaining({
      code: 'AUTH_LOGIN_UNSUPPORTED',
      message: expect.stringContaining('several ways to log in; name one'),
    }),
  );
  expect(() => desk.start({ instanceId: 'foo', input: {} })).toThrow(/: page, copied$/);
  expect(() => desk.start({ instanceId: 'foo', authenticator: 'pgae', input: {} })).toThrow(
    /"pgae"; name one of: page, copied$/,
  );
  const { id } = desk.start({
    instanceId: 'foo',
    authenticator: 'copied',
    input: { token: secret('t') },
  });
  let view = desk.get(id) as LoginView;
  while (view.endedAtMs === undefined) view = await desk.wait(id, view.version, signal);
  expect(view).toMatchObject({ state: 'done', authenticator: 'copied' });
  expect(kept).toMatchObject([{ authenticator: 'copied' }]);
});

function quiet(): undefined {
  return undefined;
}
