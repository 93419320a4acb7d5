import path from 'node:path';
import type { DataSettings } from '@cliproxy/config';
import type { CredentialStore, StateStore } from '@cliproxy/kernel';
import { GatewayError, isGatewayError } from '@cliproxy/plugin-api';
import type { Logger } from '@cliproxy/plugin-api';
import {
  claimFolder,
  loadKeys,
  makePrivateFolder,
  openStateFile,
  openVault,
} from '@cliproxy/vault';
import type { VaultKeys } from '@cliproxy/vault';

/** An open data folder. This process alone has it. */
export interface DataFolder {
  readonly credentials: CredentialStore;
  readonly states: StateStore;
  /** Which child processes run. */
  readonly childRecords: StateStore;
  /** Where the vault's log goes; what it had to say before comes first. */
  logTo(logger: Logger): void;
  /** Writes what other processes may want to know of this one, such as its address; no secrets. */
  tell(details: Readonly<Record<string, unknown>>): Promise<void>;
  /** Gives the folder back. */
  close(): void;
}

const KEY_VARIABLE = 'CLIPROXY_VAULT_KEY';

/**
 * Opens the folder of logins and account state. A key in the environment is taken out of it, so that
 * neither plugins nor child processes find it there.
 *
 * @throws GatewayError `KERNEL_STORE_LOCKED` when another gateway has the folder,
 *   `KERNEL_STORE_UNSAFE`, `KERNEL_STORE_KEY` or `KERNEL_STORE_FAILED` when it can't be used,
 *   `CONFIG_INVALID` for what is no key.
 */
export async function openDataFolder(settings: DataSettings): Promise<DataFolder> {
  const { folder, keyFile } = settings;
  const text = process.env[KEY_VARIABLE];
  Reflect.deleteProperty(process.env, KEY_VARIABLE);
  const log = new LateLog();
  try {
    const claim = await claimFolder(folder);
    try {
      const keys = await keysOf(folder, keyFile, text);
      const now = (): number => Date.now();
      const credentials = await openVault({
        folder: path.join(folder, 'accounts'),
        keys,
        logger: log,
        now,
      });
      const states = await openStateFile(folder, 'account-state.json');
      const childRecords = await openStateFile(folder, 'children.json');
      return {
        credentials,
        states,
        childRecords,
        logTo: (logger) => log.goTo(logger),
        tell: (details) => claim.tell(details),
        close: claim.release,
      };
    } catch (error) {
      claim.release();
      throw error;
    }
  } catch (error) {
    if (isGatewayError(error)) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new GatewayError(
      'KERNEL_STORE_FAILED',
      `logins can't be kept in ${folder}: ${why}; name a folder that can be written (data.folder)`,
      { cause: error },
    );
  }
}

/**
 * Looks whether a folder that another gateway may have can be opened after that: its modes, its owner,
 * and that there is a key.
 *
 * @throws GatewayError `KERNEL_STORE_UNSAFE`, `KERNEL_STORE_KEY`, `CONFIG_INVALID` as
 *   {@link openDataFolder} does.
 */
export async function checkDataFolder({ folder, keyFile }: DataSettings): Promise<void> {
  await makePrivateFolder(folder);
  await keysOf(folder, keyFile, process.env[KEY_VARIABLE]);
}

async function keysOf(
  folder: string,
  keyFile: string | undefined,
  text: string | undefined,
): Promise<VaultKeys> {
  return loadKeys({
    ...(keyFile === undefined ? {} : { providedFile: keyFile }),
    ...(text === undefined ? {} : { text }),
    // Beside the folder: a copy of that alone opens nothing.
    ownFile: `${folder}.key`,
  });
}

type Line = readonly [level: keyof Logger, message: string, fields: object | undefined];

/** Keeps lines until it is known where they go. */
class LateLog implements Logger {
  readonly #early: Line[] = [];
  #logger: Logger | undefined;

  goTo(logger: Logger): void {
    this.#logger = logger;
    for (const [level, message, fields] of this.#early.splice(0)) logger[level](message, fields);
  }

  debug(message: string, fields?: object): void {
    this.#write('debug', message, fields);
  }

  info(message: string, fields?: object): void {
    this.#write('info', message, fields);
  }

  warn(message: string, fields?: object): void {
    this.#write('warn', message, fields);
  }

  error(message: string, fields?: object): void {
    this.#write('error', message, fields);
  }

  #write(...line: Line): void {
    const [level, message, fields] = line;
    if (this.#logger === undefined) this.#early.push(line);
    else this.#logger[level](message, fields);
  }
}
