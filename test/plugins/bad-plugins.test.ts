import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestGateway } from '@cliproxy/plugin-testkit';
import type { InstalledTestPlugin, TestGateway, TestPlugin } from '@cliproxy/plugin-testkit';
import echo from '@cliproxy/plugin-echo';
import { openPluginFolder } from './plugin-folder.ts';
import type { FolderPlugin, PluginFolder } from './plugin-folder.ts';

/** Short, but long enough for a machine that is busy with other things. */
const LIMITS = { importMs: 1500, setupMs: 400, startMs: 400, stopMs: 400 };

const ECHO: TestPlugin = {
  plugin: echo,
  packageJson: new URL('../../plugins/echo/package.json', import.meta.url),
  config: { paceMs: 0 },
};

async function echoServes(gateway: TestGateway): Promise<void> {
  const reply = await gateway.ask('/v1/chat/completions', {
    body: { model: 'echo', messages: [{ role: 'user', content: 'still here' }] },
  });
  expect(await reply.text()).toContain('still here');
  expect(reply.status).toBe(200);
}

async function healthOf(gateway: TestGateway, id: string) {
  const { plugins } = (await (await gateway.ask('/v1/health', { admin: true })).json()) as {
    plugins: { instanceId: string; state: string; problems: readonly string[] }[];
  };
  return plugins.find(({ instanceId }) => instanceId === id);
}

/** What can be wrong before a plugin serves, and what is said of it. */
interface StartCase extends FolderPlugin {
  readonly what: string;
  readonly config?: object;
  /** Code and sentence, as start-up prints them. */
  readonly problem: RegExp;
}

const executor = `{ kind: 'events', models: async () => [], async *run() {} }`;

