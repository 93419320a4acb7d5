import type { FailureKind, Quota } from '@cliproxy/plugin-api';
import QuickLRU from 'quick-lru';
import type { AccountHandle } from './account-handle.ts';
import type { AccountState } from './account-state.ts';
import type { KeptStanding } from './kept-standings.ts';

/** Against what a state stands: a whole instance, one of its accounts, or a model of that. */
export type Level = 'instance' | 'account' | 'model';

/** An account and a model of it, with what stands above them. */
export interface Place {
  readonly instanceId: string;
  readonly handle: AccountHandle;
  readonly model: string;
  /** All accounts of the instance, which share its state. */
  readonly siblings: readonly AccountHandle[];
}

/** What is known of an account. */
export interface AccountEntry {
  readonly instanceId: string;
  label: string;
  state?: AccountState;
  models?: QuickLRU<string, AccountState>;
  /** Probes that are down, and what they said. */
  downProbes?: Map<string, string>;
  quotas?: () => readonly Quota[];
}

/** An account of which something has been forgotten. */
export interface FreedAccount {
  readonly instanceId: string;
  readonly accountId: string;
  readonly label: string;
}

const MAX_ACCOUNTS = 5_000;
const MAX_MODELS_PER_ACCOUNT = 250;

/**
 * What stands against instances, accounts and models. Bounded: of accounts and of models per account it
 * forgets the least recently used.
 */
export class AccountTable {
  readonly #instances = new Map<string, AccountState>();
  readonly #accounts = new QuickLRU<string, AccountEntry>({ maxSize: MAX_ACCOUNTS });

  /**
   * What stands against instances and accounts, to be kept.
   *
   * @param knows - which accounts are there.
   */
  kept(knows: (accountId: string) => boolean): readonly KeptStanding[] {
    const kept: KeptStanding[] = [];
    for (const [instance, state] of this.#instances) kept.push({ instance, state });
    for (const [account, { instanceId: instance, state, models }] of this.#accounts) {
      if (!knows(account)) continue;
      if (state !== undefined) kept.push({ instance, account, state });
      for (const [model, found] of models ?? []) {
        kept.push({ instance, account, model, state: found });
      }
    }
    return kept;
  }

  /** Takes up what was kept, before the first accounts are there. */
  restore(standings: readonly KeptStanding[]): void {
    for (const { instance, account, model, state } of standings) {
      if (account === undefined) {
        this.#instances.set(instance, state);
        continue;
      }
      const entry = this.#accounts.get(account) ?? { instanceId: instance, label: account };
      this.#accounts.set(account, entry);
      if (model === undefined) entry.state = state;
      else modelsOf(entry).set(model, state);
    }
  }

  /** What stands against a whole instance. */
  ofInstance(instanceId: string): AccountState | undefined {
    return this.#instances.get(instanceId);
  }

  /** What is known of an account, which counts as a use of it. */
  use(accountId: string): AccountEntry | undefined {
    return this.#accounts.get(accountId);
  }

  /** What is known of an account, for somebody who only looks. */
  peek(accountId: string): AccountEntry | undefined {
    return this.#accounts.peek(accountId);
  }

  /** What is known of an account, from now on if nothing was. */
  entry({ instanceId, account: { id, label } }: AccountHandle): AccountEntry {
    let entry = this.#accounts.get(id);
    if (entry === undefined) {
      entry = { instanceId, label };
      this.#accounts.set(id, entry);
    }
    entry.label = label;
    return entry;
  }

  /** What stands against one of the levels of a place. */
  read({ instanceId, handle, model }: Place, level: Level): AccountState | undefined {
    if (level === 'instance') return this.#instances.get(instanceId);
    const entry = this.#accounts.get(handle.account.id);
    return level === 'account' ? entry?.state : entry?.models?.get(model);
  }

  /** @param state - undefined: nothing stands against it any more. */
  write(place: Place, level: Level, state: AccountState | undefined): void {
    if (level === 'instance') {
      if (state === undefined) this.#instances.delete(place.instanceId);
      else this.#instances.set(place.instanceId, state);
      // Known by name, so that they can be told of when the state is reset.
      for (const handle of place.siblings) this.entry(handle);
      return;
    }
    const entry = this.entry(place.handle);
    if (level === 'account') {
      if (state === undefined) delete entry.state;
      else entry.state = state;
      return;
    }
    const models = modelsOf(entry);
    if (state !== undefined) models.set(place.model, state);
    else models.delete(place.model);
    if (models.size === 0) delete entry.models;
  }

  /** An account is gone. */
  forget(accountId: string): void {
    this.#accounts.delete(accountId);
  }

  /** @returns whether something stood against it. */
  forgetInstance(instanceId: string): boolean {
    return this.#instances.delete(instanceId);
  }

  /**
   * An account begins anew, but for what its vendor has limited.
   *
   * @returns whether something stood against it.
   */
  renew(accountId: string): boolean {
    const entry = this.#accounts.get(accountId);
    if (entry === undefined) return false;
    const { state, models, downProbes } = entry;
    delete entry.downProbes;
    if (state !== undefined && !isVendorLimit(state.kind)) delete entry.state;
    for (const [model, { kind }] of [...(models ?? [])]) {
      if (!isVendorLimit(kind)) models?.delete(model);
    }
    if (models?.size === 0) delete entry.models;
    return (state ?? models ?? downProbes) !== undefined;
  }

  /**
   * Forgets what stands against one account, and against its instance; or against all.
   *
   * @returns those against which something stood.
   */
  reset(accountId?: string): readonly FreedAccount[] {
    const target = accountId === undefined ? undefined : this.#accounts.get(accountId);
    if (accountId !== undefined && target === undefined) return [];
    const ids = target === undefined ? [...this.#instances.keys()] : [target.instanceId];
    const instances = new Set(ids.filter((id) => this.#instances.delete(id)));
    const freed: FreedAccount[] = [];
    for (const [id, entry] of this.#accounts) {
      const { instanceId, label } = entry;
      const named = target === undefined || target === entry;
      const own = named && (entry.state !== undefined || entry.models !== undefined);
      if (named) {
        delete entry.state;
        delete entry.models;
      }
      if (own || instances.has(instanceId)) freed.push({ instanceId, accountId: id, label });
    }
    return freed;
  }
}

/** What a vendor has told an account to wait for; it holds whatever our configuration says. */
export function isVendorLimit(kind: FailureKind): boolean {
  return kind === 'rate-limit' || kind === 'overloaded';
}

function modelsOf(entry: AccountEntry): QuickLRU<string, AccountState> {
  entry.models ??= new QuickLRU({ maxSize: MAX_MODELS_PER_ACCOUNT });
  return entry.models;
}
