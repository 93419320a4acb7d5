import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { GatewayPlugin } from '@cliproxy/plugin-api';
import { startScriptedUpstream, startTestGateway } from '@cliproxy/plugin-testkit';
import type {
  ReceivedRequest,
  ScriptedAnswer,
  ScriptedUpstream,
  TestGateway,
} from '@cliproxy/plugin-testkit';
import chatgpt from '@cliproxy/plugin-llmux-chatgpt';
import gemini from '@cliproxy/plugin-gemini';
import claude from '@cliproxy/plugin-llmux-claude';
import compatible from '@cliproxy/plugin-openai-compatible';

/** What sets one plugin with API keys apart from the next. */
interface Kind {
  readonly name: string;
  readonly plugin: GatewayPlugin;
  /** What follows the host in `baseUrl`. */
  readonly base: string;
  /** The client's and the upstream's path in the plugin's own dialect. */
  readonly path: string;
  readonly list: string;
  /** What the list holds: `served`, and two entries that are none. */
  readonly listed: object;
  readonly keyHeader: (key: string) => Readonly<Record<string, string>>;
  readonly extraHeaders: Readonly<Record<string, string>>;
  /** A name that the plugin's own patterns, or else its list, lead to it. */
  readonly model: string;
  readonly answer: object;
}

const chat: Omit<Kind, 'name' | 'plugin' | 'model'> = {
  base: '/v1',
  path: '/v1/chat/completions',
  list: '/v1/models',
  listed: { data: [{ id: 'served' }, null, {}] },
  keyHeader: (key) => ({ authorization: `Bearer ${key}` }),
  extraHeaders: {},
  answer: {
    id: 'c1',
    object: 'chat.completion',
    created: 1,
    model: 'x',
    choices: [{ index: 0, message: { role: 'assistant', content: 'well' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  },
};

const kinds: readonly Kind[] = [
  { ...chat, name: 'llmux-chatgpt', plugin: chatgpt, model: 'gpt-5' },
  { ...chat, name: 'openai-compatible', plugin: compatible, model: 'served' },
  {
    name: 'llmux-claude',
    plugin: claude,
    base: '',
    // This and the next are reached by translation.
    path: '/v1/messages',
    list: '/v1/models?limit=1000',
    listed: chat.listed,
    keyHeader: (key) => ({ 'x-api-key': key }),
    extraHeaders: { 'anthropic-version': '2023-06-01' },
    model: 'claude-sonnet-4-5',
    answer: {
      id: 'm1',
      type: 'message',
      role: 'assistant',
      model: 'x',
      content: [{ type: 'text', text: 'well' }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 1, output_tokens: 1 },
    },
  },
  {
    name: 'gemini',
    plugin: gemini,
    base: '',
    path: '/v1beta/models/gemini-2.5-pro:generateContent',
    list: '/v1beta/models?pageSize=1000',
    listed: {
      models: [
        { name: 'models/served', supportedGenerationMethods: ['generateContent'] },
        null,
        {},
      ],
    },
    keyHeader: (key) => ({ 'x-goog-api-key': key }),
    extraHeaders: {},
    model: 'gemini-2.5-pro',
    answer: {
      candidates: [
        { index: 0, content: { role: 'model', parts: [{ text: 'well' }] }, finishReason: 'STOP' },
      ],
      usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
    },
  },
];

const JSON_TYPE = { 'content-type': 'application/json' };
const FIRST = 'first-secret-key-0001';
const SECOND = 'second-secret-key-0002';

let upstream: ScriptedUpstream;
let gateway: TestGateway | undefined;
/** How the upstream answers chats and the list; tests put others in their place. */
let answer: (request: ReceivedRequest) => ScriptedAnswer;
let list: ScriptedAnswer;

beforeEach(async () => {
  upstream = await startScriptedUpstream();
});

afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
  await upstream.close();
});

interface AccountHealth {
  readonly label: string;
  readonly state: string;
  readonly probes: readonly { readonly status: string; readonly detail?: string }[];
}
interface PluginHealth {
  readonly state: string;
  readonly problems: readonly string[];
  readonly accounts: readonly AccountHealth[];
}

async function health(to: TestGateway, path = '/v1/health'): Promise<PluginHealth> {
  const { plugins } = (await (await to.ask(path, { admin: true })).json()) as {
    plugins: PluginHealth[];
  };
  return plugins[0]!;
}

async function eventually<T>(look: () => Promise<T>, isIt: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await look();
    if (isIt(value)) return value;
    await sleep(20);
  }
}

