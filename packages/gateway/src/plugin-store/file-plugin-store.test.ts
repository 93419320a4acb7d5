import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { formatFileList, listDigest, listFiles, unfitFile } from './file-list.ts';
import { filePluginStore } from './file-plugin-store.ts';
import { lockFileOf, lockedPluginFault, readPluginLock, writePluginLock } from './plugin-lock.ts';
import { withPluginLock } from './with-plugin-lock.ts';
import { FILE_LIST, installFolderOf, packageFolderIn, storeFolderOf } from './stored-plugin.ts';

const NAME = '@acme/plugin';
const integrity = `sha512-${'A'.repeat(86)}==`;
let dir: string;
let installed: string;

beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'cliproxy-store-'));
  installed = installFolderOf(dir, NAME, { version: '1.2.3', integrity });
  const folder = packageFolderIn(installed, NAME);
  mkdirSync(path.join(folder, 'lib'), { recursive: true });
  writeFileSync(path.join(folder, 'index.js'), 'export default 1;\n');
  writeFileSync(path.join(folder, 'lib', 'big.bin'), Buffer.alloc(3 * 1024 * 1024, 7));
  const text = formatFileList(await listFiles(installed, FILE_LIST));
  writeFileSync(path.join(installed, FILE_LIST), text);
  await writePluginLock(dir, { [NAME]: { version: '1.2.3', integrity, files: listDigest(text) } });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const inPackage = (...parts: readonly string[]): string =>
  path.join(packageFolderIn(installed, NAME), ...parts);

const look = async () => (await filePluginStore.check(dir, [NAME, 'another'])).get(NAME);

test('what is as it was added is found, what was not added is not', async () => {
  const found = await filePluginStore.check(dir, [NAME, 'another']);
  expect([...found]).toEqual([[NAME, { folder: inPackage() }]]);
  expect(storeFolderOf('/x/.cliproxy')).toBe(path.join('/x/.cliproxy', 'plugins'));
  expect(storeFolderOf('/x')).toBe(path.join('/x', '.cliproxy', 'plugins'));
});

test('the same version with another content has another folder', () => {
  const other = { version: '1.2.3', integrity: integrity.replace('AA', 'AB') };
  expect(installFolderOf(dir, NAME, other)).not.toBe(installed);
});

describe('is not loaded, and the file is named, when', () => {
  const remedy = `Find out who did that, then run \`cliproxy plugins add ${NAME}@1.2.3\``;
  const flip = (file: string, at: number): void => {
    const bytes = readFileSync(file);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(file, bytes);
  };
  test.each<[string, () => void, string]>([
    ['one bit is another', () => flip(inPackage('index.js'), 3), 'index.js was changed'],
    [
      'one bit of a large file is',
      () => flip(inPackage('lib', 'big.bin'), 2_500_000),
      'big.bin was',
    ],
    ['a file is longer', () => appendFileSync(inPackage('index.js'), ' '), 'index.js was changed'],
    ['a file is gone', () => rmSync(inPackage('index.js')), 'index.js is missing'],
    ['a file is there besides', () => writeFileSync(inPackage('x.js'), ''), 'x.js was added'],
    [
      'a dependency is there besides',
      () => {
        mkdirSync(path.join(installed, 'node_modules', 'evil'));
        writeFileSync(path.join(installed, 'node_modules', 'evil', 'index.js'), '');
      },
      'node_modules/evil/index.js was added',
    ],
    [
      'a link is there in the place of a file',
      () => {
        renameSync(inPackage('index.js'), path.join(dir, 'index.js'));
        symlinkSync(path.join(dir, 'index.js'), inPackage('index.js'));
      },
      'index.js was changed',
    ],
    ['its list is another', () => appendFileSync(path.join(installed, FILE_LIST), '\n'), FILE_LIST],
  ])('%s', async (_what, change, said) => {
    change();
    const fault = (await look())?.fault ?? '';
    expect(fault).toContain(`${NAME} 1.2.3 is not loaded, since it is not what was added`);
    expect(fault).toContain(said);
    expect(fault).toContain(remedy);
  });
});

test('what is recorded and not installed is told with the command that mends it', async () => {
  rmSync(installed, { recursive: true });
  const said = `${NAME} 1.2.3 is in ${lockFileOf(dir)}, but not installed in ${installed}; run`;
  expect((await look())?.fault).toContain(said);
});

test.each([
  ['no JSON', '{', 'is not JSON'],
  ['another form', '{"lockVersion":2}', 'lockVersion 2'],
  ['a name that leads out', '{"lockVersion":1,"plugins":{"../x":{}}}', '"../x"'],
  ['a range', '{"lockVersion":1,"plugins":{"x":{"version":"^1.0.0"}}}', 'no exact version of x'],
])('a lock file with %s lets nothing in', async (_what, text, said) => {
  writeFileSync(lockFileOf(dir), text);
  await expect(readPluginLock(dir)).rejects.toThrow(said);
  expect((await look())?.fault).toContain(lockFileOf(dir));
});

test('a link that was recorded is refused all the same: what it leads to is not compared', async () => {
  symlinkSync('index.js', inPackage('link.js'));
  const list = await listFiles(installed, FILE_LIST);
  expect(unfitFile(list)).toBe(`node_modules/${NAME}/link.js is a link`);
  const text = formatFileList(list);
  writeFileSync(path.join(installed, FILE_LIST), text);
  await writePluginLock(dir, { [NAME]: { version: '1.2.3', integrity, files: listDigest(text) } });
  expect((await look())?.fault).toContain('link.js is a link');
});

describe('what could not be read again is not written, and the former lock file stays', () => {
  const version = '1.0.0';
  test.each([
    ['MyPlug', { version, integrity }, '"MyPlug" is no name'],
    ['plug', { version: '1.0', integrity }, 'is not exact'],
    [
      'plug',
      { version, integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' },
      'no SHA-512 of plug 1.0.0',
    ],
  ])('%s %j', async (name, entry, said) => {
    expect(lockedPluginFault(name, entry)).toContain(said);
    const before = await readPluginLock(dir);
    const files = `sha256-${'0'.repeat(64)}`;
    const written = writePluginLock(dir, { ...before, [name]: { ...entry, files } });
    await expect(written).rejects.toThrow(lockFileOf(dir));
    expect(await readPluginLock(dir)).toEqual(before);
  });
});

test('of many that change the lock file at once, none is lost', async () => {
  const names = Array.from({ length: 20 }, (_, index) => `plugin-${index}`);
  const files = `sha256-${'0'.repeat(64)}`;
  await Promise.all(
    names.map((name) =>
      withPluginLock(dir, async () => {
        const lock = await readPluginLock(dir);
        await writePluginLock(dir, { ...lock, [name]: { version: '1.0.0', integrity, files } });
      }),
    ),
  );
  expect(Object.keys(await readPluginLock(dir)).sort()).toEqual([NAME, ...names].sort());
});
