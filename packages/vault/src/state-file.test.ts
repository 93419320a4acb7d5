import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openStateFile } from './state-file.ts';

let folder: string;
let file: string;

beforeEach(async () => {
  folder = path.join(await fs.mkdtemp(path.join(os.tmpdir(), 'cliproxy-state-')), 'data');
  file = path.join(folder, 'account-state.json');
});

afterEach(() => fs.rm(path.dirname(folder), { recursive: true }));

test('what is saved last is loaded, by its owner alone', async () => {
  const store = await openStateFile(folder, 'account-state.json');
  expect(await store.load()).toBeUndefined();
  await store.save({ version: 1 });
  await store.save({ version: 2 });
  expect(await (await openStateFile(folder, 'account-state.json')).load()).toEqual({ version: 2 });
  expect((await fs.stat(file)).mode & 0o777).toBe(0o600);
  expect((await fs.stat(folder)).mode & 0o777).toBe(0o700);
  expect(await fs.readdir(folder)).toEqual(['account-state.json']);
});

test('a file that is no JSON is set aside, and the next one is written', async () => {
  const store = await openStateFile(folder, 'account-state.json');
  await fs.writeFile(file, '{"version":1', { mode: 0o600 });
  expect(await store.load()).toBeUndefined();
  expect(await fs.readFile(`${file}.broken`, 'utf8')).toBe('{"version":1');
  await store.save({ version: 1 });
  expect(await store.load()).toEqual({ version: 1 });
});

test('a file that others can read is refused, not believed', async () => {
  const store = await openStateFile(folder, 'account-state.json');
  await store.save({ version: 1 });
  await fs.chmod(file, 0o644);
  await expect(store.load()).rejects.toMatchObject({ code: 'KERNEL_STORE_UNSAFE' });
});

test('what can’t be written is told, and leaves the former state', async () => {
  const store = await openStateFile(folder, 'account-state.json');
  await store.save({ version: 1 });
  const circle: { self?: object } = {};
  circle.self = circle;
  await expect(store.save(circle)).rejects.toMatchObject({ code: 'KERNEL_STORE_FAILED' });
  expect(await store.load()).toEqual({ version: 1 });
});

test('what a killed process left half written is swept away', async () => {
  await openStateFile(folder, 'account-state.json');
  await fs.writeFile(path.join(folder, '.account-state.json.0123456789ab.tmp'), '{');
  await fs.writeFile(path.join(folder, '.other.json.0123456789ab.tmp'), '{');
  await openStateFile(folder, 'account-state.json');
  expect(await fs.readdir(folder)).toEqual(['.other.json.0123456789ab.tmp']);
});