const startCases: readonly StartCase[] = [
  {
    id: 'import-throws',
    what: 'throws while it is imported',
    module: `throw new Error('boom at import');`,
    problem:
      /PLUGIN_IMPORT_FAILED: .*"import-throws" \(bad-import-throws 1\.2\.3\).*boom at import/u,
  },
  {
    id: 'import-missing',
    what: 'imports what is not installed',
    module: `import 'not-installed-anywhere';`,
    problem: /PLUGIN_IMPORT_FAILED: .*"import-missing".*not-installed-anywhere/u,
  },
  {
    id: 'import-syntax',
    what: 'is no JavaScript',
    module: `export default {{;`,
    problem: /PLUGIN_IMPORT_FAILED: .*"import-syntax"/u,
  },
  {
    id: 'import-hangs',
    what: 'hangs while it is imported',
    module: `await new Promise(() => {}); export default 1;`,
    problem: /PLUGIN_IMPORT_FAILED: .*"import-hangs".*did not finish within 1500 ms/u,
  },
  {
    id: 'no-plugin',
    what: 'exports something else',
    module: `export default { setup() {} };`,
    problem: /PLUGIN_IMPORT_FAILED: .*"no-plugin".*not made by definePlugin\(\)/u,
  },
  {
    id: 'setup-throws',
    what: 'throws in setup',
    setup: `throw new Error('boom in setup');`,
    problem: /PLUGIN_SETUP_FAILED: .*"setup-throws".*setup threw: boom in setup/u,
  },
  {
    id: 'setup-rejects',
    what: 'rejects with undefined in setup',
    setup: `throw undefined;`,
    problem: /PLUGIN_SETUP_FAILED: .*"setup-rejects".*undefined/u,
  },
  {
    id: 'setup-hangs',
    what: 'hangs in setup',
    setup: `await never;`,
    problem: /PLUGIN_TIMEOUT: .*"setup-hangs".*setup is not done within 400 ms/u,
  },
  {
    id: 'start-throws',
    what: 'throws in start',
    setup: `return { start: async () => { throw new Error('boom in start'); } };`,
    problem: /PLUGIN_SETUP_FAILED: .*"start-throws".*start threw: boom in start/u,
  },
  {
    id: 'start-hangs',
    what: 'hangs in start',
    setup: `return { start: () => never };`,
    problem: /PLUGIN_TIMEOUT: .*"start-hangs".*start is not done within 400 ms/u,
  },
  {
    id: 'old-api',
    what: 'was made for another version of the contract',
    manifest: { apiVersion: '7.3' },
    module: `throw new Error('must not be imported');`,
    problem: /PLUGIN_API_VERSION: .*"old-api".*7\.3.*1\.1/u,
  },
  {
    id: 'no-manifest',
    what: 'has no manifest',
    manifest: 'none',
    problem: /PLUGIN_BAD_MANIFEST: .*"no-manifest".*has no `cliproxyPlugin`/u,
  },
  {
    id: 'bad-manifest',
    what: 'has a manifest with a wrong field',
    manifest: { provides: { probe: ['x'] } },
    problem: /PLUGIN_BAD_MANIFEST: .*"bad-manifest".*provides.*"probe".*probes/u,
  },
  {
    id: 'no-entry',
    what: 'names an entry that is not there',
    manifest: { entry: './dist/index.js' },
    problem: /PLUGIN_NOT_FOUND: .*"no-entry".*\.\/dist\/index\.js.*build the package/u,
  },
  {
    id: 'socket-one',
    what: 'claims a socket path that another has (the other one)',
    manifest: { provides: { sockets: ['/v1/same'] } },
    setup: 'throw new Error("the one that was first is only judged by its own code");',
    problem: /PLUGIN_SETUP_FAILED: .*"socket-one"/u,
  },
  {
    id: 'socket-two',
    what: 'claims a socket path that another has',
    manifest: { provides: { sockets: ['/v1/same'] } },
    problem: /PLUGIN_DUPLICATE: .*"socket-two".*\/v1\/same.*"socket-one".*rename or remove/u,
  },
  {
    id: 'same-id',
    what: 'claims the plugin id of another package',
    manifest: { id: 'socket-two' },
    problem: /PLUGIN_DUPLICATE: .*"same-id".*plugin id "socket-two".*rename or remove/u,
  },
  {
    id: 'bad-config',
    what: 'is configured with a value that it does not take',
    config: { colour: 'green', size: 1 },
    problem: /PLUGIN_BAD_CONFIG: .*bad-config.*colour must be red or blue/u,
  },
  {
    id: 'less-than-promised',
    what: 'brings less than its manifest says',
    manifest: { provides: { executor: true, probes: ['alive'] } },
    problem: /PLUGIN_BAD_CONTRIBUTION: .*"less-than-promised".*no executor.*lacks "alive"/u,
  },
  {
    id: 'more-than-promised',
    what: 'brings more than its manifest says',
    setup: `return { executor: ${executor} };`,
    problem: /PLUGIN_BAD_CONTRIBUTION: .*"more-than-promised".*an executor, but.*false/u,
  },
  {
    id: 'junk-contribution',
    what: 'returns junk from setup',
    manifest: { provides: { executor: true } },
    setup: `return { executor: { kind: 'magic' }, colour: 1 };`,
    problem: /PLUGIN_BAD_CONTRIBUTION: .*"junk-contribution".*"colour".*executor\.kind/u,
  },
  {
    id: 'bad-account',
    what: 'brings an account without a key',
    manifest: { provides: { executor: true } },
    setup: `return { executor: ${executor}, accounts: [{ label: 'x' }] };`,
    problem: /PLUGIN_BAD_ACCOUNT: .*"bad-account"/u,
  },
];

