import type { ModelInfo, Speaks } from '@cliproxy/plugin-api';
import QuickLRU from 'quick-lru';
import type { ModelPatternDeclaration, PluginInstance } from '../plugins/plugin-instance.ts';
import type { AccountStrategyName, KernelSettings, StrategyName } from '../ports/settings.ts';
import { accountSettingsOf } from './account-settings.ts';
import type { AccountSettingsLookup } from './account-settings.ts';
import type { ModelPattern } from './model-pattern.ts';
import { bySpecificity, compilePattern, substitute } from './model-pattern.ts';
import { nearNames } from './near-names.ts';
import type { RouteVia } from './plan.ts';
import { spokenFor } from './spoken-for.ts';
import { ratingOf } from './strategies.ts';

/** What the table needs to know about the models that plugins list. */
export interface ListedModels {
  /** Changes whenever a list does. */
  readonly version: number;
  info(instanceId: string, model: string): ModelInfo | undefined;
  /** Instances that list the model, in their configured order. */
  servers(model: string): readonly string[];
  names(): readonly string[];
}

/** What a table is made of; one per configuration generation. */
export interface RoutingTableOptions {
  readonly settings: Pick<KernelSettings, 'routes' | 'aliases' | 'plugins' | 'accountStrategy'>;
  /** In their configured order; also those that failed. */
  readonly instances: readonly PluginInstance[];
  readonly catalogue: ListedModels;
}

/** One target of a model name, before anyone has looked whether it can be used. */
export interface ResolvedTarget {
  readonly instanceId: string;
  /** Absent: not enabled, or not configured at all. */
  readonly instance: PluginInstance | undefined;
  /** False: the configuration names an instance that it does not have. */
  readonly configured: boolean;
  /** The model's name towards the plugin, which may have another one for its upstream. */
  readonly pluginModel: string;
  readonly upstreamModel: string;
  /** What the plugin lists about the model, if it lists it. */
  readonly info: ModelInfo | undefined;
  /** What a wire executor speaks for this model, before its list narrows it. */
  readonly speaks: () => Speaks | undefined;
  readonly weight?: number;
  readonly priority?: number;
}

/** The way of a name: what it means and who may serve it. */
export interface Resolution {
  readonly requested: string;
  /** After aliases. */
  readonly model: string;
  readonly alias: boolean;
  readonly via?: RouteVia;
  readonly match?: string;
  readonly strategy: StrategyName;
  readonly targets: readonly ResolvedTarget[];
  readonly near: readonly string[];
  /** Disabled instances, where nothing matches and there are any. */
  readonly disabled?: readonly string[];
}

/** Finds the targets of a model name. Names no provider; knows no state of any account. */
export interface RoutingTable {
  readonly accountStrategy: AccountStrategyName;
  /** What is configured for one account of an instance. */
  readonly accountSettings: AccountSettingsLookup;
  /** Order: alias, `instance/` prefix, routes, plugins' patterns, listed models, near names. */
  resolve(model: string): Resolution;
}

interface Mount {
  readonly id: string;
  readonly instance: PluginInstance | undefined;
  readonly patterns: readonly MountPattern[];
}

interface MountPattern {
  readonly mount: string;
  readonly pattern: ModelPattern;
  readonly upstream: string | undefined;
}

interface Match {
  readonly via: RouteVia;
  readonly match?: string;
  readonly strategy?: StrategyName;
  readonly targets: readonly ResolvedTarget[];
}

const MAX_REMEMBERED = 1_000;
/** Longer names are resolved each time: what is remembered must not grow with what clients send. */
const MAX_REMEMBERED_LENGTH = 256;

