import fs from 'node:fs/promises';
import path from 'node:path';
import { isErrno } from './errno.ts';
import { isHeld } from './name-locks.ts';
import { processStart } from './process-start.ts';

/** The process that has a data folder, as it has written itself. */
export interface FolderOwner {
  readonly pid: number;
  /** Since when, as ISO 8601. */
  readonly since: string;
  /** See `processStart`; absent where it can't be known. */
  readonly startTicks?: number;
  /** What it has told of itself since, as far as it has. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** Who has a data folder, or had it. */
export type FolderHolder =
  | { readonly held: true; readonly owner: FolderOwner | undefined }
  /** An owner that is named nevertheless has ended without giving the folder back. */
  | { readonly held: false; readonly owner: FolderOwner | undefined };

const NAME = 'owner.json';

/** The file in which an owner writes itself. */
export function ownerFile(folder: string): string {
  return path.join(folder, NAME);
}

/** The lock that says whether a folder is held. @param place - the folder, links resolved. */
export function ownerLock(place: string): string {
  return `${place}#owner`;
}

/**
 * Looks who has a data folder. The lock decides, since the system takes it from a process that ends;
 * what is written says who it is. While a new owner has not written itself yet, none is named.
 */
export async function folderHolder(folder: string): Promise<FolderHolder> {
  let place: string;
  try {
    place = await fs.realpath(folder);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return { held: false, owner: undefined };
    throw error;
  }
  const held = await isHeld(ownerLock(place));
  const owner = await readOwner(place);
  if (!held) return { held, owner };
  return { held, owner: owner !== undefined && (await isThere(owner)) ? owner : undefined };
}

/** What stands in the file; undefined where nothing does that can be read. */
export async function readOwner(folder: string): Promise<FolderOwner | undefined> {
  try {
    const read = JSON.parse(await fs.readFile(ownerFile(folder), 'utf8')) as Partial<FolderOwner>;
    if (typeof read.pid !== 'number' || typeof read.since !== 'string') return undefined;
    return { ...read, pid: read.pid, since: read.since, details: read.details ?? {} };
  } catch {
    return undefined;
  }
}

/** Whether the very process still runs. */
async function isThere({ pid, startTicks }: FolderOwner): Promise<boolean> {
  const now = await processStart(pid);
  return startTicks === undefined || now === startTicks;
}
