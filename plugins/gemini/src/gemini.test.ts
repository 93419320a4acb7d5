import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { AccountContext, AuthContext, OutgoingRequest, WireCall } from '@cliproxy/plugin-api';
import { startScriptedUpstream, startTestGateway } from '@cliproxy/plugin-testkit';
import type { ScriptedUpstream, TestGateway } from '@cliproxy/plugin-testkit';
import { apiKeyAuthenticator } from './api-key-authenticator.ts';
import { apiRoot } from './config.ts';
import { geminiExecutor } from './executor.ts';
import plugin from './index.ts';

const KEY = 'AIza-0123456789-abcdef';

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
        config: { baseUrl: upstream.url, apiKeys: [KEY], ...config },
      },
    ],
  });
  return gateway;
}

const page = (names: readonly string[], more: object = {}) => ({
  body: JSON.stringify({
    models: names.map((name) => ({
      name: `models/${name}`,
      supportedGenerationMethods: ['generateContent', 'countTokens'],
    })),
    ...more,
  }),
});

describe('the list of models', () => {
  const listed = async (to: TestGateway, count: number) => {
    for (;;) {
      const { data } = (await (await to.ask('/v1/models')).json()) as { data: { id: string }[] };
      if (data.length >= count) return data.map(({ id }) => id);
    }
  };

  test('comes page by page, with the key in a header and never in an address', async () => {
    upstream.answer(({ url }) =>
      url.includes('pageToken=b%2F1')
        ? page(['gemini-c'])
        : page(['gemini-a', 'gemini-b'], { nextPageToken: 'b/1' }),
    );
    expect(await listed(await start(), 3)).toEqual(['gemini-a', 'gemini-b', 'gemini-c']);
    const asked = upstream.requests.filter(({ url }) => url.includes('pageSize=1000'));
    expect(asked.map(({ url }) => url)).toEqual([
      '/v1beta/models?pageSize=1000',
      '/v1beta/models?pageSize=1000&pageToken=b%2F1',
    ]);
    for (const { headers } of asked) {
      expect(headers['x-goog-api-key']).toBe(KEY);
      expect(headers).not.toHaveProperty('authorization');
    }
    expect(gateway?.log()).not.toContain(KEY);
  });

  const modelsOf = (pages: (page: number) => string) => {
    let count = 0;
    const request = async () => {
      count += 1;
      return { status: 200, headers: {}, body: Readable.from([Buffer.from(pages(count))]) };
    };
    const { signal } = new AbortController();
    const context = { http: { request }, signal } as unknown as AccountContext;
    return geminiExecutor('http://a.example').models(context);
  };

  test('that never ends is left off, in a loop and by number', async () => {
    const endless = (token: (page: number) => string) =>
      modelsOf((count) => page([`m${count}`], { nextPageToken: token(count) }).body);
    await expect(endless(() => 'same')).resolves.toHaveLength(2);
    await expect(endless(String)).resolves.toHaveLength(20);
  });

  test('tells names and sizes, and leaves out what generates no content', async () => {
    const methods = ['generateContent'];
    const models = [
      {
        name: 'models/gemini-a',
        displayName: 'A',
        inputTokenLimit: 1_048_576,
        outputTokenLimit: 65_536,
        supportedGenerationMethods: methods,
      },
      {
        name: 'tunedModels/mine',
        displayName: 7,
        inputTokenLimit: '10',
        supportedGenerationMethods: methods,
      },
      { name: 'models/embedding-001', supportedGenerationMethods: ['embedContent'] },
      { name: 'models/imagen', supportedGenerationMethods: ['predict'] },
      { name: 'models/silent' },
      { supportedGenerationMethods: methods },
      null,
      'junk',
    ];
    await expect(modelsOf(() => JSON.stringify({ models }))).resolves.toEqual([
      {
        id: 'gemini-a',
        displayName: 'A',
        contextTokens: 1_048_576,
        maxOutputTokens: 65_536,
      },
      { id: 'tunedModels/mine' },
    ]);
  });
});

