import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, relative } from 'node:path';
import {
  type AccountRegistry,
  apiKeyAccounts,
  configSchema,
  definePlugin,
  type GatewayPlugin,
  readBody,
  services,
} from '@cliproxy/plugin-api';
import {
  instance,
  manifestOf,
  openWorkshop,
  type PackageSpec,
  rememberingPorts,
  settings,
  type Workshop,
} from '../../test/plugin-workshop.ts';
import { faultBook } from '../../test/fault-book.ts';
import { noChildren } from '../../test/no-children.ts';
import type { PluginSettings } from '../ports/settings.ts';
import { MemoryCredentials } from '../accounts/memory-credentials.ts';
import { PluginHost, type PluginHostOptions } from './plugin-host.ts';

let shop: Workshop;
let memory: ReturnType<typeof rememberingPorts>;
let hosts: PluginHost[];

beforeEach(() => {
  shop = openWorkshop();
  memory = rememberingPorts();
  hosts = [];
  (globalThis as { trail?: string[] }).trail = [];
});
afterEach(async () => {
  for (const host of hosts) await host.stop(1000);
  shop.remove();
});

/** What plugins wrote with `globalThis.trail.push(…)`. */
const trail = (): string[] => (globalThis as { trail?: string[] }).trail ?? [];

function open(rest: Partial<PluginHostOptions> = {}): PluginHost {
  const host = new PluginHost({
    ...memory.ports,
    supervisor: noChildren(memory.ports),
    credentials: new MemoryCredentials(),
    onLogin: () => undefined,
    faults: faultBook(memory.ports),
    fallbackDir: shop.dir,
    version: '1.2.3',
    ...rest,
    limits: {
      importMs: 300,
      setupMs: 300,
      startMs: 300,
      stopMs: 300,
      drainMs: 5000,
      ...rest.limits,
    },
  });
  hosts.push(host);
  return host;
}

const apply = (
  host: PluginHost,
  plugins: readonly PluginSettings[],
): ReturnType<PluginHost['apply']> => host.apply(settings(shop.dir, plugins));

const states = (host: PluginHost): Record<string, string> =>
  Object.fromEntries(host.instances().map((one) => [one.id, one.state]));

const told = (): string[] =>
  memory.events.flatMap((event) =>
    event.type === 'plugin-changed' ? [`${event.instanceId} ${event.state}`] : [],
  );

const wire = `{ kind: 'wire', speaks: { 'openai-chat': ['generate'] },
  async models() { return []; }, async send() { throw new Error('not now'); } }`;

/** A plugin that writes down what happens to it. */
function tracked(id: string, rest: PackageSpec = {}): PackageSpec {
  return {
    id,
    manifest: { provides: { executor: true } },
    setup: `
      const say = (what) => globalThis.trail.push(context.instanceId + ' ' + what);
      say('setup ' + JSON.stringify(context.config));
      context.signal.addEventListener('abort', () => say('signal'));
      context.onDispose(() => say('dispose first'));
      context.onDispose(async () => { say('dispose second'); throw new Error('oh'); });
      context.onDispose(() => say('dispose third'));
      return { executor: ${wire},
        async start() { say('start'); }, async stop() { say('stop'); } };`,
    ...rest,
  };
}

