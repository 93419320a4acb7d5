/** The kernel as a whole: the real host, table, book, door and health; plugins in memory. */
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { apiKeyAccounts, configSchema, definePlugin } from '@cliproxy/plugin-api';
import type { Executor, GatewayPlugin } from '@cliproxy/plugin-api';
import {
  answers,
  call,
  classify,
  errorOf,
  quotas,
  until,
  upstream,
  whole,
} from '../test/dispatch-rig.ts';
import type { Script, Upstream } from '../test/dispatch-rig.ts';
import { instance, manifestOf, rememberingPorts, settings } from '../test/plugin-workshop.ts';
import { noChildFiles } from '../test/no-children.ts';
import type { PluginSettings } from './ports/settings.ts';
import { createKernel } from './create-kernel.ts';
import type { KernelPorts } from './create-kernel.ts';
import type { Kernel } from './kernel.ts';
import type { StateStore } from './ports/state-store.ts';

const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function up(...scripts: readonly Script[]): Promise<Upstream> {
  const one = await upstream(...scripts);
  ends.push(() => one.close());
  return one;
}

interface ForwarderConfig {
  readonly baseUrl: string;
  readonly apiKeys?: readonly string[];
}

/** A plugin as an author would write it: keys, one authenticator, one executor over `call.http`. */
const forwarder = definePlugin<ForwarderConfig>({
  config: configSchema<ForwarderConfig>({
    type: 'object',
    additionalProperties: false,
    required: ['baseUrl'],
    properties: {
      baseUrl: { type: 'string' },
      apiKeys: { type: 'array', items: { type: 'string' }, nullable: true },
    },
  }),
  setup: ({ config }) => ({
    executor: {
      kind: 'wire',
      speaks: { 'openai-chat': ['generate'] },
      models: async () => Promise.resolve([{ id: 'listed-1' }]),
      send: (sent) =>
        sent.http.request(
          {
            method: 'POST',
            url: config.baseUrl + sent.path,
            headers: sent.headers,
            body: sent.body,
          },
          sent.signal,
        ),
    } satisfies Executor,
    authenticators: [
      {
        id: 'forwarder',
        method: 'api-key',
        authorize: async (request, credential) =>
          Promise.resolve({
            ...request,
            headers: {
              ...request.headers,
              authorization: `Bearer ${credential.secrets['apiKey']?.reveal() ?? ''}`,
            },
          }),
      },
    ],
    accounts: apiKeyAccounts(config.apiKeys ?? ['key-of-the-test-1'], 'forwarder'),
  }),
});

const broken = definePlugin<Record<string, never>>({
  config: configSchema({ type: 'object' } as never),
  setup: () => {
    throw new Error('no such luck');
  },
});

function preload(packageName: string, plugin: GatewayPlugin, provides: object) {
  const cliproxyPlugin = manifestOf({
    id: packageName,
    manifest: { provides, permissions: { hosts: ['config:/baseUrl'] } },
  });
  const packageJson = { name: packageName, version: '1.0.0', type: 'module', cliproxyPlugin };
  return { packageName, packageJson, plugin };
}

function kernel(states?: StateStore): {
  readonly kernel: Kernel;
  readonly told: ReturnType<typeof rememberingPorts>;
} {
  const told = rememberingPorts();
  const has: KernelPorts['dialects']['has'] = () => true;
  const ports: KernelPorts = {
    ...told.ports,
    childFiles: noChildFiles,
    ...(states === undefined ? {} : { states }),
    dialects: { classify, quotas, has } as KernelPorts['dialects'],
    fallbackDir: import.meta.dirname,
    version: '0.0.0',
    preloaded: [
      preload('forwarder', forwarder, {
        executor: true,
        authenticators: ['forwarder'],
        models: [{ match: 'm' }],
      }),
      preload('broken', broken, { models: [{ match: 'broken-*' }] }),
    ],
  };
  const made = createKernel(ports);
  ends.push(() => made.stop());
  return { kernel: made, told };
}

