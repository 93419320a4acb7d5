import type { Deps, GatewayPlugin, Refs, ServiceRef } from '@cliproxy/plugin-api';
import { PLUGIN_OPTIONS, pluginOptions } from '@cliproxy/plugin-api/host';

/** A service that a test gives to plugins; made by {@link replaceService}. */
export interface TestService {
  readonly id: string;
  readonly implementation: unknown;
}

/**
 * Gives plugins something else in the place of a service of the gateway.
 *
 * @example `replaceService(services.clock, { now: () => 0 })`
 */
export function replaceService<T>(ref: ServiceRef<T>, implementation: T): TestService {
  return { id: ref.id, implementation };
}

/** The same plugin, given these services where it asks for them. */
export function withServices(
  plugin: GatewayPlugin,
  replaced: readonly TestService[],
): GatewayPlugin {
  const options = pluginOptions(plugin);
  if (options === undefined || replaced.length === 0) return plugin;
  const asked = Object.entries(options.deps ?? {});
  const own = asked.flatMap(([name, ref]) => {
    const found = replaced.find(({ id }) => id === ref.id);
    return found === undefined ? [] : [[name, found.implementation] as const];
  });
  const names = new Set(own.map(([name]) => name));
  return rebuilt(plugin, {
    ...options,
    // The gateway may not even have the others.
    deps: Object.fromEntries(asked.filter(([name]) => !names.has(name))),
    setup: (context, deps) =>
      options.setup(context, { ...deps, ...Object.fromEntries(own) } as Deps<Refs>),
  });
}

/** The same plugin with other options. */
export function rebuilt(
  plugin: GatewayPlugin,
  options: NonNullable<ReturnType<typeof pluginOptions>>,
): GatewayPlugin {
  return Object.freeze({ ...plugin, [PLUGIN_OPTIONS]: options });
}