describe('the life of an instance', () => {
  test('set-up in order, start, serve; stop in reverse, release the last first', async () => {
    shop.add(tracked('one'));
    shop.add(tracked('two', { commonJs: true }));
    const host = open();
    const result = await apply(host, [instance('one'), instance('two', { config: { a: 1 } })]);
    expect(result).toEqual({ applied: true, problems: [] });
    expect(host.instances()).toMatchObject([
      { id: 'one', pluginId: 'one', packageName: '@cliproxy/plugin-one', version: '1.0.0' },
      { id: 'two', state: 'ready', executor: { kind: 'wire' }, problems: [] },
    ]);
    await host.stop(1000);
    const dispose = ['signal', 'stop', 'dispose third', 'dispose second', 'dispose first'];
    expect(trail()).toEqual([
      'one setup {}',
      'two setup {"a":1}',
      'one start',
      'two start',
      ...dispose.map((what) => `two ${what}`),
      ...dispose.map((what) => `one ${what}`),
    ]);
    expect(told()).toEqual([
      'one starting',
      'two starting',
      'one ready',
      'two ready',
      'two stopped',
      'one stopped',
    ]);
    const faults = memory.events.filter(({ type }) => type === 'plugin-faulted');
    expect(faults).toMatchObject([
      { instanceId: 'two', where: 'stop', message: expect.stringContaining('release') },
      { instanceId: 'one', where: 'stop', message: expect.stringMatching(/: Error: oh$/u) },
    ]);
    expect(states(host)).toEqual({ one: 'stopped', two: 'stopped' });
    expect(await apply(host, [instance('one')])).toMatchObject({ applied: false });
  });

  test('a plugin is what its package exports: ESM, CommonJS, and compiled CommonJS', async () => {
    const body = 'return {};';
    shop.add({ id: 'esm', setup: body });
    shop.add({ id: 'cjs', setup: body, commonJs: true });
    const inner = `{ $$type: '@cliproxy/plugin', apiVersion: '1.0',
      [Symbol.for('@cliproxy/plugin-options')]: { config: { json: {} }, setup() { return {}; } } }`;
    shop.add({
      id: 'compiled',
      commonJs: true,
      module: `Object.defineProperty(exports, '__esModule', { value: true }); exports.default = ${inner};`,
    });
    const host = open();
    const result = await apply(
      host,
      ['esm', 'cjs', 'compiled'].map((id) => instance(id)),
    );
    expect(result).toEqual({ applied: true, problems: [] });
  });

  test('configuration is checked, filled in and frozen; its secrets are known', async () => {
    shop.add({
      id: 'foo',
      schema: `{ type: 'object', additionalProperties: false, properties: {
        baseUrl: { type: 'string', default: 'http://localhost' },
        apiKeys: { type: 'array', items: { type: 'string', writeOnly: true } },
        deep: { $ref: '#/definitions/deep' } },
        definitions: { deep: { type: 'object', properties: { token: { type: 'string', writeOnly: true } } } } }`,
      setup: `
        const { config } = context;
        try { config.baseUrl = 'x'; } catch { globalThis.trail.push('frozen'); }
        try { config.apiKeys.push('x'); } catch { globalThis.trail.push('deeply'); }
        globalThis.trail.push(JSON.stringify(config));
        return {};`,
    });
    const host = open();
    const config = { apiKeys: ['sk-one', 'sk-two'], deep: { token: 'hush' } };
    await apply(host, [instance('foo', { config })]);
    expect(trail()).toEqual([
      'frozen',
      'deeply',
      JSON.stringify({ ...config, baseUrl: 'http://localhost' }),
    ]);
    expect(memory.secrets).toEqual(new Set(['sk-one', 'sk-two', 'hush']));
    expect(host.schemas()).toMatchObject({ foo: { type: 'object' } });
    expect(Object.isFrozen(config)).toBe(false);
  });

  test('accounts: none needed, none there, and as many as configured', async () => {
    shop.add({ id: 'free' });
    const authenticator = `{ id: 'key', method: 'api-key', async authorize(request) { return request; } }`;
    const account = (key: string): string =>
      `{ key: '${key}', label: '***', authenticator: 'key', credential: { secrets: { apiKey:
        { reveal: () => 'sk-${key}', toString: () => '***' } } } }`;
    const provides = { authenticators: ['key'] };
    const setup = (accounts: string): string =>
      `return { authenticators: [${authenticator}], accounts: [${accounts}] };`;
    shop.add({ id: 'none', manifest: { provides }, setup: setup('') });
    shop.add({
      id: 'two',
      manifest: { provides },
      setup: setup([account('a'), account('b')].join()),
    });
    const host = open();
    await apply(
      host,
      ['free', 'none', 'two'].map((id) => instance(id)),
    );
    expect(states(host)).toEqual({ free: 'ready', none: 'needs-login', two: 'ready' });
    const [free, none, two] = host.instances();
    expect(free?.accounts().map((one) => one.account.id)).toEqual(['free/default']);
    expect(free?.accounts()[0]?.authMethod).toBeUndefined();
    expect(none?.accounts()).toEqual([]);
    expect(two?.accounts().map((one) => one.account.id)).toEqual(['two/a', 'two/b']);
    expect(two?.accounts()[0]?.authMethod).toBe('api-key');
    expect(memory.secrets).toEqual(new Set(['sk-a', 'sk-b']));
    expect(told()).toContain('none needs-login');
  });

  test('accounts that come and go are told', async () => {
    let registry:
      | { attach(a: object): Promise<object>; detach(id: string, why: string): Promise<void> }
      | undefined;
    const plugin = definePlugin({
      config: { json: { type: 'object' } as never },
      deps: { pages: services.accounts },
      setup: (_context, { pages }) => {
        registry = pages;
        return { accounts: [] };
      },
    });
    const host = open({ preloaded: [preloaded('pages', plugin)] });
    await apply(host, [instance('pages')]);
    let changes = 0;
    const end = host.onChange(() => (changes += 1));
    expect(host.instances()[0]?.accounts()).toEqual([]);
    await registry?.attach({ key: 'tab-1', label: 'a page' });
    expect(
      host
        .instances()[0]
        ?.accounts()
        .map((one) => one.account.id),
    ).toEqual(['pages/tab-1']);
    await expect(registry?.attach({ key: 'tab-1', label: 'again' })).rejects.toMatchObject({
      code: 'PLUGIN_BAD_ACCOUNT',
    });
    await registry?.detach('pages/tab-1', 'closed');
    expect(host.instances()[0]?.accounts()).toEqual([]);
    expect(changes).toBe(2);
    end();
    await registry?.attach({ key: 'tab-2', label: 'a page' });
    expect(changes).toBe(2);
  });
});

