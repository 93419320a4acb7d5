import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { GatewayPlugin } from '@cliproxy/plugin-api';
import { PLUGIN_OPTIONS, pluginOptions } from '@cliproxy/plugin-api/host';
import { PluginProcess } from '../../packages/kernel/src/isolation/child/plugin-process.ts';
import { IsolatedPlugin } from '../../packages/kernel/src/isolation/isolated-plugin.ts';
import type { IsolatedPluginOptions } from '../../packages/kernel/src/isolation/isolated-plugin.ts';
import { lookInto } from '../../packages/kernel/src/plugins/import-plugin.ts';
import { bothEnds } from '../../packages/kernel/test/both-ends.ts';

type Link = Parameters<Parameters<IsolatedPluginOptions['children']['launch']>[1]>[0];

const limits = { importMs: 10_000, setupMs: 10_000, startMs: 10_000, stopMs: 10_000 };

/**
 * The same plugin behind the border that isolated instances have, with both of its sides in this
 * process: all that it is given and gives crosses as frames.
 */
export function overBorder(plugin: GatewayPlugin, packageJson: URL): GatewayPlugin {
  const options = pluginOptions(plugin);
  if (options === undefined) throw new Error('it is no plugin');
  const { cliproxyPlugin: manifest } = JSON.parse(readFileSync(packageJson, 'utf8')) as {
    readonly cliproxyPlugin: IsolatedPluginOptions['manifest'];
  };
  const setup: NonNullable<typeof options>['setup'] = async (context, deps) => {
    const isolated = await IsolatedPlugin.load({
      instanceId: context.instanceId,
      name: `plugin "${context.instanceId}"`,
      file: packageJson.pathname,
      manifest: { ...manifest, provides: { ...nothing, ...manifest.provides } },
      plan: {} as IsolatedPluginOptions['plan'],
      children: sidesIn(plugin) as unknown as IsolatedPluginOptions['children'],
      logger: context.logger,
      onFault: (where, error) => context.logger.error(where, { error }),
      clock: { now: () => Date.now(), monotonic: () => performance.now() },
      address: { local: true, current: () => undefined },
      limits,
    });
    context.onDispose(() => isolated.end());
    return isolated.setup(context, deps);
  };
  const crossing = { ...plugin, [PLUGIN_OPTIONS]: { ...options, setup } };
  return Object.freeze(crossing);
}

const nothing = {
  executor: false,
  authenticators: [],
  probes: [],
  sockets: [],
  hooks: [],
  models: [],
};

/** In the place of a process: the plugin's side, at the other end of the link. */
function sidesIn(plugin: GatewayPlugin) {
  const [socket, other] = bothEnds();
  return {
    launch(_plan: unknown, onProcess: (link: Link) => void) {
      setImmediate(() => {
        const load = async (_file: string, name: string) => lookInto(plugin, name);
        new PluginProcess(other, () => other.destroy(), load);
        const ended = once(other, 'close').then(() => 'has ended');
        const end = (): void => void other.destroy();
        const link = { pid: process.pid, socket, ended, fail: end };
        onProcess({ ...link, ready: () => undefined, noteMemory: () => undefined });
      });
      return { status: {}, onChange: () => () => undefined };
    },
    end: async () => void socket.destroy(),
  };
}
