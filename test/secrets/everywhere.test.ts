/**
 * Every kind of secret that there is, brought in by every way that there is, through a gateway in a
 * process of its own and all commands: none shows in what anybody can see or find on the disk.
 */
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Ctonew } from '@cliproxy/plugin-testkit';
import { LoginBrowser } from '@cliproxy/plugin-testkit';
import { ISSUED_ID } from '../../plugins/llmux-chatgpt/test/chatgpt-authority.ts';
import { prepareOnce, until } from '../process/gateway-process.ts';
import type { LaunchedProcess } from '../process/gateway-process.ts';
import { descendants, echo, filesBelow, openStage } from './stage.ts';
import type { Stage } from './stage.ts';

const TIME_MS = 240_000;
let stage: Stage;

beforeAll(async () => {
  for (const way of ['warn', 'info'] as const) {
    // The authorization servers have much to say on how they are not set up for the world.
    jest.spyOn(console, way).mockImplementation(() => undefined);
  }
  prepareOnce();
  stage = await openStage();
  await stage.start();
}, 600_000);
afterAll(() => (stage as Stage | undefined)?.close());

const chat = (model: string) =>
  stage.ask('/v1/chat/completions', {
    body: { model, messages: [{ role: 'user', content: 'hi' }] },
  });
const canary = (kind: string): string => `${kind}-${randomBytes(16).toString('hex')}`;
const shownAddress = (command: LaunchedProcess): string | undefined =>
  /^http\S+$/mu.exec(command.stderr())?.[0];

/** Begins a login by the command line; gives the page to open. */
async function beginLogin(line: string): Promise<[LaunchedProcess, string]> {
  const command = stage.begin(`login ${line} --no-browser`);
  await until(() => shownAddress(command) !== undefined, `no address for login ${line}`);
  return [command, shownAddress(command) ?? ''];
}

async function endOf(line: string, command: LaunchedProcess): Promise<number | undefined> {
  const { code, stdout, stderr } = await command.ended;
  stage.tell(`cliproxy login ${line}`, `${stdout}\n${stderr}`);
  return code;
}

/** What a person sees in the browser. */
async function visit(page: string, until_?: string): Promise<string> {
  const seen = await new LoginBrowser().visit(page, until_ === undefined ? {} : { until: until_ });
  if (seen.status !== 0) stage.tell('page in the browser', seen.text);
  return seen.url;
}

/** By a file that is gone afterwards, as people are told to do. */
async function withFile(text: string, line: string): Promise<number | undefined> {
  const file = path.join(stage.shop.dir, 'token.txt');
  writeFileSync(file, text);
  const code = await stage.run(`${line}=token.txt`);
  rmSync(file);
  return code;
}

const mistaken = canary('sk');
const acmeWith = (config: object): string =>
  JSON.stringify({
    plugins: {
      acme: {
        package: path.join(import.meta.dirname, 'acme'),
        config: { baseUrl: 'http://127.0.0.1:9', ...config },
      },
    },
  });
/** What people get wrong, with a key in it. */
const wrongConfigurations: readonly (readonly [string, string])[] = [
  ['no YAML', `server: { apiKeys: [${mistaken}`],
  ['a name twice', `server: { apiKeys: [a] }\nserver: { adminKeys: [${mistaken}] }`],
  ['a text for a list', `server: { apiKeys: ${mistaken} }`],
  ['a key that is too short', `server: { adminKeys: [${mistaken.slice(0, 3)}, ${mistaken}, 17] }`],
  ['an unset variable', `server: { apiKeys: ['${mistaken}', '\${NOWHERE_TO_BE_FOUND}'] }`],
  ['a list for a text', acmeWith({ clientSecret: [mistaken] })],
  ['a set-up that throws', acmeWith({ clientSecret: mistaken, fails: true })],
];

