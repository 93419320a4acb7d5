import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** What is recorded of an added plugin. */
export interface LockedPlugin {
  /** Exact. */
  readonly version: string;
  /** `sha512-…` of the tarball that npm had from the registry or the disk. */
  readonly integrity: string;
  /** `sha256-…` over the list of all files that were installed, those of its dependencies included. */
  readonly files: string;
}

/** Added plugins by package name. */
export type PluginLock = Readonly<Record<string, LockedPlugin>>;

/** The lock file of a configuration's folder; it belongs into version control beside it. */
export function lockFileOf(baseDir: string): string {
  return path.join(baseDir, 'plugins.lock.json');
}

/**
 * Reads a lock file; one that does not exist holds nothing.
 *
 * @throws Error with a sentence that names the file and what is wrong with it.
 */
export async function readPluginLock(baseDir: string): Promise<PluginLock> {
  const file = lockFileOf(baseDir);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as { readonly code?: string };
    if (code === 'ENOENT') return {};
    throw new Error(`${file} can't be read (${code ?? String(error)})`, { cause: error });
  }
  return lockOf(text, file);
}

/** @throws Error as {@link readPluginLock} does. */
function lockOf(text: string, file: string): PluginLock {
  const fail = (what: string): Error =>
    new Error(`${file} ${what}; restore it, or remove it and add the plugins again`);
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (error) {
    throw Object.assign(fail('is not JSON'), { cause: error });
  }
  const { lockVersion, plugins } = recordOf(read);
  if (lockVersion !== 1) throw fail(`has lockVersion ${JSON.stringify(lockVersion)}, not 1`);
  const lock: Record<string, LockedPlugin> = {};
  for (const [name, entry] of Object.entries(recordOf(plugins))) {
    const { version, integrity, files } = recordOf(entry);
    if (!isName(name)) throw fail(`names the package ${JSON.stringify(name)}`);
    if (!isMatch(version, VERSION)) throw fail(`has no exact version of ${name}`);
    if (!isMatch(integrity, INTEGRITY)) throw fail(`has no integrity of ${name}`);
    if (!isMatch(files, /^sha256-[0-9a-f]{64}$/u)) throw fail(`has no digest of ${name}'s files`);
    lock[name] = { version, integrity, files };
  }
  return lock;
}

/**
 * Looks whether a package can be in a lock file, by the rules that it is read by: one that can't would keep
 * all the others from being loaded.
 *
 * @returns a sentence that says why not; `undefined`: it can.
 */
export function lockedPluginFault(
  name: string,
  { version, integrity }: Pick<LockedPlugin, 'version' | 'integrity'>,
): string | undefined {
  if (!isName(name)) {
    return `${JSON.stringify(name)} is no name that a package can be added by: rename it, in lower-case letters, digits, "-", "." and "_"`;
  }
  if (!VERSION.test(version)) return `the version of ${name}, ${version}, is not exact`;
  if (INTEGRITY.test(integrity)) return undefined;
  return `the registry has no SHA-512 of ${name} ${version}, but ${integrity || 'nothing'}: have it published anew`;
}

/**
 * Writes a lock file whole or not at all, its packages in the order of their names.
 *
 * @throws Error as {@link readPluginLock} does where nobody could read it; the former stays.
 */
export async function writePluginLock(baseDir: string, lock: PluginLock): Promise<void> {
  const file = lockFileOf(baseDir);
  const sorted = Object.fromEntries(
    Object.entries(lock).sort(([one], [other]) => (one < other ? -1 : 1)),
  );
  const text = `${JSON.stringify({ lockVersion: 1, plugins: sorted }, undefined, 2)}\n`;
  lockOf(text, file);
  const temporary = `${file}.${process.pid}`;
  try {
    await writeFile(temporary, text, { flush: true });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Whether a text can be the name of a package, and so part of a path. */
export function isName(name: string): boolean {
  return (
    name.length <= 214 && /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/u.test(name)
  );
}

/** An exact version, as SemVer has them. */
export const VERSION = /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/u;

const INTEGRITY = /^sha512-[A-Za-z0-9+/]+=*$/u;

function isMatch(value: unknown, form: RegExp): value is string {
  return typeof value === 'string' && form.test(value);
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isRecord ? (value as Readonly<Record<string, unknown>>) : {};
}
