import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseConfig, printConfig } from '@cliproxy/config';
import { configSchema, definePlugin, secret } from '@cliproxy/plugin-api';
import claude from '@cliproxy/plugin-llmux-claude';
import compatible from '@cliproxy/plugin-openai-compatible';
import { startScriptedUpstream, startTestGateway } from '@cliproxy/plugin-testkit';
import { compatibleConfig } from '../../plugins/openai-compatible/src/config.ts';
import type { ReceivedRequest, ScriptedUpstream, TestGateway } from '@cliproxy/plugin-testkit';

/** Secrets of every kind; no two have a part of eight characters in common. */
const CLIENT = 'canary-client-Qx71/b+c=Zk90';
const OTHER_CLIENT = 'hatch-second-Vd31Mn88Uo52';
const ADMIN = 'canary-admin-Rw62Tb17Yp43';
const FIRST_KEY = 'sk-canary1-Hg54Jk29Lm06';
const SECOND_KEY = 'sk-canary2-Nb83Cv15Xz70';
const CLAUDE_KEY = 'ant-canary3-Po92Iu48Yt31';
const HEADER = 'header-canary-We57Sd24Fg68';
const TALKER_KEY = 'talk-canary-Ui39Jh61Bv05';
const UNKNOWN = 'stranger-canary-Mz40Ql97Wp12';
const ALL = [
  ...[CLIENT, OTHER_CLIENT, ADMIN, FIRST_KEY, SECOND_KEY, CLAUDE_KEY],
  ...[HEADER, TALKER_KEY, UNKNOWN],
];
/** What clients send; nothing of it may reach an upstream. */
const CLIENTS_OWN = [CLIENT, OTHER_CLIENT, ADMIN, UNKNOWN];

function hits(text: string, canaries: readonly string[] = ALL): string[] {
  return canaries.filter((canary) =>
    [canary, JSON.stringify(canary).slice(1, -1), encodeURIComponent(canary)].some((form) =>
      text.includes(form),
    ),
  );
}

/** A plugin whose author logs everything that comes along. */
const talker = definePlugin({
  config: configSchema<{ apiKey: string; note: string }>({
    type: 'object',
    additionalProperties: false,
    required: ['apiKey', 'note'],
    properties: {
      apiKey: { type: 'string', writeOnly: true },
      note: { type: 'string' },
    },
  }),
  setup: ({ config, logger }) => {
    logger.debug(`my configuration is ${JSON.stringify(config)}`, { config });
    logger.info(`the key is ${config.apiKey}`, {
      key: config.apiKey,
      wrapped: secret(config.apiKey),
      url: `https://h.example/?a=${encodeURIComponent(config.apiKey)}`,
      error: new Error(`refused: ${config.apiKey}`, { cause: new Error(config.apiKey) }),
    });
    return {
      probes: [
        {
          id: 'talk',
          intervalMs: 60_000,
          timeoutMs: 1000,
          affects: 'report-only',
          check: async () => ({ status: 'down', detail: `my key ${config.apiKey} is bad` }),
        },
      ],
    };
  },
});

let folder: string;
let upstream: ScriptedUpstream;
let gateway: TestGateway;
/** Everything that came back to clients without the admin's or a client's doing: heads and bodies. */
const told: string[] = [];

