import fs from 'node:fs/promises';
import path from 'node:path';
import { GatewayError } from '@cliproxy/plugin-api';
import type { Logger } from '@cliproxy/plugin-api';
import type { CredentialStore, StoredAccount } from '@cliproxy/kernel';
import { decodeAccount, encodeAccount } from './account-record.ts';
import { removeForGood, writeAtomically } from './atomic-write.ts';
import { isErrno } from './errno.ts';
import { takeLock } from './name-lock.ts';
import { checkPrivateFile, makePrivateFolder } from './private-place.ts';
import { seal, unseal } from './sealed-file.ts';
import type { SealFault } from './sealed-file.ts';
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

const SUFFIX = '.account';
const LOCK_WAIT_MS = 60_000;
const ID = /^[\w.-]{1,64}\/[\w.-]{1,64}$/;

/**
 * Opens a vault of sealed files, one per account.
 *
 * @throws GatewayError `KERNEL_STORE_UNSAFE` when others can reach the folder or a file in it,
 *   `KERNEL_STORE_KEY` when an account was sealed with a key that is not given. Nothing is written
 *   then.
 */
export async function openVault(options: VaultOptions): Promise<FileVault> {
  const vault = new FileVault(options);
  await makePrivateFolder(options.folder);
  await vault.list();
  return vault;
}

/**
 * A {@link CredentialStore} of sealed files. An account's file is read whenever it is asked for, so
 * that several processes see the same; a file that can't be opened is set aside, and takes out its
 * account alone.
 */
export class FileVault implements CredentialStore {
  readonly #options: VaultOptions;

  constructor(options: VaultOptions) {
    this.#options = options;
  }

  async get(id: string): Promise<StoredAccount | undefined> {
    return (await this.#read(this.#fileOf(id), id))?.account;
  }

  async list(): Promise<readonly StoredAccount[]> {
    const { folder } = this.#options;
    const names = (await fs.readdir(folder)).filter((name) => name.endsWith(SUFFIX)).sort();
    const found = await Promise.all(
      names.map((name) => this.#read(path.join(folder, name), idOf(name))),
    );
    return found.flatMap((one) => (one === undefined ? [] : [one.account]));
  }

  async put(
    account: Omit<StoredAccount, 'generation'>,
    ifGeneration: number,
  ): Promise<StoredAccount> {
    const { id } = account;
    const file = this.#fileOf(id);
    return this.#alone(`${file}#write`, id, async () => {
      const kept = (await this.#read(file, id))?.account.generation ?? 0;
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
      this.#disk(id, 'removed', () => removeForGood(file)),
    );
  }

  withLock<T>(id: string, run: () => Promise<T>): Promise<T> {
    return this.#alone(`${this.#fileOf(id)}#use`, id, run);
  }

  /**
   * Seals with the current key what a former one sealed. May be run again when it was interrupted.
   *
   * @returns the ids of the accounts that were sealed anew.
   */
  async rotate(): Promise<readonly string[]> {
    const { folder, keys } = this.#options;
    const rotated: string[] = [];
    for (const name of await fs.readdir(folder)) {
      if (!name.endsWith(SUFFIX)) continue;
      const id = idOf(name);
      const file = path.join(folder, name);
      await this.#alone(`${file}#write`, id, async () => {
        const found = await this.#read(file, id);
        if (found === undefined || found.kid === keys.current.kid) return;
        await this.#write(found.account, found.account.generation + 1);
        rotated.push(id);
      });
    }
    return rotated;
  }

  async #read(
    file: string,
    id: string,
  ): Promise<{ readonly account: StoredAccount; readonly kid: string } | undefined> {
    let bytes: Buffer;
    try {
      bytes = await fs.readFile(file);
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined;
      throw this.#failed(id, 'read', error);
    }
    await checkPrivateFile(file);
    const opened = unseal(bytes, this.#options.keys);
    if ('fault' in opened) return this.#faulty(file, id, opened.fault);
    const record = decodeAccount(opened.content);
    // A file under another's name is as bad as a forged one.
    if (record === undefined || opened.header.id !== id) {
      return this.#faulty(file, id, 'tampered');
    }
    const { generation } = opened.header;
    return { account: { id, ...record, generation }, kid: opened.kid };
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

  async #faulty(file: string, id: string, fault: SealFault): Promise<undefined> {
    if (fault === 'unknown-key') {
      throw new GatewayError(
        'KERNEL_STORE_KEY',
        `account ${id} was sealed with another key than the one given; give that key again, after the new one`,
      );
    }
    if (fault === 'newer-format') {
      throw new GatewayError(
        'KERNEL_STORE_FAILED',
        `account ${id} was written by a newer version of the gateway; use that version`,
      );
    }
    const aside = `${file}.corrupt-${new Date(this.#options.now()).toISOString().replaceAll(':', '-')}`;
    await this.#disk(id, 'set aside', () => fs.rename(file, aside));
    this.#options.logger.error(
      `account ${id} can't be read: its file is ${fault} and was set aside; log it in again`,
      { account: id, file: aside },
    );
    return undefined;
  }

  async #alone<T>(name: string, id: string, run: () => Promise<T>): Promise<T> {
    const release = await takeLock(name, this.#options.lockWaitMs ?? LOCK_WAIT_MS);
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
    const reason = typeof cause === 'object' && cause !== null && 'code' in cause;
    const why = reason ? ` (${String(cause.code)})` : '';
    return new GatewayError(
      'KERNEL_STORE_FAILED',
      `account ${id} can't be ${what}${why}; check ${this.#options.folder}`,
      { cause },
    );
  }

  #fileOf(id: string): string {
    if (!ID.test(id)) throw new TypeError(`${JSON.stringify(id)} is no account id`);
    return path.join(this.#options.folder, `${id.replace('/', '@')}${SUFFIX}`);
  }
}

function idOf(fileName: string): string {
  return fileName.slice(0, -SUFFIX.length).replace('@', '/');
}
