import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startScriptedUpstream, startTestGateway } from '@cliproxy/plugin-testkit';
import type { ScriptedUpstream, TestGateway } from '@cliproxy/plugin-testkit';
import plugin from './index.ts';
import { spokenBy } from './spoken.ts';

let upstream: ScriptedUpstream;
let gateway: TestGateway | undefined;

beforeEach(async () => {
  upstream = await startScriptedUpstream();
  upstream.answer(({ method }) =>
    method === 'POST'
      ? { headers: { 'content-type': 'application/json' }, body: ANSWER }
      : { body: JSON.stringify({ data: [{ id: 'found' }, { id: 'big/model' }] }) },
  );
});

afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
  await upstream.close();
});

const ANSWER = JSON.stringify({
  id: 'c1',
  object: 'chat.completion',
  created: 1,
  model: 'whatever-it-calls-itself',
  choices: [{ index: 0, message: { role: 'assistant', content: 'well' }, finish_reason: 'stop' }],
});

async function start(config: object = {}, instanceId = 'some'): Promise<TestGateway> {
  gateway = await startTestGateway({
    plugins: [
      {
        plugin,
        packageJson: new URL('../package.json', import.meta.url),
        instanceId,
        config: { baseUrl: `${upstream.url}/v1`, ...config },
      },
    ],
  });
  return gateway;
}

const ask = (to: TestGateway, model: string, more: object = {}) =>
  to.ask('/v1/chat/completions', {
    body: { model, messages: [{ role: 'user', content: 'hi' }], ...more },
  });
const sent = () => upstream.requests.filter(({ method }) => method === 'POST');
const bodySent = () => JSON.parse(sent().at(-1)?.body.toString() ?? '') as { model: string };

async function listed(to: TestGateway, count: number): Promise<readonly string[]> {
  for (;;) {
    const { data } = (await (await to.ask('/v1/models')).json()) as { data: { id: string }[] };
    if (data.length >= count) return data.map(({ id }) => id);
  }
}

describe('without keys', () => {
  test('requests go without a key, and the account says so', async () => {
    const to = await start({ discover: false });
    expect((await ask(to, 'some/any-model')).status).toBe(200);
    expect(sent()[0]?.headers).not.toHaveProperty('authorization');
    expect(bodySent().model).toBe('any-model');
    const health = await (await to.ask('/v1/health', { admin: true })).text();
    expect(health).toContain('"label":"no key"');
  });

  test('a service that wants one after all: 503, and the account waits for a key', async () => {
    upstream.answer({ status: 401, body: '{"error":{"message":"key please"}}' });
    const to = await start({ discover: false });
    expect((await ask(to, 'some/m')).status).toBe(503);
    const health = await (await to.ask('/v1/health', { admin: true })).text();
    expect(health).toContain('"state":"invalid-key"');
  });
});

