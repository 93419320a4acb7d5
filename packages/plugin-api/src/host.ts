/** The kernel's side of the contract (`@cliproxy/plugin-api/host`). Plugins have no use for it. */
import type { PluginOptions, Refs } from './plugin.ts';

/** Where a plugin keeps its options; the same symbol in every copy of this package. */
export const PLUGIN_OPTIONS = Symbol.for('@cliproxy/plugin-options');

/**
 * Looks inside a plugin package's default export.
 *
 * @returns its options, or `undefined` when the value was not made by `definePlugin`.
 */
export function pluginOptions(value: unknown): PluginOptions<unknown, Refs> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (!('$$type' in value) || value.$$type !== '@cliproxy/plugin') return undefined;
  return (value as { [PLUGIN_OPTIONS]?: PluginOptions<unknown, Refs> })[PLUGIN_OPTIONS];
}
