import { Writable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { parseConfig } from '@cliproxy/config';
import type { GatewaySettings } from '@cliproxy/config';
import { configSchema, definePlugin, services } from '@cliproxy/plugin-api';
import type { GatewayAddress } from '@cliproxy/plugin-api';
import { createGateway } from './create-gateway.ts';

const KEYS = { apiKeys: ['client-key-0123456789'], adminKeys: ['admin-key-0123456789'] };

function settingsOf(server: object, log: object = {}): GatewaySettings {
  const document = { server: { port: 0, ...server }, log: { format: 'json', ...log }, plugins: {} };
  return parseConfig({ text: JSON.stringify(document), file: '/gateway.yaml', env: {} }).settings;
}

async function open(server: object) {
  const lines: string[] = [];
  const logStream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const gateway = createGateway(settingsOf(server), { logStream });
  await gateway.prepare();
  const { port } = await gateway.listen();
  const status = async (key: string) => {
    const headers = { authorization: `Bearer ${key}` };
    return (await fetch(`http://127.0.0.1:${port}/v1/models`, { headers })).status;
  };
  return { gateway, status, log: () => lines.join('') };
}

test('settings that would open the address bound to change nothing', async () => {
  const { gateway, status } = await open({ host: '0.0.0.0', ...KEYS });
  try {
    // Safe by itself, since it binds to loopback; but the address bound to stays.
    const loopback = settingsOf({ host: '127.0.0.1' }, { level: 'debug' });
    await expect(gateway.apply(loopback)).rejects.toMatchObject({ code: 'CONFIG_UNSAFE' });
    expect(await status('client-key-0123456789')).toBe(200);
    expect(await status('another-key-0123456789')).toBe(401);
    gateway.logging.logger('x').debug('not at this level');
  } finally {
    await gateway.kill();
  }
});

test('new settings are in force at once, the last one last, and say what has to wait', async () => {
  const { gateway, status, log } = await open(KEYS);
  try {
    const next = (key: string, logSettings: object = {}) =>
      gateway.apply(settingsOf({ ...KEYS, apiKeys: [key] }, logSettings));
    const results = await Promise.all([
      next('second-key-0123456789'),
      next('third-key-0123456789', { level: 'debug', format: 'pretty' }),
    ]);
    expect(results.map(({ applied, needsRestart }) => [applied, needsRestart])).toEqual([
      [true, []],
      [true, ['log.format']],
    ]);
    expect(await status('second-key-0123456789')).toBe(401);
    expect(await status('third-key-0123456789')).toBe(200);
    // What it was started with still differs, whatever was applied in between.
    const again = await next('third-key-0123456789', { level: 'debug', format: 'pretty' });
    expect(again.needsRestart).toEqual(['log.format']);
    gateway.logging.logger('x').debug('the key is third-key-0123456789');
    expect(log()).toContain('the key is ***');
  } finally {
    await gateway.kill();
  }
});

test('it can be stopped and killed at the same time, and again', async () => {
  const { gateway } = await open(KEYS);
  await Promise.all([gateway.stop(), gateway.kill(), gateway.stop()]);
  await gateway.kill();
  gateway.logging.logger('x').info('too late, and no harm');
});

test('a plugin finds the gateway once its port is open', async () => {
  let address: GatewayAddress | undefined;
  const plugin = definePlugin({
    config: configSchema<object>({ type: 'object', properties: {}, required: [] }),
    deps: { address: services.address },
    setup: (_context, deps) => {
      ({ address } = deps);
      return {};
    },
  });
  const packageJson = {
    name: 'finder',
    version: '1.0.0',
    cliproxyPlugin: {
      manifestVersion: 1,
      id: 'finder',
      apiVersion: '1.0',
      entry: './index.js',
      provides: {},
      permissions: {},
    },
  };
  const text = JSON.stringify({
    server: { port: 0, host: '0.0.0.0', ...KEYS },
    plugins: { finder: { package: 'finder' } },
  });
  const { settings } = parseConfig({ text, file: '/gateway.yaml', env: {} });
  const gateway = createGateway(settings, {
    preloaded: [{ plugin, packageJson, packageName: 'finder' }],
    logStream: new Writable({ write: (_chunk, _encoding, done) => done() }),
  });
  try {
    expect(await gateway.prepare()).toMatchObject({ applied: true });
    expect(address?.local).toBe(false);
    expect(address?.current()).toBeUndefined();
    const { port } = await gateway.listen();
    expect(address?.current()).toBe(`http://127.0.0.1:${port}`);
  } finally {
    await gateway.kill();
  }
});
