import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {
  FILE_LIST,
  formatFileList,
  installFolderOf,
  listDigest,
  listFiles,
  lookAtPlugin,
  packageFolderIn,
  readPluginLock,
  storeFolderOf,
  storedPluginFault,
  writePluginLock,
} from '@cliproxy/gateway';
import type { LockedPlugin, PluginLook } from '@cliproxy/gateway';
import { CommandError } from '../exit-codes.ts';
import { installPackage } from './install-package.ts';
import type { PluginPlace } from './plugin-sources.ts';
import type { PluginSpec } from './plugin-spec.ts';

/** A plugin that can be added, or has been. */
export interface AddedPlugin {
  readonly name: string;
  readonly locked: LockedPlugin;
  /** The version that was added before, if there was one. */
  readonly former?: string;
  /** The plugin's own folder. */
  readonly folder: string;
  readonly look: Extract<PluginLook, { readonly schema: object }>;
  /** Files that were installed, those of its dependencies included. */
  readonly files: number;
}

/** How a plugin is added. */
export interface AddOptions {
  /** True: the operator takes one that uses experimental parts of the contract. */
  readonly experimental: boolean;
  /** True: nothing is kept. */
  readonly dryRun: boolean;
  /** Runs before anything is recorded, on the installed package; throws to refuse it. */
  readonly check: (folder: string) => Promise<void>;
  readonly note: (text: string) => void;
}

/**
 * Installs a plugin into a folder of its own beside the configuration, checks it, and records it. Until all
 * of that is done, nothing that counts has changed.
 *
 * @throws CommandError that says why it is refused.
 */
export async function addPlugin(
  spec: PluginSpec,
  place: PluginPlace,
  options: AddOptions,
): Promise<AddedPlugin> {
  const store = storeFolderOf(place.baseDir);
  const staging = await openStaging(options.dryRun ? os.tmpdir() : store);
  const leave = (): void => {
    void rm(staging, { recursive: true, force: true }).finally(() => process.exit(130));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, leave);
  try {
    const { name, version, integrity } = await installPackage(spec, staging, options.note);
    const list = await listFiles(staging, FILE_LIST);
    const text = formatFileList(list);
    const locked = { version, integrity, files: listDigest(text) };
    await writeFile(path.join(staging, FILE_LIST), text, { flush: true });
    const folder = packageFolderIn(staging, name);
    const look = await inspected(folder, place, options);
    options.note(`checking ${name} ${version} …`);
    await options.check(folder);
    const fault = await storedPluginFault(staging, locked);
    if (fault !== undefined) {
      throw new CommandError(
        `${name} ${version} writes into its own folder when it runs: ${fault}. It is not added; ask its author`,
        { code: 'PLUGIN_INTEGRITY' },
      );
    }
    const lock = await readLock(place.baseDir);
    const former = lock[name]?.version;
    const added = { name, locked, look, files: list.size, ...(former !== undefined && { former }) };
    if (options.dryRun) return { ...added, folder };
    const final = installFolderOf(place.baseDir, name, locked);
    await mkdir(path.dirname(final), { recursive: true, mode: 0o700 });
    await rm(final, { recursive: true, force: true });
    await rename(staging, final);
    await writePluginLock(place.baseDir, { ...lock, [name]: locked });
    return { ...added, folder: packageFolderIn(final, name) };
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, leave);
    await rm(staging, { recursive: true, force: true });
  }
}

/** @throws CommandError where the lock file can't be used. */
export async function readLock(baseDir: string): ReturnType<typeof readPluginLock> {
  return readPluginLock(baseDir).catch((error: unknown) => {
    throw new CommandError(error instanceof Error ? error.message : String(error), {
      code: 'PLUGIN_INTEGRITY',
    });
  });
}

const STAGING = '.adding-';

/** A folder that nobody looks into; those that killed commands have left go first. */
async function openStaging(parent: string): Promise<string> {
  await mkdir(parent, { recursive: true, mode: 0o700 });
  for (const name of await readdir(parent)) {
    const [, pid] = /^\.adding-(\d+)-/u.exec(name) ?? [];
    if (pid !== undefined && !isAlive(Number(pid))) {
      await rm(path.join(parent, name), { recursive: true, force: true });
    }
  }
  return mkdtemp(path.join(parent, `${STAGING}${process.pid}-`));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { readonly code?: string }).code === 'EPERM';
  }
}

/** Looks at the manifest, then runs the plugin as far as to know its settings. */
async function inspected(
  folder: string,
  { checker }: PluginPlace,
  { experimental }: AddOptions,
): Promise<AddedPlugin['look']> {
  if (!existsSync(path.join(folder, 'package.json'))) {
    throw new CommandError(`npm has installed nothing in ${folder}`);
  }
  const look = await lookAtPlugin(folder, { dirs: [folder], checker, experimental });
  if (look.package === undefined) {
    throw new CommandError(`it is not added: ${look.faults.join('\n')}`, { code: look.code });
  }
  return look;
}