describe('plugins that never come to serve', () => {
  let folder: PluginFolder;
  let mounted: readonly InstalledTestPlugin[];
  let gateway: TestGateway;

  beforeAll(async () => {
    folder = openPluginFolder();
    mounted = [
      ...startCases.map(({ config = {}, ...plugin }) => ({
        package: folder.add(plugin),
        instanceId: plugin.id,
        config,
        required: false,
      })),
      { package: `${folder.dir}/nowhere`, instanceId: 'nowhere', required: false },
    ];
    gateway = await startTestGateway({ plugins: [ECHO, ...mounted], pluginLimits: LIMITS });
  });

  afterAll(async () => {
    await gateway.stop();
    folder.remove();
  });

  const named: readonly Pick<StartCase, 'id' | 'what' | 'problem'>[] = [
    ...startCases,
    {
      id: 'nowhere',
      what: 'is not there',
      problem: /PLUGIN_NOT_FOUND: .*"nowhere".*package\.json/u,
    },
  ];

  test.each(named)('one that $what: named, with what to do; echo serves', async (one) => {
    const { id, problem } = one;
    expect(gateway.problems.join('\n')).toMatch(problem);
    const health = await healthOf(gateway, id);
    expect(health).toMatchObject({ state: 'failed' });
    const sentence = gateway.problems.find((line) => problem.test(line))?.replace(/^\w+: /u, '');
    expect(health?.problems).toContain(sentence);
    const told = gateway
      .log()
      .split('\n')
      .filter((line) => line.includes(`"instance":"${id}"`));
    expect(told.join()).toContain(JSON.stringify(sentence).slice(1, 60));
    const reply = await gateway.ask('/v1/chat/completions', {
      body: { model: `${id}/x`, messages: [] },
    });
    expect(reply.status).toBe(503);
    expect(await reply.json()).toMatchObject({
      error: { gateway_code: 'PLUGIN_UNAVAILABLE', message: expect.stringContaining(id) },
    });
    await echoServes(gateway);
  });

  test('with required: true start-up ends, and tells what is wrong with each at once', async () => {
    const starting = startTestGateway({
      plugins: [ECHO, ...mounted.map((one) => ({ ...one, required: true }))],
      pluginLimits: LIMITS,
    });
    const message = await starting.then(
      () => '',
      (error: unknown) => (error as Error).message,
    );
    // What can be said without running any plugin is said first, all of it.
    const planned = named.filter(({ problem }) =>
      /NOT_FOUND|MANIFEST|API_VERSION|DUPLICATE/u.test(problem.source),
    );
    expect(planned).toHaveLength(7);
    for (const { problem } of planned) expect(message).toMatch(problem);
  });

  test('and so it does for all that only their code can show', async () => {
    const ids = startCases
      .filter(({ problem }) => !/NOT_FOUND|MANIFEST|API_VERSION|DUPLICATE/u.test(problem.source))
      .map(({ id }) => id);
    const starting = startTestGateway({
      plugins: [
        ECHO,
        ...mounted
          .filter(({ instanceId }) => ids.includes(instanceId))
          .map((one) => ({ ...one, required: true })),
      ],
      pluginLimits: LIMITS,
    });
    const message = await starting.then(
      () => '',
      (error: unknown) => (error as Error).message,
    );
    for (const { id, problem } of startCases) {
      // Nobody is started where a set-up has failed already.
      if (ids.includes(id) && !id.startsWith('start-')) expect(message).toMatch(problem);
    }
  });
});

/** What can go wrong while a plugin serves, and what the client is told. */
interface CallCase {
  readonly id: string;
  readonly what: string;
  /** Source of an executor's members; see {@link eventsCase} and {@link wireCase}. */
  readonly source: string;
  readonly status: number;
  readonly code: string;
  readonly message: RegExp;
  /** What the log says beside the client's sentence: the cause, for the author. */
  readonly logged?: RegExp;
}

const eventsCase = (id: string, what: string, run: string, rest: Partial<CallCase>): CallCase => ({
  id,
  what,
  source: `kind: 'events', ${run}`,
  status: 502,
  code: 'PLUGIN_FAULT',
  message: new RegExp(`"${id}"`, 'u'),
  ...rest,
});
const wireCase = (id: string, what: string, send: string, rest: Partial<CallCase>): CallCase => ({
  ...eventsCase(id, what, '', rest),
  source: `kind: 'wire', speaks: { 'openai-chat': ['generate'] }, ${send}`,
});

const HALF = `yield { type: 'start' };
  yield { type: 'open', index: 0, part: { type: 'text', text: '' } };
  yield { type: 'delta', index: 0, text: 'half an answer' };`;

