import { execFile } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { CommandError } from '../exit-codes.ts';
import { npm } from '../plugins/npm.ts';

/** A plugin's package on disk. */
export interface FoundPlugin {
  /** Absolute. */
  readonly folder: string;
  /** Takes away what was made only to look at it. */
  release(): Promise<void>;
}

const run = promisify(execFile);
const SCOPE = '@cliproxy/';

interface PackageJson {
  readonly name?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/**
 * Unpacks what `npm pack` made into a folder of its own, with its dependencies and without running any
 * script. Packages of ours come from beside this command line, so that what is checked is checked
 * against this version.
 *
 * @throws CommandError where it can't be unpacked or installed.
 */
export async function unpack(file: string, say: (text: string) => void): Promise<FoundPlugin> {
  if (!existsSync(file)) throw new CommandError(`there is no file ${file}`);
  const root = realpathSync(await mkdtemp(path.join(os.tmpdir(), 'cliproxy-check-')));
  const release = (): Promise<void> => rm(root, { recursive: true, force: true });
  try {
    const unpacked = path.join(root, 'unpacked');
    await mkdir(unpacked);
    await run('tar', ['-xzf', file, '-C', unpacked, '--strip-components=1', '--no-same-owner']);
    const json = JSON.parse(
      await readFile(path.join(unpacked, 'package.json'), 'utf8'),
    ) as PackageJson;
    const { name = 'plugin' } = json;
    const wanted = { ...json.peerDependencies, ...json.dependencies };
    const ours = Object.keys(wanted).filter(
      (one) => one.startsWith(SCOPE) && ownFolder(one) !== undefined,
    );
    const theirs = Object.entries(wanted).filter(([one]) => !ours.includes(one));
    if (theirs.length > 0) await install(root, Object.fromEntries(theirs), say);
    const modules = path.join(root, 'node_modules');
    for (const one of ours) await link(path.join(modules, one), ownFolder(one) ?? '');
    const folder = path.join(modules, name);
    await mkdir(path.dirname(folder), { recursive: true });
    await rename(unpacked, folder);
    return { folder, release };
  } catch (error) {
    await release();
    const why = error instanceof Error ? error.message.split('\n', 3).join(' ') : String(error);
    throw new CommandError(`${file} can't be unpacked and installed: ${why}`);
  }
}

async function install(
  root: string,
  dependencies: Readonly<Record<string, string>>,
  say: (text: string) => void,
): Promise<void> {
  say(`installing ${Object.keys(dependencies).join(', ')} (npm install --ignore-scripts) …`);
  await writeFile(
    path.join(root, 'package.json'),
    JSON.stringify({ name: 'checked', private: true, dependencies }),
  );
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  // It names the package at which it stops.
  await npm(['install', ...options, '--loglevel=silly'], { cwd: root });
}

async function link(at: string, to: string): Promise<void> {
  await mkdir(path.dirname(at), { recursive: true });
  await symlink(to, at, 'junction');
}

/** Where one of our packages is that this command line works with. */
function ownFolder(name: string): string | undefined {
  try {
    const file = createRequire(import.meta.url).resolve(`${name}/package.json`);
    return path.dirname(realpathSync(file));
  } catch {
    return undefined;
  }
}
