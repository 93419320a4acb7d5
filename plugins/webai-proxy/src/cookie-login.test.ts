import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startTestGateway, startWebai } from '@cliproxy/plugin-testkit';
import type { TestGateway, WebaiKind, WebaiService } from '@cliproxy/plugin-testkit';
import plugin from './index.ts';

const SESSION = 'g.a000-canary-of-the-session';
const OTHER = 'sidts-canary-of-the-other';

let service: WebaiService;
let gateway: TestGateway;
let dataFolder: string;
const told: string[] = [];

beforeEach(async () => {
  told.length = 0;
  dataFolder = await mkdtemp(path.join(tmpdir(), 'webai-'));
});

afterEach(async () => {
  await gateway.stop();
  expect(service.violations).toEqual([]);
  for (const text of [gateway.log(), ...told, await everythingIn(dataFolder)]) {
    expect(text).not.toMatch(/canary/u);
  }
  await service.close();
  await rm(dataFolder, { recursive: true });
});

async function everythingIn(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const texts = files.map(({ parentPath, name }) => readFile(path.join(parentPath, name), 'utf8'));
  return (await Promise.all(texts)).join('\n');
}

async function start(kind: WebaiKind, config: object = {}): Promise<void> {
  service = await startWebai(kind);
  await startGateway({ acceptSubscriptionRisk: true, ...config });
}

async function startGateway(config: object): Promise<void> {
  gateway = await startTestGateway({
    dataFolder: path.join(dataFolder, 'data'),
    plugins: [
      {
        plugin,
        packageJson: new URL('../package.json', import.meta.url),
        config: { baseUrl: service.url, ...config },
      },
    ],
  });
}