const manifest = (name: string) => new URL(`../../plugins/${name}/package.json`, import.meta.url);

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cliproxy-canary-'));
  const talkerManifest = path.join(folder, 'package.json');
  fs.writeFileSync(
    talkerManifest,
    JSON.stringify({
      name: 'talker',
      version: '1.0.0',
      cliproxyPlugin: {
        manifestVersion: 1,
        id: 'talker',
        apiVersion: '1.0',
        entry: './index.js',
        provides: {
          executor: false,
          authenticators: [],
          probes: ['talk'],
          sockets: [],
          models: [],
        },
        permissions: { hosts: [], env: [], childProcess: false },
      },
    }),
  );
  upstream = await startScriptedUpstream();
  upstream.answer(echoingError(401));
  gateway = await startTestGateway({
    plugins: [
      {
        plugin: compatible,
        packageJson: manifest('openai-compatible'),
        instanceId: 'service',
        config: {
          baseUrl: `${upstream.url}/v1`,
          apiKeys: [FIRST_KEY, SECOND_KEY],
          headers: { 'x-service-secret': HEADER },
        },
      },
      {
        plugin: claude,
        packageJson: manifest('llmux-claude'),
        config: { baseUrl: upstream.url, apiKeys: [CLAUDE_KEY] },
      },
      {
        plugin: talker,
        packageJson: pathToFileURL(talkerManifest),
        config: { apiKey: TALKER_KEY, note: 'nothing' },
      },
    ],
    config: {
      server: { port: 0, apiKeys: [CLIENT, OTHER_CLIENT], adminKeys: [ADMIN], drainMs: 1000 },
      routes: [{ match: 'm*', targets: [{ plugin: 'service' }] }],
      failover: { outageMs: 1, overloadedMs: 1, rateLimitMs: 1, deniedMs: 1, notFoundMs: 1 },
    },
  });
});

afterAll(async () => {
  // Where the set-up failed there is nothing to stop, and what is left open would keep jest waiting.
  await (gateway as TestGateway | undefined)?.stop();
  await upstream.close();
  fs.rmSync(folder, { recursive: true });
});

/** Repeats whatever credential it was shown, in its head and its body. */
function echoingError(status: number) {
  return ({ headers }: ReceivedRequest) => {
    const shown = String(headers.authorization ?? headers['x-api-key']);
    const own = String(headers['x-service-secret'] ?? '');
    return {
      status,
      headers: {
        'content-type': 'application/json',
        'x-request-id': `up-${shown.replaceAll(' ', '-')}`,
        'request-id': `up-${shown.replaceAll(' ', '-')}`,
        'x-debug': shown,
        'set-cookie': `key=${shown}`,
      },
      body: JSON.stringify({
        type: 'error',
        error: {
          type: status === 401 ? 'authentication_error' : 'invalid_request_error',
          code: `bad_${shown}`,
          param: own,
          message: `incorrect key ${shown} ${encodeURIComponent(shown)} ${own}`,
        },
      }),
    };
  };
}

async function ask(
  at: string,
  headers: Readonly<Record<string, string>>,
  body?: object,
): Promise<{ readonly status: number; readonly text: string }> {
  const reply = await fetch(gateway.url + at, {
    headers: { ...(body && { 'content-type': 'application/json' }), ...headers },
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
  });
  const text = await reply.text();
  told.push(`${at.split('?')[0]} ${JSON.stringify([...reply.headers])} ${text}`);
  return { status: reply.status, text };
}

const chat = { model: 'm-1', messages: [{ role: 'user', content: 'hi' }] };
const message = { model: 'claude-x', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] };
const forms: readonly (readonly [string, string, Readonly<Record<string, string>>])[] = [
  ['Authorization', '', { authorization: `Bearer ${CLIENT}` }],
  ['x-api-key', '', { 'x-api-key': CLIENT }],
  ['x-goog-api-key', '', { 'x-goog-api-key': CLIENT }],
  ['?key=', `?key=${encodeURIComponent(CLIENT)}`, {}],
  ['an admin key', '', { authorization: `Bearer ${ADMIN}` }],
  [
    'several keys, cookies and all',
    `?key=${OTHER_CLIENT}`,
    {
      authorization: `Bearer ${CLIENT}`,
      'x-api-key': UNKNOWN,
      'proxy-authorization': UNKNOWN,
      cookie: `session=${UNKNOWN}`,
      'openai-organization': UNKNOWN,
      'x-custom': UNKNOWN,
    },
  ],
];

test('an upstream that echoes its key, at every status', async () => {
  const before = upstream.requests.length;
  for (const status of [401, 400, 403, 404, 413, 429, 500, 529]) {
    upstream.answer(echoingError(status));
    for (const [, query, headers] of forms) {
      const ours = await ask(`/v1/chat/completions${query}`, headers, chat);
      expect(ours.status).toBeGreaterThanOrEqual(400);
      // Where the key is right, it is the upstream that is asked.
      expect(ours.text).not.toContain('CLIENT_UNAUTHORIZED');
      await ask(`/v1/messages${query}`, headers, message);
      await ask(`/v1/chat/completions${query}`, headers, { ...chat, stream: true });
    }
  }
  const seen = upstream.requests.slice(before);
  // Accounts that were refused are out, so not every request comes through; enough do.
  expect(seen.some(({ headers }) => headers.authorization === `Bearer ${FIRST_KEY}`)).toBe(true);
  expect(seen.some(({ headers }) => headers['x-api-key'] === CLAUDE_KEY)).toBe(true);
  expect(seen.some(({ headers }) => headers['x-service-secret'] === HEADER)).toBe(true);
});