test(
  "keys of vendors, with vendors that repeat them at every status; clients' own",
  async () => {
    const { planted, upstream, env } = stage;
    planted.plant('key in a wrong configuration', mistaken, 'a file that is refused');
    const stranger = planted.plant('key of a stranger', canary('strange'), "a client's request");
    const cookie = planted.plant("client's cookie", canary('cookie'), "a client's request");
    for (const status of [401, 400, 403, 429, 500]) {
      upstream.answer(echo(status));
      for (const model of ['service/m', 'anthropic/m', 'openai/gpt-5', 'gemini/gemini-x']) {
        expect((await chat(model)).status).toBeGreaterThanOrEqual(400);
      }
      if (status !== 401) expect(await stage.run('accounts reset')).toBe(0);
    }
    for (const headers of [{ 'x-api-key': stranger, authorization: '', cookie }]) {
      expect((await stage.ask('/v1/models', { headers })).status).toBe(401);
    }
    await stage.ask('/v1/models', { headers: { authorization: `Bearer ${env.OTHER_KEY ?? ''}` } });
  },
  TIME_MS,
);

test(
  'a login by the browser that the command opens, a renewal, and one that the vendor refuses',
  async () => {
    const { shop, acme } = stage;
    const bin = path.join(shop.dir, 'bin');
    mkdirSync(bin);
    writeFileSync(
      path.join(bin, 'xdg-open'),
      `#!${process.execPath}
const { readFileSync, writeFileSync } = require('node:fs');
const own = ['cmdline', 'environ'].map((name) => readFileSync('/proc/self/' + name, 'latin1'));
writeFileSync('${shop.dir}/browser.txt', own.join('\\n'));
fetch(process.argv[2]);
`,
    );
    chmodSync(path.join(bin, 'xdg-open'), 0o755);
    const PATH = `${bin}:${process.env.PATH ?? ''}`;
    expect(await stage.run('login acme', { DISPLAY: ':0', PATH })).toBe(0);
    await until(() => filesBelow(shop.dir).some(({ where }) => where === 'browser.txt'));
    stage.tell('process of the browser', readFileSync(`${shop.dir}/browser.txt`, 'latin1'));

    expect((await chat('acme-1')).status).toBe(200);
    acme.valid = 'another';
    expect((await chat('acme-1')).status).toBe(200);

    acme.refuses = true;
    const [command, page] = await beginLogin('acme');
    await visit(page);
    expect(await endOf('acme', command)).toBe(1);
    acme.refuses = false;
  },
  TIME_MS,
);

test(
  'device codes, pasted addresses and tickets',
  async () => {
    const { planted, acme } = stage;
    const device = stage.begin('login acme --flow device');
    await until(() => device.stderr().includes('WXYZ-1234'));
    acme.approved = true;
    expect(await endOf('acme --flow device', device)).toBe(0);

    const foreign = planted.plant('pasted code of another login', canary('code'), 'a paste');
    const wrong = planted.plant('pasted by mistake', canary('mistake'), 'a paste');
    const [command, page] = await beginLogin('acme');
    const back = `http://127.0.0.1/callback?code=${foreign}&state=of-another`;
    for (const paste of [`${wrong} with spaces`, back, wrong]) {
      await stage.ask('/v1/auth/acme/login', { admin: true, body: { paste } });
    }
    expect(await endOf('acme', command)).toBe(1);
    stage.tell('address of a login', page);
    await stage.ask('/v1/auth/acme/login', { admin: true, body: { [`x-${wrong}`]: wrong } });

    const given = await stage.ask('/v1/auth/acme/ticket', {
      admin: true,
      method: 'POST',
      untold: true,
    });
    const { path: at } = JSON.parse(given.text) as { readonly path: string };
    const ticket = new URL(at, 'http://gateway').searchParams.get('ticket') ?? '';
    planted.plant('ticket of a login', ticket, "the address that a person's browser begins at", {
      inAddress: true,
    });
    for (const status of [303, 401]) {
      expect((await stage.ask(at, { headers: { authorization: '' } })).status).toBe(status);
    }
    await stage.ask('/v1/auth/acme/login', { admin: true, method: 'DELETE' });
  },
  TIME_MS,
);

