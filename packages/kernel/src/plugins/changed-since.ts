import { existsSync, readdirSync, statSync } from 'node:fs';
import type { Dirent } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The first file of a package that has changed since a time; what is installed within the package is
 * not looked at. One that goes while it looks, or can't be looked at, counts as changed.
 *
 * @param file - of the package, absolute.
 * @param sinceMs - milliseconds since 1970.
 */
export function changedSince(file: string, sinceMs: number): string | undefined {
  const folder = packageOf(file);
  return folder === undefined ? undefined : firstNewer(folder, sinceMs);
}

function packageOf(file: string): string | undefined {
  for (let at = dirname(file); ; at = dirname(at)) {
    if (existsSync(join(at, 'package.json'))) return at;
    if (dirname(at) === at) return undefined;
  }
}

function firstNewer(folder: string, sinceMs: number): string | undefined {
  const entries = entriesOf(folder);
  if (entries === undefined) return folder;
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.')) {
      const found = firstNewer(path, sinceMs);
      if (found !== undefined) return found;
    }
    // The time of its inode's last change: that of its content can be set to anything.
    if (entry.isFile() && /\.(?:[cm]?js|json|node|wasm)$/u.test(entry.name)) {
      if (changedMs(path) > sinceMs) return path;
    }
  }
  return undefined;
}

function entriesOf(folder: string): readonly Dirent[] | undefined {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return undefined;
  }
}

function changedMs(path: string): number {
  try {
    return statSync(path).ctimeMs;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
