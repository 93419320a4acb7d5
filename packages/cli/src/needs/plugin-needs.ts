import { didYouMean } from '@cliproxy/config';
import { inspectPlugin, installedPluginIds } from '@cliproxy/gateway';
import type { PluginInspection } from '@cliproxy/gateway';
import type { CommandConfig } from '../config-file.ts';
import { CommandError } from '../exit-codes.ts';
import { meantBy } from '../meant-by.ts';
import { pluginSources } from '../plugins/plugin-sources.ts';
import { lookAtNeed } from './look-at-need.ts';
import type { NeedState } from './look-at-need.ts';

/** A plugin, and how it stands with what it needs that npm does not bring. */
export interface PluginNeeds {
  readonly instanceId: string;
  readonly package: string;
  readonly version: string;
  readonly needs: readonly NeedState[];
}

/**
 * What a plugin needs, by the name of an instance or the id of a plugin; the first word of an id, as
 * in `aistudio` for `aistudio-relay`, will do. It need not be configured.
 *
 * @throws CommandError where the name means nothing, and where the plugin's package is not there.
 */
export async function needsOf(name: string, config: CommandConfig): Promise<PluginNeeds> {
  const { plugins } = config.settings.kernel;
  const instances = plugins.map(({ instanceId }) => instanceId);
  const known = [...new Set([...instances, ...installedPluginIds(dirsOf(config))])];
  const meant = meantBy(name, known);
  const [instanceId] = meant;
  if (instanceId === undefined || meant.length > 1) {
    const which = meant.length > 1 ? ` It may be ${meant.join(' or ')}.` : didYouMean(name, known);
    throw new CommandError(
      `there is no one plugin "${name}".${which} There are: ${known.join(', ')}.`,
    );
  }
  const inspected = await inspect(instanceId, config);
  if (inspected.package === undefined) throw new CommandError(inspected.faults.join('\n'));
  return look(instanceId, inspected, config);
}

/** The same for every enabled instance, as far as its package can be read. */
export async function allNeeds(config: CommandConfig): Promise<readonly PluginNeeds[]> {
  const enabled = config.settings.kernel.plugins.filter((one) => one.enabled);
  const looked = enabled.map(async ({ instanceId }) => {
    const inspected = await inspect(instanceId, config);
    return inspected.package === undefined ? [] : [await look(instanceId, inspected, config)];
  });
  return (await Promise.all(looked)).flat();
}

async function inspect(instanceId: string, config: CommandConfig): Promise<PluginInspection> {
  const { plugins, baseDir } = config.settings.kernel;
  const configured = plugins.find((one) => one.instanceId === instanceId);
  const reference = configured?.package ?? instanceId;
  return inspectPlugin(
    reference,
    await pluginSources({ baseDir, checker: config.checker }, [reference]),
  );
}

async function look(
  instanceId: string,
  inspected: Extract<PluginInspection, { readonly folder: string }>,
  config: CommandConfig,
): Promise<PluginNeeds> {
  const { name, version, manifest } = inspected.package;
  const configured = config.settings.kernel.plugins.find((one) => one.instanceId === instanceId);
  const place = {
    instanceId,
    settings: configured?.config ?? {},
    dataFolder: config.settings.data.folder,
  };
  const needs = await Promise.all(manifest.needs.map((need) => lookAtNeed(need, place)));
  return { instanceId, package: name, version, needs };
}

/** As the gateway looks for packages. */
function dirsOf({ settings }: CommandConfig): readonly string[] {
  return [settings.kernel.baseDir, import.meta.dirname];
}
