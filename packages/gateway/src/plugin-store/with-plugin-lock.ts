import { realpath } from 'node:fs/promises';
import { NameLocks } from '@cliproxy/vault';
import { lockFileOf } from './plugin-lock.ts';

const locks = new NameLocks();

/** Longest wait for another command; what it does meanwhile is quick. */
const PATIENCE_MS = 30_000;

/**
 * Lets one command at a time read the lock file and write it anew. The system takes the turn from a command
 * that ends, however it ends.
 *
 * @throws Error when another one does not come to an end.
 */
export async function withPluginLock<T>(baseDir: string, work: () => Promise<T>): Promise<T> {
  const release = await locks.take(`${await realpath(baseDir)}#plugins`, PATIENCE_MS);
  if (release === undefined) {
    throw new Error(
      `another command is changing ${lockFileOf(baseDir)}; run this one again once it has ended`,
    );
  }
  try {
    return await work();
  } finally {
    release();
  }
}
