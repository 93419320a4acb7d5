/**
 * What the compiler tells a plugin author. The cases are compiled with the tests (`npm run
 * check:types`): a `@ts-expect-error` that is no error any more fails there. Few of them run.
 */
import { describe, expect, test } from '@jest/globals';
import {
  API_VERSION,
  apiKeyAccounts,
  configSchema,
  definePlugin,
  services,
  type Authenticator,
  type Credential,
  type ErrorCode,
  type EventExecutor,
  type Executor,
  type HttpClient,
  type ModelEvent,
  type OutgoingRequest,
  type PluginOptions,
  type Refs,
  type WireExecutor,
} from './index.ts';
import { PLUGIN_OPTIONS, pluginOptions } from './host.ts';

interface Config {
  readonly baseUrl: string;
  readonly apiKeys: readonly string[];
  readonly paceMs?: number;
}

const schema = configSchema<Config>({
  type: 'object',
  additionalProperties: false,
  required: ['baseUrl', 'apiKeys'],
  properties: {
    baseUrl: { type: 'string' },
    apiKeys: { type: 'array', items: { type: 'string', writeOnly: true } },
    paceMs: { type: 'number', nullable: true },
  },
});

const wire: WireExecutor = {
  kind: 'wire',
  speaks: { 'openai-chat': ['generate'] },
  models: async () => [],
  send: async ({ http, path, headers, body, signal }) =>
    http.request({ method: 'POST', url: `https://x.example${path}`, headers, body }, signal),
};

/** Compiled, never run. */
const compiled = (cases: () => void): void => use(cases);

/** Something is done with them, so that they are no dead code. */
function use(...values: readonly unknown[]): void {
  expect(values).toBeDefined();
}

describe('configuration', () => {
  compiled(() => {
    definePlugin({
      config: schema,
      setup: ({ config }) => {
        const url: string = config.baseUrl;
        const pace: number | undefined = config.paceMs;
        // @ts-expect-error -- no such key
        use(config.baseURL);
        // @ts-expect-error -- may be absent
        const certain: number = config.paceMs;
        // @ts-expect-error -- configuration is read-only
        config.baseUrl = 'https://elsewhere.example';
        // @ts-expect-error -- all the way down
        config.apiKeys.push('another');
        use(url, pace, certain);
        return {};
      },
    });
    // @ts-expect-error -- misses apiKeys and paceMs
    configSchema<Config>({
      type: 'object',
      required: ['baseUrl', 'apiKeys'],
      properties: { baseUrl: { type: 'string' } },
    });
    // @ts-expect-error -- typed otherwise
    configSchema<{ readonly port: number }>({
      type: 'object',
      required: ['port'],
      properties: { port: { type: 'string' } },
    });
    // @ts-expect-error -- an optional property needs nullable
    configSchema<{ readonly port?: number }>({
      type: 'object',
      properties: { port: { type: 'number' } },
    });
    // @ts-expect-error -- a plugin has a schema
    definePlugin({ setup: () => ({}) });
  });

  test('a schema is kept as it is, and frozen', () => {
    expect(schema.json).toMatchObject({ required: ['baseUrl', 'apiKeys'] });
    expect(Object.isFrozen(schema)).toBe(true);
  });
});

describe('services', () => {
  compiled(() => {
    definePlugin({
      config: schema,
      deps: { http: services.http, pages: services.accounts, time: services.clock },
      setup: (_context, deps) => {
        const http: HttpClient = deps.http;
        const now: number = deps.time.now();
        void deps.pages.attach({ key: 'a', label: 'A' });
        // @ts-expect-error -- not asked for
        use(deps.supervisor);
        // @ts-expect-error -- what is asked for has its type
        const wrong: HttpClient = deps.time;
        // @ts-expect-error -- services are read-only
        deps.http = http;
        use(now, wrong);
        return {};
      },
    });
    definePlugin({
      config: schema,
      setup: (_context, deps) => {
        // @ts-expect-error -- nothing asked for, nothing there
        use(deps.http);
        return {};
      },
    });
    definePlugin({
      config: schema,
      // @ts-expect-error -- not a service ref
      deps: { http: 'http' },
      setup: () => ({}),
    });
  });

  test('are known by their ids, which never change', () => {
    expect(Object.entries(services).map(([name, { id }]) => [name, id])).toEqual([
      ['http', '@cliproxy/http'],
      ['accounts', '@cliproxy/accounts'],
      ['supervisor', '@cliproxy/supervisor'],
      ['address', '@cliproxy/address'],
      ['clock', '@cliproxy/clock'],
    ]);
  });
});

