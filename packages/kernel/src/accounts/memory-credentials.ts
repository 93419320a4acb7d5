import { GatewayError } from '@cliproxy/plugin-api';
import type {
  CredentialStore,
  StoredAccount,
  UnreadableAccount,
} from '../ports/credential-store.ts';

/** Keeps accounts until the process ends: for gateways that have no place of their own on disk. */
export class MemoryCredentials implements CredentialStore {
  readonly #accounts = new Map<string, StoredAccount>();
  readonly #lines = new Map<string, Promise<unknown>>();

  async get(id: string): Promise<StoredAccount | undefined> {
    return this.#accounts.get(id);
  }

  async list(): Promise<readonly StoredAccount[]> {
    return [...this.#accounts.values()];
  }

  async unreadable(): Promise<readonly UnreadableAccount[]> {
    return [];
  }

  async put(
    account: Omit<StoredAccount, 'generation'>,
    ifGeneration: number,
  ): Promise<StoredAccount> {
    const generation = this.#accounts.get(account.id)?.generation ?? 0;
    if (generation !== ifGeneration) {
      throw new GatewayError(
        'KERNEL_STORE_CONFLICT',
        `account ${account.id} was changed meanwhile: it is at generation ${generation}, not ${ifGeneration}`,
      );
    }
    const kept = { ...account, generation: generation + 1 };
    this.#accounts.set(account.id, kept);
    return kept;
  }

  async delete(id: string): Promise<void> {
    this.#accounts.delete(id);
  }

  async withLock<T>(id: string, run: () => Promise<T>): Promise<T> {
    const turn = (this.#lines.get(id) ?? Promise.resolve()).then(run);
    const line = turn.catch(() => undefined);
    this.#lines.set(id, line);
    try {
      return await turn;
    } finally {
      if (this.#lines.get(id) === line) this.#lines.delete(id);
    }
  }
}
