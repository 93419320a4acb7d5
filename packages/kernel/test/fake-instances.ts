import type { Executor, HealthProbe, ModelInfo } from '@cliproxy/plugin-api';
import type { AccountHandle } from '../src/accounts/account-handle.ts';
import { faultSentence } from '../src/faults/fault-sentence.ts';
import type { PluginInstance } from '../src/plugins/plugin-instance.ts';
import type { Clock } from '../src/ports/clock.ts';
import type { KernelEvent } from '../src/ports/event-sink.ts';
import type { FailoverSettings, KernelSettings } from '../src/ports/settings.ts';
import type { ListedModels } from '../src/routing/routing-table.ts';

export const policy: FailoverSettings = {
  maxAttempts: 4,
  retryRatio: 0.2,
  retryFloor: 10,
  queueSize: 32,
  queueMs: 2_000,
  maxCoolingMs: 3_600_000,
  outageMs: 30_000,
  overloadedMs: 5_000,
  rateLimitMs: 30_000,
  deniedMs: 1_800_000,
  notFoundMs: 600_000,
  pluginFaults: 5,
  pluginFaultWindowMs: 60_000,
  pluginFaultMaxMs: 60_000,
  holdStreamBytes: 65_536,
  holdBodyBytes: 1_048_576,
  commitAfterMs: 0,
  maxAnswerBytes: 67_108_864,
};

/** A clock that moves only when told to. */
export class ManualClock implements Clock {
  time = 1_700_000_000_000;
  now(): number {
    return this.time;
  }
  monotonic(): number {
    return this.time;
  }
  pass(ms: number): void {
    this.time += ms;
  }
}

/** Keeps what it is told. */
export class Listener {
  readonly events: KernelEvent[] = [];
  emit(event: KernelEvent): void {
    this.events.push(event);
  }
  /** States told since the last call, as `account[/model]=state`. */
  states(): string[] {
    return this.events.splice(0).flatMap((event) => {
      if (event.type !== 'account-changed') return [];
      const { account, model, state } = event;
      return [`${account}${model === undefined ? '' : `#${model}`}=${state}`];
    });
  }
}

export function fakeHandle(
  instanceId: string,
  key: string,
  authMethod: AccountHandle['authMethod'] = 'api-key',
): AccountHandle {
  return {
    account: { id: `${instanceId}/${key}`, label: `***${key}`, facts: {} },
    instanceId,
    source: 'configured',
    authMethod,
    http: { request: () => Promise.reject(new Error('no network here')) },
    authorize: (request) => Promise.resolve(request),
    refresh: () => Promise.resolve(false),
    generation: 0,
    expiresAtMs: undefined,
    needsLogin: undefined,
    renewalFault: undefined,
    renewInTime: () => Promise.resolve(),
    masked: (text) => text,
  };
}

export interface FakeInstance extends PluginInstance {
  /** Replaces its accounts. */
  readonly handles: AccountHandle[];
  readonly warnings: string[];
  /** Where and what its own code did wrong. */
  readonly faults: string[];
}

type Shape = Partial<
  Pick<PluginInstance, 'state' | 'problems' | 'patterns' | 'probes' | 'hooks' | 'packageName'>
> & {
  readonly keys?: readonly string[];
  readonly executor?: Executor | 'none';
  readonly models?: readonly ModelInfo[];
};

/** A plain object in the place of an instance; it speaks OpenAI Chat unless told otherwise. */
export function fakeInstance(id: string, shape: Shape = {}): FakeInstance {
  const { state = 'ready', problems = [], patterns = [], probes = [], keys = ['a'] } = shape;
  const handles = keys.map((key) => fakeHandle(id, key));
  const warnings: string[] = [];
  const faults: string[] = [];
  const silent = (): void => undefined;
  const { executor = chatExecutor(shape.models) } = shape;
  return {
    id,
    ended: new AbortController().signal,
    pluginId: id,
    packageName: shape.packageName ?? `@fake/${id}`,
    version: '1.0.0',
    state,
    problems,
    patterns,
    executor: executor === 'none' ? undefined : executor,
    probes,
    sockets: [],
    hooks: shape.hooks ?? [],
    logger: { debug: silent, info: silent, error: silent, warn: (text) => warnings.push(text) },
    onFault: (where, error) => void faults.push(`${where}: ${faultSentence(error)}`),
    accounts: () => handles,
    enter: silent,
    leave: silent,
    handles,
    warnings,
    faults,
  };
}

export function chatExecutor(
  models: readonly ModelInfo[] = [],
  speaks: Extract<Executor, { kind: 'wire' }>['speaks'] = { 'openai-chat': ['generate'] },
): Executor {
  return {
    kind: 'wire',
    speaks,
    models: () => Promise.resolve(models),
    send: () => Promise.reject(new Error('not sent here')),
  };
}

export function fakeProbe(
  check: HealthProbe['check'],
  more: Partial<Omit<HealthProbe, 'check'>> = {},
): HealthProbe {
  return { id: 'ping', intervalMs: 10_000, timeoutMs: 1_000, affects: 'readiness', check, ...more };
}

/** Lists of models by instance id. */
export function listed(
  lists: Readonly<Record<string, readonly ModelInfo[]>> = {},
): ListedModels & { version: number } {
  const has = (id: string, model: string): ModelInfo | undefined =>
    lists[id]?.find((info) => info.id === model);
  return {
    version: 0,
    info: has,
    servers: (model) => Object.keys(lists).filter((id) => has(id, model) !== undefined),
    names: () => [...new Set(Object.values(lists).flatMap((list) => list.map(({ id }) => id)))],
  };
}

type RoutingSettings = Pick<KernelSettings, 'routes' | 'aliases' | 'plugins' | 'accountStrategy'>;

export function settingsFor(
  ids: readonly string[],
  more: Partial<RoutingSettings> = {},
): RoutingSettings {
  return {
    routes: [],
    aliases: {},
    accountStrategy: 'round-robin',
    plugins: ids.map((instanceId) => ({
      instanceId,
      package: `@fake/${instanceId}`,
      enabled: true,
      required: false,
      config: {},
      problems: [],
    })),
    ...more,
  };
}