test(
  'accounts of claude.ai and ChatGPT',
  async () => {
    const { claude, chatgpt, upstream, planted } = stage;
    const [first, itsPage] = await beginLogin('claude');
    await visit(itsPage);
    expect(await endOf('claude', first)).toBe(0);

    const [second, page] = await beginLogin('chatgpt');
    const redirect = new URL(page).searchParams.get('redirect_uri') ?? '';
    await visit(`${await visit(page, redirect)}&client_id=${ISSUED_ID}`);
    expect(await endOf('chatgpt', second)).toBe(0);

    // Refused, renewed, refused again.
    upstream.answer(echo(401));
    expect((await chat('claude/claude-x')).status).toBe(503);
    expect((await chat('chatgpt/gpt-x')).status).toBe(503);
    plantTokens('claude.ai', claude.tokens, planted);
    plantTokens('ChatGPT', chatgpt.tokens, planted);
  },
  TIME_MS,
);

interface Exchanges {
  readonly requests: readonly { readonly body: string }[];
  readonly replies: readonly string[];
}

function plantTokens(vendor: string, { requests, replies }: Exchanges, planted: Stage['planted']) {
  const fieldsOf = (body: string): Record<string, unknown> =>
    body.startsWith('{')
      ? (JSON.parse(body) as Record<string, unknown>)
      : Object.fromEntries(new URLSearchParams(body));
  const found = new Set<string>();
  for (const [where, bodies] of [
    ['request', requests.map(({ body }) => body)],
    ['answer', replies],
  ] as const) {
    for (const [index, body] of bodies.entries()) {
      const fields = fieldsOf(body);
      for (const name of ['code', 'code_verifier', 'access_token', 'refresh_token', 'id_token']) {
        const value = fields[name];
        if (typeof value !== 'string') continue;
        found.add(name);
        planted.plant(`${vendor}: ${name} ${index}`, value, `${where} of the token endpoint`);
      }
    }
  }
  expect([...found]).toEqual(
    expect.arrayContaining(['code', 'code_verifier', 'access_token', 'refresh_token']),
  );
}

test(
  'cto.new: cookie, rotated cookie, session token, tokens of the command line; faults that repeat them',
  async () => {
    const { planted, ctonew } = stage;
    const { commandLine, web, fixed } = ctonew;
    const wrong = planted.plant('no token at all', `${canary('a')}.${canary('b')}`, 'a login');
    expect(await withFile(wrong, 'login cto --input token')).toBe(1);
    expect(await withFile(`{"refresh": "${wrong}"}`, 'login cto --input credentials')).toBe(1);

    plantCtonew('command line', commandLine, planted);
    expect(await withFile(commandLine.credentialsFile(), 'login cto --input credentials')).toBe(0);
    plantCtonew('command line', commandLine, planted);
    web.clerk.rotates = true;
    plantCtonew('browser', web, planted);
    const cookie = `__cf_bm=1; __client=${web.account.cookie}`;
    expect(await withFile(cookie, 'login cto-web --input cookie')).toBe(0);
    plantCtonew('browser', web, planted);

    for (const model of ['cto/gpt-5', 'cto-web/gpt-5', 'cto-fixed/gpt-5']) {
      expect((await chat(model)).status).toBe(200);
    }
    for (const [name, one] of Object.entries(ctonew)) {
      plantCtonew(name, one, planted);
      one.account.endTokens();
      // A vendor can repeat what it was sent, and nothing else.
      const { secrets: ofBrowser, cookie, userId, refreshToken } = one.account;
      const secrets =
        one === commandLine
          ? [...ofBrowser.filter((text) => text !== cookie && text !== userId), refreshToken]
          : ofBrowser;
      const error = { code: secrets[0], message: secrets.join(' '), long_message: secrets.join() };
      const body = { errors: [error], error: secrets.join(' ') };
      const headers = { 'x-debug': secrets.join(' '), 'content-type': 'application/json' };
      one.clerk.faults.push({ status: 422, body, headers }, { status: 500, body, headers });
      one.engineLabs.faults.push({ status: 401, body, headers }, { status: 500, body, headers });
    }
    for (const model of ['cto/gpt-5', 'cto-web/gpt-5', 'cto-fixed/gpt-5']) {
      for (let n = 0; n < 2; n += 1) await chat(model);
    }
    for (const [name, one] of Object.entries(ctonew)) plantCtonew(name, one, planted);
    for (const [at, addresses] of [
      ['Clerk', [commandLine, web, fixed].flatMap(({ clerk }) => clerk.requests)],
    ] as const) {
      for (const address of addresses) stage.tell(`address at ${at}`, address);
    }
  },
  TIME_MS,
);

