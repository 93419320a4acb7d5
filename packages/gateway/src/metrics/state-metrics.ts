import type { AccountHealth, HealthSnapshot, PluginHealth } from '@cliproxy/kernel';
import type { Metric, Sample } from './tallies.ts';

const PLUGIN_STATES = [
  'starting',
  'ready',
  'sick',
  'needs-login',
  'failed',
  'stopped',
  'disabled',
] as const satisfies readonly PluginHealth['state'][];

const ACCOUNT_STATES = [
  'usable',
  'cooling',
  'trial',
  'needs-login',
  'invalid-key',
  'probe-down',
] as const satisfies readonly AccountHealth['state'][];

/** How everything stands now. No account is named: what they are called is nobody's business here. */
export function stateMetrics({ plugins }: HealthSnapshot, version: string): readonly Metric[] {
  return [
    gauge('cliproxy_build_info', 'Always 1; what runs.', [
      { labels: { version, node: process.version }, value: 1 },
    ]),
    gauge(
      'cliproxy_plugin_state',
      '1 for the state that an instance is in, 0 for the others.',
      plugins.flatMap(({ instanceId, state: now }) =>
        PLUGIN_STATES.map((state) => ({
          labels: { instance: instanceId, state },
          value: state === now ? 1 : 0,
        })),
      ),
    ),
    gauge(
      'cliproxy_plugin_up',
      '1 for an instance that can answer requests, 0.5 where only a part of it can, else 0.',
      enabled(plugins).map(({ instanceId, status }) => ({
        labels: { instance: instanceId },
        value: { up: 1, degraded: 0.5, down: 0 }[status],
      })),
    ),
    gauge(
      'cliproxy_plugin_circuit_open',
      '1 for an instance that is left alone because of its own faults.',
      enabled(plugins).map(({ instanceId, circuit }) => ({
        labels: { instance: instanceId },
        value: circuit?.state === 'open' ? 1 : 0,
      })),
    ),
    gauge(
      'cliproxy_accounts',
      'Accounts of an instance, by state.',
      enabled(plugins).flatMap(({ instanceId, accounts }) =>
        ACCOUNT_STATES.map((state) => ({
          labels: { instance: instanceId, state },
          value: accounts.filter((account) => account.state === state).length,
        })),
      ),
    ),
    {
      name: 'cliproxy_child_restarts_total',
      help: 'How often a child process was started again.',
      type: 'counter',
      values: plugins.flatMap(({ instanceId, children = [] }) =>
        children.map(({ name, restarts }) => ({
          labels: { instance: instanceId, child: name },
          value: restarts,
        })),
      ),
    },
    gauge(
      'cliproxy_child_up',
      '1 for a child process that is ready.',
      plugins.flatMap(({ instanceId, children = [] }) =>
        children.map(({ name, state }) => ({
          labels: { instance: instanceId, child: name },
          value: state === 'ready' ? 1 : 0,
        })),
      ),
    ),
  ];
}

function enabled(plugins: readonly PluginHealth[]): readonly PluginHealth[] {
  return plugins.filter(({ state }) => state !== 'disabled');
}

function gauge(name: string, help: string, values: readonly Sample[]): Metric {
  return { name, help, type: 'gauge', values };
}