const callCases: readonly CallCase[] = [
  eventsCase('run-throws', 'throws before the first event', `run() { throw new Error('boom'); }`, {
    logged: /boom/u,
  }),
  eventsCase('run-undefined', 'throws undefined', `async *run() { throw undefined; }`, {}),
  eventsCase(
    'run-hostile',
    'throws what throws when it is looked at',
    `async *run() { throw new Proxy({}, { get() { throw 1; }, has() { throw 2; } }); }`,
    {},
  ),
  eventsCase('run-junk', 'gives no events but a number', `run: () => 42`, {}),
  eventsCase('run-promise', 'gives a promise of events', `run: async () => 42`, {}),
  eventsCase(
    'event-junk',
    'gives an event of no type',
    `async *run() { yield { type: 'x' }; }`,
    {},
  ),
  eventsCase('event-null', 'gives null for an event', `async *run() { yield null; }`, {}),
  eventsCase(
    'event-grammar',
    'gives a delta that was never opened',
    `async *run() { yield { type: 'start' }; yield { type: 'delta', index: 7, text: 'x' }; }`,
    { code: 'UPSTREAM_BAD_ANSWER', message: /part|delta/u },
  ),
  eventsCase(
    'event-parts',
    'gives a part of no type',
    `async *run() { yield { type: 'open', index: 0, part: undefined }; }`,
    {},
  ),
  eventsCase('run-ends', 'ends without a finish', `async *run() { ${HALF} }`, {
    code: 'UPSTREAM_TRUNCATED',
    message: /run-ends|ended before/u,
  }),
  eventsCase(
    'run-breaks',
    'throws in the middle',
    `async *run() { ${HALF} throw new Error('boom'); }`,
    { logged: /boom/u },
  ),
  eventsCase(
    'run-hangs',
    'never gives an event, and does not let go',
    `run: () => ({ [Symbol.asyncIterator]: () => ({ next: () => never, return: () => never }) })`,
    { status: 504, code: 'UPSTREAM_TIMEOUT', message: /run-hangs.*within 700 ms/u },
  ),
  eventsCase(
    'run-stalls',
    'stops in the middle and ignores the abort',
    `async *run() { ${HALF} await never; }`,
    { status: 504, code: 'UPSTREAM_TIMEOUT', message: /run-stalls.*within 600 ms/u },
  ),
  eventsCase(
    'run-floods',
    'never stops talking',
    `async *run() { ${HALF} for (;;) yield { type: 'delta', index: 0, text: 'x'.repeat(65536) }; }`,
    { code: 'UPSTREAM_TOO_LARGE', message: /run-floods|larger/u },
  ),
  wireCase('send-throws', 'throws in send', `send() { throw new Error('boom'); }`, {
    logged: /boom/u,
  }),
  wireCase('send-undefined', 'rejects with undefined', `send: () => Promise.reject()`, {}),
  wireCase('send-nothing', 'gives nothing for a reply', `send: async () => undefined`, {}),
  wireCase('send-text', 'gives text for a reply', `send: async () => 'ok'`, {}),
  wireCase(
    'send-no-body',
    'gives a reply without a body',
    `send: async () => ({ status: 200, headers: {} })`,
    {},
  ),
  wireCase(
    'send-status',
    'gives a status that is none',
    `send: async () => ({ status: 'fine', headers: {}, body: Readable.from(['x']) })`,
    {},
  ),
  wireCase(
    'send-errored',
    'gives a body that has failed already',
    `send: async () => {
      const body = new Readable({ read() {} });
      body.on('error', () => {});
      body.destroy(new Error('broken before'));
      return { status: 200, headers: { 'content-type': 'application/json' }, body };
    }`,
    { code: 'UPSTREAM_TRUNCATED', message: /ended before it was complete/u },
  ),
  wireCase(
    'send-objects',
    'gives a body of objects',
    `send: async () => ({ status: 200, headers: {}, body: Readable.from([{ a: 1 }]) })`,
    {},
  ),
  wireCase(
    'send-prose',
    'gives an answer that is not in its dialect',
    `send: async () => ({ status: 200, headers: {}, body: Readable.from(['hello']) })`,
    { code: 'UPSTREAM_BAD_ANSWER', message: /neither JSON nor an event stream/u },
  ),
  wireCase('send-hangs', 'never resolves', `send: () => never`, {
    status: 504,
    code: 'UPSTREAM_TIMEOUT',
    message: /send-hangs.*within 700 ms/u,
  }),
  wireCase(
    'send-strays',
    'goes to a host that it has not declared',
    `send: ({ http, signal }) =>
      http.request({ method: 'GET', url: 'https://elsewhere.example/?key=1', headers: {} }, signal)`,
    { code: 'PLUGIN_HOST_FORBIDDEN', message: /"send-strays".*elsewhere\.example.*permissions/u },
  ),
  wireCase(
    'send-bad-header',
    'sends a header that is none',
    `send: ({ http, signal }) =>
      http.request({ method: 'GET', url: 'http://127.0.0.1:1/', headers: { 'x y': 'z' } }, signal)`,
    { message: /127\.0\.0\.1:1.*header/u },
  ),
];

