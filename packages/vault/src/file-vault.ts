import fs from 'node:fs/promises';
import path from 'node:path';
import { GatewayError, isGatewayError } from '@cliproxy/plugin-api';
import type { Logger } from '@cliproxy/plugin-api';
import type { CredentialStore, StoredAccount, UnreadableAccount } from '@cliproxy/kernel';
import { fileNameOf, isAccountFile, labelOfFile, setAsideFrom } from './account-file.ts';
import { decodeAccount, encodeAccount } from './account-record.ts';
import { removeForGood, targetOfTemporary, writeAtomically } from './atomic-write.ts';
import { isErrno } from './errno.ts';
import { NameLocks } from './name-locks.ts';
import { checkPrivateFile, makePrivateFolder } from './private-place.ts';
import { seal, unseal } from './sealed-file.ts';
import type { VaultKeys } from './vault-keys.ts';

/** What a vault is opened with. */
export interface VaultOptions {
  /** Its folder; made when it is not there. */
  readonly folder: string;
  readonly keys: VaultKeys;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  now(): number;
  /** How long an account's lock is waited for, in milliseconds. Default 60 s. */
  readonly lockWaitMs?: number;
}

/** An account's file, opened. */
interface Sound {
  readonly account: StoredAccount;
  readonly kid: string;
}

const LOCK_WAIT_MS = 60_000;

/**
 * Opens a vault of sealed files, one per account.
 *
 * @throws GatewayError `KERNEL_STORE_UNSAFE` when others can reach the folder or a file in it,
 *   `KERNEL_STORE_KEY` when there are accounts and the keys open none, `KERNEL_STORE_FAILED` when
 *   none can be read otherwise. No account is touched then.
 */
export async function openVault(options: VaultOptions): Promise<FileVault> {
  await makePrivateFolder(options.folder);
  // Locks go by the path: it must be the same one for all.
  const vault = new FileVault({ ...options, folder: await fs.realpath(options.folder) });
  await vault.list();
  await vault.sweep();
  return vault;
}

/**
 * A {@link CredentialStore} of sealed files. An account's file is read whenever it is asked for, so
 * that several processes see the same; a file that can't be opened takes out its account alone.
 */
export class FileVault implements CredentialStore {
  readonly #options: VaultOptions;
  readonly #locks = new NameLocks();

  constructor(options: VaultOptions) {
    this.#options = options;
  }

  async get(id: string): Promise<StoredAccount | undefined> {
    return (await this.#read(this.#fileOf(id), id))?.account;
  }

  async list(): Promise<readonly StoredAccount[]> {
    const found = await Promise.all((await this.#files()).map((file) => this.#readOr(file)));
    const faults = found.filter(isGatewayError);
    const accounts = found.flatMap((one) =>
      one === undefined || isGatewayError(one) ? [] : [one],
    );
    const [fault] = faults;
    if (fault !== undefined && accounts.length === 0) throw fault;
    for (const { message } of faults) this.#options.logger.error(message);
    return accounts;
  }

  async unreadable(): Promise<readonly UnreadableAccount[]> {
    const files = await this.#files();
    const read = await Promise.all(files.map((file) => this.#readOr(file)));
    const faulty = files.flatMap((file, index) => {
      const fault = read[index];
      const id = labelOfFile(path.basename(file));
      return isGatewayError(fault) ? [{ id, reason: fault.message }] : [];
    });
    const sound = new Set(files.map((file) => path.basename(file)));
    const aside = (await fs.readdir(this.#options.folder)).map(setAsideFrom);
    const damaged = [...new Set(aside)].flatMap((name) =>
      name === undefined || sound.has(name)
        ? []
        : [{ id: labelOfFile(name), reason: 'its file was damaged and set aside' }],
    );
    return [...faulty, ...damaged];
  }

  async put(
    account: Omit<StoredAccount, 'generation'>,
    ifGeneration: number,
  ): Promise<StoredAccount> {
    const { id } = account;
    const file = this.#fileOf(id);
    return this.#alone(`${file}#write`, id, async () => {
      const found = await this.#readAlone(file, id).catch((error: unknown) => {
        if (ifGeneration === 0 && isGatewayError(error) && error.code === 'KERNEL_STORE_KEY') {
          return 'sealed' as const;
        }
        throw error;
      });
      if (found === 'sealed') {
        await this.#setAside(file, id, 'sealed');
        return this.#write(account, 1);
      }
      const kept = found?.account.generation ?? 0;
      if (kept !== ifGeneration) {
        throw new GatewayError(
          'KERNEL_STORE_CONFLICT',
          `account ${id} was changed meanwhile: it is at generation ${kept}, not ${ifGeneration}; read it again`,
        );
      }
      return this.#write(account, kept + 1);
    });
  }

  async delete(id: string): Promise<void> {
    const file = this.#fileOf(id);
    await this.#alone(`${file}#write`, id, () =>
      this.#disk(id, 'removed', async () => {
        await removeForGood(file);
        for (const name of await fs.readdir(this.#options.folder)) {
          if (setAsideFrom(name) === path.basename(file)) {
            await removeForGood(path.join(this.#options.folder, name));
          }
        }
      }),
    );
  }

  async withLock<T>(id: string, run: () => Promise<T>): Promise<T> {
    return this.#alone(`${this.#fileOf(id)}#use`, id, run);
  }

  /**
   * Seals with the current key what a former one sealed. May be run again when it was interrupted.
   *
   * @returns the ids of the accounts that were sealed anew.
   */
  async rotate(): Promise<readonly string[]> {
    const { keys } = this.#options;
    const rotated: string[] = [];
    for (const file of await this.#files()) {
      const label = labelOfFile(path.basename(file));
      await this.#alone(`${file}#write`, label, async () => {
        const found = await this.#readAlone(file);
        if (found === undefined || found.kid === keys.current.kid) return;
        await this.#write(found.account, found.account.generation + 1);
        rotated.push(found.account.id);
      });
    }
    return rotated;
  }

  /** Removes what writers that were killed have left behind; writers at work are left alone. */
  async sweep(): Promise<void> {
    const { folder } = this.#options;
    for (const name of await fs.readdir(folder)) {
      const target = targetOfTemporary(name);
      if (target === undefined) continue;
      const release = await this.#locks.take(`${path.join(folder, target)}#write`, 0);
      if (release === undefined) continue;
      // A read-only disk keeps it; that does no harm.
      await fs.rm(path.join(folder, name), { force: true }).catch(() => undefined);
      release();
    }
  }

  async #files(): Promise<readonly string[]> {
    const { folder } = this.#options;
    const names = (await fs.readdir(folder)).filter(isAccountFile).sort();
    return names.map((name) => path.join(folder, name));
  }

