import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ADMIN_KEY, KEY, echoConfig, openWorkshop, prepareOnce } from './gateway-process.ts';
import type { Ended, GatewayProcess, Workshop } from './gateway-process.ts';

const WORDS = [
  ...['start', 'status', 'login', 'logout', 'accounts', 'ticket'],
  ...['plugins', 'explain', 'config', 'doctor', 'test-provider'],
];
const INNER = [
  'accounts reset',
  'plugins list',
  'plugins check',
  'config check',
  'config print',
  'config schema',
];
const SECRET = 'sk-of-a-vendor-0123456789';
const TIME_MS = 120_000;

/** Echo, one that is disabled, one without an account. */
const config = echoConfig({
  rest: `
  openrouter: { enabled: false, package: '@cliproxy/plugin-openai-compatible', config: { baseUrl: https://example.com/v1, apiKeys: [${SECRET}] } }
  llmux-claude: { required: false, config: { apiKeys: [] } }
`,
});

let shop: Workshop;
let file: string;

beforeAll(prepareOnce, 600_000);
beforeEach(() => {
  shop = openWorkshop();
  file = shop.config(config);
});
afterEach(() => shop.clear());

function json(ended: Ended): unknown {
  return JSON.parse(ended.stdout) as unknown;
}

const errorSaying = (message: string) => ({
  error: expect.objectContaining({
    message: expect.stringContaining(message) as unknown,
  }) as unknown,
});

describe('the command line itself', () => {
  test.each(['', ...WORDS, ...INNER])(
    'cliproxy %s --help',
    async (command) => {
      const words = command.split(' ').filter((word) => word !== '');
      const { code, stdout, stderr } = await shop.run([...words, '--help']);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain(`Usage: cliproxy ${command}`.trim());
      expect(stdout).toMatch(/Examples?:\n {2}cliproxy /);
      // A group and the program itself list their commands, the others take a file.
      expect(stdout).toMatch(/Commands:|--config <file>/);
    },
    TIME_MS,
  );

  test(
    'the help lists every command; --version tells the version',
    async () => {
      const { stdout } = await shop.run(['--help']);
      for (const word of WORDS) expect(stdout).toMatch(new RegExp(`^ {2}${word} {2,}\\S`, 'm'));
      const { code, stdout: version } = await shop.run(['--version']);
      const own = path.resolve(import.meta.dirname, '../../packages/cli/package.json');
      const expected = (JSON.parse(readFileSync(own, 'utf8')) as { readonly version: string })
        .version;
      expect({ code, version }).toEqual({ code: 0, version: `${expected}\n` });
    },
    TIME_MS,
  );

  test.each([
    [['strat'], "unknown command 'strat'"],
    [['status', '--jsn'], "unknown option '--jsn'"],
    [['status', '--json', '--nope'], "unknown option '--nope'"],
    [['explain'], "missing required argument 'model'"],
    [
      ['explain', 'echo', '--dialect', 'french'],
      'Allowed choices are openai-chat, openai-responses, anthropic-messages, gemini.',
    ],
    [['config', 'chekc'], "unknown command 'chekc'"],
    [['plugins'], 'Usage: cliproxy plugins'],
    [[], 'Usage: cliproxy'],
  ])(
    '%j is wrong usage',
    async (args, sentence) => {
      const { code, stderr } = await shop.run(args);
      expect(code).toBe(2);
      expect(stderr).toContain(sentence);
    },
    TIME_MS,
  );

  test.each([
    ['status'],
    ['login echo'],
    ['logout echo'],
    ['accounts'],
    ['accounts reset'],
    ['ticket echo'],
    ['plugins list'],
    ['plugins check'],
    ['explain echo'],
    ['config print'],
    ['config schema'],
    ['test-provider echo'],
  ])(
    '%s without a configuration: exit 78, as text and as JSON',
    async (command) => {
      const args = [...command.split(' '), '--config', 'nowhere.yaml'];
      const [text, data] = await Promise.all([shop.run(args), shop.run([...args, '--json'])]);
      expect({ code: text.code, stdout: text.stdout }).toEqual({ code: 78, stdout: '' });
      expect(text.stderr).toContain('nowhere.yaml: There is no such file');
      expect({ code: data.code, stderr: data.stderr }).toEqual({ code: 78, stderr: '' });
      expect(json(data)).toMatchObject({
        error: { code: 'CONFIG_NOT_FOUND', problems: [{ code: 'CONFIG_NOT_FOUND' }] },
      });
    },
    TIME_MS,
  );
});