function plantCtonew(name: string, { account }: Ctonew, planted: Stage['planted']): void {
  const { cookie, refreshToken, sessionId, userId, secrets } = account;
  const claims = JSON.parse(
    Buffer.from(cookie.split('.')[1] ?? '', 'base64url').toString(),
  ) as Record<string, string>;
  planted.plant(`Clerk JWT (${name})`, cookie, 'a login, set-cookie, vault');
  planted.plant(`rotating_token (${name})`, claims.rotating_token ?? '', 'within the Clerk JWT');
  planted.plant(`refresh token of EngineLabs (${name})`, refreshToken, 'a login, vault');
  const inAddress = { inAddress: true };
  planted.plant(`session of Clerk (${name})`, sessionId ?? '', 'address at Clerk', inAddress);
  planted.plant(`user of EngineLabs (${name})`, userId, 'address of an answer', inAddress);
  for (const token of secrets.filter((one) => one !== cookie && one !== userId)) {
    const kind = token.startsWith('ey') ? 'session JWT' : 'access token of EngineLabs';
    planted.plant(`${kind} (${name})`, token, 'answer of a token service, requests');
  }
}

test(
  'all that shows the state: routes and commands',
  async () => {
    const health = await stage.ask('/v1/health', { admin: true });
    // It did come so far: what plugins and vendors said is there, without the secrets.
    expect(health.text).toContain('***');
    for (const at of [
      ...['/v1/health/deep', '/v1/accounts', '/v1/models', '/v1beta/models', '/metrics', '/livez'],
      ...['/readyz', '/openapi.json', '/v1/routes/explain?model=acme-1', '/v1/auth/ctonew/status'],
      ...['acme', 'claude', 'chatgpt', 'cto', 'cto-web'].map((name) => `/v1/auth/${name}/status`),
    ]) {
      expect((await stage.ask(at, { admin: true })).text).not.toBe('');
    }
    for (const line of [
      ...['status', 'status --deep', 'status --json', 'accounts', 'accounts --json'],
      ...['doctor', 'doctor --json', 'config print', 'config print --json', 'config check'],
      ...['config schema', 'plugins list', 'plugins check', 'plugins check --json'],
      ...['explain acme-1', 'explain acme-1 --json', 'test-provider service --model m'],
      ...['test-provider claude --model claude-x', 'test-provider cto --model gpt-5 --json'],
      'test-provider acme --model acme-1',
    ]) {
      expect(typeof (await stage.run(line))).toBe('number');
    }
    const { pid } = (JSON.parse(health.text) as { readonly process: { readonly pid: number } })
      .process;
    for (const { where, text } of descendants(pid)) stage.tell(`${where} of the gateway`, text);
    expect(readFileSync(`/proc/${pid}/cmdline`, 'latin1')).toContain('start');
    stage.tell('command line of the gateway', readFileSync(`/proc/${pid}/cmdline`, 'latin1'));
  },
  TIME_MS,
);

