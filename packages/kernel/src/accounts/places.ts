import type { PluginSettings } from '../ports/settings.ts';
import type { AccountSettingsLookup } from '../routing/account-settings.ts';
import type { AccountHandle } from './account-handle.ts';

/** How many requests may be answered at the same time; undefined: any number. */
export interface PlaceLimits {
  instance(instanceId: string): number | undefined;
  account(handle: Placed): number | undefined;
}

type Placed = Pick<AccountHandle, 'account' | 'instanceId'>;

/** Gives a place back; called once. */
export type Release = () => void;

const unlimited: Release = () => undefined;

/** The limits of one configuration generation; undefined where it has none. */
export function placeLimitsOf(
  plugins: readonly PluginSettings[],
  accountSettings: AccountSettingsLookup,
): PlaceLimits | undefined {
  const instances = new Map(plugins.map((one) => [one.instanceId, one.maxConcurrent]));
  const limited = plugins.some(
    ({ maxConcurrent, accounts = {} }) =>
      maxConcurrent !== undefined ||
      Object.values(accounts).some((account) => account.maxConcurrent !== undefined),
  );
  if (!limited) return undefined;
  return {
    instance: (instanceId) => instances.get(instanceId),
    account: ({ instanceId, account }) => accountSettings(instanceId, account)?.maxConcurrent,
  };
}

/** Counts the requests that accounts and instances answer. Counts nothing where nothing is limited. */
export class Places {
  readonly #limits: () => PlaceLimits | undefined;
  /** By instance id and by account id; none is a zero. */
  readonly #taken = new Map<string, number>();
  #onFree: (instanceId: string, accountId: string) => void = () => undefined;

  constructor(limits: () => PlaceLimits | undefined) {
    this.#limits = limits;
  }

  /** Calls back whenever a place is given back. */
  onFree(listener: (instanceId: string, accountId: string) => void): void {
    this.#onFree = listener;
  }

  /** Whether all places of an account, or of its instance, are taken. */
  full(handle: Placed): boolean {
    const limits = this.#limits();
    return limits !== undefined && this.#full(limits, handle);
  }

  /** @returns undefined where all places are taken. */
  take(handle: Placed): Release | undefined {
    const limits = this.#limits();
    if (limits === undefined) return unlimited;
    if (this.#full(limits, handle)) return undefined;
    const { instanceId, account } = handle;
    this.#add(instanceId, 1);
    this.#add(account.id, 1);
    return () => {
      this.#add(instanceId, -1);
      this.#add(account.id, -1);
      this.#onFree(instanceId, account.id);
    };
  }

  /** Whether anything is limited. */
  get limited(): boolean {
    return this.#limits() !== undefined;
  }

  /** How many places of an instance or of an account are taken. */
  taken(id: string): number {
    return this.#count(id);
  }

  #full(limits: PlaceLimits, handle: Placed): boolean {
    const { instanceId, account } = handle;
    return (
      this.#count(instanceId) >= (limits.instance(instanceId) ?? Infinity) ||
      this.#count(account.id) >= (limits.account(handle) ?? Infinity)
    );
  }

  #count(key: string): number {
    return this.#taken.get(key) ?? 0;
  }

  #add(key: string, step: number): void {
    const count = this.#count(key) + step;
    if (count === 0) this.#taken.delete(key);
    else this.#taken.set(key, count);
  }
}