function preloaded(
  id: string,
  plugin: GatewayPlugin,
  manifest: Record<string, unknown> = {},
): { packageName: string; packageJson: unknown; plugin: GatewayPlugin } {
  const packageName = `@cliproxy/plugin-${id}`;
  const packageJson = {
    name: packageName,
    version: '1.0.0',
    cliproxyPlugin: manifestOf({ id, manifest }),
  };
  return { packageName, packageJson, plugin };
}

describe('accounts at work', () => {
  test('each sends its own credential, over its own connection, to declared hosts', async () => {
    const seen: { key: string | undefined; agent: string | undefined; port: number | undefined }[] =
      [];
    const server = createServer((request, response) => {
      const { 'x-key': key, 'user-agent': agent } = request.headers;
      seen.push({ key: String(key), agent, port: request.socket.remotePort });
      response.end('ok');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const keys = ['sk-first-0123456789', 'sk-second-987654321'];
    const plugin = definePlugin({
      config: configSchema<{ readonly baseUrl: string }>({
        type: 'object',
        required: ['baseUrl'],
        properties: { baseUrl: { type: 'string' } },
      }),
      setup: () => ({
        authenticators: [
          {
            id: 'key',
            method: 'api-key',
            authorize: async (request, { secrets }) => ({
              ...request,
              headers: { ...request.headers, 'x-key': secrets.apiKey?.reveal() ?? '' },
            }),
          },
        ],
        accounts: apiKeyAccounts(keys, 'key'),
      }),
    });
    const manifest = {
      provides: { authenticators: ['key'] },
      permissions: { hosts: ['config:/baseUrl'] },
    };
    const host = open({ preloaded: [preloaded('foo', plugin, manifest)] });
    await apply(host, [instance('foo', { config: { baseUrl } })]);
    const { signal } = new AbortController();
    const request = { method: 'GET', url: `${baseUrl}/x`, headers: {} } as const;
    const accounts = host.instances()[0]?.accounts() ?? [];
    for (const { http } of [...accounts, ...accounts]) {
      expect(String(await readBody(await http.request(request, signal), 10))).toBe('ok');
    }
    expect(seen.map((one) => one.key)).toEqual([...keys, ...keys]);
    expect(new Set(seen.map((one) => one.agent))).toEqual(new Set(['cliproxy/1.2.3']));
    expect(seen[0]?.port).toBe(seen[2]?.port);
    expect(seen[0]?.port).not.toBe(seen[1]?.port);
    await host.stop(1000);
    await expect(accounts[0]?.http.request(request, signal)).rejects.toMatchObject({
      code: 'UPSTREAM_UNREACHABLE',
    });
    server.close();
    await once(server, 'close');
  });

  test('can be attached between set-up and the end, not before or after', async () => {
    let registry: AccountRegistry | undefined;
    const early: Promise<unknown>[] = [];
    const plugin = definePlugin({
      config: { json: { type: 'object' } as never },
      deps: { pages: services.accounts },
      setup: (_context, { pages }) => {
        registry = pages;
        early.push(pages.attach({ key: 'early', label: 'x' }).catch((error: unknown) => error));
        return {};
      },
    });
    const host = open({ preloaded: [preloaded('pages', plugin)] });
    await apply(host, [instance('pages')]);
    expect(await early[0]).toMatchObject({ code: 'PLUGIN_BAD_ACCOUNT' });
    for (const key of ['', '../x', 'a/b', 'a b', 'x'.repeat(65), '%2e', 'a\0']) {
      await expect(registry?.attach({ key, label: 'x' })).rejects.toMatchObject({
        code: 'PLUGIN_BAD_ACCOUNT',
      });
    }
    await expect(
      registry?.attach({
        key: 'x',
        label: 'x',
        authenticator: 'none',
        credential: { secrets: {} },
      }),
    ).rejects.toMatchObject({ message: expect.stringContaining('"none"') });
    await registry?.detach('pages/unknown', 'gone');
    await host.stop(1000);
    await expect(registry?.attach({ key: 'late', label: 'x' })).rejects.toMatchObject({
      message: expect.stringContaining('has ended'),
    });
  });
});

describe('services', () => {
  test('are given by id, and nothing else is', async () => {
    shop.add({
      id: 'foo',
      deps: `{ http: { id: '@cliproxy/http' }, time: { id: '@cliproxy/clock' }, accounts: { id: '@cliproxy/accounts' } }`,
      setup: `
        globalThis.trail.push(Object.keys(deps).sort().join(), typeof deps.http.request,
          typeof deps.accounts.attach, String(deps.time.now() > 1e12), Object.keys(deps.time).join());
        return {};`,
    });
    await apply(open(), [instance('foo')]);
    expect(trail()).toEqual(['accounts,http,time', 'function', 'function', 'true', 'now']);
  });

  test.each([
    [`{ children: { id: '@cliproxy/supervisor' } }`, ['deps.children', '@cliproxy/supervisor']],
    [`{ vault: { id: 'kernel/secrets' } }`, ['deps.vault', 'kernel/secrets']],
    [`{ it: {} }`, ['deps.it', 'not a service ref']],
    [`{ it: null }`, ['deps.it', 'not a service ref']],
    [`'http'`, ['`deps`']],
  ])('%s is refused by name', async (deps, said) => {
    shop.add({ id: 'foo', deps });
    const { applied, problems } = await apply(open(), [instance('foo')]);
    expect(applied).toBe(false);
    expect(problems).toMatchObject([{ code: 'PLUGIN_BAD_CONTRIBUTION', instanceId: 'foo' }]);
    for (const words of said) expect(problems[0]?.message).toContain(words);
  });

  test('http reaches only the hosts of the manifest', async () => {
    shop.add({
      id: 'foo',
      manifest: { permissions: { hosts: ['api.foo.example'] } },
      deps: `{ http: { id: '@cliproxy/http' } }`,
      setup: `
        const request = { method: 'GET', url: 'http://evil.example/', headers: {} };
        await deps.http.request(request, context.signal);
        return {};`,
    });
    const { problems } = await apply(open(), [instance('foo')]);
    expect(problems).toMatchObject([{ code: 'PLUGIN_HOST_FORBIDDEN' }]);
    expect(problems[0]?.message).toMatch(/evil\.example.*plugin-foo.*api\.foo\.example/);
  });
});

describe('what goes wrong', () => {
  const bad: readonly [string, PackageSpec, string, readonly string[]][] = [
    [
      'throws at import',
      { module: `throw new Error('no such luck');` },
      'PLUGIN_IMPORT_FAILED',
      ['no such luck'],
    ],
    [
      'hangs at import',
      { module: `await new Promise(() => {});` },
      'PLUGIN_IMPORT_FAILED',
      ['300 ms'],
    ],
    ['does not parse', { module: `export default {` }, 'PLUGIN_IMPORT_FAILED', []],
    [
      'needs what is not installed',
      { module: `import 'not-installed-at-all';` },
      'PLUGIN_IMPORT_FAILED',
      ['npm install'],
    ],
    [
      'exports nothing',
      { module: `export const plugin = 1;` },
      'PLUGIN_IMPORT_FAILED',
      ['definePlugin'],
    ],
    ['was built for another version', { apiVersion: '0.99' }, 'PLUGIN_API_VERSION', ['0.99']],
    ['has no schema', { schema: 'undefined' }, 'PLUGIN_BAD_CONTRIBUTION', ['configSchema']],
    [
      'has a broken schema',
      { schema: `{ type: 'nonsense' }` },
      'PLUGIN_BAD_CONTRIBUTION',
      ['schema'],
    ],
    [
      'gets a wrong configuration',
      { schema: `{ type: 'object', required: ['baseUrl'] }` },
      'PLUGIN_BAD_CONFIG',
      ['baseUrl'],
    ],
    [
      'throws in setup',
      { setup: `throw new TypeError('bad luck');` },
      'PLUGIN_SETUP_FAILED',
      ['bad luck', 'setup'],
    ],
    ['throws junk in setup', { setup: `throw undefined;` }, 'PLUGIN_SETUP_FAILED', ['undefined']],
    [
      'hangs in setup',
      { setup: `await new Promise(() => {});` },
      'PLUGIN_TIMEOUT',
      ['setup', '300 ms'],
    ],
    ['returns nothing', { setup: `` }, 'PLUGIN_BAD_CONTRIBUTION', ['not an object']],
    [
      'throws in start',
      { setup: `return { start() { throw new Error('cold'); } };` },
      'PLUGIN_SETUP_FAILED',
      ['cold', 'start'],
    ],
    [
      'hangs in start',
      { setup: `return { start: () => new Promise(() => {}) };` },
      'PLUGIN_TIMEOUT',
      ['start'],
    ],
    [
      'brings a bad account',
      { setup: `return { accounts: [{ key: '../x', label: 'x' }] };` },
      'PLUGIN_BAD_ACCOUNT',
      ['../x'],
    ],
    [
      'brings an account twice',
      { setup: `return { accounts: [{ key: 'x', label: 'x' }, { key: 'x', label: 'y' }] };` },
      'PLUGIN_BAD_ACCOUNT',
      ['"x"'],
    ],
    [
      'brings a plain secret',
      {
        manifest: { provides: { authenticators: ['k'] } },
        setup: `return { authenticators: [{ id: 'k', method: 'api-key', authorize() {} }],
      accounts: [{ key: 'x', label: 'x', authenticator: 'k', credential: { secrets: { apiKey: 'sk' } } }] };`,
      },
      'PLUGIN_BAD_ACCOUNT',
      ['secret()'],
    ],
  ];

  test.each(bad)('a plugin that %s is named', async (_what, spec, code, said) => {
    shop.add({ ...spec, id: 'bad' });
    shop.add(tracked('good'));
    const host = open();
    const optional = await apply(host, [instance('bad', { required: false }), instance('good')]);
    expect(optional.applied).toBe(true);
    expect(optional.problems).toMatchObject([{ code, instanceId: 'bad' }]);
    const message = optional.problems[0]?.message ?? '';
    for (const words of ['"bad"', ...said]) expect(message).toContain(words);
    expect(states(host)).toEqual({ bad: 'failed', good: 'ready' });
    expect(host.instances()[0]).toMatchObject({ executor: undefined, problems: [{ code }] });
    expect(told()).toContain('bad failed');
  });

  test('a required one: everything is taken back and every problem is told', async () => {
    shop.add(tracked('good'));
    shop.add({ id: 'bad', setup: `throw new Error('one');` });
    shop.add({ id: 'worse', setup: `throw new Error('two');` });
    const host = open();
    const result = await apply(host, [
      instance('good'),
      instance('bad'),
      instance('worse', { required: false }),
    ]);
    expect(result).toMatchObject({
      applied: false,
      problems: [{ instanceId: 'bad' }, { instanceId: 'worse' }],
    });
    expect(host.instances()).toEqual([]);
    expect(trail()).toEqual([
      'good setup {}',
      'good signal',
      'good dispose third',
      'good dispose second',
      'good dispose first',
    ]);
    expect(told().slice(-3)).toEqual(['worse failed', 'bad failed', 'good stopped']);
  });

  test('a plan with a problem runs no code at all', async () => {
    shop.add(tracked('good'));
    const result = await apply(open(), [instance('good'), instance('nope'), instance('nor-this')]);
    expect(result).toMatchObject({
      applied: false,
      problems: [{ code: 'PLUGIN_NOT_FOUND' }, { code: 'PLUGIN_NOT_FOUND' }],
    });
    expect(trail()).toEqual([]);
  });

  test('what a hanging setup registers later is released at once', async () => {
    shop.add({
      id: 'slow',
      setup: `
        context.signal.addEventListener('abort', () => globalThis.trail.push('signal'));
        context.onDispose(() => globalThis.trail.push('early'));
        await new Promise((resolve) => { globalThis.goOn = resolve; });
        context.onDispose(() => globalThis.trail.push('late'));
        globalThis.trail.push('end');
        return {};`,
    });
    const { problems } = await apply(open(), [instance('slow')]);
    expect(problems).toMatchObject([{ code: 'PLUGIN_TIMEOUT' }]);
    expect(trail()).toEqual(['signal', 'early']);
    (globalThis as unknown as { goOn(): void }).goOn();
    await new Promise((resolve) => setImmediate(resolve));
    expect(trail()).toEqual(['signal', 'early', 'late', 'end']);
  });

  test('a hanging stop and a hanging release keep nobody from ending', async () => {
    shop.add({
      id: 'stubborn',
      setup: `
        context.onDispose(() => globalThis.trail.push('released'));
        context.onDispose(() => new Promise(() => {}));
        return { stop: () => new Promise(() => {}) };`,
    });
    const host = open({ limits: { stopMs: 50 } });
    await apply(host, [instance('stubborn')]);
    await host.stop(5000);
    expect(trail()).toEqual(['released']);
  });

  test('a missing variable of an optional instance fails that one alone', async () => {
    shop.add(tracked('good'));
    shop.add(tracked('poor'));
    const host = open();
    const problem = { code: 'CONFIG_ENV_UNSET', message: 'KEY is not set', instanceId: 'poor' };
    const poor = instance('poor', { required: false, problems: [problem] });
    expect(await apply(host, [poor, instance('good')])).toEqual({
      applied: true,
      problems: [problem],
    });
    expect(states(host)).toEqual({ poor: 'failed', good: 'ready' });
    expect(trail()).not.toContain('poor setup {}');
  });
});

describe('contributions', () => {
  const all = {
    executor: true,
    authenticators: ['key'],
    probes: ['alive'],
    sockets: ['/v1/ws'],
    hooks: ['log'],
  };
  const manifest = { apiVersion: '1.1', provides: all };
  const sound: Readonly<Record<string, string>> = {
    executor: wire,
    authenticators: `[{ id: 'key', method: 'api-key', async authorize(r) { return r; } }]`,
    probes: `[{ id: 'alive', intervalMs: 1000, timeoutMs: 100, affects: 'readiness', async check() { return { status: 'up' }; } }]`,
    sockets: `[{ path: '/v1/ws', origins: [], maxMessageBytes: 1024, async admit() { return { async accept() {} }; } }]`,
    hooks: `[{ id: 'log', needs: ['headers'], onFailure: 'continue', onComplete() {} }]`,
  };
  const returning = (parts: Readonly<Record<string, string>>): string =>
    `return { ${Object.entries(parts)
      .map(([name, source]) => `${name}: ${source}`)
      .join(', ')} };`;

  test('sound ones are taken', async () => {
    shop.add({ id: 'foo', manifest, setup: returning(sound) });
    const host = open();
    expect(await apply(host, [instance('foo')])).toEqual({ applied: true, problems: [] });
    expect(host.instances()[0]).toMatchObject({
      executor: { kind: 'wire' },
      probes: [{ id: 'alive' }],
      sockets: [{ path: '/v1/ws' }],
      hooks: [{ id: 'log' }],
    });
  });

  test('authenticators that the configuration leaves off may be missing', async () => {
    const source = { ...sound, authenticators: '[]' };
    shop.add({ id: 'foo', manifest, setup: returning(source) });
    expect(await apply(open(), [instance('foo')])).toEqual({ applied: true, problems: [] });
  });

  test('hooks of a plugin that is made for the contract before them are refused', async () => {
    const provides = {
      executor: true,
      authenticators: ['key'],
      probes: ['alive'],
      sockets: ['/v1/ws'],
    };
    shop.add({ id: 'foo', manifest: { apiVersion: '1.0', provides }, setup: returning(sound) });
    const { problems } = await apply(open(), [instance('foo')]);
    expect(problems).toMatchObject([{ code: 'PLUGIN_BAD_CONTRIBUTION', instanceId: 'foo' }]);
    expect(problems[0]?.message).toContain('plugin API 1.0 has no hooks; set apiVersion to "1.1"');
  });

  const hook = (parts: string): string =>
    `[{ id: 'log', needs: [], onFailure: 'continue', onComplete() {}, ${parts} }]`;

  test.each<[string, Readonly<Record<string, string>>, string]>([
    ['no hook', { hooks: '[]' }, 'lacks "log"'],
    ['another hook', { hooks: hook(`id: 'other'`) }, '"other"'],
    ['a hook without needs', { hooks: hook(`needs: undefined`) }, 'hooks["log"].needs'],
    ['a hook with a strange need', { hooks: hook(`needs: ['money']`) }, '"money"'],
    ['a hook without policy', { hooks: hook(`onFailure: 'retry'`) }, 'hooks["log"].onFailure'],
    ['a hook without place', { hooks: hook(`order: 'first'`) }, 'hooks["log"].order'],
    ['a hook for no pattern', { hooks: hook(`match: [7]`) }, 'hooks["log"].match'],
    ['a hook for a strange operation', { hooks: hook(`operations: ['dance']`) }, '"dance"'],
    ['a hook that does nothing', { hooks: hook(`onComplete: undefined`) }, 'has none of'],
    ['a hook with junk for a function', { hooks: hook(`onRequest: 5`) }, 'hooks["log"].onRequest'],
    [
      'a hook that sees events without need',
      { hooks: hook(`onEvents() {}`) },
      '"events" is not among its needs',
    ],
    ['no probe', { probes: '[]' }, 'lacks "alive"'],
    ['no executor', { executor: 'undefined' }, 'provides.executor'],
    [
      'an executor without send',
      { executor: `{ kind: 'wire', speaks: { gemini: ['generate'] }, models() {} }` },
      'executor.send',
    ],
    ['an executor without run', { executor: `{ kind: 'events', models() {} }` }, 'executor.run'],
    ['an executor without models', { executor: `{ kind: 'events', run() {} }` }, 'executor.models'],
    ['an executor of no kind', { executor: `{ send() {}, models() {} }` }, 'executor.kind'],
    [
      'an unknown dialect',
      { executor: `{ kind: 'wire', speaks: { klingon: ['generate'] }, models() {}, send() {} }` },
      'klingon',
    ],
    [
      'an unknown operation',
      { executor: `{ kind: 'wire', speaks: { gemini: ['dance'] }, models() {}, send() {} }` },
      'dance',
    ],
    [
      'nothing spoken',
      { executor: `{ kind: 'wire', speaks: {}, models() {}, send() {} }` },
      'no dialect',
    ],
    [
      'an unknown dialect for some models',
      {
        executor: `{ kind: 'wire', speaks: { gemini: ['generate'] }, models() {}, send() {},
          speaksFor: [{ match: 'x', speaks: { morse: ['generate'] } }] }`,
      },
      'executor.speaksFor[0].speaks names the dialect "morse"',
    ],
    [
      'what holds for unlisted models is no list',
      {
        executor: `{ kind: 'wire', speaks: { gemini: ['generate'] }, models() {}, send() {},
          unlisted: { refuses: 'seed' } }`,
      },
      'executor.unlisted.refuses is not an array',
    ],
    [
      'nothing that tells which models',
      {
        executor: `{ kind: 'wire', speaks: { gemini: ['generate'] }, models() {}, send() {},
          speaksFor: [{ speaks: { gemini: ['generate'] } }] }`,
      },
      'executor.speaksFor[0] has no `match`',
    ],
    ['an executor that is a list', { executor: `[]` }, 'executor is not an object'],
    [
      'another authenticator',
      { authenticators: `[{ id: 'other', method: 'api-key', authorize() {} }]` },
      '"other"',
    ],
    [
      'an authenticator of no method',
      { authenticators: `[{ id: 'key', authorize() {} }]` },
      'method',
    ],
    [
      'an authenticator that can not',
      { authenticators: `[{ id: 'key', method: 'api-key' }]` },
      'authorize',
    ],
    [
      'one authenticator twice',
      { authenticators: `['key', 'key'].map((id) => ({ id, method: 'token', authorize() {} }))` },
      'twice',
    ],
    [
      'a probe without interval',
      { probes: `[{ id: 'alive', timeoutMs: 1, affects: 'readiness', check() {} }]` },
      'intervalMs',
    ],
    [
      'a probe that affects nothing',
      { probes: `[{ id: 'alive', intervalMs: 1, timeoutMs: 1, check() {} }]` },
      'affects',
    ],
    [
      'a socket elsewhere',
      {
        sockets: `[{ path: '/v1/other', origins: [], maxMessageBytes: 1, admit() {} }]`,
      },
      '/v1/other',
    ],
    [
      'a socket for all origins',
      { sockets: `[{ path: '/v1/ws', maxMessageBytes: 1, admit() {} }]` },
      'origins',
    ],
    ['a misspelt part', { executer: '{}' }, '"executer"'],
    ['accounts that are no list', { accounts: '{}' }, 'accounts'],
    ['a start that is none', { start: '5' }, 'start'],
    ['a getter that throws', { 'get executor() { throw new Error("boo"); }, x': '1' }, 'boo'],
  ])('%s is refused by name', async (_what, parts, said) => {
    const source = { ...sound, ...parts };
    if (Object.keys(parts).some((key) => key.startsWith('get '))) delete source.executor;
    shop.add({ id: 'foo', manifest, setup: returning(source) });
    const { problems } = await apply(open(), [instance('foo')]);
    expect(problems).toMatchObject([{ code: 'PLUGIN_BAD_CONTRIBUTION', instanceId: 'foo' }]);
    expect(problems[0]?.message).toContain(said);
  });
});

describe('a reload', () => {
  test('the new one serves, though nothing has changed; the former ends after its last call', async () => {
    shop.add(tracked('foo'));
    const host = open();
    await apply(host, [instance('foo')]);
    const [old] = host.instances();
    old?.enter();
    expect(await host.reload('foo')).toEqual({ reloaded: true, problems: [], version: '1.0.0' });
    expect(host.instances()[0]).not.toBe(old);
    expect([old?.state, states(host)]).toEqual(['ready', { foo: 'ready' }]);
    old?.leave();
    await host.stop(1000);
    expect(trail().filter((line) => line === 'foo stop')).toHaveLength(2);
  });

  test('one that can not be set up leaves the former in its place', async () => {
    shop.add({ id: 'foo', setup: `if (globalThis.broken) throw new Error('oh no'); return {};` });
    const host = open();
    await apply(host, [instance('foo')]);
    const before = host.instances();
    (globalThis as { broken?: boolean }).broken = true;
    const { reloaded, problems } = await host.reload('foo');
    (globalThis as { broken?: boolean }).broken = false;
    expect(reloaded).toBe(false);
    expect(problems).toMatchObject([{ code: 'PLUGIN_SETUP_FAILED', instanceId: 'foo' }]);
    expect(host.instances()).toBe(before);
    expect(told()).toEqual(['foo starting', 'foo ready']);
    expect((await host.reload('foo')).reloaded).toBe(true);
  });

  test('code that changed on disk at the same path is told, since it is not what runs', async () => {
    const folder = shop.add({ id: 'foo' });
    const host = open();
    await apply(host, [instance('foo')]);
    expect(await host.reload('foo')).not.toHaveProperty('changedFile');
    await new Promise((resolve) => setTimeout(resolve, 20));
    const file = shop.write(relative(shop.dir, join(folder, 'lib', 'part.js')), '// new');
    expect(await host.reload('foo')).toMatchObject({ reloaded: true, changedFile: file });
  });

  test('what is not there, or disabled, is told by name', async () => {
    shop.add({ id: 'foo' });
    const host = open();
    await apply(host, [instance('foo'), instance('off', { enabled: false })]);
    await expect(host.reload('fou')).rejects.toMatchObject({ code: 'PLUGIN_UNKNOWN' });
    await expect(host.reload('fou')).rejects.toThrow('did you mean foo?');
    await expect(host.reload('off')).rejects.toThrow('"off" is disabled');
  });
});

describe('another configuration', () => {
  const version = (v: number): PluginSettings => instance('foo', { config: { v } });

  test('keeps what is the same, whatever the order of keys', async () => {
    shop.add(tracked('foo'));
    shop.add(tracked('bar'));
    const host = open();
    await apply(host, [instance('foo', { config: { a: 1, b: { c: [1, 2] } } })]);
    const [kept] = host.instances();
    const result = await apply(host, [
      instance('bar'),
      instance('foo', { config: { b: { c: [1, 2] }, a: 1 }, required: false }),
    ]);
    expect(result.applied).toBe(true);
    expect(host.instances().map((one) => one.id)).toEqual(['bar', 'foo']);
    expect(host.instances()[1]).toBe(kept);
    expect(trail().filter((line) => line.startsWith('foo setup'))).toHaveLength(1);
  });

  test('a changed instance: the new one serves, the old one ends after its last call', async () => {
    shop.add(tracked('foo'));
    const host = open();
    await apply(host, [version(1)]);
    const [old] = host.instances();
    old?.enter();
    old?.enter();
    const snapshot = host.instances();
    await apply(host, [version(2)]);
    const [fresh] = host.instances();
    expect(fresh).not.toBe(old);
    expect(snapshot[0]).toBe(old);
    expect(fresh?.state).toBe('ready');
    expect(old?.state).toBe('ready');
    expect(trail()).toEqual(['foo setup {"v":1}', 'foo start', 'foo setup {"v":2}', 'foo start']);
    old?.leave();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(trail()).toHaveLength(4);
    old?.leave();
    while (!trail().includes('foo dispose first')) await new Promise((go) => setTimeout(go, 5));
    expect(trail().slice(4)).toEqual([
      'foo signal',
      'foo stop',
      'foo dispose third',
      'foo dispose second',
      'foo dispose first',
    ]);
    expect(old?.state).toBe('stopped');
  });

  test('an old one whose calls never end is ended at the deadline', async () => {
    shop.add(tracked('foo'));
    const host = open({ limits: { drainMs: 50 } });
    await apply(host, [version(1)]);
    const [old] = host.instances();
    old?.enter();
    await apply(host, [version(2)]);
    while (old?.state !== 'stopped') await new Promise((resolve) => setTimeout(resolve, 10));
    expect(memory.lines.some((line) => line.includes('1 calls under way'))).toBe(true);
  });

  test('removed and disabled ones end; enabled again they begin anew', async () => {
    shop.add(tracked('foo'));
    shop.add(tracked('bar'));
    const host = open();
    await apply(host, [instance('foo'), instance('bar')]);
    await apply(host, [instance('foo', { enabled: false })]);
    expect(states(host)).toEqual({ foo: 'disabled' });
    expect(host.instances()[0]).toMatchObject({ executor: undefined, patterns: [] });
    await apply(host, [instance('foo')]);
    expect(states(host)).toEqual({ foo: 'ready' });
    await host.stop(1000);
    expect(
      trail()
        .filter((line) => line.endsWith(' stop'))
        .sort(),
    ).toEqual(['bar stop', 'foo stop', 'foo stop']);
    expect(told()).toEqual(expect.arrayContaining(['foo disabled', 'bar stopped']));
  });

  test('a required one that fails leaves everything as it was', async () => {
    shop.add(
      tracked('foo', {
        setup: `
        globalThis.trail.push('setup ' + context.config.v);
        context.onDispose(() => globalThis.trail.push('dispose ' + context.config.v));
        return { executor: ${wire}, start() { if (context.config.v === 2) throw new Error('cold'); } };`,
      }),
    );
    shop.add(tracked('bar'));
    const host = open();
    await apply(host, [version(1)]);
    const before = host.instances();
    memory.events.length = 0;
    const refused = await apply(host, [version(2), instance('bar')]);
    expect(refused).toMatchObject({ applied: false, problems: [{ instanceId: 'foo' }] });
    expect(host.instances()).toBe(before);
    expect(before[0]?.state).toBe('ready');
    expect(trail()).toContain('dispose 2');
    expect(trail()).not.toContain('dispose 1');
    expect(trail()).toContain('bar dispose first');
    expect(told()).toEqual(['bar starting', 'bar stopped']);
  });

  test('a failed one is tried again, and a mended plugin serves', async () => {
    const host = open();
    expect((await apply(host, [instance('foo', { required: false })])).applied).toBe(true);
    expect(states(host)).toEqual({ foo: 'failed' });
    shop.add(tracked('foo'));
    expect(await apply(host, [instance('foo', { required: false })])).toMatchObject({
      problems: [],
    });
    expect(states(host)).toEqual({ foo: 'ready' });
  });

  test('configurations that come at once are applied one after another', async () => {
    shop.add(tracked('foo'));
    const host = open();
    await Promise.all([1, 2, 3].map((v) => apply(host, [version(v)])));
    expect(trail().filter((line) => line.includes('setup'))).toEqual([
      'foo setup {"v":1}',
      'foo setup {"v":2}',
      'foo setup {"v":3}',
    ]);
    expect(host.instances()).toHaveLength(1);
  });
});

describe('plugins given in memory', () => {
  const plugin = definePlugin({
    config: { json: { type: 'object' } as never },
    setup: () => ({}),
  });

  test('go through the same checks', async () => {
    const host = open({
      preloaded: [
        preloaded('foo', plugin),
        preloaded('old', plugin, { apiVersion: '0.99' }),
        preloaded('lies', plugin, { provides: { executor: true } }),
        preloaded('junk', {} as GatewayPlugin),
      ],
    });
    const ids = ['foo', 'old', 'lies', 'junk'];
    const { problems } = await apply(
      host,
      ids.map((id) => instance(id, { required: false })),
    );
    expect(problems.map((one) => [one.instanceId, one.code])).toEqual([
      ['old', 'PLUGIN_API_VERSION'],
      ['lies', 'PLUGIN_BAD_CONTRIBUTION'],
      ['junk', 'PLUGIN_BAD_CONTRIBUTION'],
    ]);
    expect(states(host)).toMatchObject({ foo: 'ready', junk: 'failed' });
  });
});