test(
  'errors that nobody caught, and the end: memory that runs out',
  async () => {
    const { acme } = stage;
    expect((await chat('acme-throw')).status).toBe(502);
    expect(await stage.run('accounts reset')).toBe(0);
    expect((await chat('acme-reject')).status).toBe(200);
    await chat('acme-crash');
    // What a plugin leaves uncaught is its fault, and ends nothing.
    expect((await chat('acme-1')).status).toBe(200);
    await stage.stop();

    await stage.start({ NODE_OPTIONS: '--max-old-space-size=80' });
    expect((await chat('acme-1')).status).toBe(200);
    await stage.ask('/v1/health');
    await chat('acme-fill').catch(() => undefined);
    expect(await stage.ended()).not.toBe(0);
    expect(stage.told.some(({ text }) => text.includes('heap out of memory'))).toBe(true);

    await stage.start();
    expect((await chat('acme-1')).status).toBe(200);
    expect((await chat('acme-leak')).status).toBe(200);
    // A renewal that the vendor refuses, with the token in its words; and the end of a login.
    acme.valid = 'another';
    acme.refuses = true;
    expect((await chat('acme-1')).status).toBe(503);
    expect(await stage.run('accounts')).toBe(0);
    expect(await stage.run('logout acme')).toBe(0);

    const right = readFileSync(path.join(stage.shop.dir, 'config.yaml'), 'utf8');
    const notReloaded = () =>
      stage
        .gateway()
        .log()
        .filter(({ message }) => message.includes('was not reloaded')).length;
    for (const [index, text] of wrongConfigurations.map(([, one]) => one).entries()) {
      stage.shop.config(text);
      await until(() => notReloaded() > index, `never refused: ${text}`);
    }
    stage.shop.config(right);
    await stage.stop();
  },
  TIME_MS,
);

test('what is let out on purpose is found', () => {
  const leaks = stage.told.filter(({ text }) => text.startsWith('leaked: '));
  expect(leaks.map(({ text }) => stage.planted.shownIn(text))).toEqual([
    [expect.stringMatching(/^access token/u)],
  ]);
  stage.forget(leaks);
});

test.each(['config check', 'config print', 'start', 'doctor', 'plugins check'])(
  'cliproxy %s, with configurations that are wrong',
  async (line) => {
    for (const [kind, text] of wrongConfigurations) {
      stage.shop.config(text);
      const { code, stdout, stderr } = await stage.begin(line).ended;
      stage.tell(`cliproxy ${line}, with ${kind}`, `${stdout}\n${stderr}`);
      expect({ kind, code, said: `${stdout}${stderr}` }).not.toMatchObject({ said: '' });
    }
  },
  TIME_MS,
);

describe('after all of this', () => {
  test('there were secrets of every kind, and each was on its way', () => {
    const list = stage.planted.list();
    const kinds = new Set(list.map(({ name }) => name.replace(/ (?:\(.*\)|\d+)$/u, '')));
    expect(kinds.size).toBeGreaterThanOrEqual(30);
    expect(list.length).toBeGreaterThanOrEqual(50);
    const arrived = stage.arrived();
    const unseen = list.filter(({ value }) => !arrived.includes(value));
    // What never leaves, and what the fakes of cto.new take in without keeping a record.
    const known =
      /vault key|nobody asked for|wrong configuration|Clerk|rotating_token|EngineLabs|session JWT|no token at all/u;
    expect(unseen.map(({ name }) => name).filter((name) => !known.test(name))).toEqual([]);
  });

  test('nothing that anybody sees holds one', () => {
    expect(stage.told.length).toBeGreaterThan(100);
    const found = stage.told.flatMap(({ where, text }) => {
      const names = stage.planted.shownIn(text, where.startsWith('address at'));
      return names.length === 0 ? [] : [`${where}: ${names.join(', ')}: ${text.slice(0, 2000)}`];
    });
    expect(found).toEqual([]);
  });

  test('nothing on the disk holds one', () => {
    const files = filesBelow(stage.shop.dir).filter(({ where }) => where !== 'config.yaml');
    const names = files.map(({ where }) => where).join('\n');
    expect(names).toContain('gateway.log');
    expect(names).toContain('account-state.json');
    expect(names).toMatch(/data\/accounts\/\S/u);
    const found = files.flatMap(({ where, text }) => {
      const shown = stage.planted.shownIn(text);
      return shown.length === 0 ? [] : [`${where}: ${shown.join(', ')}`];
    });
    expect(found).toEqual([]);
  });
});