/** What both a running gateway and one that is set up for the command must give. */
function sharedCases(run: (line: string) => Promise<Ended>): void {
  test(
    'plugins list',
    async () => {
      const { code, stdout } = await run('plugins list');
      expect(code).toBe(0);
      expect(stdout).toMatch(/^echo +ready +@cliproxy\/plugin-echo +\d+\.\d+\.\d+ +1\.0 +- +1$/m);
      expect(stdout).toMatch(/^openrouter +disabled +\S+ +- +1\.0 +- +-$/m);
      expect(stdout).toMatch(/^llmux-claude +needs-login /m);
      expect(json(await run('plugins list --json'))).toMatchObject([
        { instance: 'echo', state: 'ready', accounts: 1 },
        { instance: 'openrouter', state: 'disabled' },
        { instance: 'llmux-claude', state: 'needs-login', accounts: 0 },
      ]);
    },
    TIME_MS,
  );

  test(
    'plugins check',
    async () => {
      expect(await run('plugins check')).toMatchObject({
        code: 0,
        stdout: 'ok: every enabled plugin can be set up\n',
      });
      const named = await run('plugins check echo');
      expect(named.code).toBe(0);
      expect(named.stdout).toMatch(
        /^@cliproxy\/plugin-echo \S+ level reached: survives; .*, 0 failed,/u,
      );
      expect(json(await run('plugins check --json'))).toEqual({ ok: true, problems: [] });
      const unknown = await run('plugins check ecko');
      expect(unknown.code).toBe(1);
      expect(unknown.stderr).toContain('Did you mean echo?');
    },
    TIME_MS,
  );

  test(
    'explain',
    async () => {
      const { code, stdout } = await run('explain echo');
      expect(code).toBe(0);
      expect(stdout).toContain('A request would go to echo (echo/default) as echo first.');
      expect(json(await run('explain echo --json'))).toMatchObject({
        requested: 'echo',
        candidates: [{ instance: 'echo', usable: true }],
      });
      const nothing = await run('explain nothing-serves-this --json');
      expect(nothing.code).toBe(1);
      expect(json(nothing)).toMatchObject({ candidates: [] });
    },
    TIME_MS,
  );

  test(
    'config check, config print, config schema',
    async () => {
      expect(await run('config check')).toMatchObject({ code: 0, stdout: `ok: ${file}\n` });
      expect(json(await run('config check --json'))).toEqual({ ok: true, problems: [] });
      const [text, data] = [await run('config print'), await run('config print --json')];
      expect(text.code).toBe(0);
      expect(text.stdout).toContain('drainMs: 30000');
      for (const { stdout } of [text, data]) {
        for (const secret of [KEY, ADMIN_KEY, SECRET]) expect(stdout).not.toContain(secret);
      }
      expect(json(data)).toMatchObject({
        server: { host: '127.0.0.1', apiKeys: ['***'] },
        plugins: { echo: { config: { paceMs: 0 } }, openrouter: { config: { apiKeys: ['***'] } } },
      });
      const schema = await run('config schema');
      expect(schema.code).toBe(0);
      expect(JSON.stringify(json(schema))).toContain('paceMs');
    },
    TIME_MS,
  );

  test(
    'test-provider',
    async () => {
      const good = await run('test-provider echo --prompt ping');
      expect(good.code).toBe(0);
      expect(good.stdout).toMatch(/^echo\/echo\S*: 200 in \d+ ms\nping\n$/);
      const data = await run('test-provider echo --prompt ping --json');
      expect(data.stderr).toBe('');
      expect(json(data)).toMatchObject({ ok: true, provider: 'echo', status: 200, answer: 'ping' });
      const failing = await run('test-provider echo --prompt=/error --json');
      expect(failing.code).toBe(1);
      expect(json(failing)).toMatchObject({ ok: false, error: {} });
      const unknown = await run('test-provider ecko');
      expect(unknown.code).toBe(1);
      expect(unknown.stderr).toContain('there is no plugin "ecko"');
      expect(unknown.stderr).toContain('Did you mean echo?');
      const disabled = await run('test-provider openrouter');
      expect(disabled.code).toBe(1);
      expect(disabled.stderr).toContain('set plugins.openrouter.enabled to true');
      const keyless = await run('test-provider llmux-claude --json');
      expect(keyless.code).toBe(1);
      expect(json(keyless)).toEqual(errorSaying('llmux-claude has no account: add a key'));
    },
    TIME_MS,
  );
}