describe('contributions', () => {
  compiled(() => {
    // @ts-expect-error -- a wire executor sends
    const mute: WireExecutor = { kind: 'wire', speaks: {}, models: async () => [] };
    // @ts-expect-error -- an executor of events runs
    const idle: EventExecutor = { kind: 'events', models: async () => [] };
    // @ts-expect-error -- a wire executor has no run
    const both: Executor = { ...wire, kind: 'events' };
    // @ts-expect-error -- no such dialect
    const foreign: WireExecutor = { ...wire, speaks: { klingon: ['generate'] } };
    // @ts-expect-error -- no such operation
    const odd: WireExecutor = { ...wire, speaks: { gemini: ['dance'] } };
    // @ts-expect-error -- an authenticator authorizes
    const bare: Authenticator = { id: 'key', method: 'api-key' };
    // @ts-expect-error -- secrets are wrapped
    const open: Credential = { secrets: { apiKey: 'sk-123' } };
    // @ts-expect-error -- bodies are bytes, so that a request can be sent again
    const text: OutgoingRequest = { method: 'POST', url: '', headers: {}, body: 'text' };
    // @ts-expect-error -- no such event
    const event: ModelEvent = { type: 'begin' };
    // @ts-expect-error -- no such reason
    const finish: ModelEvent = { type: 'finish', reason: 'done' };
    // @ts-expect-error -- not in the table
    const code: ErrorCode = 'UPSTREAM_ODD';
    use(mute, idle, both, foreign, odd, bare, open, text, event, finish, code);
    definePlugin({
      config: schema,
      // @ts-expect-error -- accounts are a list
      setup: () => ({ accounts: {} }),
    });
    definePlugin({
      config: schema,
      // @ts-expect-error -- executors have a kind
      setup: () => ({ executor: { models: async () => [], send: async () => wire } }),
    });
    definePlugin({
      config: schema,
      setup: async ({ config, onDispose, signal }) => {
        onDispose(() => undefined);
        signal.throwIfAborted();
        return { executor: wire, accounts: apiKeyAccounts(config.apiKeys, 'key') };
      },
    });
  });
});

describe('definePlugin', () => {
  const options: PluginOptions<Config, Refs> = { config: schema, setup: () => ({}) };
  const plugin = definePlugin(options);

  test('makes a frozen plugin that only the host looks into', () => {
    expect(plugin).toMatchObject({ $$type: '@cliproxy/plugin', apiVersion: API_VERSION });
    expect(Object.isFrozen(plugin)).toBe(true);
    expect(Object.keys(plugin)).toEqual(['$$type', 'apiVersion']);
    expect(pluginOptions(plugin)).toBe(options);
  });

  test('a plugin of another copy of the contract is known by its brand', () => {
    const other = {
      $$type: '@cliproxy/plugin',
      apiVersion: '1.0',
      [Symbol.for('@cliproxy/plugin-options')]: options,
    };
    expect(PLUGIN_OPTIONS).toBe(Symbol.for('@cliproxy/plugin-options'));
    expect(pluginOptions(other)).toBe(options);
  });

  test.each([undefined, null, 5, 'plugin', {}, [], { $$type: 'other' }, () => undefined])(
    'no plugin: %p',
    (value) => expect(pluginOptions(value)).toBeUndefined(),
  );

  test('the version is major.minor', () => {
    expect(API_VERSION).toMatch(/^\d+\.\d+$/);
  });
});