const to = (id: string, { url }: Upstream, rest = {}) =>
  instance(id, { package: 'forwarder', config: { baseUrl: url }, ...rest });
const routes = [
  { match: 'm', targets: [{ plugin: 'a' }, { plugin: 'b' }], strategy: 'failover' as const },
];

test('from configuration to answer, with failover, health and models', async () => {
  const a = await up(answers.status(500, 'oh'));
  const b = await up(answers.lines(...whole));
  const { kernel: it, told } = kernel();
  const result = await it.apply(settings('/', [to('a', a), to('b', b)], { routes }));
  expect(result).toEqual({ applied: true, problems: [] });
  const client = call();
  await it.handle(client);
  expect(client.got).toMatchObject({ text: 'start\ntext hello\ndone\n', sins: [] });
  expect(b.seen[0]?.headers['authorization']).toBe('Bearer key-of-the-test-1');
  const finished = told.events.filter(({ type }) => type === 'request-finished');
  expect(finished).toEqual([expect.objectContaining({ outcome: 'answered' })]);
  const plan = it.plan({ model: 'm', dialect: 'openai-chat', operation: 'generate' });
  expect(plan.candidates.map(({ instanceId, usable }) => [instanceId, usable])).toEqual([
    ['b', true],
    ['a', false],
  ]);
  const health = it.health();
  expect(health).toMatchObject({ status: 'degraded', ready: true });
  expect(health.plugins.map(({ requests }) => requests)).toEqual([
    { answered: 0, failed: 1 },
    { answered: 1, failed: 0 },
  ]);
  await until(() => it.models().some(({ id }) => id === 'listed-1'), 'the model list');
  expect((await it.checkHealth(AbortSignal.timeout(5_000))).ready).toBe(true);
  expect(Object.keys(it.schemas())).toEqual(['a', 'b']);
  expect(JSON.stringify(told.events)).not.toContain('key-of-the-test-1');
});

test('no account answers more requests at the same time than it may; a reload changes that', async () => {
  const held: ServerResponse[] = [];
  const a = await up((_, response) => void held.push(response));
  const { kernel: it } = kernel();
  const config = { baseUrl: a.url, apiKeys: ['key-of-the-test-1', 'key-of-the-test-2'] };
  const wanted = (limits: Partial<PluginSettings>) => {
    const found = settings('/', [{ ...to('a', a, { config }), ...limits }], { routes });
    return { ...found, failover: { ...found.failover, queueSize: 0 } };
  };
  const begin = (): void => void it.handle(call()).catch(() => undefined);
  await it.apply(
    wanted({ accounts: { '*': { maxConcurrent: 2 }, '***st-1': { maxConcurrent: 1 } } }),
  );
  for (let n = 0; n < 3; n++) begin();
  await until(() => held.length === 3, 'three requests');
  const error = await errorOf(it.handle(call()));
  expect(error).toMatchObject({ code: 'ROUTE_NO_ACCOUNT' });
  const seen = a.seen.map(({ headers }) => headers['authorization']);
  expect(seen.filter((key) => key?.endsWith('-1'))).toHaveLength(1);
  await it.apply(wanted({ maxConcurrent: 4 }));
  begin();
  await until(() => held.length === 4, 'a fourth');
  expect(await errorOf(it.handle(call()))).toMatchObject({ code: 'ROUTE_NO_ACCOUNT' });
  await it.apply(wanted({}));
  begin();
  await until(() => held.length === 5, 'a fifth');
});

test('an account that a vendor limits is left alone after a restart, too', async () => {
  const a = await up(answers.status(429, 'slow down', { 'retry-after': '600' }));
  let saved: unknown;
  const states: StateStore = {
    load: async () => Promise.resolve(saved),
    save: async (state) => {
      saved = JSON.parse(JSON.stringify(state));
      return Promise.resolve();
    },
  };
  const wanted = settings('/', [to('a', a)], { routes });
  const { kernel: first } = kernel(states);
  await first.apply(wanted);
  await errorOf(first.handle(call()));
  await first.stop();
  const { kernel: second } = kernel(states);
  await second.apply(wanted);
  const error = await errorOf(second.handle(call()));
  expect(error.code).toBe('ROUTE_RATE_LIMITED');
  expect(error.failure?.resetAtMs).toBeGreaterThan(Date.now() + 500_000);
  expect(a.seen).toHaveLength(1);
  second.resetAccounts();
  await errorOf(second.handle(call()));
  expect(a.seen).toHaveLength(2);
});