test('the same for clients of the other dialects', async () => {
  const contents = [{ role: 'user', parts: [{ text: 'hi' }] }];
  const questions: readonly (readonly [string, object])[] = [
    ['/v1/responses', { model: 'm-1', input: 'hi' }],
    ['/v1/completions', { model: 'm-1', prompt: 'hi', stream: true }],
    ['/v1/embeddings', { model: 'm-1', input: 'hi' }],
    ['/v1/messages/count_tokens', message],
    ['/v1beta/models/m-1:generateContent', { contents }],
    ['/v1beta/models/m-1:streamGenerateContent', { contents }],
    ['/v1beta/models/m-1:countTokens', { contents }],
  ];
  for (const status of [400, 401]) {
    upstream.answer(echoingError(status));
    for (const [, query, headers] of forms) {
      for (const [at, body] of questions) {
        const ours = await ask(at + query, headers, body);
        expect(ours.text).not.toContain('CLIENT_UNAUTHORIZED');
      }
      const lost = await ask(`/v1beta/models/m-1:nonsense${query}`, headers, { contents });
      expect(lost.status).toBe(404);
    }
  }
});

test('an error inside an answer that has begun', async () => {
  const { url } = await upstreamWith(({ headers }) => ({
    headers: { 'content-type': 'text/event-stream' },
    body: [
      'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"half"},"finish_reason":null}]}\n\n',
      `data: ${JSON.stringify({ error: { message: `bad ${String(headers.authorization)}` } })}\n\n`,
    ],
  }));
  // One for each question: whoever broke off is out for a while.
  const instances = ['s', 't', 'u', 'v', 'w'];
  const other = await startTestGateway({
    plugins: instances.map((instanceId, n) => ({
      plugin: compatible,
      packageJson: manifest('openai-compatible'),
      instanceId,
      config: {
        baseUrl: `${url}/v1`,
        apiKeys: [n % 2 === 0 ? FIRST_KEY : SECOND_KEY],
        discover: false,
      },
    })),
    config: {
      routes: [{ match: 'm*', targets: instances.map((plugin) => ({ plugin })) }],
    },
  });
  try {
    for (const [at, body] of [
      ['/v1/chat/completions', { ...chat, stream: true }],
      ['/v1/messages', { ...message, model: 'm-1', stream: true }],
      ['/v1/responses', { model: 'm-1', input: 'hi', stream: true }],
      ['/v1/completions', { model: 'm-1', prompt: 'hi', stream: true }],
      ['/v1beta/models/m-1:streamGenerateContent', { contents: [{ parts: [{ text: 'hi' }] }] }],
    ] as const) {
      const reply = await fetch(other.url + at, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-api-key': other.apiKey },
        body: JSON.stringify(body),
      });
      const text = await reply.text();
      expect(text).toContain('half');
      expect(text).toContain('error');
      expect(hits(text)).toEqual([]);
    }
    expect(hits(other.log())).toEqual([]);
  } finally {
    await other.stop();
    await closeAll();
  }
});

test('wrong keys are told to nobody', async () => {
  for (const headers of [
    { authorization: `Bearer ${UNKNOWN}` },
    { 'x-api-key': UNKNOWN },
    { 'x-goog-api-key': UNKNOWN },
  ]) {
    expect((await ask('/v1/models', headers)).status).toBe(401);
    expect((await ask('/v1/routes/explain?model=m-1', headers)).status).toBe(401);
  }
  expect((await ask(`/v1/models?key=${UNKNOWN}`, {})).status).toBe(401);
  expect((await ask(`/v1/nowhere?key=${UNKNOWN}`, {})).status).toBe(404);
  expect((await ask(`/v1/routes/explain?model=m&key=${ADMIN}`, {})).status).toBe(401);
  expect((await ask('/v1/routes/explain?model=m', { 'x-api-key': CLIENT })).status).toBe(403);
});

