import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { AccountContext, AuthContext, OutgoingRequest, WireCall } from '@cliproxy/plugin-api';
import { startScriptedUpstream, startTestGateway } from '@cliproxy/plugin-testkit';
import type { ScriptedUpstream, TestGateway } from '@cliproxy/plugin-testkit';
import { claudeApi } from './config.ts';
import { claudeExecutor } from './executor.ts';
import { apiKeyAuthenticator } from './api-key-authenticator.ts';
import plugin from './index.ts';

let upstream: ScriptedUpstream;
let gateway: TestGateway | undefined;

beforeEach(async () => {
  upstream = await startScriptedUpstream();
});

afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
  await upstream.close();
});

async function start(config: object = {}): Promise<TestGateway> {
  gateway = await startTestGateway({
    plugins: [
      {
        plugin,
        packageJson: new URL('../package.json', import.meta.url),
        config: { baseUrl: upstream.url, apiKeys: ['sk-ant-0123456789'], ...config },
      },
    ],
  });
  return gateway;
}

const ask = (to: TestGateway, headers: Readonly<Record<string, string>> = {}) =>
  to.ask('/v1/chat/completions', {
    body: { model: 'claude-x', messages: [{ role: 'user', content: 'hi' }] },
    headers,
  });

const REFUSED = {
  status: 400,
  body: '{"type":"error","error":{"type":"invalid_request_error","message":"enough"}}',
};

describe('the version and the betas', () => {
  test('are the configured ones where the client says nothing', async () => {
    upstream.answer(REFUSED);
    await ask(await start({ anthropicVersion: '2030-01-02' }));
    const sent = upstream.requests.find(({ method }) => method === 'POST');
    expect(sent?.headers).toMatchObject({ 'anthropic-version': '2030-01-02' });
    expect(sent?.headers).not.toHaveProperty('anthropic-beta');
  });

  test("are the client's where it says them", async () => {
    upstream.answer(REFUSED);
    await ask(await start(), { 'anthropic-version': '2024-01-01', 'anthropic-beta': 'a-1, b-2' });
    const sent = upstream.requests.find(({ method }) => method === 'POST');
    expect(sent?.headers).toMatchObject({
      'anthropic-version': '2024-01-01',
      'anthropic-beta': 'a-1, b-2',
      'x-api-key': 'sk-ant-0123456789',
    });
    expect(sent?.headers).not.toHaveProperty('authorization');
  });

  test('a version that is none is refused with its line of reasoning', async () => {
    await expect(start({ anthropicVersion: 'latest' })).rejects.toThrow(
      /anthropicVersion.*2023-06-01/u,
    );
  });
});

test.each(['', '/', '/v1', '/v1/', '/v1//'])(
  'a base URL that ends in "%s" leads to the same path',
  async (end) => {
    upstream.answer(REFUSED);
    const reply = await ask(await start({ baseUrl: `${upstream.url}${end}` }));
    expect(await reply.text()).toContain('enough');
    expect(upstream.requests.find(({ method }) => method === 'POST')?.url).toBe('/v1/messages');
  },
);

test('a path before it stays', () => {
  const config = { apiKeys: [], anthropicVersion: '', baseUrl: 'https://a.example/v1/claude/' };
  expect(claudeApi(config).root).toBe('https://a.example/v1/claude');
});

test('its pattern leads claude-* to it, and nothing else', async () => {
  upstream.answer(REFUSED);
  const to = await start();
  expect((await ask(to)).status).toBe(400);
  const body = { model: 'my-claude-x', messages: [] };
  expect((await to.ask('/v1/chat/completions', { body })).status).toBe(404);
});

