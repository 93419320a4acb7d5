import type { CommandConfig } from './config-file.ts';

type Kernel = CommandConfig['settings']['kernel'];

/** What a sound configuration says that nobody can have meant, one sentence each. */
export function configWarnings({ plugins, routes }: Pick<Kernel, 'plugins' | 'routes'>): string[] {
  const enabled = new Set(plugins.filter((one) => one.enabled).map((one) => one.instanceId));
  if (enabled.size === 0) {
    return ['no plugin is enabled, so no model is served; enable one under "plugins:"'];
  }
  return routes
    .filter(({ targets }) => !targets.some(({ plugin }) => enabled.has(plugin)))
    .map(({ match, targets }) => {
      const ids = [...new Set(targets.map(({ plugin }) => plugin))].join(', ');
      return `no target of the route ${JSON.stringify(match)} is enabled: enable one of ${ids}`;
    });
}