/** Compiles the routes and patterns of one configuration generation. */
export function createRoutingTable(options: RoutingTableOptions): RoutingTable {
  const { settings, instances, catalogue } = options;
  const aliases = new Map(Object.entries(settings.aliases));
  const mounts = mountsOf(settings, instances);
  const routes = settings.routes.map((route) => ({ route, pattern: compilePattern(route.match) }));
  const patterns = [...mounts.values()]
    .filter(({ instance }) => instance !== undefined && mayServe(instance))
    .flatMap((mount) => mount.patterns)
    .sort((a, b) => bySpecificity(a.pattern, b.pattern));
  const disabled = [...mounts.values()]
    .filter(({ instance }) => instance === undefined || instance.state === 'disabled')
    .map(({ id }) => id);
  const remembered = new QuickLRU<string, Resolution>({ maxSize: MAX_REMEMBERED });
  let version = catalogue.version;

  const target = (id: string, name: string): ResolvedTarget => {
    const mount = mounts.get(id);
    const { upstream, info } = towardsPlugin(mount?.patterns ?? [], name, (model) =>
      catalogue.info(id, model),
    );
    return {
      instanceId: id,
      instance: mount?.instance,
      configured: mount !== undefined,
      pluginModel: name,
      upstreamModel: upstream,
      info,
      speaks: spokenFor(mount?.instance, upstream),
    };
  };

  const byPrefix = (name: string): Match | undefined => {
    const slash = name.indexOf('/');
    const id = name.slice(0, Math.max(0, slash));
    if (!mounts.has(id) || slash === name.length - 1) return undefined;
    return { via: 'instance', match: `${id}/`, targets: [target(id, name.slice(slash + 1))] };
  };

  const byRoute = (name: string): Match | undefined => {
    const found = routes.find(({ pattern }) => pattern.matches(name));
    if (found === undefined) return undefined;
    const { route, pattern } = found;
    const captured = pattern.capture(name) ?? [];
    const targets = route.targets.map((one) => {
      const { plugin, model } = one;
      const asked = model === undefined ? name : substitute(model, captured);
      return { ...target(plugin, asked), ...ratingOf(one) };
    });
    return { via: 'route', match: route.match, strategy: route.strategy, targets };
  };

  const byPattern = (name: string): Match | undefined => {
    const found = patterns.filter(({ pattern }) => pattern.matches(name));
    const best = found[0];
    if (best === undefined) return undefined;
    // A broader pattern must not carry a name to a plugin that doesn't know it: its "not found"
    // would hide why the plugin that claims the name could not serve it.
    const claims = found.filter(
      ({ mount, pattern }) =>
        bySpecificity(best.pattern, pattern) === 0 || catalogue.info(mount, name) !== undefined,
    );
    const ids = [...new Set(claims.map(({ mount }) => mount))];
    return {
      via: 'pattern',
      match: best.pattern.text,
      targets: ids.map((id) => target(id, name)),
    };
  };

  const byList = (name: string): Match | undefined => {
    const ids = catalogue.servers(name).filter((id) => mounts.get(id)?.instance !== undefined);
    return ids.length === 0
      ? undefined
      : { via: 'listed', targets: ids.map((id) => target(id, name)) };
  };

  const resolve = (requested: string): Resolution => {
    const model = followAliases(aliases, requested);
    const match = byPrefix(model) ?? byRoute(model) ?? byPattern(model) ?? byList(model);
    const head = { requested, model, alias: model !== requested };
    if (match === undefined) {
      const known = [
        ...aliases.keys(),
        ...routes.filter(({ pattern }) => pattern.literal).map(({ route }) => route.match),
        ...catalogue.names(),
      ];
      const near = nearNames(model, known);
      const off = disabled.length === 0 ? {} : { disabled };
      return { ...head, strategy: 'failover', targets: [], near, ...off };
    }
    return { ...head, strategy: 'failover', ...match, targets: once(match.targets), near: [] };
  };

  return {
    accountStrategy: settings.accountStrategy,
    accountSettings: accountSettingsOf(settings.plugins),
    resolve(model) {
      if (model.length > MAX_REMEMBERED_LENGTH) return resolve(model);
      if (version !== catalogue.version) {
        remembered.clear();
        version = catalogue.version;
      }
      let found = remembered.get(model);
      if (found === undefined) {
        found = resolve(model);
        remembered.set(model, found);
      }
      return found;
    },
  };
}

/** Every instance that the configuration names, and those that it does not name but that are there. */
function mountsOf(
  settings: RoutingTableOptions['settings'],
  instances: readonly PluginInstance[],
): ReadonlyMap<string, Mount> {
  const mounts = new Map<string, Mount>();
  for (const { instanceId: id } of settings.plugins) {
    mounts.set(id, { id, instance: undefined, patterns: [] });
  }
  for (const instance of instances) {
    const { id } = instance;
    mounts.set(id, { id, instance, patterns: compileAll(id, instance.patterns) });
  }
  return mounts;
}

function compileAll(mount: string, patterns: readonly ModelPatternDeclaration[]): MountPattern[] {
  return patterns
    .map(({ match, upstream }) => ({ mount, pattern: compilePattern(match), upstream }))
    .sort((a, b) => bySpecificity(a.pattern, b.pattern));
}

/** A failed instance keeps its names, so that the client learns why; a disabled one gives them up. */
function mayServe({ state }: PluginInstance): boolean {
  return state !== 'disabled' && state !== 'stopped';
}

/** A name as the plugin's upstream knows it: by the plugin's list, else by its patterns. */
function towardsPlugin(
  patterns: readonly MountPattern[],
  name: string,
  infoOf: (model: string) => ModelInfo | undefined,
): { readonly upstream: string; readonly info: ModelInfo | undefined } {
  const listed = infoOf(name);
  if (listed?.upstreamId !== undefined) return { upstream: listed.upstreamId, info: listed };
  const found = patterns.find(({ pattern }) => pattern.matches(name));
  if (found?.upstream === undefined) return { upstream: name, info: listed };
  const mapped = substitute(found.upstream, found.pattern.capture(name) ?? []);
  const info = listed ?? infoOf(mapped);
  return { upstream: info?.upstreamId ?? mapped, info };
}

/** Aliases may mean aliases; one that comes back to itself ends where it does. */
function followAliases(aliases: ReadonlyMap<string, string>, requested: string): string {
  const seen = new Set<string>();
  let name = requested;
  for (let next = aliases.get(name); next !== undefined; next = aliases.get(name)) {
    if (seen.has(name)) break;
    seen.add(name);
    name = next;
  }
  return name;
}

function once(targets: readonly ResolvedTarget[]): readonly ResolvedTarget[] {
  const seen = new Set<string>();
  return targets.filter(({ instanceId, upstreamModel }) => {
    const key = `${instanceId}/${upstreamModel}`;
    return seen.has(key) ? false : seen.add(key);
  });
}