test('accounts take turns, one step per request', async () => {
  const a = await up(answers.lines(...whole));
  const config = {
    baseUrl: a.url,
    apiKeys: ['key-one-of-three', 'key-two-of-three', 'key-3-of-3'],
  };
  const { kernel: it } = kernel();
  await it.apply(settings('/', [to('a', a, { config })]));
  for (let n = 0; n < 6; n++) await it.handle(call());
  const used = a.seen.map(({ headers }) => headers.authorization);
  expect(new Set(used.slice(0, 3)).size).toBe(3);
  expect(used.slice(3)).toEqual(used.slice(0, 3));
});

test('a new configuration drops no stream, and a bad one changes nothing', async () => {
  let finish = (): void => undefined;
  const a = await up((_, response) => {
    response.writeHead(200);
    response.write('text from a\n');
    finish = () => void response.end('done\n');
  });
  const b = await up(answers.lines('text from b', 'done'));
  const { kernel: it } = kernel();
  await it.apply(settings('/', [to('x', a)]));
  const running = call();
  const first = it.handle(running);
  await until(() => running.got.text !== '', 'the first bytes');

  const bad = await it.apply(settings('/', [to('x', a, { config: { baseURL: 'typo' } })]));
  expect(bad.applied).toBe(false);
  expect(bad.problems).not.toEqual([]);
  expect(it.plan({ model: 'm', dialect: 'openai-chat', operation: 'generate' }).via).toBe(
    'pattern',
  );

  expect((await it.apply(settings('/', [to('x', b)]))).applied).toBe(true);
  const next = call();
  await it.handle(next);
  expect(next.got.text).toContain('from b');
  finish();
  await first;
  expect(running.got).toMatchObject({ text: 'text from a\ndone\n', state: 'ended' });
});

