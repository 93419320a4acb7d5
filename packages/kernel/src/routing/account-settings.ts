import type { Account } from '@cliproxy/plugin-api';
import type { AccountSettings, PluginSettings } from '../ports/settings.ts';

/** Looks up what is configured for one account of an instance. */
export type AccountSettingsLookup = (
  instanceId: string,
  account: Pick<Account, 'id' | 'label'>,
) => AccountSettings | undefined;

const ALL = '*';

/** Compiles the accounts' settings of one configuration generation. */
export function accountSettingsOf(plugins: readonly PluginSettings[]): AccountSettingsLookup {
  const instances = new Map<string, ReadonlyMap<string, AccountSettings>>();
  for (const { instanceId, accounts } of plugins) {
    if (accounts === undefined) continue;
    // What an account has of its own comes before what all have.
    const named = Object.entries(accounts).map(([name, own]): [string, AccountSettings] => [
      name,
      { ...accounts[ALL], ...own },
    ]);
    instances.set(instanceId, new Map(named));
  }
  return (instanceId, { id, label }) => {
    const known = instances.get(instanceId);
    if (known === undefined) return undefined;
    return known.get(id.slice(instanceId.length + 1)) ?? known.get(label) ?? known.get(ALL);
  };
}
