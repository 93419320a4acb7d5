import type { ModelEntry } from '../kernel.ts';
import type { KernelSettings } from '../ports/settings.ts';
import type { ListedModels, RoutingTable } from './routing-table.ts';

/** What a model list is made from; one per configuration generation. */
export interface ModelListOptions {
  readonly settings: Pick<KernelSettings, 'routes' | 'aliases'>;
  readonly table: RoutingTable;
  readonly catalogue: ListedModels;
}

/**
 * The names that clients can use, as far as they can be listed: aliases, routes without `*`, and
 * the models of the plugins; each with the instance that serves it first. Made anew only after a
 * plugin's list has changed.
 */
export function createModelList(options: ModelListOptions): () => readonly ModelEntry[] {
  const { settings, table, catalogue } = options;
  const configured = [
    ...Object.keys(settings.aliases),
    ...settings.routes.map(({ match }) => match).filter((match) => !match.includes('*')),
  ];
  let version: number | undefined;
  let entries: readonly ModelEntry[] = [];
  return () => {
    if (version === catalogue.version) return entries;
    version = catalogue.version;
    const names = new Set([...configured, ...catalogue.names()]);
    entries = [...names].flatMap((name) => entryOf(name, table));
    return entries;
  };
}

function entryOf(id: string, table: RoutingTable): ModelEntry | readonly [] {
  const first = table.resolve(id).targets.find(({ instance }) => instance !== undefined);
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
