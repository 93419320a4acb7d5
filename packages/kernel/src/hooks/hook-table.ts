import type { Operation } from '@cliproxy/plugin-api';
import type { PluginInstance } from '../plugins/plugin-instance.ts';
import type { ModelPattern } from '../routing/model-pattern.ts';
import { compilePattern } from '../routing/model-pattern.ts';
import type { Resolution } from '../routing/routing-table.ts';
import { chainOf } from './hook-chain.ts';
import type { BoundHook, HookChain } from './hook-chain.ts';

/** Finds the hooks that apply to a request. */
export interface HookTable {
  /** Undefined: none does. */
  of(found: Resolution, operation: Operation): HookChain | undefined;
}

interface Entry extends BoundHook {
  readonly patterns: readonly ModelPattern[] | undefined;
}

/**
 * Compiles the hooks of one configuration generation; undefined where there are none.
 *
 * @param instances - in the order of the configuration.
 */
export function createHookTable(instances: readonly PluginInstance[]): HookTable | undefined {
  const entries = instances.flatMap((instance) =>
    instance.hooks.map((hook): Entry => ({
      hook,
      instance,
      patterns: hook.match?.map(compilePattern),
    })),
  );
  if (entries.length === 0) return undefined;
  // The routing table remembers what it has found of a name: so do we, for as long.
  const remembered = new WeakMap<Resolution, Map<Operation, HookChain | undefined>>();
  return {
    of(found, operation) {
      const chains = remembered.get(found) ?? new Map<Operation, HookChain | undefined>();
      remembered.set(found, chains);
      if (chains.has(operation)) return chains.get(operation);
      const names = namesOf(found);
      const bound = entries.filter((entry) => applies(entry, names, operation));
      const chain = bound.length === 0 ? undefined : chainOf(bound, operation);
      chains.set(operation, chain);
      return chain;
    },
  };
}

/** Everything that a model is called: nobody gets around a hook by an alias, a prefix or a route. */
function namesOf({ requested, model, targets }: Resolution): readonly string[] {
  const there = targets.flatMap(({ pluginModel, upstreamModel }) => [pluginModel, upstreamModel]);
  return [...new Set([requested, model, ...there])];
}

function applies(
  { hook, patterns }: Entry,
  names: readonly string[],
  operation: Operation,
): boolean {
  if (hook.operations?.includes(operation) === false) return false;
  return patterns?.some((pattern) => names.some((name) => pattern.matches(name))) ?? true;
}
