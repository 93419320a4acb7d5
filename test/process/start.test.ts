import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  KEY,
  LAUNCHER,
  ask,
  echoConfig,
  logged,
  openWorkshop,
  prepareOnce,
  until,
  wordsOf,
} from './gateway-process.ts';
import type { Workshop } from './gateway-process.ts';

let shop: Workshop;

beforeAll(prepareOnce, 600_000);
beforeEach(() => {
  shop = openWorkshop();
});
afterEach(() => shop.clear());

/** Where the printed command can be pasted. */
const canPaste = ['bash', 'curl'].every((tool) => spawnSync(tool, ['--version']).status === 0);

function printedCurl(stdout: string): string {
  return /^ {2}curl[\s\S]*?\n(?= *Press)/m.exec(stdout)?.[0] ?? '';
}

describe('the first start', () => {
  test('writes a private configuration, and tells the address and where the key is', async () => {
    const home = path.join(shop.dir, 'home');
    const gateway = await shop.start([], {
      launcher: LAUNCHER,
      env: { CLIPROXY_SERVER_PORT: '0' },
    });
    const file = path.join(home, 'config.yaml');
    expect(statSync(home).mode & 0o777).toBe(0o700);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const printed = gateway.stdout();
    expect(printed).toContain(`cliproxy is ready at http://127.0.0.1:${gateway.port}\n`);
    expect(printed).toContain(`under server.apiKeys in ${file}\n`);
    const keys = readFileSync(file, 'utf8').match(/cpx-[\w-]+/g) ?? [];
    expect(keys).toHaveLength(2);
    for (const key of keys) expect(printed).not.toContain(key);
    expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200);
    const before = readFileSync(file, 'utf8');
    gateway.kill('SIGTERM');
    expect((await gateway.ended).code).toBe(0);
    const second = await shop.start([], { env: { CLIPROXY_SERVER_PORT: '0' } });
    expect(second.url).not.toBe('');
    expect(readFileSync(file, 'utf8')).toBe(before);
  }, 120_000);

  (canPaste ? test : test.skip).each(['plain', 'with \'quotes" and $HOME `x`'])(
    'prints a curl that streams an answer when it is pasted (home folder: %s)',
    async (name) => {
      const gateway = await shop.start([], {
        env: { CLIPROXY_SERVER_PORT: '0', CLIPROXY_HOME: path.join(shop.dir, name) },
      });
      const { status, stdout } = spawnSync('bash', ['-c', printedCurl(gateway.stdout())], {
        encoding: 'utf8',
        timeout: 60_000,
      });
      expect(status).toBe(0);
      expect(wordsOf(stdout)).toBe('Hello from cliproxy');
      expect(stdout).toContain('data: [DONE]');
    },
    120_000,
  );

  test('leaves a key of another form out of the command, and asks for none where none is needed', async () => {
    const own = shop.config(echoConfig({}).replace(KEY, 'a-key-of-my-own'));
    const gateway = await shop.start(['--config', own]);
    expect(printedCurl(gateway.stdout())).toContain('Bearer $CLIPROXY_API_KEY"');
    expect(gateway.stdout()).toContain('put it into CLIPROXY_API_KEY for this:');
    gateway.kill('SIGTERM');
    await gateway.ended;
    const open = shop.config('server: { port: 0 }\nplugins: { echo: {} }');
    const other = await shop.start(['--config', open]);
    expect(printedCurl(other.stdout())).not.toContain('authorization');
    expect(other.stdout()).toContain('No client key is needed');
  }, 120_000);
});

describe('a start that fails', () => {
  test('a port in use: exit 1 with the remedy', async () => {
    const holder = net.createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as AddressInfo;
    const file = shop.config(echoConfig({}));
    const { code, stderr } = await shop.run(['start', '--config', file], {
      env: { CLIPROXY_SERVER_PORT: String(port) },
    });
    holder.close();
    expect(code).toBe(1);
    expect(stderr).toContain(`127.0.0.1 port ${port} is in use; stop the other program`);
    expect(stderr).not.toContain('    at ');
  }, 120_000);

  test('an invalid configuration: exit 78 with every problem and its place', async () => {
    const file = shop.config('server: { prot: 1 }\nplugins:\n  echo: { enabld: true }\n');
    const { code, stdout, stderr } = await shop.run(['start', '--config', file]);
    expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
    expect(stderr).toContain(`${file}:1:11 `);
    expect(stderr).toContain('Did you mean port?');
    expect(stderr).toContain(`${file}:3:11 `);
    expect(stderr).toContain('Did you mean enabled?');
  }, 120_000);

  test("a plugin's part that is wrong: exit 78 with its place; so does a missing package", async () => {
    const wrong = shop.config('plugins:\n  echo: { config: { paceMs: fast } }\n');
    const first = await shop.run(['start', '--config', wrong]);
    expect(first.code).toBe(78);
    expect(first.stderr).toContain(`${wrong}:2:29 `);
    const missing = shop.config('plugins:\n  nothing-like-it: {}\n');
    const second = await shop.run(['start', '--config', missing]);
    expect(second.code).toBe(78);
    expect(second.stderr).toContain(`${missing}:2:3 `);
    expect(second.stderr).toContain('set `package:`');
  }, 120_000);

  test('a route to disabled plugins alone does not end it, but the log warns', async () => {
    const rest =
      '  off: { enabled: false, package: echo }\nroutes: [{ match: m, targets: [{ plugin: off }] }]';
    const gateway = await shop.start(['--config', shop.config(echoConfig({ rest }))]);
    await logged(gateway, 'no target of the route "m" is enabled: enable one of off');
  }, 120_000);

  test.each([
    ['--config that names nothing', ['--config', 'nowhere.yaml'], {}],
    ['CLIPROXY_CONFIG that names nothing', [], { CLIPROXY_CONFIG: 'nowhere.yaml' }],
  ])(
    '%s: exit 78, and none is written',
    async (_, args, env) => {
      const { code, stderr } = await shop.run(['start', ...args], { env });
      expect(code).toBe(78);
      expect(stderr).toContain(`${path.join(shop.dir, 'nowhere.yaml')}: There is no such file`);
      expect(statSync(path.join(shop.dir, 'home'), { throwIfNoEntry: false })).toBeUndefined();
    },
    120_000,
  );

  test('a home folder that cannot be made: exit 78 with a sentence', async () => {
    const blocked = path.join(shop.dir, 'file');
    writeFileSync(blocked, '');
    const { code, stderr } = await shop.run(['start'], {
      env: { CLIPROXY_HOME: path.join(blocked, 'home') },
    });
    expect(code).toBe(78);
    expect(stderr).toContain('cannot be written (ENOTDIR)');
    expect(stderr).not.toContain('    at ');
  }, 120_000);
});

