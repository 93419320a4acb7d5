import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import plugin from '@cliproxy/plugin-webai-proxy';
import { startTestGateway, startVendor, startWebai } from '@cliproxy/plugin-testkit';
import type { StreamFaults, TestGateway, Vendor } from '@cliproxy/plugin-testkit';
import { findG4f, G4F_VERSION } from './find-g4f.ts';
import { freePort, startG4f } from './start-g4f.ts';
import type { G4f } from './start-g4f.ts';

const python = findG4f();
if (python === undefined) {
  console.warn(
    `SKIPPED: gpt4free's own server. To try it: python3 -m venv .cache/g4f && ` +
      `.cache/g4f/bin/pip install 'g4f[api]==${G4F_VERSION}'`,
  );
}

const PLAIN = {};
const MODEL = 'webai/Custom:m1';
const OTHER = 'webai/Custom:m2';
const hello = { type: 'text', text: 'Hello there' } as const;
const hi = [{ role: 'user', content: 'Hi' }] as const;

test('one version is tried, installed and named', async () => {
  const root = path.join(import.meta.dirname, '../..');
  const places = [
    'plugins/webai-proxy/package.json',
    '.ci/run',
    'docs/PROVIDERS.md',
    'docs/CONTRIBUTING.md',
  ];
  for (const place of places) {
    const text = await readFile(path.join(root, place), 'utf8');
    expect([place, text.match(/g4f\[api\]==[\d.]+/gu)]).toEqual([
      place,
      [`g4f[api]==${G4F_VERSION}`],
    ]);
  }
});

