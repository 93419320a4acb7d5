import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { startVendor } from '../logins/vendor.ts';
import type { Vendor } from '../logins/vendor.ts';
import { ADMIN_KEY, KEY, openWorkshop, prepareOnce, until } from './gateway-process.ts';
import type { Ended, GatewayProcess, LaunchedProcess, Workshop } from './gateway-process.ts';

const TIME_MS = 120_000;
const plugin = path.resolve(import.meta.dirname, '../logins/sign-in');
/** In the environment of every command; browsers are not to get it. */
const OF_ENVIRONMENT = 'environment-canary-4711';

let shop: Workshop;
let vendor: Vendor;
let gateway: GatewayProcess;
/** What commands printed. */
let printed: string;

beforeAll(prepareOnce, 600_000);
beforeEach(async () => {
  shop = openWorkshop();
  vendor = await startVendor();
  printed = '';
  shop.config(`
server: { port: 0, apiKeys: [${KEY}], adminKeys: [${ADMIN_KEY}] }
log: { level: debug, format: json }
plugins:
  acme: { package: '${plugin}', config: { baseUrl: '${vendor.url}' } }
`);
  gateway = await shop.start(['--config', 'config.yaml']);
}, TIME_MS);
afterEach(async () => {
  gateway.kill('SIGTERM');
  const { stdout, stderr } = await gateway.ended;
  shop.clear();
  await vendor.close();
  const said = [stdout, stderr, printed].join('\n');
  expect([...vendor.secrets, ADMIN_KEY].filter((secret) => said.includes(secret))).toEqual([]);
}, TIME_MS);

interface With {
  readonly env?: Readonly<Record<string, string>>;
  readonly typed?: boolean;
}

/** Begins a command against the gateway, on a machine without a display. */
function begin(line: string, { env = {}, typed = false }: With = {}): LaunchedProcess {
  const port = { CLIPROXY_SERVER_PORT: String(gateway.port) };
  return shop.begin([...line.split(' '), '--config', 'config.yaml'], {
    env: { ...port, DISPLAY: '', WAYLAND_DISPLAY: '', VENDOR_KEY: OF_ENVIRONMENT, ...env },
    typed,
  });
}

async function end(command: LaunchedProcess): Promise<Ended> {
  const ended = await command.ended;
  printed += ended.stdout + ended.stderr;
  return ended;
}

const run = (line: string, how?: With): Promise<Ended> => end(begin(line, how));
const json = ({ stdout }: Ended): unknown => JSON.parse(stdout) as unknown;

/** The address that a login shows. */
async function addressOf(command: LaunchedProcess): Promise<string> {
  const shown = (): string | undefined => /^http\S+$/m.exec(command.stderr())?.[0];
  await until(() => shown() !== undefined, 'no address was shown');
  return shown() ?? '';
}

async function logInAs(person: string): Promise<void> {
  vendor.person = person;
  writeFileSync(path.join(shop.dir, 'token.txt'), `${vendor.copyToken()}\n`);
  expect((await run('login acme --token-file token.txt')).code).toBe(0);
}

test(
  'login opens a browser where there is a display, with nothing of the environment but what it needs',
  async () => {
    const bin = path.join(shop.dir, 'bin');
    mkdirSync(bin);
    const browser = path.join(bin, 'xdg-open');
    writeFileSync(
      browser,
      `#!${process.execPath}
require('node:fs').writeFileSync('${shop.dir}/browser.json', JSON.stringify(process.env));
fetch(process.argv[2]);
`,
    );
    chmodSync(browser, 0o755);
    const PATH = `${bin}:${process.env.PATH ?? ''}`;
    const { code, stdout, stderr } = await run('login acme', { env: { DISPLAY: ':0', PATH } });
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('in a browser') });
    expect(stdout).toMatch(
      /^Logged in to acme\.\nACCOUNT .*\nacme\/ada +a\*\*\*@vendor\.test +logged-in +usable/,
    );
    const seen = readFileSync(path.join(shop.dir, 'browser.json'), 'utf8');
    expect(seen).toContain('"DISPLAY":":0"');
    expect(seen).not.toContain(OF_ENVIRONMENT);
    const reply = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'signed-1', messages: [{ role: 'user', content: 'Hi' }] }),
    });
    expect(await reply.text()).toContain('hello, ada');
  },
  TIME_MS,
);

test(
  'without a display: an address, and what the browser ended at is pasted; a wrong one is asked for again',
  async () => {
    const [command, other] = [begin('login acme --paste', { typed: true }), begin('login acme')];
    const foreign = await fetch(await addressOf(other), { redirect: 'manual' });
    const own = await fetch(await addressOf(command), { redirect: 'manual' });
    await until(() => command.stderr().includes('paste its address'));
    command.type(foreign.headers.get('location') ?? '');
    await until(() => command.stderr().includes('it belongs to another login'));
    command.type(own.headers.get('location') ?? '');
    const { code, stdout } = await end(command);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('acme/ada') });
    other.kill('SIGTERM');
    expect((await end(other)).code).toBe(1);
  },
  TIME_MS,
);

test(
  'Ctrl+C ends the login at the gateway, too',
  async () => {
    const command = begin('login acme --no-browser');
    await addressOf(command);
    command.kill('SIGINT');
    const { code, stderr } = await end(command);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('cliproxy: the login was cancelled'),
    });
    const reply = await fetch(`${gateway.url}/v1/auth/acme/status`, {
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
    });
    expect(await reply.json()).toMatchObject({ accounts: [], login: { state: 'cancelled' } });
  },
  TIME_MS,
);

