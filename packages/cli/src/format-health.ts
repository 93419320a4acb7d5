import type { AccountHealth, HealthSnapshot, PluginHealth } from '@cliproxy/gateway';
import { duration } from './duration.ts';
import { table } from './terminal.ts';

/** What `GET /v1/health` answers to somebody with a key. */
export interface HealthAnswer extends HealthSnapshot {
  readonly version: string;
  readonly uptimeMs: number;
  readonly process: { readonly pid: number; readonly rssBytes: number; readonly node: string };
}

/** Health as text for a terminal. */
export function formatHealth(health: HealthAnswer): string {
  const { version, uptimeMs, status } = health;
  const { pid, rssBytes, node } = health.process;
  const head = `${status}, version ${version}, PID ${pid}, up ${duration(uptimeMs)}, ${megabytes(rssBytes)}, Node ${node}`;
  const plugins = table([
    ['PLUGIN', 'STATE', 'STATUS', 'ANSWERED', 'FAILED', 'TTFT P50/P95', 'PACKAGE'],
    ...health.plugins.map((plugin) => [
      plugin.instanceId,
      plugin.state,
      plugin.state === 'disabled' ? '-' : plugin.status,
      String(plugin.requests.answered),
      String(plugin.requests.failed),
      plugin.ttftMs === undefined
        ? '-'
        : `${Math.round(plugin.ttftMs.p50)}/${Math.round(plugin.ttftMs.p95)} ms`,
      // One that was not looked at, or not found, has no version.
      plugin.version === '' ? plugin.package : `${plugin.package}@${plugin.version}`,
    ]),
  ]);
  const children = health.plugins.flatMap(childRows);
  const running = children.filter(([, pid]) => pid !== '-').length;
  const accounts = health.plugins.flatMap(({ accounts: list }) => list.map(accountRow));
  const quotas = health.plugins.flatMap(({ accounts: list }) => list.flatMap(quotaRows));
  const problems = health.plugins.flatMap(({ instanceId, problems: list }) =>
    list.map((problem) => `${instanceId}: ${problem}`),
  );
  return [
    head,
    '',
    plugins,
    '',
    table([
      ['PROCESS', 'PID', 'STATE', 'UP', 'MEMORY', 'RESTARTS'],
      ['gateway', String(pid), 'ready', duration(uptimeMs), megabytes(rssBytes), '-'],
      ...children,
    ]),
    `${running + 1} ${running === 0 ? 'process' : 'processes'}`,
    ...health.plugins.flatMap(lastEnds),
    ...(accounts.length === 0
      ? []
      : ['', table([['ACCOUNT', 'LABEL', 'STATE', 'BACK IN', 'WHY'], ...accounts])]),
    ...(quotas.length === 0
      ? []
      : ['', table([['ACCOUNT', 'LIMIT', 'LEFT', 'OF', 'ANEW AT'], ...quotas])]),
    ...(problems.length === 0 ? [] : ['', ...problems]),
  ].join('\n');
}

/** A child's memory is that of all its processes; a browser's are not counted as ours. */
function childRows({ instanceId, children = [] }: PluginHealth): readonly (readonly string[])[] {
  return children.map(({ name, pid, state, startedMs, memoryBytes, restarts }) => [
    `${instanceId}/${name}`,
    pid === undefined ? '-' : String(pid),
    state,
    startedMs === undefined ? '-' : duration(Math.max(0, Date.now() - startedMs)),
    memoryBytes === undefined ? '-' : megabytes(memoryBytes),
    String(restarts),
  ]);
}

/** Why a child that runs again had ended before; one that does not run is among the problems. */
function lastEnds({ instanceId, children = [] }: PluginHealth): readonly string[] {
  return children.flatMap(({ name, state, restarts, lastExit }) =>
    state === 'ready' && restarts > 0 && lastExit !== undefined
      ? [
          `${instanceId}/${name}: ended ${duration(Math.max(0, Date.now() - lastExit.atMs))} ago: ${lastExit.reason}`,
        ]
      : [],
  );
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

function accountRow(account: AccountHealth): readonly string[] {
  return [
    account.id,
    account.label,
    account.state,
    account.retryInMs === undefined ? '-' : duration(account.retryInMs),
    account.reason ?? '-',
  ];
}

/** What the vendor told of an account's limits when it last answered. */
function quotaRows({ id, quotas = [] }: AccountHealth): readonly (readonly string[])[] {
  return quotas.map(({ name, limit, remaining, resetAtMs }) => [
    id,
    name,
    remaining === undefined ? '?' : String(remaining),
    limit === undefined ? '?' : String(limit),
    resetAtMs === undefined ? '-' : new Date(resetAtMs).toISOString(),
  ]);
}