describe('plugins with faults', () => {
  /** A package in a folder of its own, with the contract installed beside it. */
  function plugin(id: string, setup: string): string {
    const folder = path.join(shop.dir, id);
    const api = path.resolve(import.meta.dirname, '../../packages/plugin-api');
    const scope = path.join(folder, 'node_modules', '@cliproxy');
    mkdirSync(scope, { recursive: true });
    symlinkSync(api, path.join(scope, 'plugin-api'));
    const manifest = {
      name: `plugin-${id}`,
      version: '1.0.0',
      type: 'module',
      cliproxyPlugin: {
        manifestVersion: 1,
        id,
        apiVersion: '1.0',
        entry: './index.js',
        provides: {},
        permissions: {},
      },
    };
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
    writeFileSync(
      path.join(folder, 'index.js'),
      `import { configSchema, definePlugin } from '@cliproxy/plugin-api';
       export default definePlugin({
         config: configSchema({ type: 'object', additionalProperties: false, required: [], properties: {} }),
         deps: {},
         setup() { ${setup} return {}; },
       });`,
    );
    return folder;
  }

  test('a rejection that nobody caught is logged and ends nothing', async () => {
    const folder = plugin(
      'stray',
      `void Promise.reject(new Error('stray at set-up'));
       setTimeout(() => { void Promise.reject(new Error('stray later')); }, 50);`,
    );
    const file = shop.config(echoConfig({ rest: `  stray: { package: ${folder} }` }));
    const gateway = await shop.start(['--config', file]);
    const faults = () =>
      gateway.log().filter(({ message }) => message.includes('a fault of the plugin'));
    await until(() => faults().length >= 2);
    expect(JSON.stringify(faults())).toContain('stray at set-up');
    expect(JSON.stringify(faults())).toContain('stray later');
    expect((await ask(gateway, 'still here')).status).toBe(200);
    gateway.kill('SIGTERM');
    expect((await gateway.ended).code).toBe(0);
  }, 120_000);

  test('an exception that nobody caught, from its code, is logged under its name and ends nothing', async () => {
    const folder = plugin('wild', `setTimeout(() => { throw new Error('wild one'); }, 50);`);
    const file = shop.config(echoConfig({ rest: `  wild: { package: ${folder} }` }));
    const gateway = await shop.start(['--config', file]);
    const faults = () => gateway.log().filter(({ name }) => name === 'wild');
    await until(() => JSON.stringify(faults()).includes('wild one'));
    expect((await ask(gateway, 'still here')).status).toBe(200);
    gateway.kill('SIGTERM');
    expect((await gateway.ended).code).toBe(0);
  }, 120_000);

  test('one from the gateway’s own code ends the process with 1, after the log says why', async () => {
    const own = path.resolve(import.meta.dirname, '../../packages/kernel/dist/any.js');
    const folder = plugin(
      'blames',
      `const error = new Error('own one');
       error.stack = 'Error: own one\\n    at any (${own}:1:1)';
       setTimeout(() => { throw error; }, 3000);`,
    );
    const file = shop.config(echoConfig({ rest: `  blames: { package: ${folder} }` }));
    const gateway = await shop.start(['--config', file]);
    const { code } = await gateway.ended;
    expect(code).toBe(1);
    expect(JSON.stringify(gateway.log())).toContain('own one');
  }, 120_000);

  test('a set-up that hangs does not keep a signal from ending the start', async () => {
    const folder = plugin('slow', `return new Promise(() => {});`);
    const file = shop.config(echoConfig({ rest: `  slow: { package: ${folder} }` }));
    const gateway = shop.begin(['start', '--config', file]);
    await logged(gateway, 'plugin slow is starting');
    gateway.kill('SIGTERM');
    const { code, stdout } = await gateway.ended;
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  }, 120_000);
});
