// Plugins as others publish them: packed, had from a registry by npm, installed outside this repository.
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ADMIN_KEY, KEY, openWorkshop, wordsOf } from '../process/gateway-process.ts';
import type { Ended, GatewayProcess, Workshop } from '../process/gateway-process.ts';
import { startRegistry } from '../registry/start-registry.ts';
import type { Registry } from '../registry/start-registry.ts';
import { writeThirdParty } from './third-party.ts';
import type { ThirdParty } from './third-party.ts';

let shop: Workshop;
let registry: Registry;
let file: string;
/** Of the talker that was added last. */
let folder: string;

const TALKER = '@acme/talker';
const published: readonly ThirdParty[] = [
  { name: TALKER, version: '1.0.0' },
  { name: TALKER, version: '1.1.0' },
  {
    name: 'common-talker',
    version: '2.0.0',
    commonJs: true,
    packageJson: { scripts: { postinstall: "node -e \"require('fs').writeFileSync('ran','')\"" } },
  },
  { name: 'older', version: '1.0.0', manifest: { apiVersion: '0.9' } },
  { name: 'newer', version: '1.0.0', manifest: { apiVersion: '1.99' } },
  { name: 'odd', version: '1.0.0', manifest: { id: 'Not An Id' } },
  { name: 'trial', version: '1.0.0', manifest: { apiVersion: '1.1', experimental: true } },
  { name: 'late-trial', version: '1.0.0', manifest: { apiVersion: '1.0', experimental: true } },
  { name: 'thrower', version: '1.0.0', top: "throw new Error('not today');" },
];

beforeAll(async () => {
  shop = openWorkshop();
  const source = path.join(shop.dir, 'published');
  const packages = published.map((one) => writeThirdParty(source, one));
  packages.push(path.resolve(import.meta.dirname, '../../packages/plugin-api'));
  registry = await startRegistry({ packages });
  file = shop.config(`# of ours
server: { port: 0, apiKeys: [${KEY}], adminKeys: [${ADMIN_KEY}] }
plugins:
  # for a first try
  echo: { config: { paceMs: 0 } } # stays
`);
}, 60_000);

afterAll(async () => {
  shop.clear();
  await registry.close();
});

const plugins = (...args: readonly string[]): Promise<Ended> =>
  shop.run(['plugins', ...args, '--config', file], { env: registry.env });
/** What a command prints with `--json`. */
const told = async (...args: readonly string[]): Promise<Record<string, unknown>> => {
  const { code, stdout, stderr } = await plugins(...args, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Record<string, unknown>;
};
const refusal = async (...args: readonly string[]): Promise<{ code: unknown; message: string }> => {
  const { code, stdout } = await plugins(...args, '--json');
  expect(code).not.toBe(0);
  const { error } = JSON.parse(stdout) as { error: { code?: string; message: string } };
  return { code: error.code, message: error.message };
};
const add = (name: string, ...more: readonly string[]) => told('add', name, '--no-check', ...more);

async function answer(gateway: GatewayProcess, model: string, stream = false): Promise<string> {
  const reply = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'x' }] }),
  });
  const text = await reply.text();
  if (stream) return wordsOf(text).trim();
  const { choices } = JSON.parse(text) as { choices?: { message: { content: string } }[] };
  return choices?.[0]?.message.content.trim() ?? text;
}

describe('what is not exact, or does not fit, is refused with the remedy, and leaves nothing', () => {
  test.each([
    [[TALKER], 'is named without a version', `cliproxy plugins add ${TALKER}@1.1.0`],
    [[`${TALKER}@^1.0.0`], '"^1.0.0" is no exact version', `cliproxy plugins add ${TALKER}@1.1.0`],
    [['./nowhere.tgz'], 'there is no file', 'nowhere.tgz'],
  ])('%j', async (args, said, remedy) => {
    const { message } = await refusal('add', ...args);
    expect(message).toContain(said);
    expect(message).toContain(remedy);
  });

  test('by what the package says of itself', async () => {
    const laterCliproxy = 'install a later version of cliproxy';
    const refused: readonly [string, string | undefined, string, string][] = [
      ['older', 'PLUGIN_API_VERSION', 'made for plugin API 0.9', 'a later version of the plugin'],
      ['newer', 'PLUGIN_API_VERSION', 'made for plugin API 1.99, this gateway', laterCliproxy],
      ['odd', 'PLUGIN_BAD_MANIFEST', 'cliproxyPlugin.id', 'Not An Id'],
      ['trial', 'PLUGIN_EXPERIMENTAL', 'it uses experimental parts', 'nobody has agreed'],
      ['late-trial', 'PLUGIN_API_VERSION', 'made for plugin API 1.0', 'made for exactly 1.1'],
      ['thrower', 'PLUGIN_IMPORT_FAILED', 'thrower 1.0.0: importing', 'not today'],
    ];
    await Promise.all(
      refused.map(async ([name, code, said, remedy]) => {
        const { message, ...rest } = await refusal('add', `${name}@1.0.0`, '--no-check');
        expect([name, rest]).toEqual([name, { code }]);
        expect(message).toContain(said);
        expect(message).toContain(remedy);
      }),
    );
    expect(existsSync(path.join(shop.dir, 'plugins.lock.json'))).toBe(false);
    expect(readdirSync(path.join(shop.dir, '.cliproxy', 'plugins'))).toEqual([]);
  }, 60_000);
});

