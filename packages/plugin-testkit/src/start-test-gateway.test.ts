import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { configSchema, definePlugin, services } from '@cliproxy/plugin-api';
import { startTestGateway } from './start-test-gateway.ts';
import { replaceService } from './with-services.ts';
import type { TestGateway } from './start-test-gateway.ts';

interface GreeterConfig {
  readonly greeting: string;
  readonly fails?: boolean;
}

const greeter = definePlugin({
  config: configSchema<GreeterConfig>({
    type: 'object',
    additionalProperties: false,
    required: ['greeting'],
    properties: {
      greeting: { type: 'string', description: 'What to say.' },
      fails: { type: 'boolean', nullable: true },
    },
  }),
  setup: ({ config, logger }) => {
    if (config.fails === true) throw new Error('told to fail');
    logger.debug(`will say ${config.greeting}`);
    return {
      executor: {
        kind: 'events',
        models: async () => [{ id: 'greeter' }],
        async *run() {
          yield { type: 'open', index: 0, part: { type: 'text', text: config.greeting } };
          yield { type: 'close', index: 0 };
          yield { type: 'finish', reason: 'stop' };
        },
      },
    };
  },
});

let dir: string;
let packageJson: URL;
let gateway: TestGateway | undefined;

beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'cliproxy-testkit-'));
  const manifest = {
    manifestVersion: 1,
    id: 'greeter',
    apiVersion: '1.0',
    entry: './index.js',
    provides: { executor: true, models: [{ match: 'greet*' }] },
    permissions: {},
  };
  const file = path.join(dir, 'package.json');
  writeFileSync(
    file,
    JSON.stringify({ name: 'greeter-plugin', version: '1.0.0', cliproxyPlugin: manifest }),
  );
  packageJson = pathToFileURL(file);
});

afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
});

afterAll(() => rmSync(dir, { recursive: true }));

const body = { model: 'greeter', messages: [{ role: 'user', content: 'hi' }] };

describe('a test gateway', () => {
  test('serves a plugin from its sources, and is asked with the right keys', async () => {
    gateway = await startTestGateway({
      plugins: [{ plugin: greeter, packageJson, config: { greeting: 'hello there' } }],
    });
    expect(gateway.problems).toEqual([]);
    const path = '/v1/chat/completions';
    expect(await (await gateway.ask(path, { body })).text()).toContain('hello there');
    const bytes = Buffer.from(JSON.stringify(body));
    expect((await gateway.ask(path, { body: bytes })).status).toBe(200);
    expect((await gateway.ask(path, { body: '{' })).status).toBe(400);
    expect((await gateway.ask('/v1/models')).status).toBe(200);
    const explain = '/v1/routes/explain?model=greeter';
    expect((await gateway.ask(explain)).status).toBe(403);
    expect((await gateway.ask(explain, { admin: true })).status).toBe(200);
    const aborted = gateway.ask('/v1/models', { signal: AbortSignal.abort() });
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
    expect(gateway.log()).toContain('will say hello there');
    expect(gateway.log()).not.toContain(gateway.apiKey);
  });

  test('one package, several instances, further configuration', async () => {
    const mount = (instanceId: string, greeting: string) => ({
      plugin: greeter,
      packageJson,
      instanceId,
      config: { greeting },
    });
    gateway = await startTestGateway({
      plugins: [mount('one', 'first'), mount('two', 'second')],
      config: { aliases: { other: 'two/x' } },
    });
    const reply = await gateway.ask('/v1/chat/completions', { body: { ...body, model: 'other' } });
    expect(await reply.text()).toContain('second');
  });

  test('throws every problem of those that are required; tells those of the others', async () => {
    const mount = (instanceId: string, config: object, required: boolean) => ({
      plugin: greeter,
      packageJson,
      instanceId,
      config,
      required,
    });
    const starting = startTestGateway({
      plugins: [
        mount('a', {}, true),
        mount('b', { greeting: '', fails: true }, true),
        { package: path.join(dir, 'nowhere'), instanceId: 'c', required: false },
      ],
    });
    await expect(starting).rejects.toThrow(
      /PLUGIN_BAD_CONFIG: .*greeting is missing.*\n.*PLUGIN_SETUP_FAILED: .*told to fail.*\n.*"c"/u,
    );
    gateway = await startTestGateway({
      plugins: [
        mount('a', { greeting: 'hi' }, true),
        { package: path.join(dir, 'nowhere'), instanceId: 'c', required: false },
      ],
    });
    expect(gateway.problems).toEqual([expect.stringMatching(/^PLUGIN_NOT_FOUND: .*"c"/u)]);
  });
});

test('gives plugins another service where the test has one', async () => {
  const told: number[] = [];
  const clockwatcher = definePlugin({
    config: configSchema<Record<string, never>>({ type: 'object', required: [] }),
    deps: { clock: services.clock },
    setup: (_context, { clock }) => {
      told.push(clock.now());
      return {
        executor: { kind: 'events', models: async () => [], async *run() {} },
      };
    },
  });
  gateway = await startTestGateway({
    plugins: [{ plugin: clockwatcher, packageJson }],
    services: [replaceService(services.clock, { now: () => 1234 })],
  });
  expect(told).toEqual([1234]);
});
