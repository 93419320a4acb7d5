import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { AuthContext } from '@cliproxy/plugin-api';
import { startScriptedUpstream, startTestGateway } from '@cliproxy/plugin-testkit';
import type { ScriptedUpstream, TestGateway } from '@cliproxy/plugin-testkit';
import { listModels } from './models.ts';
import { apiKeyAuthenticator } from './api-key-authenticator.ts';
import { chatGptExecutor } from './executor.ts';
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
        config: { baseUrl: `${upstream.url}/v1`, apiKeys: ['sk-0123456789'], ...config },
      },
    ],
  });
  return gateway;
}

test.each(['gpt-5', 'gpt-9-mini', 'chatgpt-4o-latest', 'o1', 'o3-mini', 'o4-mini'])(
  'its patterns lead %s to it, listed or not, under that name',
  async (model) => {
    upstream.answer({ status: 400, body: '{"error":{"message":"enough"}}' });
    const reply = await (
      await start()
    ).ask('/v1/chat/completions', { body: { model, messages: [] } });
    expect(await reply.text()).toContain('enough');
    const [sent] = upstream.requests.filter(({ method }) => method === 'POST');
    expect(JSON.parse(sent?.body.toString() ?? '')).toEqual({ model, messages: [] });
  },
);

test.each(['claude-x', 'omni', 'my-gpt-5'])('%s is not for it', async (model) => {
  const reply = await (
    await start()
  ).ask('/v1/chat/completions', { body: { model, messages: [] } });
  expect(reply.status).toBe(404);
});

test('a stream goes through byte for byte, with the usage that the client asked for', async () => {
  const bytes =
    'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-5","choices":[{"index":0,"delta":{"content":"h\\u0069"},"finish_reason":null}]}\n\n' +
    'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-5","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n' +
    'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-5","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}\n\n' +
    'data: [DONE]\n\n';
  upstream.answer({
    headers: { 'content-type': 'text/event-stream', 'x-request-id': 'up-1' },
    body: [bytes.slice(0, 100), { pauseMs: 5 }, bytes.slice(100)],
  });
  const body =
    '{"model":"gpt-5","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"x"}]}';
  const reply = await (await start()).ask('/v1/chat/completions', { body });
  expect(await reply.text()).toBe(bytes);
  expect(reply.headers.get('x-upstream-request-id')).toBe('up-1');
  const [sent] = upstream.requests.filter(({ method }) => method === 'POST');
  expect(sent?.body.toString()).toBe(body);
});

test('models that neither answer nor embed are not listed', async () => {
  const ids = [
    'gpt-5',
    'o3-mini',
    'gpt-4o-search-preview',
    'text-embedding-3-small',
    'whisper-1',
    'gpt-4o-mini-tts',
    'gpt-image-1',
    'dall-e-3',
    'omni-moderation-latest',
    'gpt-4o-transcribe',
    'gpt-realtime',
    'sora-2',
    'gpt-audio',
    'davinci-002',
    'gpt-3.5-turbo-instruct',
  ];
  upstream.answer({ body: JSON.stringify({ data: ids.map((id) => ({ id })) }) });
  const to = await start();
  for (;;) {
    const { data } = (await (await to.ask('/v1/models')).json()) as { data: { id: string }[] };
    if (data.length === 0) continue;
    expect(data.map(({ id }) => id)).toEqual([
      'gpt-5',
      'o3-mini',
      'gpt-4o-search-preview',
      'text-embedding-3-small',
    ]);
    break;
  }
});

/** What a model is asked in, best first, with the operations of each. */
function spoken(model: string, models: Parameters<typeof chatGptExecutor>[1] = []) {
  const { speaks, speaksFor = [] } = chatGptExecutor('https://a.example/v1', models);
  const fits = (match: string) =>
    new RegExp(`^${match.replaceAll('.', '\\.').replaceAll('*', '.*')}$`, 'u').test(model);
  return Object.entries(speaksFor.find(({ match }) => fits(match))?.speaks ?? speaks);
}

const RESPONSES = ['openai-responses', ['generate', 'count-tokens']];
const CHAT = ['openai-chat', ['generate']];

test.each([
  [
    'both, Responses first',
    ['gpt-5', 'gpt-5.2-mini', 'o1', 'o3-mini', 'o4-mini'],
    [RESPONSES, CHAT],
  ],
  [
    'both, Chat first',
    ['gpt-4o', 'gpt-4.1-nano', 'gpt-3.5-turbo', 'chatgpt-4o'],
    [CHAT, RESPONSES],
  ],
  [
    'Responses alone',
    [
      ...['gpt-5-codex', 'gpt-5.1-codex-max', 'codex-mini-latest', 'o1-pro', 'o3-pro-2025-06-10'],
      ...['gpt-5-pro', 'o3-deep-research', 'computer-use-preview'],
    ],
    [RESPONSES],
  ],
  ['Chat alone', ['gpt-4o-search-preview', 'gpt-5-search-api'], [CHAT]],
  ['embeddings alone', ['text-embedding-3-small'], [['openai-chat', ['embed']]]],
])('%s: %j', (_, models, expected) => {
  for (const model of models) expect([model, spoken(model)]).toEqual([model, expected]);
});

