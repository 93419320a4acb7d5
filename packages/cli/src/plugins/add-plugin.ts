import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {
  FILE_LIST,
  formatFileList,
  installFolderOf,
  installedPluginIds,
  listDigest,
  listFiles,
  lockedPluginFault,
  lookAtPlugin,
  packageFolderIn,
  packageNames,
  readPluginLock,
  storeFolderOf,
  storedPluginFault,
  unfitFile,
  withPluginLock,
  writePluginLock,
} from '@cliproxy/gateway';
import type { LockedPlugin, PluginLock, PluginLook } from '@cliproxy/gateway';
import { CommandError } from '../exit-codes.ts';
import { installPackage } from './install-package.ts';
import type { InstalledPackage } from './install-package.ts';
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
    const installed = await installPackage(spec, staging, options.note);
    const { name, version, integrity } = installed;
    await refuse(spec, installed, place.baseDir);
    const list = await listFiles(staging, FILE_LIST);
    const unfit = unfitFile(list);
    if (unfit !== undefined) {
      throw new CommandError(
        `${name} ${version} is not added: ${unfit}, and what it leads to could change unseen; ask its author for plain files`,
        { code: 'PLUGIN_INTEGRITY' },
      );
    }
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
    const added = { name, locked, look, files: list.size };
    if (options.dryRun) {
      const former = (await readLock(place.baseDir))[name]?.version;
      return { ...added, ...(former !== undefined && { former }), folder };
    }
    return await changeLock(place.baseDir, async () => {
      // Again, since another command may have been here meanwhile.
      const lock = await refuse(spec, installed, place.baseDir);
      const before = lock[name];
      const former = before?.version;
      if (before?.integrity === integrity && before.files !== locked.files) {
        options.note(
          `${name} ${version} is what was recorded, but its dependencies are other files now: see the lock file's change`,
        );
      }
      const final = installFolderOf(place.baseDir, name, locked);
      await putInPlace(staging, final, locked);
      await writePluginLock(place.baseDir, { ...lock, [name]: locked });
      const own = packageFolderIn(final, name);
      return { ...added, ...(former !== undefined && { former }), folder: own };
    });
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, leave);
    await rm(staging, { recursive: true, force: true });
  }
}

/**
 * Refuses what could not be recorded, or what stands for something else.
 *
 * @returns the plugins that were added before.
 */
async function refuse(
  { kind }: PluginSpec,
  { name, version, integrity }: InstalledPackage,
  baseDir: string,
): Promise<PluginLock> {
  const fault = lockedPluginFault(name, { version, integrity });
  if (fault !== undefined) {
    throw new CommandError(`it is not added: ${fault}`, { code: 'PLUGIN_INTEGRITY' });
  }
  const [shipped = name] = packageNames(name);
  if (shipped !== name && installedPluginIds([baseDir, import.meta.dirname]).includes(name)) {
    throw new CommandError(
      `${name} is not added: \`package: ${name}\` means ${shipped}, which is installed and needs no adding. ` +
        'To run the other one, have it published under another name, as with a scope of its author',
      { code: 'PLUGIN_DUPLICATE' },
    );
  }
  const lock = await readLock(baseDir);
  const former = lock[name];
  const isSame = former?.version !== version || former.integrity === integrity;
  if (kind !== 'registry' || isSame) return lock;
  throw new CommandError(
    `${name} ${version} is not added: the registry serves something else than what was added under this very ` +
      `version (${integrity}, not ${former.integrity}). Find out why; if that is meant, run ` +
      `\`cliproxy plugins remove ${name}\` first`,
    { code: 'PLUGIN_INTEGRITY' },
  );
}

/** Moves what was installed to where it stays; what is there already and intact is left, since it may be in use. */
async function putInPlace(staging: string, final: string, locked: LockedPlugin): Promise<void> {
  if ((await storedPluginFault(final, locked)) === undefined) return;
  await mkdir(path.dirname(final), { recursive: true, mode: 0o700 });
  const aside = `${staging}-former`;
  if (existsSync(final)) await rename(final, aside);
  try {
    await rename(staging, final);
  } catch (error) {
    if (existsSync(aside)) await rename(aside, final);
    throw error;
  }
  await rm(aside, { recursive: true, force: true });
}

/** One command at a time. @throws CommandError where another one does not end. */
export async function changeLock<T>(baseDir: string, work: () => Promise<T>): Promise<T> {
  return withPluginLock(baseDir, work).catch((error: unknown) => {
    if (error instanceof CommandError) throw error;
    throw new CommandError(error instanceof Error ? error.message : String(error));
  });
}

/** @throws CommandError where the lock file can't be used. */
export async function readLock(baseDir: string): Promise<PluginLock> {
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