(python === undefined ? describe.skip : describe)("gpt4free's own API server", () => {
  let vendor: Vendor;
  let g4f: G4f;
  let gateway: TestGateway;
  let folder: string;
  let openai: OpenAI;

  const packageJson = new URL('../../plugins/webai-proxy/package.json', import.meta.url);
  const mounted = (config: object) =>
    startTestGateway({
      dataFolder: path.join(folder, config === PLAIN ? 'data' : 'other'),
      plugins: [{ plugin, packageJson, config: { baseUrl: g4f.url, ...config } }],
    });

  beforeAll(async () => {
    vendor = await startVendor('openai-chat', { models: ['m1', 'm2'] });
    g4f = await startG4f(python ?? '', vendor.url);
    folder = await mkdtemp(path.join(tmpdir(), 'gateway-'));
    gateway = await mounted(PLAIN);
    openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.apiKey, maxRetries: 0 });
  }, 120_000);

  afterAll(async () => {
    await gateway.stop();
    await g4f.close();
    await vendor.close();
    await rm(folder, { recursive: true });
  });

  const health = async (to: TestGateway): Promise<string> =>
    (await to.ask('/v1/health/deep', { admin: true })).text();
  const listed = async (to: TestGateway): Promise<string[]> => {
    const { data } = (await (await to.ask('/v1/models')).json()) as { data: { id: string }[] };
    return data.map(({ id }) => id);
  };
  const ask = (model: string, more: object = {}) =>
    openai.chat.completions.create({ model, messages: [...hi], ...more });

  test('is up, and what it lists are models, not providers', async () => {
    expect(await health(gateway)).toContain('"probe":"service","status":"up"');
    const until = Date.now() + 20_000;
    let ids = await listed(gateway);
    while (ids.length === 0 && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      ids = await listed(gateway);
    }
    const own = (await (await fetch(`${g4f.url}/v1/models`)).json()) as {
      data: { id: string; provider: boolean }[];
    };
    const models = own.data.filter(({ provider }) => !provider).map(({ id }) => `webai-${id}`);
    expect(models.length).toBeLessThan(own.data.length);
    expect(ids).toEqual([...new Set(models)]);
    expect(ids).toContain('webai-gpt-4o');
  });

  test("answers OpenAI's SDK, with a stream and without", async () => {
    vendor.script({ parts: [hello] }, { parts: [hello] });
    const whole = await ask(MODEL);
    expect(whole).toMatchObject({
      model: MODEL,
      choices: [{ message: { content: 'Hello there' }, finish_reason: 'stop' }],
    });
    expect(whole.usage?.completion_tokens).toBeGreaterThan(0);
    const stream = await openai.chat.completions.create({
      model: MODEL,
      messages: [...hi],
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let tokens = 0;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      tokens = chunk.usage?.completion_tokens ?? tokens;
    }
    expect([text, tokens > 0]).toEqual(['Hello there', true]);
  });

  test("answers Anthropic's SDK", async () => {
    vendor.script({ parts: [hello] });
    const anthropic = new Anthropic({
      baseURL: gateway.url,
      apiKey: gateway.apiKey,
      maxRetries: 0,
    });
    const final = await anthropic.messages
      .stream({ model: MODEL, max_tokens: 100, messages: [...hi] })
      .finalMessage();
    expect(final).toMatchObject({ content: [{ text: 'Hello there' }], stop_reason: 'end_turn' });
  });

  test.each<[string, StreamFaults]>([
    ['breaks off', { cutAfterBytes: 600 }],
    ['tells of an error', { errorAfterFirst: { status: 500, message: 'it broke' } }],
  ])('a provider that %s in a stream: the answer does not look complete', async (_, faults) => {
    vendor.script({ parts: [{ ...hello, pieces: 6 }], stream: faults });
    const reading = (async () => {
      const stream = await openai.chat.completions.create({
        model: MODEL,
        messages: [...hi],
        stream: true,
      });
      let finish: string | null = null;
      for await (const chunk of stream) finish = chunk.choices[0]?.finish_reason ?? finish;
      return finish;
    })();
    await expect(reading).rejects.toThrow();
  });

  test.each([401, 429, 500])(
    'a provider that answers %i is no fault of the others',
    async (status) => {
      await gateway.ask('/v1/accounts/reset', { admin: true, body: {} });
      vendor.script({ error: { status, message: 'the provider says no' } });
      await expect(ask(MODEL)).rejects.toMatchObject({ status: expect.any(Number) });
      vendor.script({ parts: [hello] });
      expect((await ask(OTHER)).choices[0]?.message.content).toBe('Hello there');
    },
  );

  test('the fake of it in the test kit refuses as it does', async () => {
    const fake = await startWebai('g4f', { models: ['m'] });
    const messages = [{ role: 'user', content: 'Hi' }];
    const asked: readonly [string, string, unknown][] = [
      ['POST', '/v1/chat/completions', {}],
      ['POST', '/v1/chat/completions', { model: 'm', messages, tool_choice: { type: 'function' } }],
      ['GET', '/ready', undefined],
      ['GET', '/health', undefined],
      ['GET', '/v1/runtime/status', undefined],
    ];
    for (const [method, where, body] of asked) {
      const [real, ours] = await Promise.all(
        [g4f.url, fake.url].map(async (base) => {
          const reply = await fetch(base + where, {
            method,
            headers: { 'content-type': 'application/json' },
            ...(body !== undefined && { body: JSON.stringify(body) }),
          });
          return { status: reply.status, body: await reply.json() };
        }),
      );
      expect({ where, ...ours }).toEqual({ where, ...real });
    }
    await fake.close();
  });

  test('takes cookies by the login, and loses them by the logout', async () => {
    const to = await mounted({ acceptSubscriptionRisk: true });
    const auth = async (method: string, body?: object): Promise<string> => {
      const reply = await fetch(`${to.url}/v1/auth/webai`, {
        method,
        headers: { authorization: `Bearer ${to.adminKey}`, 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      });
      return reply.text();
    };
    const kept = async (): Promise<unknown[]> => {
      const files = (await readdir(g4f.cookieFolder)).filter((name) => name.endsWith('.json'));
      const texts = files.map((name) => readFile(path.join(g4f.cookieFolder, name), 'utf8'));
      return (await Promise.all(texts)).map((text) => JSON.parse(text) as unknown);
    };
    expect(await auth('POST', { cookies: 'a=the-canary' })).toContain('cookies of .google.com');
    expect(await kept()).toEqual([[{ domain: '.google.com', name: 'a', value: 'the-canary' }]]);
    expect(await auth('DELETE')).toContain('"revoked":"yes"');
    expect(await kept()).toEqual([[]]);
    expect(to.log()).not.toContain('the-canary');
    await to.stop();
  });

  test('is started and ended by the gateway, where it is told how', async () => {
    const port = await freePort();
    const script = path.join(import.meta.dirname, 'serve.py');
    const command = [python, script, String(port), vendor.url, path.join(folder, 'cookies')];
    const baseUrl = `http://127.0.0.1:${port}`;
    const to = await mounted({ baseUrl, service: { command } });
    const until = Date.now() + 60_000;
    while (!(await health(to)).includes('"status":"up"') && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    vendor.script({ parts: [hello] });
    const reply = await to.ask('/v1/chat/completions', { body: { model: MODEL, messages: hi } });
    expect(await reply.text()).toContain('Hello there');
    await to.stop();
    await expect(fetch(baseUrl)).rejects.toThrow();
  }, 90_000);

  test('that has ended is down: its models vanish, and requests get a 503', async () => {
    await g4f.kill();
    expect(await health(gateway)).toContain('"probe":"service","status":"down"');
    expect(await listed(gateway)).toEqual([]);
    await expect(ask(MODEL)).rejects.toMatchObject({ status: 503 });
  });
});
