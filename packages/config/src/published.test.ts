import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { load } from 'js-yaml';
import { configJsonSchema } from './json-schema.ts';
import { parseConfig } from './load-config.ts';
import { printConfig } from './print-config.ts';

const published = new URL('../../../config/', import.meta.url);
const KEYS = { CLIPROXY_API_KEY: 'client-key', CLIPROXY_ADMIN_KEY: 'admin-key-1' };

const validator = (schemas?: Record<string, object>): ((value: unknown) => boolean) => {
  const validate = new Ajv({ strict: false }).compile(configJsonSchema(schemas));
  return (value) => validate(value);
};

describe('the published schema', () => {
  test('is what the code says; otherwise run: npm run schema -w packages/config', async () => {
    const text = await readFile(new URL('cliproxy.schema.json', published), 'utf8');
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
  });

  test('takes references and empty values, and refuses what the gateway refuses', () => {
    const accepts = validator();
    expect(
      accepts({ server: { port: '${PORT:-1}', apiKeys: ['${K}'] }, plugins: { echo: null } }),
    ).toBe(true);
    expect(accepts({ log: { level: '${LEVEL}' }, plugins: { a: { enabled: '${ON}' } } })).toBe(
      true,
    );
    expect(accepts({ server: { port: 'http' } })).toBe(false);
    expect(accepts({ log: { level: 'loud' } })).toBe(false);
    expect(accepts({ sever: {} })).toBe(false);
    expect(accepts({ plugins: { a: { enable: true } } })).toBe(false);
  });

  test('knows the plugins it is given, with references of their schemas inside', () => {
    const demo = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      $id: 'demo',
      type: 'object',
      required: ['list'],
      additionalProperties: false,
      properties: { list: { type: 'array', items: { $ref: '#/definitions/one' } } },
      definitions: { one: { type: 'integer', enum: [1, 2] } },
    };
    const accepts = validator({ 'a.b-c': demo });
    expect(accepts({ plugins: { 'a.b-c': { config: { list: [1, '${TWO}'] } } } })).toBe(true);
    expect(accepts({ plugins: { 'a.b-c': { config: { list: [3] } } } })).toBe(false);
    expect(accepts({ plugins: { 'a.b-c': { config: {} } } })).toBe(false);
    expect(accepts({ plugins: { other: { config: { list: [3] } } } })).toBe(true);
    expect(demo.$id).toBe('demo');
  });
});

describe('the example', () => {
  const read = async (): Promise<string> =>
    readFile(new URL('cliproxy.example.yaml', published), 'utf8');

  test('is valid, and its plugins ask for nothing but their keys', async () => {
    const text = await read();
    const { settings } = parseConfig({ text, file: 'x.yaml', env: KEYS });
    const problems = settings.kernel.plugins.flatMap((plugin) => plugin.problems);
    expect(problems.map(({ code, instanceId }) => [code, instanceId])).toEqual([
      ['CONFIG_ENV_UNSET', 'llmux-claude'],
      ['CONFIG_ENV_UNSET', 'llmux-chatgpt'],
      ['CONFIG_ENV_UNSET', 'gemini'],
    ]);
    expect(validator()(load(text))).toBe(true);
  });

  test('tells the defaults truly, and names every key', async () => {
    const { settings } = parseConfig({ text: await read(), file: 'x.yaml', env: KEYS });
    const plain = parseConfig({ text: 'plugins: {}', file: 'x.yaml', env: {} }).settings;
    const { timeouts, failover, accountStrategy, usage } = settings.kernel;
    expect({ timeouts, failover, accountStrategy, usage }).toEqual({
      timeouts: plain.kernel.timeouts,
      failover: plain.kernel.failover,
      accountStrategy: plain.kernel.accountStrategy,
      usage: plain.kernel.usage,
    });
    expect(settings.log).toEqual(plain.log);
    expect({ ...settings.server, apiKeys: [], adminKeys: [] }).toEqual(plain.server);
    const written = load(await read()) as Record<string, Record<string, unknown>>;
    for (const section of ['server', 'timeouts', 'failover'] as const) {
      const known = section === 'server' ? plain.server : plain.kernel[section];
      expect(Object.keys(written[section]!).sort()).toEqual(Object.keys(known).sort());
    }
  });
});

describe('printing', () => {
  const demo = {
    type: 'object',
    properties: {
      apiKeys: { type: 'array', items: { type: 'string', writeOnly: true } },
      headers: { type: 'object', additionalProperties: { type: 'string', writeOnly: true } },
      login: { type: 'object', writeOnly: true },
      pace: { type: 'integer', default: 20 },
    },
  };

  test('shows defaults and values of the environment, and masks secrets', () => {
    const text = [
      'server: { apiKeys: [client-canary], adminKeys: ["${ADMIN}"] }',
      'plugins:',
      '  demo: { config: { apiKeys: [a-canary], headers: { x: b-canary }, login: { user: c-canary, pins: [1] }, free: "${FREE}" } }',
      '  loose: { config: { apiKeys: d-canary } }',
      '  unknown: { config: { url: https://e-canary.example, n: 42 } }',
      'aliases: { a: b }',
    ].join('\n');
    const env = { ADMIN: 'admin-canary', FREE: 'free-value' };
    const { settings } = parseConfig({ text, file: 'x.yaml', env });
    const printed = printConfig(settings, { demo, loose: demo });
    expect(printed).not.toContain('canary');
    expect(load(printed)).toMatchObject({
      server: { host: '127.0.0.1', apiKeys: ['***'], adminKeys: ['***'] },
      log: { level: 'info' },
      plugins: {
        demo: {
          package: '@cliproxy/plugin-demo',
          config: {
            apiKeys: ['***'],
            headers: { x: '***' },
            login: { user: '***', pins: ['***'] },
            free: 'free-value',
            pace: 20,
          },
        },
        loose: { config: { apiKeys: '***' } },
        unknown: { config: { url: '***', n: '***' } },
      },
      aliases: { a: 'b' },
      usage: 'auto',
    });
  });
});