describe('models', () => {
  const models = [
    {
      id: 'big/model',
      alias: 'big',
      lacks: ['images'],
      refuses: ['logit_bias', 'user'],
      contextTokens: 1000,
      maxOutputTokens: 100,
    },
    { id: 'small' },
  ];

  test('are the configured ones and their aliases, then those that the service lists', async () => {
    const to = await start({ models });
    expect(await listed(to, 4)).toEqual(['big', 'big/model', 'small', 'found']);
    for (const [asked, meant] of [
      ['big', 'big/model'],
      ['big/model', 'big/model'],
      ['found', 'found'],
      ['some/unlisted', 'unlisted'],
    ] as const) {
      const answer = (await (await ask(to, asked)).json()) as { model: string };
      expect(bodySent().model).toBe(meant);
      // The service's own word for itself is only hidden where the name was changed on the way.
      if (asked !== meant) expect(answer.model).toBe(asked);
    }
  });

  test('what a model refuses is left out and told; all else goes through', async () => {
    const to = await start({ models, discover: false });
    await listed(to, 3);
    const reply = await ask(to, 'big', { user: 'me', logit_bias: {}, seed: 7, top_k: 3 });
    expect(reply.headers.get('x-cliproxy-ignored')?.split(/, ?/u).sort()).toEqual([
      'logit_bias',
      'user',
    ]);
    expect(bodySent()).toEqual({
      model: 'big/model',
      messages: [{ role: 'user', content: 'hi' }],
      seed: 7,
      top_k: 3,
    });
  });

  test('what a model lacks is not asked of it', async () => {
    const to = await start({ models, discover: false });
    await listed(to, 3);
    const image = { type: 'image_url', image_url: { url: 'https://a.example/a.png' } };
    const messages = [{ role: 'user', content: [image] }];
    const reply = await ask(to, 'big', { messages });
    expect(reply.status).toBe(400);
    expect(await reply.json()).toMatchObject({
      error: { gateway_code: 'ROUTE_NOT_CAPABLE', message: expect.stringContaining('images') },
    });
    expect((await ask(to, 'small', { messages })).status).toBe(200);
  });

  test('discover: false asks for no list', async () => {
    const to = await start({ models, discover: false });
    await listed(to, 3);
    expect(upstream.requests.filter(({ url }) => url.endsWith('/models'))).toHaveLength(0);
  });

  test.each([
    ['refused', { status: 404 }, /GET \/v1\/models answered 404/u],
    ['junk', { body: '<html>' }, /GET \/v1\/models answered 200, but with no list/u],
    ['broken', { body: '{', finally: 'reset' as const }, /connection to .* broke/u],
  ])('a list that is %s leaves the configured ones, and the log says why', async (_, list, why) => {
    upstream.answer(list);
    const to = await start({ models });
    expect(await listed(to, 3)).toEqual(['big', 'big/model', 'small']);
    expect(to.log()).toMatch(why);
  });

  test('providers among the models are left out', async () => {
    const data = [{ id: 'm', provider: false }, { id: 'SomeProvider', provider: true }, 7];
    upstream.answer({ body: JSON.stringify({ data }) });
    expect(await listed(await start(), 1)).toEqual(['m']);
  });

  test.each([
    [[{ name: 'x' }], /id is missing/u],
    [[{ id: 'x', aliases: 'y' }], /no key "aliases".*alias/u],
    [[{ id: 'x', lacks: ['wings'] }], /lacks.*tools/u],
    [[{ id: 'x', contextTokens: 0 }], /contextTokens must be at least 1/u],
  ])('a model that is configured wrongly is refused: %j', async (wrong, sentence) => {
    await expect(start({ models: wrong })).rejects.toThrow(sentence);
  });
});

describe('headers', () => {
  test('go with every request, in any spelling; the key wins over a header of its name', async () => {
    const to = await start({
      apiKeys: ['the-real-key-1'],
      headers: { 'HTTP-Referer': 'https://me.example', 'X-Title': 'me', Authorization: 'Basic x' },
    });
    await listed(to, 2);
    await ask(to, 'some/m');
    expect(upstream.requests.length).toBeGreaterThan(1);
    for (const { headers } of upstream.requests) {
      expect(headers).toMatchObject({
        'http-referer': 'https://me.example',
        'x-title': 'me',
        authorization: 'Bearer the-real-key-1',
      });
    }
    expect(sent()[0]?.headers['content-type']).toBe('application/json');
  });

  test('may bring another way to prove oneself where there is no key', async () => {
    const to = await start({ headers: { authorization: 'Basic c2VjcmV0OnNlY3JldA==' } });
    await ask(to, 'some/m');
    expect(sent()[0]?.headers.authorization).toBe('Basic c2VjcmV0OnNlY3JldA==');
  });

  test.each(['Content-Type', 'content-length', 'Host', 'user-agent', 'Connection', 'a b', ''])(
    '"%s" is refused',
    async (name) => {
      await expect(start({ headers: { [name]: 'x' } })).rejects.toThrow(
        /is not a name that .*headers can have/u,
      );
    },
  );

  test('a value that is no header value is refused, and not shown', async () => {
    const starting = start({ headers: { 'x-token': 'secret-one\nsecret-two' } });
    await expect(starting).rejects.toThrow(/headers.x-token .*One line/u);
    await expect(starting).rejects.not.toThrow(/secret-/u);
  });
});

test('baseUrl is needed', async () => {
  await expect(start({ baseUrl: undefined })).rejects.toThrow(
    /config.baseUrl is missing.*usually ends in \/v1/u,
  );
});

