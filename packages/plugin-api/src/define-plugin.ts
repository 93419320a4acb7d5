import { API_VERSION } from './api-version.ts';
import { PLUGIN_OPTIONS } from './host.ts';
import type { GatewayPlugin, PluginOptions, Refs } from './plugin.ts';

/**
 * Makes a plugin. The result is the plugin package's only default export.
 *
 * @example
 * ```ts
 * export default definePlugin({
 *   config: configSchema<{ greeting: string }>({ ... }),
 *   setup: ({ config }) => ({ executor: greeter(config.greeting) }),
 * });
 * ```
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- no dependencies: no key may be read
export function definePlugin<C, const D extends Refs = {}>(
  options: PluginOptions<C, D>,
): GatewayPlugin {
  return Object.freeze({
    $$type: '@cliproxy/plugin' as const,
    apiVersion: API_VERSION,
    [PLUGIN_OPTIONS]: options,
  });
}