describe('the list of models', () => {
  const page = (ids: readonly string[], more: object = {}) => ({
    body: JSON.stringify({ data: ids.map((id) => ({ id, type: 'model' })), ...more }),
  });
  const listed = async (to: TestGateway, count: number) => {
    for (;;) {
      const { data } = (await (await to.ask('/v1/models')).json()) as { data: { id: string }[] };
      if (data.length >= count) return data.map(({ id }) => id);
    }
  };

  test('comes page by page', async () => {
    upstream.answer(({ url }) =>
      url.includes('after_id=b%2F1')
        ? page(['c'], { has_more: false, last_id: 'c' })
        : page(['a', 'b/1'], { has_more: true, last_id: 'b/1' }),
    );
    expect(await listed(await start(), 3)).toEqual(['a', 'b/1', 'c']);
  });

  test('that never ends is left off, in a loop and by number', async () => {
    const executor = claudeExecutor({ root: 'http://a.example', version: 'v' });
    const asking = (last: (page: number) => string) => {
      let pages = 0;
      const request = async () => {
        pages += 1;
        const text = page([`m${pages}`], { has_more: true, last_id: last(pages) }).body;
        return { status: 200, headers: {}, body: Readable.from([Buffer.from(text)]) };
      };
      const { signal } = new AbortController();
      return executor.models({ http: { request }, signal } as unknown as AccountContext);
    };
    await expect(asking(() => 'same')).resolves.toHaveLength(2);
    await expect(asking(String)).resolves.toHaveLength(20);
  });

  test('tells names and sizes where they are what they should be', async () => {
    const executor = claudeExecutor({ root: 'http://a.example', version: 'v' });
    const data = [
      { id: 'a', display_name: 'A', max_input_tokens: 10, max_tokens: 5 },
      { id: 'b', display_name: 7, max_input_tokens: '10', max_tokens: null },
      'junk',
    ];
    const text = JSON.stringify({ data });
    const request = async () => ({ status: 200, headers: {}, body: Readable.from([text]) });
    const { signal } = new AbortController();
    await expect(
      executor.models({ http: { request }, signal } as unknown as AccountContext),
    ).resolves.toEqual([
      { id: 'a', displayName: 'A', contextTokens: 10, maxOutputTokens: 5 },
      { id: 'b' },
    ]);
  });
});

test('sends whichever operation it is called for, with bytes and signal as they are', async () => {
  const sent: [OutgoingRequest, AbortSignal][] = [];
  const reply = { status: 200, headers: {}, body: Readable.from([]) };
  const { signal } = new AbortController();
  const body = Buffer.from('{}');
  const executor = claudeExecutor({ root: 'https://a.example', version: '2023-06-01' });
  expect(executor.speaks).toEqual({
    'anthropic-messages': ['generate', 'count-tokens'],
  });
  const call: Partial<WireCall> = {
    account: { id: 'llmux-claude/key', label: 'key', facts: {} },
    path: '/v1/messages/count_tokens',
    headers: { 'content-type': 'application/json' },
    body,
    signal,
    http: {
      request: async (request, at) => {
        sent.push([request, at]);
        return reply;
      },
    },
  };
  await expect(executor.send(call as WireCall)).resolves.toBe(reply);
  const [[request, at]] = sent as [[OutgoingRequest, AbortSignal]];
  expect(request).toEqual({
    method: 'POST',
    url: 'https://a.example/v1/messages/count_tokens',
    headers: { 'anthropic-version': '2023-06-01', 'content-type': 'application/json' },
    body,
  });
  expect(request.body).toBe(body);
  expect(at).toBe(signal);
});

test.each([
  [200, 'up'],
  [403, 'degraded'],
  [429, 'degraded'],
  [500, 'down'],
])('the probe with %i: %s', async (status, state) => {
  upstream.answer({ status });
  const to = await start();
  const text = await (await to.ask('/v1/health/deep', { admin: true })).text();
  expect(text).toContain(`"probe":"upstream","status":"${state}"`);
  if (status !== 200) expect(text).toContain(`GET /v1/models answered ${status}`);
});

test('an account without a key lets no request pass bare', async () => {
  const request = { method: 'GET', url: 'https://a.example', headers: {} } as const;
  const bare = apiKeyAuthenticator.authorize(request, { secrets: {} }, {} as AuthContext);
  await expect(bare).rejects.toMatchObject({ code: 'AUTH_NEEDS_LOGIN' });
});
