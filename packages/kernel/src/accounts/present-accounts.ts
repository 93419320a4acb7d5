import type { PluginInstance } from '../plugins/plugin-instance.ts';
import type { AccountHandle } from './account-handle.ts';

/** What a change of instances and accounts came to. */
export interface AccountTurnover {
  /** Ids of accounts that are gone. */
  readonly gone: readonly string[];
  /** Ids of instances that are gone or were set up anew. */
  readonly ended: ReadonlySet<string>;
  /** Accounts that were there before, under another handle. */
  readonly renewed: readonly AccountHandle[];
}

/** Which accounts are in force. Until it is told for the first time, all are. */
export class PresentAccounts {
  #instances: ReadonlyMap<string, PluginInstance> = new Map();
  #handles: ReadonlyMap<string, AccountHandle> | undefined;

  /** Whether an account is in force under this handle, which is that of one generation. */
  has(handle: AccountHandle): boolean {
    return this.#handles === undefined || this.#handles.get(handle.account.id) === handle;
  }

  /** Whether an account is in force, under whichever handle. */
  knows(accountId: string): boolean {
    return this.#handles === undefined || this.#handles.has(accountId);
  }

  replace(instances: readonly PluginInstance[]): AccountTurnover {
    const handles = instances.flatMap((instance) => instance.accounts());
    const formerInstances = this.#instances;
    const formerHandles = this.#handles ?? new Map<string, AccountHandle>();
    this.#instances = new Map(instances.map((instance) => [instance.id, instance]));
    this.#handles = new Map(handles.map((handle) => [handle.account.id, handle]));
    const ended = [...formerInstances].filter(([id, one]) => this.#instances.get(id) !== one);
    return {
      gone: [...formerHandles.keys()].filter((id) => !this.knows(id)),
      ended: new Set(ended.map(([id]) => id)),
      renewed: handles.filter((handle) => {
        const former = formerHandles.get(handle.account.id);
        return former !== undefined && former !== handle;
      }),
    };
  }
}