test('the configuration says otherwise, first match first; not of embeddings', () => {
  const rules = [
    { match: 'gpt-5-codex', dialects: ['openai-chat'] },
    { match: '*', dialects: ['openai-chat', 'openai-responses'] },
  ] as const;
  expect(spoken('gpt-5-codex', rules)).toEqual([CHAT]);
  expect(spoken('o1-pro', rules)).toEqual([CHAT, RESPONSES]);
  expect(spoken('text-embedding-3-small', rules)).toEqual([['openai-chat', ['embed']]]);
});

test.each([
  [{ match: 'gpt-5', dialects: [] }, /dialects/u],
  [{ match: 'gpt-5', dialects: ['gemini'] }, /openai-responses/u],
  [{ id: 'gpt-5' }, /no key "id".*match/u],
])('a rule that is none is refused: %j', async (rule, sentence) => {
  await expect(start({ models: [rule] })).rejects.toThrow(sentence);
});

describe('a client of either of its dialects', () => {
  const ENOUGH = { status: 400, body: '{"error":{"message":"enough"}}' };
  const sent = () => upstream.requests.filter(({ method }) => method === 'POST');
  const chat = (model: string) =>
    `{"model":"${model}", "messages":[{"role":"user","content":"x"}]}`;
  const responses = (model: string) => `{"model":"${model}", "input":"x","odd":1}`;

  test.each([
    ['/v1/responses', responses('gpt-5')],
    ['/v1/responses', responses('gpt-4o')],
    ['/v1/responses', responses('gpt-5-codex')],
    ['/v1/chat/completions', chat('gpt-5')],
    ['/v1/chat/completions', chat('gpt-4o')],
  ])('is passed through where the model takes its dialect: %s %s', async (path, body) => {
    upstream.answer(ENOUGH);
    await (await start()).ask(path, { body });
    expect(sent().map(({ url, body: bytes }) => [url, bytes.toString()])).toEqual([[path, body]]);
  });

  test.each([
    ['/v1/chat/completions', chat('gpt-5-codex'), '/v1/responses'],
    ['/v1/responses', responses('gpt-4o-search-preview'), '/v1/chat/completions'],
  ])('is translated where it does not: %s %s', async (path, body, other) => {
    upstream.answer(ENOUGH);
    await (await start()).ask(path, { body });
    expect(sent().map(({ url }) => url)).toEqual([other]);
  });

  test.each([
    ['gpt-5', '/v1/responses'],
    ['gpt-4o', '/v1/chat/completions'],
    ['gpt-5-mini', '/v1/chat/completions'],
  ])('another client is translated to the better of them: %s by %s', async (model, path) => {
    upstream.answer(ENOUGH);
    const to = await start({ models: [{ match: '*-mini', dialects: ['openai-chat'] }] });
    const messages = [{ role: 'user', content: 'x' }];
    await to.ask('/v1/messages', { body: { model, max_tokens: 5, messages } });
    expect(sent().map(({ url }) => url)).toEqual([path]);
  });
});

test('embeddings go through byte for byte', async () => {
  const answer =
    '{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5,1e-7]}],"model":"text-embedding-3-small","usage":{"prompt_tokens":1,"total_tokens":1}}';
  upstream.answer({ headers: { 'content-type': 'application/json' }, body: answer });
  const body = '{"model":"text-embedding-3-small", "input":["h\\u0069"],"new_field":1}';
  const reply = await (await start()).ask('/v1/embeddings', { body });
  expect(await reply.text()).toBe(answer);
  const [sent] = upstream.requests.filter(({ method }) => method === 'POST');
  expect(sent?.url).toBe('/v1/embeddings');
  expect(sent?.body.toString()).toBe(body);
});

test('embeddings of a model that makes none are refused before anybody is asked', async () => {
  const reply = await (
    await start()
  ).ask('/v1/embeddings', { body: { model: 'gpt-5', input: 'x' } });
  expect(reply.status).toBe(400);
  expect(await reply.json()).toMatchObject({ error: { gateway_code: 'ROUTE_NOT_CAPABLE' } });
  expect(upstream.requests.filter(({ method }) => method === 'POST')).toHaveLength(0);
});

test('the sentence of a refused list holds no part of the address but the path', async () => {
  const http = {
    request: async () => {
      const { Readable } = await import('node:stream');
      return { status: 401, headers: {}, body: Readable.from(['secret']) };
    },
  };
  const context = { http, signal: new AbortController().signal } as never;
  await expect(listModels('https://gateway.example/v1', context)).rejects.toMatchObject({
    code: 'UPSTREAM_FAILED',
    message: 'GET /v1/models answered 401; replace the API key, or log in again',
  });
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
