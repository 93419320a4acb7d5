import { lookAtPlugin } from '@cliproxy/gateway';
import type { PluginLook } from '@cliproxy/gateway';
import { CommandError } from '../exit-codes.ts';
import { packageMeant, pluginPlace, pluginSources } from './plugin-sources.ts';

/** A plugin that is installed here, looked at. */
export interface InstalledPlugin {
  readonly look: Extract<PluginLook, { readonly schema: object }>;
  /** The instance that was named; absent: a package was. */
  readonly instanceId?: string;
}

/**
 * Finds the plugin that a person means and runs it as far as to know its settings; nothing of it is set up.
 *
 * @throws CommandError that says where it was looked for, or what is wrong with it.
 */
export async function installedPlugin(
  name: string,
  given: string | undefined,
): Promise<InstalledPlugin> {
  const place = await pluginPlace(given);
  const { reference, instanceId, hint } = packageMeant(name, place);
  const sources = await pluginSources(place, [reference]);
  const look = await lookAtPlugin(reference, { ...sources, experimental: true });
  if (look.package === undefined) {
    throw new CommandError(look.faults.join('\n') + hint, { code: look.code });
  }
  return { look, ...(instanceId !== undefined && { instanceId }) };
}
