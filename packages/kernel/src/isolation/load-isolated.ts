import type { Logger } from '@cliproxy/plugin-api';
import type { Container } from '../di/container.ts';
import { tokens } from '../di/tokens.ts';
import type { PluginPackage } from '../plugins/manifest.ts';
import type { PluginSettings } from '../ports/settings.ts';
import { allowedNames } from '../supervisor/child-environment.ts';
import { BOOT_MS, IsolatedPlugin } from './isolated-plugin.ts';
import type { IsolatedPluginOptions } from './isolated-plugin.ts';
import { MEMORY_LIMIT_MB, launchPlan } from './launch-plan.ts';

/** Which plugin is to run in a process of its own. */
export interface IsolationWish extends Pick<IsolatedPluginOptions, 'name' | 'file' | 'limits'> {
  readonly settings: PluginSettings;
  readonly package: PluginPackage;
  readonly logger: Logger;
}

/** What an isolated instance's process is called; the next generation's has a number, too. */
const PROCESS_NAME = 'plugin';

/**
 * Starts a plugin in a process of its own.
 *
 * @throws GatewayError as {@link IsolatedPlugin.load}
 */
export async function loadIsolated(
  wish: IsolationWish,
  kernel: Container,
): Promise<IsolatedPlugin> {
  const { name, file, limits, logger, settings } = wish;
  const { instanceId, memoryLimitMb = MEMORY_LIMIT_MB } = settings;
  const { manifest } = wish.package;
  const room = kernel.get(tokens.supervisor);
  const taken = new Set(room.children(instanceId).map((child) => child.name));
  // The plugin may have nothing but its own process.
  const allowed = allowedNames(manifest.permissions.env, settings.config);
  const children = room.instance({ instanceId, http: NO_HTTP, logger, allowed: new Set() });
  const { importMs, setupMs, startMs } = limits;
  const plan = launchPlan({
    name: freeName(taken),
    memoryLimitMb,
    allowed,
    readyTimeoutMs: BOOT_MS + importMs + setupMs + startMs,
  });
  return IsolatedPlugin.load({
    instanceId,
    name,
    file,
    manifest,
    plan,
    children,
    logger,
    onFault: (where, error) => kernel.get(tokens.faults).note({ instanceId, where, error }),
    clock: kernel.get(tokens.clock),
    address: kernel.get(tokens.address),
    limits,
  });
}

/** Its readiness is asked over its socket. */
const NO_HTTP = Object.freeze({
  request: () => Promise.reject(new Error('the process of a plugin has no address')),
});

/** While a generation ends, the next one's process runs beside its own. */
function freeName(taken: ReadonlySet<string>): string {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? PROCESS_NAME : `${PROCESS_NAME}-${number}`;
    if (!taken.has(name)) return name;
  }
}
