import fs from 'node:fs/promises';
import path from 'node:path';
import { GatewayError } from '@cliproxy/plugin-api';
import type { StateStore } from '@cliproxy/kernel';
import { removeForGood, syncFolder, targetOfTemporary, writeAtomically } from './atomic-write.ts';
import { isErrno } from './errno.ts';
import { checkPrivateFile, makePrivateFolder } from './private-place.ts';

/** More than the gateway ever saves. */
const MAX_BYTES = 32 * 1024 * 1024;

/**
 * Keeps state as one JSON file, beside the accounts and readable like a log: no secret is in it. A
 * file that can't be read is set aside with `.broken` behind its name.
 *
 * @param folder - absolute; made where it is missing, for its owner alone.
 * @param name - of the file within it.
 * @throws GatewayError `KERNEL_STORE_UNSAFE` when others can get at the folder.
 */
export async function openStateFile(folder: string, name: string): Promise<StateStore> {
  await makePrivateFolder(folder);
  const file = path.join(folder, name);
  for (const found of await fs.readdir(folder)) {
    if (targetOfTemporary(found) === name) await removeForGood(path.join(folder, found));
  }
  return {
    async load() {
      try {
        await checkPrivateFile(file);
        const { size } = await fs.stat(file);
        if (size > MAX_BYTES) throw new SyntaxError(`${size} bytes are too many`);
        return JSON.parse(await fs.readFile(file, 'utf8')) as unknown;
      } catch (error) {
        if (isErrno(error, 'ENOENT')) return undefined;
        if (!(error instanceof SyntaxError)) throw error;
        await fs.rename(file, `${file}.broken`);
        await syncFolder(folder);
        return undefined;
      }
    },
    async save(state) {
      try {
        await writeAtomically(file, Buffer.from(JSON.stringify(state)));
      } catch (cause) {
        const message = `${file} can't be written; free space or mend the folder's permissions`;
        throw new GatewayError('KERNEL_STORE_FAILED', message, { cause });
      }
    },
  };
}
