import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '../..');
const cache = path.join(root, '.cache', 'packed');

/** The folders of all packages of this repository. */
export async function repositoryPackages(): Promise<readonly string[]> {
  const found = await Promise.all(
    ['packages', 'plugins'].map(async (group) => {
      const names = await readdir(path.join(root, group));
      return names.map((name) => path.join(root, group, name));
    }),
  );
  return found.flat().filter((folder) => existsSync(path.join(folder, 'package.json')));
}

/**
 * Packs folders as `npm publish` would. What was packed before and has not changed since is taken from
 * `.cache/packed`, so that many tests of one run pack once.
 *
 * @returns the tarballs, in the order of the folders.
 */
export async function packPackages(folders: readonly string[]): Promise<readonly string[]> {
  const places = await Promise.all(
    folders.map(async (folder) => path.join(cache, `${await stateOf(folder)}.tgz`)),
  );
  const missing = folders.filter((_, index) => !existsSync(places[index] ?? ''));
  if (missing.length > 0) {
    await mkdir(cache, { recursive: true });
    const packed = await mkdtemp(path.join(cache, 'packing-'));
    try {
      // `--ignore-scripts`: what is packed is what is built.
      const options = ['--json', '--ignore-scripts', '--loglevel=error', '--pack-destination'];
      const { stdout } = await run('npm', ['pack', ...options, packed, ...missing], {
        cwd: cache,
        shell: process.platform === 'win32',
        maxBuffer: 64 * 1024 * 1024,
      });
      const told = JSON.parse(stdout) as readonly { readonly filename: string }[];
      for (const [index, { filename }] of told.entries()) {
        const place = places[folders.indexOf(missing[index] ?? '')];
        if (place !== undefined) await rename(path.join(packed, filename), place);
      }
    } finally {
      await rm(packed, { recursive: true, force: true });
    }
  }
  return places;
}

/** Changes whenever a file of the folder does; what is installed in it counts as nothing. */
async function stateOf(folder: string): Promise<string> {
  const hash = createHash('sha256').update(path.resolve(folder));
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (!entry.isFile() || path.relative(folder, file).includes('node_modules')) continue;
    const { size, mtimeMs } = await stat(file);
    hash.update(`${file}\0${size}\0${mtimeMs}\0`);
  }
  const { name, version } = JSON.parse(
    await readFile(path.join(folder, 'package.json'), 'utf8'),
  ) as { readonly name: string; readonly version: string };
  return `${name.replace('@', '').replace('/', '-')}-${version}-${hash.digest('hex').slice(0, 16)}`;
}