  /** For a list: a fault of one account is told, and does not take out the others. */
  async #readOr(file: string): Promise<StoredAccount | GatewayError | undefined> {
    try {
      return (await this.#read(file))?.account;
    } catch (error) {
      if (isGatewayError(error) && error.code !== 'KERNEL_STORE_UNSAFE') return error;
      throw error;
    }
  }

  async #read(file: string, id?: string): Promise<Sound | undefined> {
    const found = await this.#open(file, id);
    if (found !== 'broken') return found;
    // Once more, alone: a good one may have taken its place by now.
    return this.#alone(`${file}#write`, id ?? labelOfFile(path.basename(file)), () =>
      this.#readAlone(file, id),
    );
  }

  /** Sets aside what is broken. Only for who holds the file's write lock. */
  async #readAlone(
    file: string,
    id = labelOfFile(path.basename(file)),
  ): Promise<Sound | undefined> {
    const found = await this.#open(file);
    if (found !== 'broken') return found;
    const aside = await this.#setAside(file, id, 'corrupt');
    this.#options.logger.error(
      `account ${id} can't be read: its file is damaged and was set aside; log it in again`,
      { account: id, file: aside },
    );
    return undefined;
  }

  async #setAside(file: string, id: string, why: 'corrupt' | 'sealed'): Promise<string> {
    const time = new Date(this.#options.now()).toISOString().replaceAll(':', '-');
    const aside = `${file}.${why}-${time}`;
    await this.#disk(id, 'set aside', () => fs.rename(file, aside));
    if (why === 'sealed') {
      this.#options.logger.warn(
        `account ${id} was sealed with another key, and was logged in anew: what was kept is set aside`,
        { account: id, file: aside },
      );
    }
    return aside;
  }

  async #open(
    file: string,
    id = labelOfFile(path.basename(file)),
  ): Promise<Sound | 'broken' | undefined> {
    let bytes: Buffer;
    try {
      bytes = await fs.readFile(file);
      await checkPrivateFile(file);
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined;
      throw isGatewayError(error) ? error : this.#failed(id, 'read', error);
    }
    const opened = unseal(bytes, this.#options.keys);
    if (!('fault' in opened)) {
      const { header, kid, content } = opened;
      const record = decodeAccount(content);
      // A file under another's name is as bad as a forged one.
      if (record === undefined || this.#fileOf(header.id) !== file) return 'broken';
      return { account: { id: header.id, ...record, generation: header.generation }, kid };
    }
    switch (opened.fault) {
      case 'malformed':
      case 'tampered':
        return 'broken';
      case 'unknown-key':
        throw new GatewayError(
          'KERNEL_STORE_KEY',
          `account ${id} was sealed with another key than the one given; give that key again, after the new one`,
        );
      case 'newer-format':
        throw new GatewayError(
          'KERNEL_STORE_FAILED',
          `account ${id} was written by a newer version of the gateway; use that version`,
        );
    }
  }

  async #write(
    account: Omit<StoredAccount, 'generation'>,
    generation: number,
  ): Promise<StoredAccount> {
    const { id } = account;
    const sealed = seal({ id, generation }, encodeAccount(account), this.#options.keys.current);
    await this.#disk(id, 'written', () => writeAtomically(this.#fileOf(id), sealed));
    return { ...account, generation };
  }

  async #alone<T>(name: string, id: string, run: () => Promise<T>): Promise<T> {
    const release = await this.#locks.take(name, this.#options.lockWaitMs ?? LOCK_WAIT_MS);
    if (release === undefined) {
      throw new GatewayError(
        'KERNEL_STORE_LOCKED',
        `account ${id} is in use by another process; wait, or end it`,
      );
    }
    try {
      return await run();
    } finally {
      release();
    }
  }

  async #disk<T>(id: string, what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.#failed(id, what, error);
    }
  }

  #failed(id: string, what: string, cause: unknown): GatewayError {
    const hasCode = typeof cause === 'object' && cause !== null && 'code' in cause;
    const why = hasCode ? ` (${String(cause.code)})` : '';
    return new GatewayError(
      'KERNEL_STORE_FAILED',
      `account ${id} can't be ${what}${why}; check ${this.#options.folder}`,
      { cause },
    );
  }

  #fileOf(id: string): string {
    return path.join(this.#options.folder, fileNameOf(id));
  }
}