async function auth(method: string, route = '', body?: object) {
  const reply = await fetch(`${gateway.url}/v1/auth/webai${route}`, {
    method,
    headers: { authorization: `Bearer ${gateway.adminKey}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await reply.text();
  told.push(text);
  return { status: reply.status, text, body: JSON.parse(text) as Record<string, unknown> };
}

const chat = async (): Promise<number> => {
  const body = { model: 'webai/gemini-2.5-flash', messages: [{ role: 'user', content: 'Hi' }] };
  return (await gateway.ask('/v1/chat/completions', { body })).status;
};
const handed = (): readonly unknown[] => [...service.g4f.cookieFiles.values()].flat();
const google = (name: string, value: string) => ({ domain: '.google.com', name, value });

describe("gpt4free's cookies", () => {
  test('are handed to it, kept sealed, handed over anew by the next gateway, and taken away', async () => {
    await start('g4f');
    expect(await chat()).toBe(503);
    const cookies = `Cookie: __Secure-1PSID=${SESSION}; __Secure-1PSIDTS=${OTHER}`;
    const { status, body } = await auth('POST', '', { cookies });
    expect([status, body]).toMatchObject([
      200,
      { login: { state: 'done' }, accounts: [{ label: 'cookies of .google.com' }] },
    ]);
    expect(handed()).toEqual([
      google('__Secure-1PSID', SESSION),
      google('__Secure-1PSIDTS', OTHER),
    ]);
    expect(await chat()).toBe(200);
    expect((await auth('GET', '/status')).body).toMatchObject({ accounts: [{ state: 'usable' }] });

    await gateway.stop();
    service.g4f.cookieFiles.clear();
    await startGateway({ acceptSubscriptionRisk: true });
    expect(await chat()).toBe(200);
    expect(handed()).toHaveLength(2);

    expect((await auth('DELETE')).body).toMatchObject({ revoked: 'yes' });
    expect(handed()).toEqual([]);
    expect(await chat()).toBe(503);
    expect(service.chats.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  test.each([
    ['a list', [{ domain: '.openai.com', name: 'a', value: SESSION, secure: true }], '.openai.com'],
    ['an object', { a: SESSION }, '.google.com'],
    ['a list as text', JSON.stringify([{ name: 'a', value: SESSION }]), '.google.com'],
  ])('come as %s', async (_, cookies, domain) => {
    await start('g4f');
    expect((await auth('POST', '', { cookies })).status).toBe(200);
    expect(handed()).toEqual([{ domain, name: 'a', value: SESSION }]);
  });

  test('come for another domain, and again in the place of the former', async () => {
    await start('g4f');
    await auth('POST', '', { cookies: [{ domain: '.qwen.ai', name: 'a', value: OTHER }] });
    const { body } = await auth('POST', '', {
      cookies: [{ domain: '.qwen.ai', name: 'a', value: SESSION }],
    });
    expect(body['accounts']).toHaveLength(1);
    expect(handed()).toEqual([{ domain: '.qwen.ai', name: 'a', value: SESSION }]);
  });

  test.each([
    [{ cookies: `=${SESSION}` }, /\[0\] has no name/u],
    [
      { cookies: [{ domain: 'canary here', name: 'a', value: SESSION }] },
      /no domain such as \.google\.com/u,
    ],
    [{ cookies: `[{${SESSION}` }, /are no JSON/u],
    [{ cookies: [] }, /hold no cookie/u],
    [{ cookies: [{ name: 'a', value: `${SESSION}\n` }] }, /\[0\] has a value/u],
    [{ cookies: `a=${SESSION}`, password: 'canary' }, /all that can be given, not password/u],
    [{}, /takes a cookie header of google\.com, or an export/u],
  ])('are refused with what is wrong, and never shown: %#', async (body, sentence) => {
    await start('g4f');
    const { status, text } = await auth('POST', '', body);
    expect(status).toBe(400);
    expect(text).toMatch(sentence);
    expect(handed()).toEqual([]);
  });

  test('are refused by a server that ignores them', async () => {
    await start('g4f');
    service.g4f.keepsCookies = false;
    const { status, text } = await auth('POST', '', { cookies: `a=${SESSION}` });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(text).toContain('--ignore-cookie-files');
  });
});

test('without acceptSubscriptionRisk nothing is asked or kept, and the service serves as it is', async () => {
  await start('g4f', { acceptSubscriptionRisk: false });
  const { text } = await auth('POST', '', { cookies: `a=${SESSION}` });
  expect(text).toContain('acceptSubscriptionRisk: true');
  expect(handed()).toEqual([]);
  expect(await chat()).toBe(200);
});

describe('what takes no cookies over HTTP says how it is logged in', () => {
  test.each([
    ['webai', /config\.conf.*own browser/u],
    ['legacy', /config\.conf/u],
    ['plain', /set compat/u],
  ] as const)('%s', async (kind, sentence) => {
    await start(kind);
    const { status, text } = await auth('POST', '', { cookies: `a=${SESSION}` });
    expect(status).toBe(400);
    expect(text).toMatch(sentence);
  });
});

describe("WebAI-to-API's own login", () => {
  test('opens its browser, waits for the person, and serves', async () => {
    await start('webai');
    await auth('POST');
    const { body } = await auth('GET', '/status?wait=30');
    expect(body).toMatchObject({
      login: { state: 'done' },
      accounts: [{ id: 'webai-proxy/service-login' }],
    });
    expect(await chat()).toBe(200);
    service.answer({ status: 401, message: 'Gemini authentication is required.' });
    await chat();
    expect((await auth('GET', '/status')).body).toMatchObject({
      accounts: [{ state: 'needs-login' }],
    });
    expect((await auth('DELETE')).body).toMatchObject({
      revoked: 'failed',
      reason: expect.stringContaining('keeps its session itself'),
    });
  });

  test('that ends without a session has failed', async () => {
    await start('webai');
    service.webai.loginEnds = 'without one';
    await auth('POST');
    const { text } = await auth('GET', '/status?wait=30');
    expect(text).toContain('no session after its login');
  });

  test('needs a display', async () => {
    await start('webai');
    service.webai.hasDisplay = false;
    expect((await auth('POST')).text).toContain('Headful interactive sign-in is unsupported');
  });

  test('can be cancelled', async () => {
    await start('webai');
    service.webai.loginEnds = 'never';
    await auth('POST');
    expect((await auth('DELETE', '/login')).body).toMatchObject({ login: { state: 'cancelled' } });
  });
});

test('cookies do not leave this machine unless they may', async () => {
  service = await startWebai('g4f');
  // The same server by a name that is not known to be this machine's.
  const baseUrl = service.url.replace('127.0.0.1', '0.0.0.0');
  await startGateway({ acceptSubscriptionRisk: true, baseUrl });
  const { status, text } = await auth('POST', '', { cookies: `a=${SESSION}` });
  expect([status, text]).toEqual([400, expect.stringContaining('remoteCookies: true')]);
  expect(handed()).toEqual([]);
  await gateway.stop();
  await startGateway({ acceptSubscriptionRisk: true, baseUrl, remoteCookies: true });
  expect((await auth('POST', '', { cookies: `a=${SESSION}` })).status).toBe(200);
  expect(handed()).toHaveLength(1);
});
