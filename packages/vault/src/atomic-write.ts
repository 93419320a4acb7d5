import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';

const TEMPORARY = /^\.(.+)\.[0-9a-f]{12}\.tmp$/;

/**
 * Replaces a file so that, whatever happens meanwhile, there is the former content or the new one in
 * full. It is on disk when the promise resolves. On an error the former content stays.
 *
 * The new content is written beside the file, its size compared (a disk may be full), synced,
 * renamed over it, and the folder synced: without the last a power cut may undo the rename.
 */
export async function writeAtomically(file: string, content: Buffer): Promise<void> {
  const folder = path.dirname(file);
  const suffix = `${randomBytes(6).toString('hex')}.tmp`;
  const temporary = path.join(folder, `.${path.basename(file)}.${suffix}`);
  try {
    const handle = await fs.open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(content);
      const { size } = await handle.stat();
      if (size !== content.length) {
        throw new Error(`${size} of ${content.length} bytes were written`);
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fs.rename(temporary, file);
  } catch (error) {
    await fs.rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolder(folder);
}

/** Removes a file for good. Not being there is no error. */
export async function removeForGood(file: string): Promise<void> {
  await fs.rm(file, { force: true });
  await syncFolder(path.dirname(file));
}

/** The file whose writing left a file of this name behind; `undefined` for any other name. */
export function targetOfTemporary(name: string): string | undefined {
  return TEMPORARY.exec(name)?.[1];
}

/** Makes sure that what was renamed, linked or removed in a folder stays so after a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows can't open folders, and needs none of it.
  if (process.platform === 'win32') return;
  const handle = await fs.open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
