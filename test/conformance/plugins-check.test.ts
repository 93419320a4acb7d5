import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

const root = path.resolve(import.meta.dirname, '../..');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'cliproxy-plugins-check-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function run(command: string, args: readonly string[], cwd = folder): Promise<Ran> {
  const env = { ...process.env, CLIPROXY_HOME: path.join(folder, 'home'), CLIPROXY_CONFIG: '' };
  return new Promise((resolve) => {
    execFile(command, args, { cwd, env }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

const check = (...args: readonly string[]): Promise<Ran> =>
  run(process.execPath, [path.join(root, 'bin/cliproxy'), 'plugins', 'check', ...args]);
const reportOf = ({ out }: Ran) =>
  JSON.parse(out) as {
    readonly ok: boolean;
    readonly level: string;
    readonly checks: readonly { readonly id: string; readonly result: string }[];
  };

test('a package is checked by its name: progress for people, JSON for programs, a badge', async () => {
  const badge = path.join(folder, 'echo.svg');
  const told = await check('echo', '--level', 'loads', '--badge', badge);
  expect(told).toMatchObject({ code: 0, err: expect.stringContaining('✓ import-quiet') });
  expect(told.out).toContain('level reached: loads; 6 passed, 0 failed');
  expect(readFileSync(badge, 'utf8')).toMatch(/^<svg .*cliproxy plugin: loads/u);
  const report = reportOf(await check('echo', '--json'));
  expect(report).toMatchObject({ ok: true, level: 'survives' });
  expect(report.checks.find(({ id }) => id === 'accounts')).toMatchObject({
    result: 'not-applicable',
    reason: 'the plugin has no accounts',
  });
}, 240_000);

test('a tarball is unpacked, with what it needs, and checked where it lies', async () => {
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const packed = ['pack', '--silent', '-w', 'plugins/llmux-claude', '--pack-destination', folder];
  expect((await run(npm, packed, root)).code).toBe(0);
  const [tarball = ''] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  const before = readdirSync(os.tmpdir()).filter((name) => name.startsWith('cliproxy-check-'));
  const report = reportOf(await check(`./${tarball}`, '--level', 'loads', '--json'));
  expect(report).toMatchObject({ ok: true, level: 'loads' });
  const left = readdirSync(os.tmpdir()).filter((name) => name.startsWith('cliproxy-check-'));
  expect(left.filter((name) => !before.includes(name))).toEqual([]);
}, 240_000);

test('a folder that fails: the check, what was seen and the remedy, and exit code 1', async () => {
  const copy = path.join(root, '.cache/twisted-echo');
  cpSync(path.join(root, 'plugins/echo/dist'), path.join(copy, 'dist'), { recursive: true });
  cpSync(path.join(root, 'plugins/echo/package.json'), path.join(copy, 'package.json'));
  try {
    const file = path.join(copy, 'package.json');
    const json = readFileSync(file, 'utf8').replace('"alive"', '"alive", "asleep"');
    writeFileSync(file, json);
    const told = await check(copy, '--level', 'loads');
    expect(told.code).toBe(1);
    expect(told.err).toMatch(
      /✗ contributions: .*\n +expected: .*\n +seen: .*asleep.*\n +remedy: /u,
    );
    expect(told.out).toContain('level reached: none');
  } finally {
    rmSync(copy, { recursive: true });
  }
}, 240_000);

test('what is not there, and what makes no sense, is told in a sentence', async () => {
  expect(await check('no-such-plugin')).toMatchObject({
    code: 1,
    err: expect.stringMatching(
      /there is no plugin "no-such-plugin".*@cliproxy\/plugin-no-such-plugin/u,
    ),
  });
  expect(await check('./nowhere')).toMatchObject({
    code: 1,
    err: expect.stringContaining('there is no package.json in'),
  });
  expect(await check('./nowhere.tgz')).toMatchObject({
    code: 1,
    err: expect.stringContaining('there is no file'),
  });
  expect(await check('echo', '--level', 'flies')).toMatchObject({
    code: 2,
    err: expect.stringContaining('use one of loads, speaks, survives'),
  });
}, 120_000);
