import type { ModelEntry } from '../kernel.ts';
import type { PluginInstance } from '../plugins/plugin-instance.ts';
import type { KernelSettings } from '../ports/settings.ts';
import type { ListedModels, ResolvedTarget, RoutingTable } from './routing-table.ts';

/** What a model list is made from; one per configuration generation. */
export interface ModelListOptions {
  readonly settings: Pick<KernelSettings, 'routes' | 'aliases'>;
  readonly table: RoutingTable;
  readonly catalogue: ListedModels;
  /** Whether a probe says that an account can't be used. */
  readonly isProbeDown: (accountId: string) => boolean;
}

interface Name {
  readonly id: string;
  /** Those that there are; at least one. */
  readonly targets: readonly [Target, ...Target[]];
}

type Target = ResolvedTarget & { readonly instance: PluginInstance };

/**
 * The names that clients can use, as far as they can be listed: aliases, routes without `*`, and
 * the models of the plugins; each with the instance that serves it first. What is served by
 * instances alone whose probes are down for all their accounts is left out until they are back.
 * Made anew only after a plugin's list, or what its probes say, has changed.
 */
export function createModelList(options: ModelListOptions): () => readonly ModelEntry[] {
  const { settings, table, catalogue, isProbeDown } = options;
  const configured = [
    ...Object.keys(settings.aliases),
    ...settings.routes.map(({ match }) => match).filter((match) => !match.includes('*')),
  ];
  let version: number | undefined;
  let names: readonly Name[] = [];
  let instances: readonly PluginInstance[] = [];
  let downBefore: string | undefined;
  let entries: readonly ModelEntry[] = [];
  return () => {
    if (version !== catalogue.version) {
      version = catalogue.version;
      const all = new Set([...configured, ...catalogue.names()]);
      names = [...all].flatMap((id) => nameOf(id, table));
      instances = [
        ...new Set(names.flatMap(({ targets }) => targets.map(({ instance }) => instance))),
      ];
      downBefore = undefined;
    }
    const down = new Set(instances.filter((instance) => isDown(instance, isProbeDown)));
    const downNow = [...down].map(({ id }) => id).join(' ');
    if (downNow === downBefore) return entries;
    downBefore = downNow;
    entries = names.flatMap((name) => entryOf(name, down));
    return entries;
  };
}

/** One without accounts is not down: it waits for a login. */
function isDown(instance: PluginInstance, isProbeDown: ModelListOptions['isProbeDown']): boolean {
  const accounts = instance.accounts();
  return accounts.length > 0 && accounts.every(({ account }) => isProbeDown(account.id));
}

function nameOf(id: string, table: RoutingTable): Name | readonly [] {
  const { targets } = table.resolve(id);
  const [first, ...others] = targets.filter(
    (target): target is Target => target.instance !== undefined,
  );
  return first === undefined ? [] : { id, targets: [first, ...others] };
}

function entryOf(
  { id, targets }: Name,
  down: ReadonlySet<PluginInstance>,
): ModelEntry | readonly [] {
  const first = targets.find(({ instance }) => !down.has(instance));
  if (first === undefined) return [];
  const { displayName, contextTokens, maxOutputTokens } = first.info ?? {};
  return {
    id,
    ...(displayName === undefined ? {} : { displayName }),
    ownedBy: first.instanceId,
    ...(contextTokens === undefined ? {} : { contextTokens }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
  };
}
