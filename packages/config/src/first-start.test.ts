import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { writeFirstConfig } from './first-start.ts';
import { loadConfig } from './load-config.ts';

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'first-'));
});
afterAll(async () => rm(dir, { recursive: true }));

test('writes a configuration that works at once, for its owner alone', async () => {
  const home = path.join(dir, 'a', 'home');
  const { file, apiKey, adminKey } = await writeFirstConfig(home, { random: randomBytes });
  expect(file).toBe(path.join(home, 'config.yaml'));
  expect((await stat(home)).mode & 0o777).toBe(0o700);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(apiKey).toMatch(/^cpx-[\w-]{32}$/);
  expect(adminKey).toMatch(/^cpx-admin-[\w-]{32}$/);
  const { settings } = await loadConfig({ file, env: {} });
  expect(settings.server).toMatchObject({
    host: '127.0.0.1',
    apiKeys: [apiKey],
    adminKeys: [adminKey],
  });
  expect(settings.kernel.plugins.map((one) => [one.instanceId, one.enabled])).toEqual([
    ['echo', true],
    ['llmux-claude', false],
    ['llmux-chatgpt', false],
    ['gemini', false],
    ['openrouter', false],
  ]);
  expect(settings.kernel.plugins.flatMap((one) => one.problems)).toEqual([]);
});

test('the lines that are commented out are valid as well', async () => {
  const { file } = await writeFirstConfig(path.join(dir, 'comments'), { random: randomBytes });
  const text = await readFile(file, 'utf8');
  const [before = '', after = ''] = text.split('# routes:');
  await writeFile(
    file,
    `${before}routes:${after.replaceAll('\n# ', '\n').replaceAll('\n#', '\n')}`,
  );
  const { settings } = await loadConfig({ file, env: {} });
  expect(settings.kernel.routes).toHaveLength(1);
  expect(Object.keys(settings.kernel.aliases)).toEqual(['sonnet']);
});

test('each one has keys of its own, and none is overwritten', async () => {
  const first = await writeFirstConfig(path.join(dir, 'b'), { random: randomBytes });
  const second = await writeFirstConfig(path.join(dir, 'c'), { random: randomBytes });
  const keys = [first.apiKey, first.adminKey, second.apiKey, second.adminKey];
  expect(new Set(keys.map((key) => key.slice(-32))).size).toBe(4);
  const before = await readFile(first.file, 'utf8');
  await expect(
    writeFirstConfig(path.join(dir, 'b'), { random: randomBytes }),
  ).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: `${first.file}: The file exists already and is left as it is; move it away to have a new one written.`,
  });
  expect(await readFile(first.file, 'utf8')).toBe(before);
});

test('a folder that cannot be made is told', async () => {
  await writeFile(path.join(dir, 'file'), '');
  const attempt = writeFirstConfig(path.join(dir, 'file', 'below'), { random: randomBytes });
  await expect(attempt).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await expect(attempt).rejects.toThrow('cannot be written (ENOTDIR)');
});
