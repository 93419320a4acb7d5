import type { AccountBook } from '../accounts/account-book.ts';
import type { AccountHandle } from '../accounts/account-handle.ts';
import type { FaultBook, FaultStanding } from '../faults/fault-book.ts';
import type { PluginInstance } from '../plugins/plugin-instance.ts';
import type { EventSink, KernelEvent } from '../ports/event-sink.ts';
import type { ModelCatalogue } from '../routing/model-catalogue.ts';
import { childProblem } from './child-problem.ts';
import { faultHealth, faultProblem } from './fault-health.ts';
import type {
  AccountHealth,
  ChildHealth,
  HealthSnapshot,
  PluginHealth,
} from './health-snapshot.ts';
import { ProbeRounds } from './probe-rounds.ts';
import type { ProbeRoundsOptions } from './probe-rounds.ts';
import { Traffic } from './traffic.ts';

/** What a {@link HealthMonitor} needs. */
export interface HealthMonitorOptions extends ProbeRoundsOptions {
  readonly book: Pick<AccountBook, 'setProbe' | 'standing'>;
  /** Tells what is wrong with an instance's model lists. */
  readonly catalogue: Pick<ModelCatalogue, 'problems' | 'askAgain' | 'retryFailed'>;
  /** Tells what instances have done wrong. */
  readonly faults: Pick<FaultBook, 'standing'>;
  /** Tells how an instance's child processes do. */
  readonly supervisor: { children(instanceId: string): readonly ChildHealth[] };
}

/**
 * Knows how every instance and account does: from the plugins' probes, from the account book, and
 * from the requests that pass. Give it the kernel's events.
 */
export class HealthMonitor implements EventSink {
  readonly #options: HealthMonitorOptions;
  readonly #probes: ProbeRounds;
  readonly #traffic = new Traffic();
  #ready = false;

  constructor(options: HealthMonitorOptions) {
    this.#options = options;
    this.#probes = new ProbeRounds(options);
  }

  /** Learns from a finished request, and from a child that is ready; others say nothing new. */
  emit(event: KernelEvent): void {
    if (event.type === 'request-finished') this.#traffic.note(event, this.#options.clock.now());
    if (event.type === 'child-changed' && event.state === 'ready') this.#served(event.instanceId);
  }

  /** Begins to probe. From now on {@link HealthSnapshot.ready} is true. */
  start(): void {
    this.#ready = true;
    this.#probes.start();
  }

  /** Ends all probes. From now on {@link HealthSnapshot.ready} is false. */
  stop(): void {
    this.#ready = false;
    this.#probes.stop();
  }

  /** A target's usual time to the first token of late, in milliseconds, where it is known. */
  latencyMs(instanceId: string, model: string): number | undefined {
    return this.#traffic.latencyMs(instanceId, model, this.#options.clock.now());
  }

  /** How things stand, from memory. */
  snapshot(): HealthSnapshot {
    const instances = this.#options.instances();
    this.#traffic.retain(
      new Set(instances.map(({ id }) => id)),
      new Set(instances.flatMap((one) => one.accounts().map(({ account }) => account.id))),
    );
    const plugins = instances.map((instance) => this.#plugin(instance));
    return { status: overall(plugins), ready: this.#ready, plugins };
  }

  /**
   * Runs every probe now, then answers as {@link HealthMonitor.snapshot}. Calls that come while a
   * round is under way wait for its end.
   */
  async checkNow(signal: AbortSignal): Promise<HealthSnapshot> {
    await this.#probes.runAll(signal);
    return this.snapshot();
  }

  /** What an instance stands on has come: nobody is to wait for the next probe's turn. */
  #served(instanceId: string): void {
    this.#probes.hasten(instanceId);
    for (const instance of this.#options.instances()) {
      if (instance.id !== instanceId) continue;
      for (const { account } of instance.accounts()) {
        this.#options.catalogue.retryFailed(account.id);
      }
    }
  }

  #plugin(instance: PluginInstance): PluginHealth {
    const { answered, failed, lastSuccessMs, ttftMs } = this.#traffic.of(instance.id);
    const accounts = instance.accounts().map((handle) => this.#account(handle));
    const children = this.#options.supervisor.children(instance.id);
    const standing = this.#options.faults.standing(instance.id);
    return {
      instanceId: instance.id,
      plugin: instance.pluginId,
      package: instance.packageName,
      version: instance.version,
      ...(instance.isolation === undefined ? {} : { isolation: instance.isolation }),
      state: isSick(instance, standing) ? 'sick' : instance.state,
      status: statusOf(instance, accounts, children, standing),
      problems: [
        ...instance.problems.map(({ message }) => message),
        ...faultProblem(standing, this.#options.clock.now()),
        ...this.#options.catalogue.problems(instance.id),
        ...children.flatMap((child) => childProblem(child) ?? []),
      ],
      accounts,
      ...(children.length === 0 ? {} : { children }),
      requests: { answered, failed },
      ...faultHealth(standing, this.#options.clock.now()),
      ...(lastSuccessMs === undefined ? {} : { lastSuccessMs }),
      ...(ttftMs === undefined ? {} : { ttftMs }),
    };
  }

  #account({ account, instanceId }: AccountHandle): AccountHealth {
    const { book, clock } = this.#options;
    const { state, reason, untilMs, models, quotas } = book.standing(instanceId, account.id);
    const lastSuccessMs = this.#traffic.lastSuccessMs(account.id);
    return {
      id: account.id,
      label: account.label,
      state,
      ...(reason === undefined ? {} : { reason }),
      ...(untilMs === undefined ? {} : { untilMs, retryInMs: Math.max(0, untilMs - clock.now()) }),
      ...(models.length === 0 ? {} : { models }),
      probes: this.#probes.reports(account.id),
      ...(lastSuccessMs === undefined ? {} : { lastSuccessMs }),
      ...(quotas === undefined ? {} : { quotas }),
    };
  }
}

/** An account on trial may or may not serve: it counts neither as usable nor as out. */
function statusOf(
  { state }: PluginInstance,
  accounts: readonly AccountHealth[],
  children: readonly ChildHealth[],
  { phase }: FaultStanding,
): PluginHealth['status'] {
  if (state !== 'ready' || phase === 'open') return 'down';
  // One that was stopped on purpose lacks nobody.
  const whole = children.every((child) => child.state === 'ready' || child.state === 'stopped');
  const usable = accounts.length > 0 && accounts.every((account) => account.state === 'usable');
  if (usable && whole && phase === 'closed') return 'up';
  return accounts.some(({ state: now }) => now === 'usable' || now === 'trial')
    ? 'degraded'
    : 'down';
}

function isSick({ state }: PluginInstance, { phase }: FaultStanding): boolean {
  return phase !== 'closed' && (state === 'ready' || state === 'needs-login');
}

function overall(plugins: readonly PluginHealth[]): HealthSnapshot['status'] {
  const enabled = plugins.filter(({ state }) => state !== 'disabled');
  if (enabled.every(({ status }) => status === 'down')) return 'down';
  return enabled.every(({ status }) => status === 'up') ? 'up' : 'degraded';
}