describe.each(kinds)('$name', (kind) => {
  const { name, plugin, base, path, model } = kind;
  const chats = () => upstream.requests.filter(({ method }) => method === 'POST');
  const keyOf = ({ headers }: ReceivedRequest) =>
    headers['x-api-key'] ??
    headers['x-goog-api-key'] ??
    headers.authorization?.replace('Bearer ', '');
  const listPath = kind.list.replace(/\?.*$/u, '');

  beforeEach(() => {
    answer = () => ({ headers: JSON_TYPE, body: JSON.stringify(kind.answer) });
    list = { headers: JSON_TYPE, body: JSON.stringify(kind.listed) };
    upstream.answer((request) => (request.method === 'POST' ? answer(request) : list));
  });

  async function start(config: object = {}, more: object = {}): Promise<TestGateway> {
    gateway = await startTestGateway({
      plugins: [
        {
          plugin,
          packageJson: new URL(`../../plugins/${name}/package.json`, import.meta.url),
          config: { baseUrl: upstream.url + base, apiKeys: [FIRST], ...config },
        },
      ],
      config: { routes: [{ match: 'routed', targets: [{ plugin: name, model }] }], ...more },
    });
    return gateway;
  }

  const ask = (to: TestGateway, headers: Readonly<Record<string, string>> = {}) =>
    to.ask('/v1/chat/completions', {
      body: { model: 'routed', messages: [{ role: 'user', content: 'hi' }] },
      headers,
    });

  test('what goes upstream: the key in its place, and nothing else of anybody', async () => {
    const to = await start();
    const reply = await ask(to, {
      cookie: 'session=1',
      'user-agent': 'SomeClient/1',
      'x-stainless-lang': 'js',
      'x-api-key': to.apiKey,
      'x-goog-api-key': to.apiKey,
      'openai-organization': 'org',
      'openai-project': 'project',
      'x-forwarded-for': '10.0.0.1',
      'idempotency-key': 'once',
    });
    expect(await reply.text()).toContain('well');
    const [{ method, url, headers, body }] = chats() as [ReceivedRequest];
    expect(`${method} ${url}`).toBe(`POST ${path}`);
    const { 'content-length': length, host, connection, ...rest } = headers;
    expect(rest).toEqual({
      ...kind.keyHeader(FIRST),
      ...kind.extraHeaders,
      'content-type': 'application/json',
      'user-agent': expect.stringMatching(/^cliproxy\/\d/u),
      'accept-encoding': 'identity',
      'idempotency-key': 'once',
    });
    expect(Number(length)).toBe(body.length);
    expect(host).toBe(new URL(upstream.url).host);
    expect(connection).toBe('keep-alive');
  });

  test.each(['/', '//'])('a base URL that ends in "%s" is the same address', async (end) => {
    await (await ask(await start({ baseUrl: upstream.url + base + end }))).text();
    expect(chats()[0]?.url).toBe(path);
  });

  test('several keys are several accounts, in turn', async () => {
    const to = await start({ apiKeys: [FIRST, SECOND, FIRST] });
    for (let turn = 0; turn < 4; turn += 1) await (await ask(to)).text();
    const used = chats().map(keyOf);
    expect(new Set(used.slice(0, 2))).toEqual(new Set([FIRST, SECOND]));
    expect(used.slice(2)).toEqual(used.slice(0, 2));
  });

  test('a key that is refused is out, and the next one answers; no key is shown', async () => {
    answer = (request) =>
      keyOf(request) === SECOND
        ? { headers: JSON_TYPE, body: JSON.stringify(kind.answer) }
        : {
            status: 401,
            headers: JSON_TYPE,
            body: JSON.stringify({
              type: 'error',
              error: { type: 'authentication_error', message: `bad key ${FIRST}` },
            }),
          };
    const to = await start({ apiKeys: [FIRST, SECOND] });
    for (let turn = 0; turn < 3; turn += 1) expect((await ask(to)).status).toBe(200);
    expect(chats().filter((request) => keyOf(request) === FIRST)).toHaveLength(1);
    const { accounts } = await health(to);
    expect(accounts.map(({ label, state }) => [label, state])).toEqual([
      ['***0001', 'invalid-key'],
      ['***0002', 'usable'],
    ]);
    const told = JSON.stringify(await health(to, '/v1/health/deep')) + to.log();
    expect(told).not.toContain(FIRST);
    expect(told).not.toContain(SECOND);
  });

  test('the only key is refused: 503 that blames the operator, not the client', async () => {
    answer = () => ({ status: 401, headers: JSON_TYPE, body: '{"error":{"message":"no"}}' });
    const reply = await ask(await start());
    expect(reply.status).toBe(503);
    expect(await reply.json()).toMatchObject({ error: { gateway_code: 'UPSTREAM_AUTH' } });
  });

  test('its models are listed; entries that are none are left out', async () => {
    const to = await start();
    const ids = await eventually(
      async () => {
        const { data } = (await (await to.ask('/v1/models')).json()) as { data: { id: string }[] };
        return data.map(({ id }) => id);
      },
      (found) => found.includes('served'),
    );
    expect(ids).toEqual(['routed', 'served']);
    const [asked] = upstream.requests.filter(({ url }) => url === kind.list);
    expect(asked?.headers).toMatchObject({ ...kind.keyHeader(FIRST), ...kind.extraHeaders });
  });

  test.each<readonly [string, ScriptedAnswer, RegExp]>([
    ['401', { status: 401, body: `no ${FIRST}` }, /models answered 401; .*key/u],
    ['403', { status: 403 }, /models answered 403; check .*key/u],
    ['404', { status: 404, body: '<html>' }, /models answered 404; .*baseUrl/u],
    ['500', { status: 500 }, /models answered 500; it is tried again/u],
    ['HTML', { body: '<html>welcome</html>' }, /models answered 200, but .*baseUrl/u],
    ['a JSON null', { body: 'null' }, /answered 200, but with no list/u],
    ['no data', { body: '{"others":[]}' }, /answered 200, but with no list/u],
    [
      'data that is no list',
      { body: '{"data":{},"models":{}}' },
      /answered 200, but with no list/u,
    ],
    ['a broken body', { body: '{"data":[', finally: 'reset' }, /connection to .* broke/u],
    [
      'an endless list',
      { body: [{ endless: ' '.repeat(65_536) }] },
      /the upstream's answer is larger than \d+ bytes/u,
    ],
  ])('a model list that is %s: said in health, without the key', async (_what, junk, sentence) => {
    list = junk;
    const to = await start();
    const { problems } = await eventually(
      () => health(to),
      (found) => found.problems.length > 0,
    );
    expect(problems.join()).toMatch(sentence);
    if (problems.join().includes(' answered ')) {
      expect(problems.join()).toContain(`GET ${listPath} answered`);
    }
    expect(problems.join()).not.toContain(FIRST);
    expect(to.log()).not.toContain(FIRST);
    // The list is a help, not a need.
    expect((await ask(to)).status).toBe(200);
  });

  test.each<readonly [number, string, RegExp]>([
    [200, 'up', /^$/u],
    [429, 'degraded', /answered 429; the rate limit/u],
    [403, 'degraded', /answered 403/u],
    [401, 'down', /answered 401/u],
    [503, 'down', /answered 503/u],
  ])('the probe with %i: %s', async (status, state, detail) => {
    const to = await start();
    list = { status, body: [{ endless: 'x'.repeat(65_536) }] };
    upstream.answer((request) => (request.method === 'POST' ? answer(request) : list));
    const { accounts } = await health(to, '/v1/health/deep');
    const [probe] = accounts[0]?.probes ?? [];
    expect(probe).toMatchObject({ probe: 'upstream', status: state });
    expect(probe?.detail ?? '').toMatch(detail);
    // However much the upstream would send: the status is enough.
    await Promise.all(upstream.requests.map(({ closed }) => closed));
  });

  test('the probe of an address where nothing listens: down, and it says so', async () => {
    const to = await start();
    await upstream.close();
    const [account] = (await health(to, '/v1/health/deep')).accounts;
    expect(account?.probes[0]).toMatchObject({
      status: 'down',
      detail: expect.stringContaining('nothing listens there'),
    });
    upstream = await startScriptedUpstream();
  });

  test.each<readonly [string, object, RegExp]>([
    ['a misspelt key', { apiKey: 'x' }, /no key "apiKey".*apiKeys/u],
    ['an address without a scheme', { baseUrl: 'api.example.com' }, /baseUrl.*address/u],
    ['an address with a query', { baseUrl: 'https://a.example/v1?key=1' }, /baseUrl.*query/u],
    ['an address with a user', { baseUrl: 'https://me:pw@a.example/v1' }, /baseUrl.*address/u],
    ['a key with a line break', { apiKeys: [`${FIRST}\n`] }, /apiKeys.*one line/u],
    ['an empty key', { apiKeys: [''] }, /apiKeys.*empty/u],
    ['keys that are no list', { apiKeys: FIRST }, /apiKeys must be a list.*\[entry\]/u],
  ])('refuses %s, and says what is right', async (_what, config, sentence) => {
    const starting = start(config);
    await expect(starting).rejects.toThrow(sentence);
    await expect(starting).rejects.not.toThrow(FIRST);
  });
});

