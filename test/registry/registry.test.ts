import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startRegistry } from './start-registry.ts';
import type { Registry } from './start-registry.ts';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '../..');
let registry: Registry;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'cliproxy-registry-'));
  registry = await startRegistry({
    packages: [path.join(root, 'packages', 'plugin-api'), path.join(root, 'plugins', 'echo')],
  });
});

afterAll(async () => {
  await registry.close();
  await rm(folder, { recursive: true });
});

const npm = (...args: readonly string[]) =>
  run('npm', [...args, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    env: { ...process.env, ...registry.env },
    shell: process.platform === 'win32',
  });

test('npm installs from it, by name, with what the package depends on', async () => {
  await writeFile(path.join(folder, 'package.json'), '{"private":true}');
  await npm('install', '@cliproxy/plugin-echo');
  const lock = JSON.parse(await readFile(path.join(folder, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly integrity?: string }>>;
  };
  const [echo] = registry.versions('@cliproxy/plugin-echo');
  expect(lock.packages['node_modules/@cliproxy/plugin-echo']?.integrity).toBe(echo?.integrity);
  expect(Object.keys(lock.packages)).toContain('node_modules/@cliproxy/plugin-api');
}, 60_000);

test('a tarball that is not what the registry says of it is refused by npm', async () => {
  const [echo] = registry.versions('@cliproxy/plugin-echo');
  const { version = '' } = echo ?? {};
  const bytes = Buffer.from(echo?.bytes ?? '');
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  registry.tamper('@cliproxy/plugin-echo', version, bytes);
  const cache = path.join(folder, 'cache');
  const refused = npm(
    'pack',
    `@cliproxy/plugin-echo@${version}`,
    `--cache=${cache}`,
    '--fetch-retries=0',
  );
  await expect(refused).rejects.toThrow(/EINTEGRITY/u);
}, 60_000);

test('a name that it does not serve is sent on', async () => {
  const reply = await fetch(new URL('some-package', registry.url), { redirect: 'manual' });
  expect(reply.status).toBe(302);
  expect(reply.headers.get('location')).toMatch(/^https?:\/\/.+\/some-package$/u);
});