test('ESM and CommonJS, scoped, two instances, experimental: added, enabled, changed over, changed back', async () => {
  const added = await add(`${TALKER}@1.0.0`, '--enable', 'one');
  expect(added).toMatchObject({
    name: TALKER,
    version: '1.0.0',
    integrity: registry.versions(TALKER)[0]?.integrity,
    entry: { package: TALKER, config: { greeting: 'Hi' } },
  });
  expect(statSync(path.join(shop.dir, '.cliproxy', 'plugins')).mode & 0o777).toBe(0o700);
  const scripted = await add('common-talker@2.0.0', '--enable');
  expect(readdirSync(String(scripted['folder'])).sort()).toEqual([
    'README.md',
    'lib',
    'package.json',
  ]);
  await add('trial@1.0.0', '--experimental', '--enable');
  const text = readFileSync(file, 'utf8');
  expect(text).toContain('  # for a first try\n  echo: { config: { paceMs: 0 } } # stays\n');
  expect(text).toContain('  trial:\n    package: "trial"\n    experimental: true\n');
  writeFileSync(
    file,
    text.replace(
      'plugins:\n',
      `plugins:\n  two: { package: "${TALKER}", config: { greeting: Servus, paceMs: 200 } }\n`,
    ),
  );

  const gateway = await shop.start(['--config', file]);
  expect(await answer(gateway, 'one/x')).toBe(`Hi from ${TALKER} 1.0.0`);
  expect(await answer(gateway, 'two/x')).toBe(`Servus from ${TALKER} 1.0.0`);
  expect(await answer(gateway, 'common-talker-1')).toBe('Hi from common-talker 2.0.0');
  expect(await answer(gateway, 'trial-1')).toBe('Hi from trial 1.0.0');

  const slow = answer(gateway, 'two/x', true);
  const change = await add(`${TALKER}@1.1.0`);
  expect(change).toMatchObject({ former: '1.0.0', users: ['two', 'one'] });
  folder = String(change['folder']);
  const reloaded = await told('reload', 'two');
  expect(reloaded).toEqual({ instance: 'two', version: '1.1.0' });
  expect(await answer(gateway, 'two/x')).toBe(`Servus from ${TALKER} 1.1.0`);
  expect(await answer(gateway, 'one/x')).toBe(`Hi from ${TALKER} 1.0.0`);
  expect(await slow).toBe(`Servus from ${TALKER} 1.0.0`);

  expect(await told('disable', 'one')).toMatchObject({ changed: true, state: 'disabled' });
  expect(readFileSync(file, 'utf8')).toContain('enabled: false');
  expect(await answer(gateway, 'one/x')).toContain('PLUGIN_UNAVAILABLE');
  expect(await told('disable', 'one')).toMatchObject({ changed: false, state: 'disabled' });
  expect((await refusal('reload', 'one')).message).toContain('"one" is disabled');
  expect(await told('enable', 'one')).toMatchObject({ changed: true, state: 'ready' });
  expect(await answer(gateway, 'one/x')).toBe(`Hi from ${TALKER} 1.1.0`);

  const rows = JSON.parse((await plugins('list', '--json')).stdout) as Record<string, unknown>[];
  expect(rows).toContainEqual({
    instance: 'one',
    state: 'ready',
    package: TALKER,
    version: '1.1.0',
    apiVersion: '1.0',
    added: { version: '1.1.0', integrity: 'ok' },
    accounts: 1,
  });
  gateway.kill('SIGTERM');
  expect((await gateway.ended).code).toBe(0);
}, 120_000);

