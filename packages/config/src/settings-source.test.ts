import { mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Problem } from '@cliproxy/kernel';
import { loadConfig } from './load-config.ts';
import type { LoadedConfig } from './load-config.ts';
import { watchConfig } from './settings-source.ts';
import type { ConfigWatch, WatchOptions } from './settings-source.ts';

let dir = '';
let file = '';
let watch: ConfigWatch | undefined;
let changes: number[] = [];
let problems: Problem[] = [];

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'watch-'));
  file = path.join(dir, 'config.yaml');
  changes = [];
  problems = [];
  await writeFile(file, 'server: { port: 1 }');
});
afterEach(async () => {
  await watch?.close();
  await rm(dir, { recursive: true });
});

const portOf = (loaded: LoadedConfig): number => loaded.settings.server.port;

async function start(more: Partial<WatchOptions> = {}): Promise<ConfigWatch> {
  watch = watchConfig({
    file,
    env: {},
    loaded: await loadConfig({ file, env: {} }),
    onChange: (loaded) => void changes.push(portOf(loaded)),
    onProblem: (found) => void problems.push(...found),
    settleMs: 100,
    ...more,
  });
  await watch.ready;
  return watch;
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries += 1) {
    if (tries > 400) throw new Error('it did not happen');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('a change is noticed, also when the file is replaced or was away', async () => {
  const source = await start();
  await writeFile(file, 'server: { port: 2 }');
  await until(() => changes.length === 1);
  await writeFile(`${file}.tmp`, 'server: { port: 3 }');
  await rename(`${file}.tmp`, file);
  await until(() => changes.length === 2);
  await rm(file);
  await writeFile(file, 'server: { port: 4 }');
  await until(() => changes.length === 3);
  expect(changes).toEqual([2, 3, 4]);
  expect(problems).toEqual([]);
  expect(portOf(source.current())).toBe(4);
});

test('a bad file keeps the last good configuration and says why; a good one mends it', async () => {
  const source = await start();
  await writeFile(file, 'server: { prot: 2 }');
  await until(() => problems.length === 1);
  expect(problems[0]).toMatchObject({ code: 'CONFIG_INVALID', pointer: '/server/prot' });
  expect(portOf(source.current())).toBe(1);
  await writeFile(file, 'server: { port: 5 }');
  await until(() => changes.length === 1);
  expect(changes).toEqual([5]);
});

test('a reload on demand tells what became of it', async () => {
  const source = await start();
  await writeFile(file, 'server: { port: 6 }');
  expect(await source.reload()).toBe('changed');
  expect(await source.reload()).toBe('unchanged');
  await rm(file);
  expect(await source.reload()).toBe('failed');
  expect(problems[0]).toMatchObject({ code: 'CONFIG_NOT_FOUND' });
  expect(changes).toEqual([6]);
  expect(portOf(source.current())).toBe(6);
});

test('a file that says the same does nothing, but lines may have moved', async () => {
  const source = await start();
  await writeFile(file, '# a comment\nserver: { port: 1 }');
  await until(() => source.current().locate('/server/port')?.line === 2);
  expect(await source.reload()).toBe('unchanged');
  expect(changes).toEqual([]);
});

test('a huge file is refused before it is read', async () => {
  const source = await start();
  await truncate(file, 1024 ** 3);
  await until(() => problems.length > 0);
  expect(problems[0]).toMatchObject({ code: 'CONFIG_SYNTAX' });
  expect(portOf(source.current())).toBe(1);
});

test('a file that is written in pieces is not taken for a bad one', async () => {
  const source = await start({ settleMs: 150 });
  await writeFile(file, 'server: { po');
  const reloading = source.reload();
  await new Promise((resolve) => setTimeout(resolve, 20));
  await writeFile(file, 'server: { port: 7 }');
  expect(await reloading).toBe('changed');
  expect(problems).toEqual([]);
});

test('changes are applied one after another; one that fails leaves the former in force', async () => {
  const seen: string[] = [];
  const source = await start({
    onChange: async (loaded) => {
      seen.push(`begin ${portOf(loaded)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
      seen.push(`end ${portOf(loaded)}`);
      if (portOf(loaded) === 2) throw new Error('no room');
    },
  });
  await writeFile(file, 'server: { port: 2 }');
  const first = source.reload();
  await until(() => seen.length === 1);
  await writeFile(file, 'server: { port: 3 }');
  expect(await first).toBe('failed');
  expect(portOf(source.current())).toBe(1);
  expect(problems).toMatchObject([{ code: 'KERNEL_INTERNAL' }]);
  expect(problems[0]?.message).toContain('no room');
  await until(() => seen.length === 4);
  expect(seen).toEqual(['begin 2', 'end 2', 'begin 3', 'end 3']);
});

test('one that was not put to work is tried again', async () => {
  let isReady = false;
  const source = await start({ onChange: () => isReady });
  await writeFile(file, 'server: { port: 8 }');
  expect(await source.reload()).toBe('failed');
  expect(portOf(source.current())).toBe(1);
  isReady = true;
  expect(await source.reload()).toBe('changed');
  expect(problems).toEqual([]);
});

test('it can be closed before it watches', async () => {
  const loaded = await loadConfig({ file, env: {} });
  const source = watchConfig({
    file,
    env: {},
    loaded,
    onChange: (next) => void changes.push(portOf(next)),
    onProblem: (found) => void problems.push(...found),
  });
  await source.close();
  await source.ready;
  await writeFile(file, 'server: { port: 9 }');
  expect(await source.reload()).toBe('unchanged');
  expect([changes, problems]).toEqual([[], []]);
});

test('after it is closed nothing happens any more', async () => {
  const source = await start();
  await source.close();
  await writeFile(file, 'server: { port: 9 }');
  expect(await source.reload()).toBe('unchanged');
  expect(changes).toEqual([]);
});
