import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startTestGateway } from '@cliproxy/plugin-testkit';
import type { TestGateway } from '@cliproxy/plugin-testkit';
import { startVendor } from './vendor.ts';
import type { Vendor } from './vendor.ts';

/** The parts of answers that the tests look at. */
interface Told {
  readonly instance: string;
  readonly accounts: readonly { readonly id: string; readonly state: string }[];
  readonly login: {
    readonly id: string;
    readonly state: string;
    readonly url: string;
    readonly version: number;
  };
}

interface Got {
  readonly status: number;
  readonly json: any; // eslint-disable-line @typescript-eslint/no-explicit-any -- as a client sees it
  readonly text: string;
}

const plugin = path.join(import.meta.dirname, 'sign-in');

let vendor: Vendor;
let gateway: TestGateway;
/** Everything that the gateway answered. */
let told: string[];

beforeEach(async () => {
  vendor = await startVendor();
  told = [];
  gateway = await startTestGateway({
    plugins: [{ package: plugin, instanceId: 'acme', config: { baseUrl: vendor.url } }],
  });
});

afterEach(async () => {
  await gateway.stop();
  await vendor.close();
  const said = told.join('\n') + gateway.log();
  expect(vendor.secrets.filter((value) => said.includes(value))).toEqual([]);
});