test('what can not be put into force is taken back, and the former goes on', async () => {
  const gateway = await shop.start(['--config', file]);
  await told('disable', 'one');
  const before = readFileSync(file, 'utf8');
  const broken = before.replace('config: { greeting: "Hi" }', 'config: { greting: "Hi" }');
  expect(broken).not.toBe(before);
  writeFileSync(file, broken);
  const refused = await refusal('enable', 'one');
  expect(refused.code).toBe('PLUGIN_BAD_CONFIG');
  expect(refused.message).toContain('greting');
  expect(refused.message).toContain(`${file} is as it was before.`);
  expect(readFileSync(file, 'utf8')).toBe(broken);
  writeFileSync(file, before);
  await told('enable', 'one');
  expect(await answer(gateway, 'one/x')).toBe(`Hi from ${TALKER} 1.1.0`);
  gateway.kill('SIGTERM');
  await gateway.ended;
}, 60_000);

test('one flipped byte: it is not loaded, the file is named, adding it again mends it', async () => {
  const code = path.join(folder, 'lib', 'says.js');
  const bytes = readFileSync(code);
  bytes[bytes.length - 5] = (bytes[bytes.length - 5] ?? 0) ^ 1;
  writeFileSync(code, bytes);
  const began = shop.begin(['start', '--config', file]);
  const { code: exit, stderr } = await began.ended;
  expect(exit).toBe(1);
  expect(stderr).toContain(
    `plugin "one": ${TALKER} 1.1.0 is not loaded, since it is not what was added: node_modules/${TALKER}/lib/says.js was changed`,
  );
  expect(stderr).toContain(
    `Find out who did that, then run \`cliproxy plugins add ${TALKER}@1.1.0\``,
  );
  const listed = (await plugins('list')).stdout;
  expect(listed).toMatch(
    /one +failed .*1\.1\.0 node_modules\/@acme\/talker\/lib\/says\.js was changed/u,
  );
  expect((await add(`${TALKER}@1.1.0`))['folder']).toBe(folder);
  const good = readFileSync(code);
  const gateway = await shop.start(['--config', file]);
  expect(await answer(gateway, 'one/x')).toBe(`Hi from ${TALKER} 1.1.0`);

  // The same while it runs: it is not begun anew, and the one that was good goes on.
  writeFileSync(code, bytes);
  expect(await refusal('reload', 'one')).toMatchObject({ code: 'PLUGIN_INTEGRITY' });
  expect(await answer(gateway, 'one/x')).toBe(`Hi from ${TALKER} 1.1.0`);
  writeFileSync(code, good);
  gateway.kill('SIGTERM');
  await gateway.ended;
}, 90_000);

test('what a plugin says of itself, and its removal once nothing uses it', async () => {
  expect(await told('schema', 'one')).toMatchObject({ properties: { greeting: {} } });
  const docs = await plugins('docs', TALKER);
  expect(docs.stdout).toContain(`${TALKER} 1.1.0: Says one thing.`);
  expect(docs.stdout).toMatch(/greeting +string +"Hello" +What comes first\./u);
  expect(docs.stdout).toContain('Says one (https://x.example) thing.');
  expect((await refusal('remove', TALKER)).message).toContain('in use by plugins.two, plugins.one');
  expect((await refusal('remove', 'trail')).message).toContain('Did you mean trial?');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace(/^ {2}trial:\n(?: {4}.*\n)+/mu, ''));
  const rows: unknown = JSON.parse((await plugins('list', '--json')).stdout);
  const trial = { version: '1.0.0', integrity: 'ok' };
  expect(rows).toContainEqual({ state: 'unused', package: 'trial', added: trial });
  expect(await told('remove', 'trial')).toEqual({ name: 'trial', version: '1.0.0', removed: true });
  const none = await refusal('reload', 'one');
  expect(none.message).toContain('no gateway has the data folder');
  expect(await told('disable', 'one')).toEqual({
    instance: 'one',
    enabled: false,
    changed: true,
    file,
  });
  rmSync(path.join(shop.dir, 'plugins.lock.json'));
  expect((await refusal('schema', TALKER)).code).toBe('PLUGIN_NOT_FOUND');
}, 60_000);

test('a folder, packed and checked by all that loading asks; a dry run keeps nothing', async () => {
  const source = path.join(shop.dir, 'own');
  const own = writeThirdParty(source, { name: 'own-talker', version: '0.1.0' });
  const tried = await told('add', own, '--dry-run');
  expect(tried).toMatchObject({ name: 'own-talker', version: '0.1.0', dryRun: true });
  expect(existsSync(path.join(shop.dir, 'plugins.lock.json'))).toBe(false);
}, 60_000);
