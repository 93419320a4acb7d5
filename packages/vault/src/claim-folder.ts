import fs from 'node:fs/promises';
import path from 'node:path';
import { GatewayError } from '@cliproxy/plugin-api';
import { writeAtomically } from './atomic-write.ts';
import { NameLocks } from './name-locks.ts';
import type { Release } from './name-locks.ts';
import { makePrivateFolder } from './private-place.ts';

const NAME = 'owner.json';
/** A gateway that is being replaced may be about to end. */
const PATIENCE_MS = 1_000;

/**
 * Takes a data folder for this process alone, for as long as it lives or until it is given back. Who
 * has it is written there, for people.
 *
 * @throws GatewayError `KERNEL_STORE_LOCKED` naming the process that has it, `KERNEL_STORE_UNSAFE`
 *   when others can get at the folder.
 */
export async function claimFolder(folder: string): Promise<Release> {
  await makePrivateFolder(folder);
  const place = await fs.realpath(folder);
  const release = await new NameLocks().take(`${place}#owner`, PATIENCE_MS);
  const file = path.join(place, NAME);
  if (release === undefined) {
    const owner = await ownerIn(file);
    throw new GatewayError(
      'KERNEL_STORE_LOCKED',
      `another gateway${owner} keeps its accounts in ${place}; end it, or give this one a folder of its own (data.folder)`,
    );
  }
  try {
    const owner = { pid: process.pid, since: new Date().toISOString() };
    await writeAtomically(file, Buffer.from(`${JSON.stringify(owner)}\n`));
  } catch (error) {
    release();
    throw error;
  }
  return release;
}

/** What its owner has written; it may be about to. */
async function ownerIn(file: string): Promise<string> {
  try {
    const { pid, since } = JSON.parse(await fs.readFile(file, 'utf8')) as Record<string, unknown>;
    return ` (process ${String(pid)}, since ${String(since)})`;
  } catch {
    return '';
  }
}