test.each([
  ['https://a.example', 'https://a.example'],
  ['https://a.example/', 'https://a.example'],
  ['https://a.example/v1beta', 'https://a.example'],
  ['https://a.example/v1//', 'https://a.example'],
  ['https://a.example/v1alpha/', 'https://a.example'],
  ['https://a.example/v1beta/gemini', 'https://a.example/v1beta/gemini'],
])('the base URL %s means %s', (baseUrl, root) => {
  expect(apiRoot({ apiKeys: [], baseUrl })).toBe(root);
});

test('sends whichever operation it is called for, with bytes and signal as they are', async () => {
  const sent: [OutgoingRequest, AbortSignal][] = [];
  const reply = { status: 200, headers: {}, body: Readable.from([]) };
  const { signal } = new AbortController();
  const body = Buffer.from('{}');
  const executor = geminiExecutor('https://a.example');
  expect(executor.speaks).toEqual({ gemini: ['generate', 'count-tokens'] });
  const path = '/v1beta/models/gemini-a:streamGenerateContent?alt=sse';
  const call: Partial<WireCall> = {
    path,
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
    url: `https://a.example${path}`,
    headers: { 'content-type': 'application/json' },
    body,
  });
  expect(request.body).toBe(body);
  expect(at).toBe(signal);
});

describe('through the gateway', () => {
  const posts = () => upstream.requests.filter(({ method }) => method === 'POST');
  const body = '{ "contents":[{"role":"user","parts":[{"text":"h\\u0069"}]}] , "unknown":1}';

  test.each(['gemini-3-pro-preview', 'gemini-9-nano'])(
    'its pattern leads %s to it, listed or not, byte for byte',
    async (model) => {
      const stream =
        'data: {"candidates":[{"content":{"parts":[{"text":"w\\u0065ll"}]},"finishReason":"STOP"}],"odd":1}\r\n\r\n';
      upstream.answer({ headers: { 'content-type': 'text/event-stream' }, body: stream });
      const to = await start();
      const path = `/v1beta/models/${model}:streamGenerateContent?alt=sse`;
      const reply = await to.ask(`${path}&key=${to.apiKey}`, { body });
      expect(await reply.text()).toBe(stream);
      const [sent] = posts();
      expect(sent?.url).toBe(path);
      expect(sent?.body.toString()).toBe(body);
      expect(sent?.headers['x-goog-api-key']).toBe(KEY);
      expect(JSON.stringify([sent?.url, sent?.headers])).not.toContain(to.apiKey);
    },
  );

  test('its own word about a key that it does not know puts the account out', async () => {
    const details = [
      { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' },
    ];
    const error = { code: 400, message: 'API key not valid.', status: 'INVALID_ARGUMENT', details };
    upstream.answer({
      status: 400,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ error }),
    });
    const to = await start();
    const reply = await to.ask('/v1beta/models/gemini-x:generateContent', { body });
    expect(reply.status).toBe(503);
    const health = await (await to.ask('/v1/health', { admin: true })).text();
    expect(health).toContain('"state":"invalid-key"');
  });

  test.each(['my-gemini', 'gemma-3'])('%s is not for it', async (model) => {
    const reply = await (await start()).ask(`/v1beta/models/${model}:generateContent`, { body });
    expect(reply.status).toBe(404);
  });
});

test.each([
  [200, 'up'],
  [400, 'down'],
  [403, 'degraded'],
  [429, 'degraded'],
  [500, 'down'],
])('the probe with %i: %s', async (status, state) => {
  upstream.answer({ status, body: `{"error":{"message":"${KEY}"}}` });
  const to = await start();
  const text = await (await to.ask('/v1/health/deep', { admin: true })).text();
  expect(text).toContain(`"probe":"upstream","status":"${state}"`);
  if (status !== 200) expect(text).toContain(`GET /v1beta/models answered ${status}`);
  expect(text).not.toContain(KEY);
});

test('an account without a key lets no request pass bare', async () => {
  const request = { method: 'GET', url: 'https://a.example', headers: {} } as const;
  const bare = apiKeyAuthenticator.authorize(request, { secrets: {} }, {} as AuthContext);
  await expect(bare).rejects.toMatchObject({ code: 'AUTH_NEEDS_LOGIN' });
});