describe('plugins that break while they serve', () => {
  let folder: PluginFolder;
  let gateway: TestGateway;

  beforeAll(async () => {
    folder = openPluginFolder();
    const mount = (id: string, source: string, more: object = {}): InstalledTestPlugin => ({
      package: folder.add({
        id,
        manifest: {
          provides: { executor: true },
          permissions: { hosts: ['127.0.0.1'] },
          ...more,
        },
        setup: `return { executor: { models: async () => [], ${source} } };`,
      }),
      instanceId: id,
      required: false,
    });
    gateway = await startTestGateway({
      plugins: [
        ECHO,
        ...callCases.map(({ id, source }) => mount(id, source)),
        mount(
          'deaf',
          `kind: 'events', async *run() {
            ${HALF}
            for (;;) { await sleep(20); yield { type: 'delta', index: 0, text: ' more' }; }
          }`,
        ),
        mount(
          'flood',
          `kind: 'events',
          async *run() { ${HALF} for (;;) yield { type: 'delta', index: 0, text: 'y'.repeat(9000) }; }`,
        ),
        mount(
          'late',
          `kind: 'wire', speaks: { 'openai-chat': ['generate'] },
          async send() {
            await sleep(1000);
            const body = new Readable({ read() {} });
            setTimeout(() => body.destroy(new Error('nobody listens')), 50);
            return { status: 200, headers: {}, body };
          }`,
        ),
        mount('stream-break', `kind: 'events', async *run() { ${HALF} throw new Error('boom'); }`),
        mount(
          'models-throw',
          `kind: 'events', async *run() {}, models() { throw new Error('no list'); }`,
        ),
        mount('models-junk', `kind: 'events', async *run() {}, models: async () => ({ data: [] })`),
        mount(
          'models-odd',
          `kind: 'events', async *run() {}, models: async () => [{ id: 7 }, null]`,
        ),
        {
          package: folder.add({
            id: 'bad-probe',
            manifest: { provides: { executor: true, probes: ['one', 'two', 'three'] } },
            setup: `
              const of = (id, check) =>
                ({ id, intervalMs: 60000, timeoutMs: 300, affects: 'report-only', check });
              return {
                executor: ${executor},
                probes: [
                  of('one', () => { throw new Error('probe boom'); }),
                  of('two', () => never),
                  of('three', async () => 'fine'),
                ],
              };`,
          }),
          instanceId: 'bad-probe',
          required: false,
        },
        {
          package: folder.add({
            id: 'bad-auth',
            manifest: {
              provides: { executor: true, authenticators: ['a'] },
              permissions: { hosts: ['127.0.0.1'] },
            },
            setup: `return {
              executor: { kind: 'wire', speaks: { 'openai-chat': ['generate'] }, models: async () => [],
                send: ({ http, signal }) =>
                  http.request({ method: 'POST', url: 'http://127.0.0.1:1/', headers: {} }, signal) },
              authenticators: [{ id: 'a', method: 'token', authorize: async () => ({ url: 7 }) }],
              accounts: [{ key: 'k', authenticator: 'a', label: 'k', credential: { secrets: {} } }],
            };`,
          }),
          instanceId: 'bad-auth',
          required: false,
        },
        {
          package: folder.add({
            id: 'stop-hangs',
            setup: `onDispose(() => never); return { stop: () => never };`,
          }),
          instanceId: 'stop-hangs',
          required: false,
        },
      ],
      config: {
        timeouts: { firstByteMs: 700, idleMs: 600 },
        failover: { maxAnswerBytes: 1_048_576 },
      },
      pluginLimits: LIMITS,
    });
    expect(gateway.problems).toEqual([]);
  });

  afterAll(async () => {
    // Also shows that a plugin that hangs in stop keeps nobody for ever.
    await gateway.stop();
    expect(gateway.log()).toMatch(/stop-hangs/u);
    folder.remove();
  });

  const ask = (id: string, more: object = {}, signal?: AbortSignal) =>
    gateway.ask('/v1/chat/completions', {
      body: { model: `${id}/x`, messages: [{ role: 'user', content: 'hi' }], ...more },
      ...(signal && { signal }),
    });

  test.each(callCases)('one that $what: $status $code; echo serves', async (one) => {
    const { id, status, code, message, logged } = one;
    const reply = await ask(id);
    const { error } = (await reply.json()) as {
      error: { message: string; gateway_code: string };
    };
    expect([reply.status, error.gateway_code]).toEqual([status, code]);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('key=1');
    const requestId = reply.headers.get('x-request-id') ?? 'none';
    const lines = gateway.log().split('\n');
    const told = lines.filter((line) => line.includes(requestId)).join('\n');
    expect(told).toContain(`"instance":"${id}"`);
    expect(told).toContain(code);
    if (logged !== undefined) expect(told).toMatch(logged);
    await echoServes(gateway);
  });

  test('one that breaks a stream: its half, then an error; echo serves', async () => {
    const text = await (await ask('stream-break', { stream: true })).text();
    expect(text).toContain('half an answer');
    expect(text).toMatch(/"error".*stream-break/u);
    expect(text).not.toContain('[DONE]');
    await echoServes(gateway);
  });

  test('one that ignores the abort: a client that leaves is let go; echo serves', async () => {
    const leaving = new AbortController();
    const reply = await ask('deaf', { stream: true }, leaving.signal);
    const reader = reply.body!.getReader();
    await reader.read();
    leaving.abort();
    await expect(reader.read()).rejects.toMatchObject({ name: 'AbortError' });
    while (!/"instance":"deaf".*client-left|client-left.*"instance":"deaf"/u.test(gateway.log())) {
      await sleep(10);
    }
    await echoServes(gateway);
  });

  test('one that floods: echo serves meanwhile, and the reader sets the pace', async () => {
    const { port } = new URL(gateway.url);
    const request = http.request({
      port,
      host: '127.0.0.1',
      method: 'POST',
      path: '/v1/chat/completions',
      headers: {
        authorization: `Bearer ${gateway.apiKey}`,
        'content-type': 'application/json',
      },
    });
    request.end(JSON.stringify({ model: 'flood/x', stream: true, messages: [] }));
    const [reply] = (await once(request, 'response')) as [http.IncomingMessage];
    reply.on('error', () => undefined);
    await once(reply, 'readable');
    // Nobody reads on from here.
    const before = process.memoryUsage().rss;
    for (let round = 0; round < 10; round += 1) {
      await echoServes(gateway);
      await sleep(20);
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
    reply.destroy();
    await echoServes(gateway);
  });

  test('one that answers after its time: nobody minds, whatever becomes of the body', async () => {
    expect((await ask('late')).status).toBe(504);
    await sleep(600);
    await echoServes(gateway);
  });

  test('one whose authenticator gives junk: named; echo serves', async () => {
    const reply = await ask('bad-auth');
    expect(reply.status).toBe(502);
    expect(await reply.json()).toMatchObject({
      error: {
        gateway_code: 'PLUGIN_FAULT',
        message: expect.stringMatching(/"a" of plugin "bad-auth"/u),
      },
    });
    await echoServes(gateway);
  });

  test.each([
    ['models-throw', /could not be listed: no list/u],
    ['models-junk', /gave object where a list of models is due/u],
    ['models-odd', /2 malformed entries/u],
  ])('one whose models are wrong (%s): said in health; echo serves', async (id, sentence) => {
    while (((await healthOf(gateway, id))?.problems.length ?? 0) === 0) await sleep(10);
    expect((await healthOf(gateway, id))?.problems.join()).toMatch(sentence);
    await echoServes(gateway);
  });

  test('one whose probes throw, hang and babble: each is down, with its reason', async () => {
    const text = await (await gateway.ask('/v1/health/deep', { admin: true })).text();
    const { plugins } = JSON.parse(text) as {
      plugins: {
        instanceId: string;
        accounts: { probes: { status: string; detail: string }[] }[];
      }[];
    };
    const { accounts } = plugins.find(({ instanceId }) => instanceId === 'bad-probe')!;
    const probes = accounts[0]!.probes;
    expect(probes.map(({ status }) => status)).toEqual(['down', 'down', 'down']);
    expect(probes.map(({ detail }) => detail)).toEqual([
      expect.stringMatching(/"bad-probe", probe "one": probe boom/u),
      expect.stringMatching(/"bad-probe", probe "two": no result within 300 ms/u),
      expect.stringMatching(/"bad-probe" gave a malformed report.*"three"/u),
    ]);
    await echoServes(gateway);
  });
});
