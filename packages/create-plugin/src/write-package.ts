import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { PackageFiles } from './layers.ts';
import { UsageError } from './usage-error.ts';

/**
 * Makes sure that a folder can be written: it is not there yet, or empty.
 *
 * @throws UsageError that names what is in the way.
 */
export function checkFolder(folder: string): void {
  if (!existsSync(folder)) return;
  if (!statSync(folder).isDirectory()) {
    throw new UsageError(`${folder} is a file: name a folder that is not there yet`);
  }
  const inside = readdirSync(folder);
  if (inside.length === 0) return;
  const some = inside.slice(0, 3).join(', ') + (inside.length > 3 ? ', …' : '');
  throw new UsageError(
    `${folder} is not empty (${some}): name a folder that is not there yet, or empty this one`,
  );
}

/**
 * Writes a package, whole or not at all: beside its place, and then moved there.
 *
 * @param folder - absolute.
 * @throws UsageError where the folder is not empty.
 */
export function writePackage(folder: string, files: PackageFiles): void {
  checkFolder(folder);
  const parent = path.dirname(folder);
  mkdirSync(parent, { recursive: true });
  const beside = path.join(parent, `.${path.basename(folder)}-${randomBytes(4).toString('hex')}`);
  try {
    mkdirSync(beside);
    for (const [name, text] of files) {
      const file = path.join(beside, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    if (existsSync(folder)) rmdirSync(folder);
    renameSync(beside, folder);
  } catch (error) {
    rmSync(beside, { recursive: true, force: true });
    throw error;
  }
}