test(
  'a device code is shown with its page',
  async () => {
    writeFileSync(path.join(shop.dir, 'flow.txt'), 'device');
    for (const how of ['--flow device', '--input flow=flow.txt']) {
      const command = begin(`login acme ${how} --json`);
      expect(await addressOf(command)).toBe(`${vendor.url}/enter`);
      await until(() => command.stderr().includes('Code: WXYZ-1234'));
      vendor.approveDevice();
      const ended = await end(command);
      expect(ended.code).toBe(0);
      expect(json(ended)).toMatchObject({ login: { state: 'done', account: { id: 'acme/ada' } } });
    }
  },
  TIME_MS,
);

test(
  'a token comes from a file; what is wrong with it is said',
  async () => {
    await logInAs('ada');
    writeFileSync(path.join(shop.dir, 'bad.txt'), 'canary-of-a-person-89');
    vendor.secrets.push('canary-of-a-person-89');
    const bad = await run('login acme --token-file bad.txt --json');
    expect(bad.code).toBe(1);
    expect(json(bad)).toMatchObject({
      error: { code: 'AUTH_LOGIN_FAILED', message: 'the vendor said: no such grant' },
    });
    expect(await run('login acme --token-file nowhere.txt')).toMatchObject({
      code: 1,
      stderr: "cliproxy: nowhere.txt can't be read (ENOENT)\n",
    });
    expect((await run('login acme --input cookie')).code).toBe(2);
    const unknown = await run('login acne');
    expect(unknown).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Did you mean acme?'),
    });
  },
  TIME_MS,
);

test(
  'of several ways to log in, one is to be named',
  async () => {
    shop.config(`
server: { port: 0, apiKeys: [${KEY}], adminKeys: [${ADMIN_KEY}] }
plugins:
  acme: { package: '${plugin}', config: { baseUrl: '${vendor.url}', copied: true } }
`);
    gateway.kill('SIGHUP');
    writeFileSync(path.join(shop.dir, 'token.txt'), `${vendor.copyToken()}\n`);
    let ended = await run('login acme --authenticator nothing --token-file token.txt');
    await until(async () => {
      ended = await run('login acme --authenticator nothing --token-file token.txt');
      return ended.stderr.includes('copied');
    });
    expect(ended).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/"nothing"; name one of: sign-in, copied\n$/),
    });
    expect(await run('login acme --token-file token.txt')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/several ways .*--authenticator\): sign-in, copied\n$/),
    });
    const named = await run('login acme --authenticator copied --token-file token.txt');
    expect([named.code, named.stdout]).toEqual([0, expect.stringContaining('acme/ada')]);
  },
  TIME_MS,
);

test(
  'a ticket is given once it is asked for, with the address where it counts',
  async () => {
    const { code, stdout } = await run('ticket acme');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^Address: ws:.*\/acme\/ws\nTicket: {2}ticket\.once\nEnter both .*once/m,
    );
    expect(json(await run('ticket acme --json'))).toMatchObject({ ticket: 'ticket.once' });
  },
  TIME_MS,
);

test(
  'accounts are listed, reset and logged out',
  async () => {
    const none = (await run('accounts')).stdout;
    expect(none).toContain('cliproxy login NAME');
    expect(none).toMatch(/^acme: has no account: .* cliproxy login acme$/m);
    await logInAs('ada');
    await logInAs('bob');
    const listed = await run('accounts');
    expect(listed.code).toBe(0);
    expect(listed.stdout).toMatch(
      /^acme\/bob +b\*\*\*@vendor\.test +logged-in +usable .* chat files /m,
    );
    expect(listed.stdout).not.toContain('has no account');
    for (const line of [
      'accounts --json',
      'accounts reset --json',
      'accounts reset acme/ada --json',
    ]) {
      const ended = await run(line);
      expect([line, ended.code]).toEqual([line, 0]);
      expect(json(ended)).toMatchObject([{ id: 'acme/ada' }, { id: 'acme/bob' }]);
    }
    const unknown = await run('accounts reset acme/eve --json');
    expect(unknown.code).toBe(1);
    expect(json(unknown)).toMatchObject({ error: { code: 'AUTH_ACCOUNT_UNKNOWN' } });

    const several = await run('logout acme');
    expect(several.code).toBe(1);
    expect(several.stderr).toMatch(/acme\/ada .*acme\/bob/);
    const out = await run('logout acme --account acme/bob');
    expect([out.code, out.stdout]).toEqual([
      0,
      'Logged out: acme/bob (b***@vendor.test). The vendor has ended the login, too.\n',
    ]);
    expect(json(await run('logout acme --json'))).toMatchObject({ accountId: 'acme/ada' });
    expect(vendor.revoked).toEqual(['bob', 'ada']);
    expect((await run('logout acme')).code).toBe(1);
  },
  TIME_MS,
);

test(
  'without a running gateway, each says how to start one',
  async () => {
    // One that has the data folder is found, whatever port is configured.
    gateway.kill('SIGTERM');
    await gateway.ended;
    const env = { CLIPROXY_SERVER_PORT: '9' };
    for (const line of ['login acme', 'logout acme', 'accounts', 'accounts reset', 'ticket acme']) {
      const { code, stdout, stderr } = await run(line, { env });
      expect({ line, code, stdout }).toEqual({ line, code: 1, stdout: '' });
      expect(stderr).toContain(
        'no gateway answers at http://127.0.0.1:9: start it with "cliproxy start"',
      );
    }
  },
  TIME_MS,
);
