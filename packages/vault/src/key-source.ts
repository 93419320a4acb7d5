import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { syncFolder } from './atomic-write.ts';
import { isErrno } from './errno.ts';
import { checkPrivateFile, makePrivateFolder } from './private-place.ts';
import { parseKeys } from './vault-keys.ts';
import type { VaultKeys } from './vault-keys.ts';

/** Where a vault's keys come from: the first of these that is given. */
export interface KeySource {
  /** A file that somebody else provides: a mounted secret, a service manager's credential. */
  readonly providedFile?: string;
  /** The keys themselves, as an environment variable gives them. */
  readonly text?: string;
  /** A file of our own, made at first use; outside the data folder, so that a copy of one lacks the other. */
  readonly ownFile: string;
}

/**
 * Finds the keys.
 *
 * @throws GatewayError `CONFIG_INVALID` for what is no key, `KERNEL_STORE_UNSAFE` when others can
 *   read the own file.
 */
export async function loadKeys({ providedFile, text, ownFile }: KeySource): Promise<VaultKeys> {
  if (providedFile !== undefined) {
    return parseKeys(await fs.readFile(providedFile, 'utf8'), providedFile);
  }
  if (text !== undefined && text !== '') return parseKeys(text, 'the environment');
  await makeOwnFile(ownFile);
  await checkPrivateFile(ownFile);
  return parseKeys(await fs.readFile(ownFile, 'utf8'), ownFile);
}

/** Of several processes that start at once, one makes it; the others read that. */
async function makeOwnFile(file: string): Promise<void> {
  try {
    await fs.access(file);
    return;
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
  await makePrivateFolder(path.dirname(file));
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  const handle = await fs.open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(`${randomBytes(32).toString('base64')}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    // Unlike a rename, this fails where another was first.
    await fs.link(draft, file);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  } finally {
    await fs.rm(draft, { force: true });
  }
  // A key that is lost with a power cut takes all that it sealed with it.
  await syncFolder(path.dirname(file));
}