describe('a new configuration and the accounts that are out', () => {
  const outOf = (it: Kernel) =>
    it.health().plugins[0]?.accounts.map(({ state, reason }) => [state, reason]);

  test('a key that was replaced begins anew, and the former one leaves nothing behind', async () => {
    const a = await up((request, response) => {
      const refused = request.headers.authorization === 'Bearer key-that-is-wrong';
      (refused ? answers.status(401, 'bad key') : answers.lines(...whole))(request, response);
    });
    const withKey = (key: string) =>
      settings('/', [to('a', a, { config: { baseUrl: a.url, apiKeys: [key] } })]);
    const { kernel: it } = kernel();
    await it.apply(withKey('key-that-is-wrong'));
    expect((await errorOf(it.handle(call()))).code).toBe('UPSTREAM_AUTH');
    expect(outOf(it)).toEqual([['invalid-key', expect.anything()]]);
    await it.apply(withKey('key-that-is-right'));
    expect(outOf(it)).toEqual([['usable', undefined]]);
    await it.handle(call());
    // Put back, it is asked again: the operator may have mended it at the vendor.
    await it.apply(withKey('key-that-is-wrong'));
    expect(outOf(it)).toEqual([['usable', undefined]]);
  });

  test('an operator sees the account and may have it tried at once', async () => {
    const a = await up(answers.status(401, 'bad key'));
    const { kernel: it } = kernel();
    expect(it.accounts()).toEqual([]);
    await it.apply(settings('/', [to('a', a)]));
    await errorOf(it.handle(call()));
    const [account] = it.accounts();
    expect(account).toMatchObject({ instanceId: 'a', source: 'configured', state: 'invalid-key' });
    expect(account?.next).toContain('Replace its key');
    expect(() => it.resetAccounts('a/nobody')).toThrow('cliproxy accounts');
    it.resetAccounts(account?.id);
    expect(it.accounts()).toMatchObject([{ state: 'usable' }]);
  });

  test('another address for the same key: the outage of the former one is over', async () => {
    const b = await up(answers.lines(...whole));
    const { kernel: it, told } = kernel();
    const at = (baseUrl: string) =>
      settings('/', [instance('a', { package: 'forwarder', config: { baseUrl } })]);
    const nowhere = 'http://127.0.0.1:1';
    await it.apply(at(nowhere));
    // Each failed trial puts it out for longer, so that a slow machine finds it out, too.
    while (outOf(it)?.[0]?.[0] !== 'cooling') await errorOf(it.handle(call()));
    const accountId = it.health().plugins[0]?.accounts[0]?.id;
    expect((await it.apply(at(b.url))).applied).toBe(true);
    expect(it.health().plugins[0]?.accounts[0]?.id).toBe(accountId);
    expect(outOf(it)).toEqual([['usable', undefined]]);
    const states = told.events.flatMap((one) => (one.type === 'account-changed' ? one.state : []));
    expect(states.at(-1)).toBe('usable');
    const client = call();
    await it.handle(client);
    expect(client.got.text).toContain('hello');
  });

  test('the end of a request of the former generation puts nobody out', async () => {
    let fail = (): void => undefined;
    const a = await up((_, response) => {
      response.writeHead(200);
      response.write('text from a\n');
      fail = () => void response.destroy();
    });
    const b = await up(answers.lines(...whole));
    const { kernel: it } = kernel();
    await it.apply(settings('/', [to('x', a)]));
    const running = call();
    const first = it.handle(running);
    await until(() => running.got.text !== '', 'the first bytes');
    await it.apply(settings('/', [to('x', b)]));
    fail();
    await first;
    expect(running.got.text).toContain('FAILED');
    expect(outOf(it)).toEqual([['usable', undefined]]);
  });
});

test('a failed instance that is not required: named to its clients, the rest serves', async () => {
  const a = await up(answers.lines(...whole));
  const { kernel: it } = kernel();
  const plugins = [to('a', a), instance('sad', { package: 'broken', required: false })];
  const result = await it.apply(settings('/', plugins));
  expect(result.applied).toBe(true);
  expect(result.problems).toEqual([expect.objectContaining({ instanceId: 'sad' })]);
  await it.handle(call());
  const other = call();
  Object.assign(other.request.facts, { model: 'broken-1' });
  const error = await errorOf(it.handle(other));
  expect(error.code).toBe('PLUGIN_UNAVAILABLE');
  expect(error.message).toContain('sad');
  const unknown = call();
  Object.assign(unknown.request.facts, { model: 'liste-1' });
  await until(() => it.models().length > 0, 'the model list');
  expect((await errorOf(it.handle(unknown))).message).toContain('listed-1');
});

test('nothing is served before a configuration, nor after the stop', async () => {
  const a = await up(answers.stalls('text a'));
  const { kernel: it, told } = kernel();
  expect((await errorOf(it.handle(call()))).code).toBe('KERNEL_STOPPING');
  expect(it.models()).toEqual([]);
  expect(it.health()).toMatchObject({ ready: false, plugins: [] });
  expect(
    it.plan({ model: 'm', dialect: 'openai-chat', operation: 'generate' }).via,
  ).toBeUndefined();
  await it.apply(settings('/', [to('a', a)]));
  const running = call();
  const first = it.handle(running);
  await until(() => running.got.text !== '', 'the first bytes');
  await it.stop();
  await first;
  expect(running.got.text).toBe('text a\nFAILED KERNEL_STOPPING\n');
  expect((await errorOf(it.handle(call()))).code).toBe('KERNEL_STOPPING');
  expect(it.health().ready).toBe(false);
  expect(told.events).toContainEqual(
    expect.objectContaining({ type: 'plugin-changed', instanceId: 'a', state: 'stopped' }),
  );
});