describe('without a running gateway', () => {
  test.each(['status', 'stop', 'logs'])(
    '%s looks at what the gateway has left, and loads no gateway',
    async (command) => {
      const hooks = path.join(shop.dir, 'hooks.mjs');
      writeFileSync(
        hooks,
        `import { writeSync } from 'node:fs';
        import { register } from 'node:module';
        if (import.meta.url.endsWith('?here')) register(import.meta.url.replace('?here', ''));
        export async function load(url, context, next) {
          writeSync(2, 'loaded ' + url + '\\n');
          return next(url, context);
        }`,
      );
      const env = { NODE_OPTIONS: `--import=${pathToFileURL(hooks).href}?here` };
      const { stderr } = await shop.run([command, '--config', file], { env });
      const loaded = [...stderr.matchAll(/^loaded (\S+)$/gm)].map(([, url = '']) => url);
      expect(loaded.some((url) => url.endsWith('/gateway/dist/data-place.js'))).toBe(true);
      expect(loaded.filter((url) => /\/(kernel|server|protocols)\/dist\//.test(url))).toEqual([]);
    },
    TIME_MS,
  );

  const run = (line: string): Promise<Ended> => shop.run([...line.split(' '), '--config', file]);

  sharedCases(run);

  test(
    'status fails and says how to start one',
    async () => {
      const env = { CLIPROXY_SERVER_PORT: '9' };
      const args = ['status', '--config', file];
      const text = await shop.run(args, { env });
      expect({ code: text.code, stdout: text.stdout }).toEqual({ code: 1, stdout: '' });
      expect(text.stderr).toMatch(
        /^cliproxy: no gateway answers at http:\/\/127\.0\.0\.1:9: start it with "cliproxy start"\nIts log: \/.*gateway\.log\n$/,
      );
      const data = await shop.run([...args, '--json'], { env });
      expect({ code: data.code, stderr: data.stderr }).toEqual({ code: 1, stderr: '' });
      expect(json(data)).toEqual(errorSaying('start it with "cliproxy start"'));
      expect((await run('status')).stderr).toContain('no gateway has the data folder');
    },
    TIME_MS,
  );

  test(
    'status and doctor tell another program at the port from a gateway',
    async () => {
      const other = http
        .createServer((_req, res) => void res.writeHead(404).end('no'))
        .listen(0, '127.0.0.1');
      await once(other, 'listening');
      const env = { CLIPROXY_SERVER_PORT: String((other.address() as AddressInfo).port) };
      try {
        const status = await shop.run(['status', '--config', file], { env });
        expect(status.code).toBe(1);
        expect(status.stderr).toContain('another program answers at');
        const doctor = await shop.run(['doctor', '--config', file], { env });
        expect(doctor.code).toBe(1);
        expect(doctor.stdout).toMatch(/^failed +port: .*EADDRINUSE.*change server\.port/m);
      } finally {
        other.close();
      }
    },
    TIME_MS,
  );

  test(
    'doctor',
    async () => {
      const { code, stdout } = await run('doctor');
      expect(code).toBe(0);
      expect(stdout).toMatch(/^ok +plugin echo: ready, up$/m);
      expect(stdout).toMatch(
        /^warning +plugin llmux-claude: has no account: add a key .* cliproxy login llmux-claude$/m,
      );
      expect(json(await run('doctor --json'))).toContainEqual({
        check: 'plugin openrouter',
        result: 'ok',
        detail: 'disabled',
      });
      file = shop.config('server: { prot: 1 }');
      const broken = await run('doctor');
      expect(broken.code).toBe(78);
      expect(broken.stdout).toMatch(/^failed +configuration: .*config\.yaml:1:11 /m);
    },
    TIME_MS,
  );

  test(
    'a plugin that refuses its part is named with its place, by every check',
    async () => {
      // Not the usual port: a gateway that runs on this machine is not to be asked.
      file = shop.config('plugins:\n  echo: { config: { paceMs: -1 } }\nserver: { port: 9 }\n');
      const problem = { code: 'PLUGIN_BAD_CONFIG', instance: 'echo', file, line: 2, column: 29 };
      for (const command of ['config check', 'plugins check']) {
        const text = await run(command);
        expect(text.code).toBe(78);
        expect(text.stdout).toContain(`${file}:2:29 `);
        expect(json(await run(`${command} --json`))).toMatchObject({
          ok: false,
          problems: [problem],
        });
      }
      expect((await run('doctor')).stdout).toMatch(/^failed +plugin echo: .*config\.yaml:2:29 /m);
      expect((await run('test-provider echo')).stderr).toContain('echo could not be set up: ');
      expect((await run('plugins list')).stdout).toMatch(/^echo +failed /m);
    },
    TIME_MS,
  );

  test(
    'a configuration that serves nothing is warned of',
    async () => {
      file = shop.config('plugins:\n  echo: { enabled: false }\n');
      const { code, stdout } = await run('config check');
      expect(code).toBe(0);
      expect(stdout).toMatch(/^warning: no plugin is enabled.*\nok: /);
      expect(json(await run('config check --json'))).toMatchObject({
        ok: true,
        warnings: [expect.stringContaining('no plugin is enabled')],
      });
    },
    TIME_MS,
  );

  test(
    'a file that is wrong gives every problem the same form',
    async () => {
      file = shop.config('server: { prot: 1 }\nusage: maybe\n');
      const check = await run('config check --json');
      expect(check.code).toBe(78);
      const problems = [
        { code: 'CONFIG_INVALID', pointer: '/server/prot', line: 1, column: 11 },
        { code: 'CONFIG_INVALID', pointer: '/usage', line: 2, column: 8 },
      ];
      expect(json(check)).toMatchObject({ ok: false, problems });
      expect(json(await run('plugins list --json'))).toMatchObject({ error: { problems } });
    },
    TIME_MS,
  );
});

test(
  'a reader of the output that leaves early, such as head, is no fault',
  async () => {
    const command = shop.begin(['config', 'schema', '--config', file]);
    command.leave();
    expect((await command.ended).code).toBe(0);
  },
  TIME_MS,
);

describe('with a running gateway', () => {
  let home: Workshop;
  let gateway: GatewayProcess;

  beforeAll(async () => {
    home = openWorkshop();
    gateway = await home.start(['--config', home.config(config)]);
  }, TIME_MS);
  afterAll(() => home.clear());

  const run = (line: string): Promise<Ended> =>
    shop.run([...line.split(' '), '--config', file], {
      env: { CLIPROXY_SERVER_PORT: String(gateway.port) },
    });

  sharedCases(run);

  test.each(['status', 'status --deep'])(
    '%s',
    async (command) => {
      const { code, stdout } = await run(command);
      expect(code).toBe(0);
      expect(stdout).toContain(`${gateway.url}\n`);
      expect(stdout).toMatch(/^echo +ready +up .*@cliproxy\/plugin-echo@\d/m);
      expect(stdout).toMatch(/^openrouter +disabled +- .*@cliproxy\/plugin-openai-compatible$/m);
      expect(json(await run(`${command} --json`))).toMatchObject({
        ready: true,
        plugins: [{ instanceId: 'echo', status: 'up' }, {}, {}],
      });
    },
    TIME_MS,
  );

  test(
    'doctor asks it',
    async () => {
      const { code, stdout } = await run('doctor');
      expect(code).toBe(0);
      expect(stdout).toMatch(/^ok +gateway: running, version \S+, PID \d+$/m);
      expect(stdout).toMatch(/^ok +plugin echo: ready, up$/m);
    },
    TIME_MS,
  );

  test(
    'a key that it does not take is told as such',
    async () => {
      file = shop.config(
        config.replace(ADMIN_KEY, 'cpx-admin-key-of-others').replace(KEY, 'cpx-key-of-others'),
      );
      for (const command of ['status', 'plugins list', 'explain echo', 'test-provider echo']) {
        const { code, stderr } = await run(command);
        expect(code).toBe(1);
        expect(stderr).toContain(`the gateway at ${gateway.url} does not take the key of ${file}`);
      }
      expect(json(await run('status --json'))).toMatchObject({
        error: { code: 'CLIENT_UNAUTHORIZED' },
      });
      const doctor = await run('doctor');
      expect(doctor.code).toBe(1);
      expect(doctor.stdout).toMatch(/^failed +gateway: .*does not take the key/m);
    },
    TIME_MS,
  );

  test(
    'a client key alone is told what an operator needs',
    async () => {
      file = shop.config(config.replace(`, adminKeys: [${ADMIN_KEY}]`, ''));
      const { code, stderr } = await run('explain echo');
      expect(code).toBe(1);
      expect(stderr).toContain('needs an admin key');
    },
    TIME_MS,
  );
});