async function ask(
  method: string,
  at: string,
  body?: unknown,
  key = gateway.adminKey,
): Promise<Got> {
  const reply = await fetch(gateway.url + at, {
    method,
    headers: {
      ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await reply.text();
  told.push(text, JSON.stringify([...reply.headers]));
  const json: unknown = reply.headers.get('content-type')?.includes('json')
    ? JSON.parse(text)
    : undefined;
  return { status: reply.status, json, text };
}

async function begin(body?: object): Promise<Told> {
  const { status, json } = await ask('POST', '/v1/auth/acme/login', body);
  expect([status, json.login.state]).toEqual([200, 'waiting']);
  return json as Told;
}

/** A browser that logs in at the vendor, and is sent back. */
async function browse(url: string): Promise<{ readonly status: number; readonly page: string }> {
  const reply = await fetch(url);
  const page = await reply.text();
  told.push(page);
  return { status: reply.status, page };
}

/** Where the vendor would send the browser to. */
async function addressAfter(url: string): Promise<string> {
  return (await fetch(url, { redirect: 'manual' })).headers.get('location') ?? '';
}

function ended(id: string): Promise<Got> {
  return ask('GET', `/v1/auth/acme/status?login=${id}&wait=60`);
}

async function logInAs(person: string): Promise<void> {
  vendor.person = person;
  const { status } = await ask('POST', '/v1/auth/acme/login', { token: vendor.copyToken() });
  expect(status).toBe(200);
}

describe('logging in', () => {
  test('by redirect: a page to open, its end waited for, an account that serves', async () => {
    const before = await ask('GET', '/v1/auth/acme/status');
    expect(before.json).toEqual({
      instance: 'acme',
      state: 'needs-login',
      accounts: [],
      next: 'Log an account in: POST /v1/auth/acme/login, or "cliproxy login acme".',
    });
    const { login } = await begin();
    expect(login).toMatchObject({ acceptsPaste: true, next: expect.stringContaining('"paste"') });
    const waiting = ended(login.id);
    const { status, page } = await browse(login.url);
    expect([status, page]).toEqual([
      200,
      expect.stringContaining('a***@vendor.test was logged in'),
    ]);
    const { json } = await waiting;
    expect(json.login).toMatchObject({
      state: 'done',
      account: { id: 'acme/ada', label: 'a***@vendor.test' },
    });
    expect(json.accounts).toEqual([
      expect.objectContaining({
        id: 'acme/ada',
        source: 'logged-in',
        scopes: ['chat', 'files'],
        expiresAtMs: expect.any(Number),
        state: 'usable',
      }),
    ]);
    const answer = await gateway.ask('/v1/chat/completions', {
      body: { model: 'signed-1', messages: [{ role: 'user', content: 'Hi' }] },
    });
    expect(await answer.json()).toMatchObject({
      choices: [{ message: { content: 'hello, ada' } }],
    });
  });

  test('news of a login are waited for by its version', async () => {
    const { login } = await begin();
    const news = ask('GET', `/v1/auth/acme/status?wait=60&seen=${login.version}`);
    await browse(login.url);
    expect((await news).json.login.version).toBeGreaterThan(login.version);
    const at = await ask('GET', `/v1/auth/acme/status?wait=60&seen=0`);
    expect(at.json.login.id).toBe(login.id);
  });

  test('by what the browser ended at, pasted', async () => {
    const { login } = await begin();
    const paste = await addressAfter(login.url);
    const { status, json } = await ask('POST', '/v1/auth/acme/login', { paste });
    expect([status, json.login.state, json.accounts.length]).toEqual([200, 'done', 1]);
    const again = await ask('POST', '/v1/auth/acme/login', { login: login.id, paste });
    expect([again.status, again.json.error.gateway_code]).toEqual([400, 'AUTH_BAD_PASTE']);
  });

  test('a paste of another login is refused, and the login goes on', async () => {
    const [one, two] = [await begin(), await begin()];
    const paste = await addressAfter(two.login.url);
    const wrong = await ask('POST', '/v1/auth/acme/login', { login: one.login.id, paste });
    expect([wrong.status, wrong.json.error.gateway_code]).toEqual([400, 'AUTH_BAD_PASTE']);
    expect((await browse(one.login.url)).status).toBe(200);
  });

  test('with a token, and with a token that is none', async () => {
    const bad = await ask('POST', '/v1/auth/acme/login', { token: 'canary-of-a-person-0123' });
    expect([bad.status, bad.json.error.gateway_code]).toEqual([502, 'AUTH_LOGIN_FAILED']);
    expect(bad.json.error.message).toContain('the vendor said: no such grant');
    vendor.secrets.push('canary-of-a-person-0123');
    const good = await ask('POST', '/v1/auth/acme', { token: vendor.copyToken() });
    expect([good.status, good.json.login.state]).toEqual([200, 'done']);
  });

  test('with a device code', async () => {
    const { login } = await begin({ flow: 'device' });
    expect(login).toMatchObject({ code: 'WXYZ-1234', url: `${vendor.url}/enter` });
    vendor.approveDevice();
    expect((await ended(login.id)).json.login.state).toBe('done');
  });

  test("at the gateway's own address, where it is asked for", async () => {
    const callbackUrl = `${gateway.url}/v1/auth/acme/callback`;
    const { login } = await begin({ callbackUrl });
    const back = await addressAfter(login.url);
    expect(back).toContain(callbackUrl);
    const foreign = await browse(back.replace(/state=[^&]+/, 'state=of-somebody'));
    expect([foreign.status, foreign.page]).toEqual([
      400,
      expect.stringContaining('Not a login of this gateway'),
    ]);
    expect((await fetch(back, { method: 'HEAD' })).status).toBe(405);
    expect((await browse(back)).page).toContain('was logged in');
    expect((await browse(back)).status).toBe(409);
  });

  test('in a browser alone, by a ticket that serves once, and for its own path', async () => {
    const { status, json } = await ask('POST', '/v1/auth/acme/ticket');
    expect([status, json.path]).toEqual([
      200,
      expect.stringMatching(/^\/v1\/auth\/acme\/login\?ticket=/),
    ]);
    const at = gateway.url + String(json.path);
    vendor.secrets.push(new URL(at).searchParams.get('ticket') ?? '');
    expect(gateway.log()).not.toContain(new URL(at).search);
    told.length = 0;
    const { status: shown, page } = await browse(at);
    expect([shown, page]).toEqual([200, expect.stringContaining('was logged in')]);
    expect((await browse(at)).status).toBe(401);
    const other = await ask('POST', '/v1/auth/acme/ticket');
    told.length = 0;
    const query = new URL(gateway.url + String(other.json.path)).search;
    expect((await fetch(`${gateway.url}/v1/auth/sign-in/login${query}`)).status).toBe(401);
    expect((await ask('GET', '/v1/auth/acme/login', undefined, '')).status).toBe(401);
    expect((await ask('GET', '/v1/auth/acme/login', undefined, gateway.apiKey)).status).toBe(403);
  });

  test('cancelled: no account, and the address it ends at is worth nothing', async () => {
    const { login } = await begin();
    const back = await addressAfter(login.url);
    const { status, json } = await ask('DELETE', `/v1/auth/acme/login?login=${login.id}`);
    expect([status, json.login.state, json.accounts]).toEqual([200, 'cancelled', []]);
    expect(json.login.next).toContain('POST /v1/auth/acme/login');
    const page = await browse(back);
    expect([page.status, page.page]).toEqual([
      410,
      expect.stringContaining('This login has ended'),
    ]);
    const paste = await ask('POST', '/v1/auth/acme/login', { paste: back });
    expect([paste.status, paste.json.error.gateway_code]).toEqual([404, 'AUTH_LOGIN_UNKNOWN']);
  });

  test('of several ways, one is to be named', async () => {
    const both = await startTestGateway({
      plugins: [
        { package: plugin, instanceId: 'acme', config: { baseUrl: vendor.url, copied: true } },
      ],
    });
    await gateway.stop();
    gateway = both;
    for (const body of [{ token: vendor.copyToken() }, { authenticator: 'copeid' }]) {
      const { status, json } = await ask('POST', '/v1/auth/acme/login', body);
      expect([status, json.error.gateway_code]).toEqual([400, 'AUTH_LOGIN_UNSUPPORTED']);
      expect(json.error.message).toMatch(/name one.*: sign-in, copied$/);
    }
    const body = { authenticator: 'copied', token: vendor.copyToken() };
    const { status, json } = await ask('POST', '/v1/auth/acme/login', body);
    expect([status, json.login.state, json.login.authenticator]).toEqual([200, 'done', 'copied']);
    expect(json.accounts).toMatchObject([{ id: 'acme/ada', authenticator: 'copied' }]);
    const again = { authenticator: 'sign-in', token: vendor.copyToken() };
    const other = await ask('POST', '/v1/auth/acme/login', again);
    expect(other.json.accounts).toMatchObject([{ id: 'acme/ada', authenticator: 'sign-in' }]);
    expect((await ask('DELETE', '/v1/auth/acme')).json.accountId).toBe('acme/ada');
  });

  test('an instance may be named by its plugin', async () => {
    for (const name of ['acme', 'sign-in', 'sign/in']) {
      const { json } = await ask('GET', `/v1/auth/${name}/status`);
      expect([name, json.instance]).toEqual([name, 'acme']);
    }
  });
});

describe('logging out', () => {
  test('the only one needs no name, and is ended at the vendor', async () => {
    await logInAs('ada');
    const { status, json } = await ask('DELETE', '/v1/auth/acme');
    expect([status, json]).toEqual([
      200,
      { accountId: 'acme/ada', label: 'a***@vendor.test', revoked: 'yes' },
    ]);
    expect(vendor.revoked).toEqual(['ada']);
    const after = await ask('DELETE', '/v1/auth/acme');
    expect([after.status, after.json.error.gateway_code]).toEqual([404, 'AUTH_ACCOUNT_UNKNOWN']);
  });

  test('one of several is to be named', async () => {
    await logInAs('ada');
    await logInAs('bob');
    const none = await ask('DELETE', '/v1/auth/acme');
    expect([none.status, none.json.error.gateway_code]).toEqual([409, 'AUTH_ACCOUNT_AMBIGUOUS']);
    expect(none.json.error.message).toMatch(/acme\/ada.*acme\/bob/);
    expect((await ask('DELETE', '/v1/auth/acme?account=acme/bob')).json.accountId).toBe('acme/bob');
    expect((await ask('DELETE', '/v1/auth/acme?account=ada')).json.accountId).toBe('acme/ada');
    expect((await ask('DELETE', '/v1/auth/acme?account=eve')).status).toBe(404);
    expect((await ask('GET', '/v1/accounts')).json).toEqual({ accounts: [] });
  });
});

describe('accounts', () => {
  test('are listed, and reset one by one or all', async () => {
    await logInAs('ada');
    const listed = await ask('GET', '/v1/accounts');
    expect(listed.json.accounts).toEqual([
      expect.objectContaining({ id: 'acme/ada', instanceId: 'acme', state: 'usable' }),
    ]);
    const resets = [undefined, {}, { account: 'acme/ada' }];
    for (const body of resets) {
      const { status, json } = await ask('POST', '/v1/accounts/reset', body);
      expect([status, json.accounts.length]).toEqual([200, 1]);
    }
    const unknown = await ask('POST', '/v1/accounts/reset', { account: 'acme/eve' });
    expect([unknown.status, unknown.json.error.gateway_code]).toEqual([
      404,
      'AUTH_ACCOUNT_UNKNOWN',
    ]);
    expect((await ask('POST', '/v1/accounts/reset', { account: 1 })).status).toBe(400);
  });
});

describe('what is refused', () => {
  const routes: readonly [string, string][] = [
    ['POST', '/v1/auth/acme/login'],
    ['POST', '/v1/auth/acme'],
    ['POST', '/v1/auth/acme/ticket'],
    ['DELETE', '/v1/auth/acme/login'],
    ['GET', '/v1/auth/acme/status'],
    ['DELETE', '/v1/auth/acme'],
    ['GET', '/v1/accounts'],
    ['POST', '/v1/accounts/reset'],
    ['POST', '/v1/sockets/acme/ticket'],
  ];
  test.each(routes)('%s %s without an admin key in a header', async (method, at) => {
    expect((await ask(method, at, undefined, '')).status).toBe(401);
    expect((await ask(method, at, undefined, gateway.apiKey)).status).toBe(403);
    expect((await ask(method, `${at}?key=${gateway.adminKey}`, undefined, '')).status).toBe(401);
  });

  test.each<[string, unknown, number]>([
    ['no JSON', '{"token":"canary-in-junk-4567', 400],
    ['no object', '["canary-in-junk-4567"]', 400],
    ['no text', { token: 1 }, 400],
    ['an empty text', { token: '' }, 400],
    ['a name that none can be', { 'canary-in-junk-4567': 'x' }, 400],
    ["somebody else's address", { callbackUrl: 'https://else.test/canary-in-junk-4567' }, 400],
    ['another authenticator', { authenticator: 'other' }, 400],
    ['an account that is not there', { account: 'eve' }, 404],
    ['a paste that nobody waits for', { paste: 'canary-in-junk-4567' }, 404],
    ['a login that is not there', { login: 'none', paste: 'canary-in-junk-4567' }, 404],
    ['too much', { token: `canary-in-junk-4567${'x'.repeat(300_000)}` }, 413],
  ])('a body with %s', async (_name, body, status) => {
    vendor.secrets.push('canary-in-junk-4567');
    expect((await ask('POST', '/v1/auth/acme/login', body)).status).toBe(status);
  });

  test('an instance that is not there', async () => {
    for (const [method, at] of routes) {
      if (!at.includes('acme')) continue;
      const { status, json } = await ask(method, at.replace('acme', 'amce'));
      expect([at, status]).toEqual([at, 404]);
      expect(json.error.message).toContain('the configuration has: acme');
    }
  });
});