test('what shows the state of the gateway shows no secret', async () => {
  upstream.answer(echoingError(401));
  const admin = { 'x-api-key': ADMIN };
  for (const at of ['/v1/health/deep', '/v1/health', '/v1/models', '/livez', '/readyz', '/']) {
    expect((await ask(at, admin)).text.length).toBeGreaterThan(0);
  }
  for (const model of ['m-1', 'claude-x', 'nothing', 'service/x']) {
    await ask(`/v1/routes/explain?model=${model}`, admin);
  }
  const health = await ask('/v1/health', { authorization: `Bearer ${CLIENT}` });
  // It did come so far: the vendor's refusal and the plugin's words are there, without the keys.
  expect(health.text).toContain('talker');
  expect(health.text).toContain('***');
});

describe('after all of this', () => {
  test('no answer, head or body, holds a secret', () => {
    expect(told.length).toBeGreaterThan(100);
    for (const one of told) expect({ hits: hits(one), one }).toEqual({ hits: [], one });
  });

  test('no log line holds a secret, and there were lines to look at', () => {
    const lines = gateway.log().trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(100);
    expect(lines.some((line) => line.includes('my configuration is'))).toBe(true);
    for (const line of lines) expect({ hits: hits(line), line }).toEqual({ hits: [], line });
  });

  test("no client's credential reached an upstream", () => {
    expect(upstream.requests.length).toBeGreaterThan(5);
    for (const { url, headers, body } of upstream.requests) {
      const all = `${url} ${JSON.stringify(headers)} ${body.toString()}`;
      expect({ hits: hits(all, CLIENTS_OWN), all }).toEqual({ hits: [], all });
      expect(headers.cookie).toBeUndefined();
      expect(headers['openai-organization']).toBeUndefined();
    }
  });
});

describe('the configuration', () => {
  const text = JSON.stringify({
    server: { apiKeys: [CLIENT], adminKeys: [ADMIN] },
    plugins: {
      service: {
        package: '@cliproxy/plugin-openai-compatible',
        config: {
          baseUrl: 'https://h.example/v1',
          apiKeys: [FIRST_KEY, '${SECOND}'],
          headers: { 'x-service-secret': HEADER },
        },
      },
      unknown: { package: 'x', config: { whatever: [{ deep: TALKER_KEY }] } },
    },
  });
  const { settings } = parseConfig({ text, file: '/c.yaml', env: { SECOND: SECOND_KEY } });

  test('printed, shows no secret, with and without the schemas of the plugins', () => {
    for (const schemas of [{}, { service: compatibleConfig.json }]) {
      const printed = printConfig(settings, schemas);
      expect(hits(printed)).toEqual([]);
      expect(printed).toContain('***');
      // With the schema, what is no secret is shown.
      expect(printed.includes('https://h.example/v1')).toBe('service' in schemas);
    }
  });

  test.each([
    ['openai-compatible', compatible],
    ['llmux-claude', claude],
  ] as const)(
    '%s takes no base URL with a user in it, and does not repeat it',
    async (name, plugin) => {
      const failure = await startTestGateway({
        plugins: [
          {
            plugin,
            packageJson: manifest(name),
            config: { baseUrl: `https://user:${UNKNOWN}@h.example/v1`, apiKeys: [FIRST_KEY] },
          },
        ],
      }).then(
        async (started) => {
          await started.stop();
          return 'it started';
        },
        (error: unknown) => (error as Error).message,
      );
      expect(failure).toContain('baseUrl');
      expect(hits(failure)).toEqual([]);
    },
  );
});

const extra: ScriptedUpstream[] = [];
async function upstreamWith(
  answer: Parameters<ScriptedUpstream['answer']>[0],
): Promise<ScriptedUpstream> {
  const one = await startScriptedUpstream();
  one.answer(answer);
  extra.push(one);
  return one;
}
async function closeAll(): Promise<void> {
  await Promise.all(extra.splice(0).map((one) => one.close()));
}
