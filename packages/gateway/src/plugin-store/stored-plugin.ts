import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { firstChange, listDigest, listFiles, parseFileList, unfitFile } from './file-list.ts';
import type { FileList } from './file-list.ts';
import type { LockedPlugin } from './plugin-lock.ts';

/** Name of the list of files, beside what it lists. */
export const FILE_LIST = 'files.txt';

/** Where added plugins are installed: `plugins` in cliproxy's own folder, or in `.cliproxy` beside the file. */
export function storeFolderOf(baseDir: string): string {
  const own = path.basename(baseDir) === '.cliproxy' ? '' : '.cliproxy';
  return path.join(baseDir, own, 'plugins');
}

/**
 * The folder of one added version. What the tarball holds is part of its name: the same version, packed
 * again with other code, gets another folder, so that Node imports it anew.
 */
export function installFolderOf(
  baseDir: string,
  name: string,
  { version, integrity }: Pick<LockedPlugin, 'version' | 'integrity'>,
): string {
  const content = createHash('sha256').update(integrity).digest('hex').slice(0, 8);
  return path.join(storeFolderOf(baseDir), `${name}@${version}-${content}`);
}

/** The plugin's own folder within its {@link installFolderOf}. */
export function packageFolderIn(installFolder: string, name: string): string {
  return path.join(installFolder, 'node_modules', name);
}

/**
 * Compares every file of an added plugin with what was recorded.
 *
 * @returns what is not as it was, in words, or `absent`; `undefined`: nothing.
 */
export async function storedPluginFault(
  installFolder: string,
  { files }: LockedPlugin,
): Promise<string | undefined> {
  let recorded: FileList;
  try {
    const text = await readFile(path.join(installFolder, FILE_LIST), 'utf8');
    if (listDigest(text) !== files) return `${FILE_LIST} was changed`;
    recorded = parseFileList(text);
  } catch (error) {
    const { code = String(error) } = error as { readonly code?: string };
    return code === 'ENOENT' ? 'absent' : `${FILE_LIST} can't be read (${code})`;
  }
  try {
    const found = await listFiles(installFolder, FILE_LIST);
    const change = firstChange(recorded, found);
    if (change === undefined) return unfitFile(found);
    const { what, more } = change;
    return more === 0 ? what : `${what}, and ${more} more`;
  } catch (error) {
    const { code = String(error), path: file = '' } = error as {
      readonly code?: string;
      readonly path?: string;
    };
    return `${file} can't be read (${code})`;
  }
}