test.each([404, 405])('the probe of a service without a list (%i): up', async (status) => {
  upstream.answer({ status });
  const to = await start({ models: [{ id: 'm' }] });
  const health = await (await to.ask('/v1/health/deep', { admin: true })).text();
  expect(health).toContain('"status":"up"');
  expect(health).not.toContain('"status":"down"');
});

describe('what is spoken', () => {
  const posts = () => sent().map(({ url }) => url.replace('/v1/', ''));

  test('embeddings go through as they are, under the name that the service knows', async () => {
    const answer = '{"object":"list","data":[],"model":"big/model"}';
    upstream.answer({ headers: { 'content-type': 'application/json' }, body: answer });
    const to = await start({ discover: false, models: [{ id: 'big/model', alias: 'big' }] });
    await listed(to, 2);
    const body = '{"input": ["x"],"model":"big","odd":1}';
    const reply = await to.ask('/v1/embeddings', { body });
    expect(await reply.text()).toBe(answer.replace('big/model', 'big'));
    expect(posts()).toEqual(['embeddings']);
    expect(sent()[0]?.body.toString()).toBe(body.replace('"big"', '"big/model"'));
  });

  test('embeddings: false, of the service or of a model: nobody is asked', async () => {
    const models = [{ id: 'chats' }, { id: 'embeds', embeddings: true }];
    const to = await start({ discover: false, embeddings: false, models });
    const asked = async (model: string) =>
      (await to.ask('/v1/embeddings', { body: { model: `some/${model}`, input: 'x' } })).status;
    expect(await asked('chats')).toBe(400);
    expect(await asked('embeds')).toBe(200);
    expect(await asked('unlisted')).toBe(400);
    expect(posts()).toEqual(['embeddings']);
  });

  test('is Chat Completions, or Responses where the configuration says so', () => {
    const config = { dialects: ['openai-chat'], embeddings: true, models: [] } as never;
    expect(spokenBy(config)).toEqual({
      speaks: { 'openai-chat': ['generate', 'embed'] },
      speaksFor: [],
    });
    const both = {
      dialects: ['openai-responses', 'openai-chat'],
      embeddings: false,
      models: [
        { id: 'a' },
        { id: 'b', dialects: ['openai-responses'] },
        { id: 'c', dialects: ['openai-responses'], embeddings: true },
      ],
    } as never;
    expect(Object.keys(spokenBy(both).speaks)).toEqual(['openai-responses', 'openai-chat']);
    expect(spokenBy(both).speaksFor).toEqual([
      { match: 'a', speaks: { 'openai-responses': ['generate'], 'openai-chat': ['generate'] } },
      { match: 'b', speaks: { 'openai-responses': ['generate'] } },
      { match: 'c', speaks: { 'openai-responses': ['generate'], 'openai-chat': ['embed'] } },
    ]);
  });

  test.each([
    [{ dialects: [] }, /dialects/u],
    [{ dialects: ['gemini'] }, /openai-responses/u],
    [{ models: [{ id: 'm', dialects: ['openai-chat', 'openai-chat'] }] }, /dialects/u],
  ])('%j is refused', async (wrong, sentence) => {
    await expect(start(wrong)).rejects.toThrow(sentence);
  });
});

test('passthrough: false: answers are decoded and made anew', async () => {
  const to = await start({ passthrough: false });
  const answer = await (await ask(to, 'some/m')).json();
  expect(answer).toMatchObject({ object: 'chat.completion', choices: [{ index: 0 }] });
  expect(to.log()).toContain('"passthrough":false');
});

test('two instances of it stand beside each other', async () => {
  const packageJson = new URL('../package.json', import.meta.url);
  const mount = (instanceId: string, path: string) => ({
    plugin,
    packageJson,
    instanceId,
    config: { baseUrl: `${upstream.url}${path}`, discover: false },
  });
  gateway = await startTestGateway({ plugins: [mount('one', '/one'), mount('two', '/two/v1')] });
  await ask(gateway, 'one/m');
  await ask(gateway, 'two/m');
  expect(sent().map(({ url }) => url)).toEqual([
    '/one/chat/completions',
    '/two/v1/chat/completions',
  ]);
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
