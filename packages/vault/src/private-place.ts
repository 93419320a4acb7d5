import type { Stats } from 'node:fs';
import fs from 'node:fs/promises';
import { GatewayError } from '@cliproxy/plugin-api';

const OTHERS = 0o077;

/**
 * Makes a folder that only its owner can enter, or makes sure that one is such.
 *
 * @throws GatewayError `KERNEL_STORE_UNSAFE`
 */
export async function makePrivateFolder(folder: string): Promise<void> {
  await fs.mkdir(folder, { recursive: true, mode: 0o700 });
  const stats = await fs.lstat(folder);
  if (!stats.isDirectory()) throw unsafe(folder, 'is no folder but a link or a file', 'remove it');
  checkOwner(folder, stats, 'chmod 700');
}

/**
 * Makes sure that only its owner can read a file.
 *
 * @throws GatewayError `KERNEL_STORE_UNSAFE`
 */
export async function checkPrivateFile(file: string): Promise<void> {
  const stats = await fs.lstat(file);
  if (!stats.isFile()) throw unsafe(file, 'is no file but a link or a folder', 'remove it');
  checkOwner(file, stats, 'chmod 600');
}

function checkOwner(place: string, stats: Stats, remedy: string): void {
  // Windows tells neither; there, the profile's folder keeps others out.
  const uid = process.getuid?.();
  if (uid === undefined) return;
  if (stats.uid !== uid) {
    throw unsafe(place, `belongs to user ${stats.uid}, not to ${uid}`, `chown ${uid}`);
  }
  if ((stats.mode & OTHERS) !== 0) {
    const mode = (stats.mode & 0o777).toString(8);
    throw unsafe(place, `can be used by others (mode ${mode})`, remedy);
  }
}

function unsafe(place: string, problem: string, remedy: string): GatewayError {
  return new GatewayError('KERNEL_STORE_UNSAFE', `${place} ${problem}; ${remedy} '${place}'`);
}
