import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import type { StoredPackage } from '../ports/plugin-store.ts';
import { nearNames } from '../routing/near-names.ts';

/** A plugin package on disk. */
export interface LocatedPackage {
  /** Absolute, links resolved. */
  readonly folder: string;
  readonly packageJson: unknown;
}

/** A package, or the sentence that says where it was looked for in vain. */
export type Location =
  | { readonly found: LocatedPackage; readonly fault?: never }
  | { readonly found?: never; readonly fault: string };

const SCOPE = '@cliproxy';
const PREFIX = 'plugin-';
const BARE_ID = /^[a-z0-9][a-z0-9._-]*$/;

/** The package names that a configured name can mean, in order; a folder means itself. */
export function packageNames(reference: string): readonly string[] {
  return BARE_ID.test(reference) ? [`${SCOPE}/${PREFIX}${reference}`, reference] : [reference];
}

/**
 * The added package that a configured name means. For a bare id, one of the very name counts only where none
 * of the gateway's own scope is installed: an instance of ours, and its keys, never go over to another's code.
 */
export function storedFor(reference: string, { dirs, stored }: Where): StoredPackage | undefined {
  const [first = reference, second] = packageNames(reference);
  const own = stored?.get(first);
  if (own !== undefined || second === undefined) return own;
  return installedFolder(first, dirs) === undefined ? stored?.get(second) : undefined;
}

interface Where {
  readonly dirs: readonly string[];
  readonly stored?: ReadonlyMap<string, StoredPackage>;
}

/**
 * Finds a plugin's package folder. Walks `node_modules` upwards as Node does, but looks for the
 * folder itself: `exports` may hide package.json, and nothing of the plugin may run yet.
 *
 * @param reference - a package name, a bare plugin id, or a folder.
 * @param dirs - absolute folders to look from, in order.
 */
export function locate(reference: string, dirs: readonly string[]): Location {
  if (isFolder(reference)) return locateFolder(resolve(dirs[0] ?? '/', reference));
  const names = packageNames(reference);
  for (const name of names) {
    const folder = installedFolder(name, dirs);
    if (folder !== undefined) return read(folder);
  }
  const wanted = names.map((name) => `"${name}"`).join(' or ');
  const near = BARE_ID.test(reference) ? nearNames(reference, shippedIds(dirs)) : [];
  const guess = near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`;
  // No command to copy: under a guessed or misspelt name, somebody else may have published.
  return {
    fault:
      `no package ${wanted} is installed${guess === '' ? ';' : `${guess} Otherwise`} install the ` +
      `plugin's package in ${dirs[0] ?? '.'} and set \`package:\` to its name or folder`,
  };
}

/** The bare ids of the plugins that are installed in our own scope. */
export function shippedIds(dirs: readonly string[]): readonly string[] {
  const scopes = new Set(dirs.flatMap((dir) => searched(SCOPE, dir)).filter(existsSync));
  const ids = [...scopes].flatMap((scope) =>
    readdirSync(scope)
      .filter((name) => name.startsWith(PREFIX) && isPlugin(join(scope, name)))
      .map((name) => name.slice(PREFIX.length)),
  );
  return [...new Set(ids)];
}

/** The contract's own packages are in the scope too. */
function isPlugin(folder: string): boolean {
  const packageJson = read(folder).found?.packageJson;
  return typeof packageJson === 'object' && packageJson !== null && 'cliproxyPlugin' in packageJson;
}

/**
 * The file to import. The manifest's `entry` counts; where package.json's `exports` leads to the
 * same file, it is asked, because it may have conditions (such as one for running from sources).
 *
 * @param published - the manifest's alone counts.
 * @returns the file, or the sentence that says why there is none.
 */
export function entryFile(
  located: LocatedPackage,
  name: string,
  entry: string,
  published = false,
): { readonly file: string; readonly fault?: never } | { readonly fault: string } {
  const declared = join(located.folder, entry);
  const exported =
    !published && exportsLeadTo(located.packageJson, entry)
      ? resolveSelf(located.folder, name)
      : undefined;
  const file = exported ?? declared;
  if (existsSync(file) && isInside(located.folder, realpathSync(file))) return { file };
  return {
    fault:
      `its manifest's \`entry\` ${entry} is not in ${located.folder}; build the package, or ` +
      'install a version that was published complete',
  };
}

function isFolder(reference: string): boolean {
  return isAbsolute(reference) || /^\.{1,2}(\/|\\|$)/.test(reference);
}

function locateFolder(folder: string): Location {
  if (existsSync(join(folder, 'package.json'))) return read(folder);
  return { fault: `there is no package.json in ${folder}; mend \`package:\`` };
}

function installedFolder(name: string, dirs: readonly string[]): string | undefined {
  return dirs
    .flatMap((dir) => searched(name, dir))
    .find((one) => existsSync(join(one, 'package.json')));
}

function searched(name: string, dir: string): readonly string[] {
  const folders: string[] = [];
  for (let at = dir; ; at = dirname(at)) {
    folders.push(join(at, 'node_modules', name));
    if (dirname(at) === at) return folders;
  }
}

function read(folder: string): Location {
  const file = join(folder, 'package.json');
  try {
    const packageJson: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return { found: { folder: realpathSync(folder), packageJson } };
  } catch (error) {
    return { fault: `${file} can't be read: ${String(error)}` };
  }
}

function exportsLeadTo(packageJson: unknown, entry: string): boolean {
  const { exports } = (packageJson ?? {}) as { readonly exports?: unknown };
  if (typeof exports !== 'object' || exports === null) return false;
  const main: unknown = '.' in exports ? exports['.'] : exports;
  if (typeof main !== 'object' || main === null) return false;
  return Object.values(main).includes(entry);
}

/**
 * A package may name itself. Node resolves it with the conditions of `require`, so that one whose
 * `exports` has no `default` fails here (ERR_PACKAGE_PATH_NOT_EXPORTED); its `entry` then counts.
 */
function resolveSelf(folder: string, name: string): string | undefined {
  try {
    const file = createRequire(join(folder, 'package.json')).resolve(name);
    return isAbsolute(file) && isInside(folder, realpathSync(file)) ? file : undefined;
  } catch {
    return undefined;
  }
}

function isInside(folder: string, file: string): boolean {
  const path = relative(folder, file);
  return path !== '' && !path.startsWith('..') && !isAbsolute(path);
}