describe.each(kinds.filter(({ path }) => path === '/v1/chat/completions'))(
  '$name, by the same dialect',
  ({ name, plugin, base, model, answer: answered }) => {
    test('the bytes go through as they are, but for the model where it has another name', async () => {
      upstream.answer({ headers: JSON_TYPE, body: JSON.stringify(answered) });
      gateway = await startTestGateway({
        plugins: [
          {
            plugin,
            packageJson: new URL(`../../plugins/${name}/package.json`, import.meta.url),
            config: { baseUrl: upstream.url + base, apiKeys: [FIRST] },
          },
        ],
        config: { routes: [{ match: 'other', targets: [{ plugin: name, model }] }] },
      });
      const body = (named: string) =>
        `{ "messages" : [ {"role":"user","content":"h\\u0069 \\"model\\": \\"other\\"", "x" : 1e2} ],\n\t"model":  "${named}" , "unknown":[ null ]}  `;
      for (const named of [`${name}/${model}`, 'other']) {
        await (await gateway.ask('/v1/chat/completions', { body: body(named) })).text();
      }
      const sent = upstream.requests.filter(({ method }) => method === 'POST');
      expect(sent.map((request) => request.body.toString())).toEqual([body(model), body(model)]);
    });
  },
);

describe.each(kinds.filter(({ name }) => name !== 'openai-compatible'))(
  '$name without keys',
  ({ name, plugin, model }) => {
    test('needs a login, says so, and asks nobody', async () => {
      gateway = await startTestGateway({
        plugins: [
          {
            plugin,
            packageJson: new URL(`../../plugins/${name}/package.json`, import.meta.url),
            config: { baseUrl: upstream.url },
          },
        ],
      });
      const reply = await gateway.ask('/v1/chat/completions', {
        body: { model, messages: [] },
      });
      expect(reply.status).toBe(503);
      expect(await reply.json()).toMatchObject({ error: { gateway_code: 'AUTH_NEEDS_LOGIN' } });
      expect((await health(gateway, '/v1/health/deep')).state).toBe('needs-login');
      expect(upstream.requests).toHaveLength(0);
    });
  },
);
