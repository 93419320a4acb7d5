import { dump } from 'js-yaml';
import { maskAll, maskSecrets } from './mask-secrets.ts';
import { createSchemaChecker } from './schema-checker.ts';
import { serverSchema } from './sections/server-section.ts';
import type { GatewaySettings } from './settings.ts';

/**
 * The configuration in force, in the form of its file: defaults filled in, environment expanded,
 * secrets masked.
 *
 * @param pluginSchemas - each instance's own schema, by instance id; where it is missing, every
 *   value of the instance's `config` is masked, since any may be a secret.
 */
export function maskedConfig(
  settings: GatewaySettings,
  pluginSchemas: Readonly<Record<string, object>> = {},
): object {
  const checker = createSchemaChecker();
  const { server, log, data, kernel } = settings;
  const { plugins, routes, aliases, timeouts, failover, accountStrategy, usage } = kernel;
  return {
    server: maskSecrets(serverSchema, server),
    log,
    data,
    plugins: Object.fromEntries(
      plugins.map((plugin) => {
        const {
          instanceId,
          package: name,
          enabled,
          required,
          experimental,
          config,
          isolation,
          memoryLimitMb,
          maxConcurrent,
          accounts,
        } = plugin;
        const schema = Object.hasOwn(pluginSchemas, instanceId)
          ? pluginSchemas[instanceId]
          : undefined;
        const masked =
          schema === undefined
            ? maskAll(config)
            : maskSecrets(schema, checker.check(schema, config, '').value);
        const rest = {
          ...(experimental === true && { experimental }),
          ...(isolation === undefined ? {} : { isolation }),
          ...(memoryLimitMb === undefined ? {} : { memoryLimitMb }),
          ...(maxConcurrent === undefined ? {} : { maxConcurrent }),
          ...(accounts === undefined ? {} : { accounts }),
        };
        return [instanceId, { package: name, enabled, required, config: masked, ...rest }];
      }),
    ),
    routes,
    aliases: { ...aliases },
    timeouts,
    failover,
    accountStrategy,
    usage,
  };
}

/** What {@link maskedConfig} gives, as YAML. */
export function printConfig(...args: Parameters<typeof maskedConfig>): string {
  return dump(maskedConfig(...args), { noRefs: true, lineWidth: 100 });
}
