import { rmSync } from 'node:fs';
import fs from 'node:fs/promises';
import { GatewayError } from '@cliproxy/plugin-api';
import { writeAtomically } from './atomic-write.ts';
import { ownerFile, ownerLock, readOwner } from './folder-owner.ts';
import type { FolderOwner } from './folder-owner.ts';
import { NameLocks } from './name-locks.ts';
import type { Release } from './name-locks.ts';
import { makePrivateFolder } from './private-place.ts';
import { processStart } from './process-start.ts';

/** A gateway that is being replaced may be about to end. */
const PATIENCE_MS = 1_000;

/** A data folder that this process has. */
export interface FolderClaim {
  /** Writes what others may want to know of this process, such as its address; no secrets. */
  tell(details: Readonly<Record<string, unknown>>): Promise<void>;
  /** Gives the folder back. */
  readonly release: Release;
}

/**
 * Takes a data folder for this process alone, for as long as it lives or until it is given back. Who
 * has it is written there.
 *
 * @throws GatewayError `KERNEL_STORE_LOCKED` naming the process that has it, `KERNEL_STORE_UNSAFE`
 *   when others can get at the folder.
 */
export async function claimFolder(folder: string): Promise<FolderClaim> {
  await makePrivateFolder(folder);
  const place = await fs.realpath(folder);
  const unlock = await new NameLocks().take(ownerLock(place), PATIENCE_MS);
  if (unlock === undefined) {
    throw new GatewayError(
      'KERNEL_STORE_LOCKED',
      `another gateway${named(await readOwner(place))} keeps its accounts in ${place}; end it with "cliproxy stop", or give this one a folder of its own (data.folder)`,
    );
  }
  const file = ownerFile(place);
  const startTicks = await processStart(process.pid);
  const owner: Omit<FolderOwner, 'details'> = {
    pid: process.pid,
    since: new Date().toISOString(),
    ...(startTicks !== undefined && { startTicks }),
  };
  const tell = (details: Readonly<Record<string, unknown>>): Promise<void> =>
    writeAtomically(file, Buffer.from(`${JSON.stringify({ ...owner, details })}\n`));
  const release = (): void => {
    // First, or it could be the next owner's: one that is left behind tells of an end without notice.
    try {
      rmSync(file, { force: true });
    } finally {
      unlock();
    }
  };
  try {
    await tell({});
  } catch (error) {
    unlock();
    throw error;
  }
  return { tell, release };
}

/** It may be about to write itself. */
function named(owner: FolderOwner | undefined): string {
  if (owner === undefined) return '';
  const { url } = owner.details;
  const where = typeof url === 'string' ? `, at ${url}` : '';
  return ` (process ${owner.pid}, since ${owner.since}${where})`;
}
