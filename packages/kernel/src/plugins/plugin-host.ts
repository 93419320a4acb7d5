import { GatewayError } from '@cliproxy/plugin-api';
import type { GatewayAddress } from '@cliproxy/plugin-api';
import type { AccountHandle } from '../accounts/account-handle.ts';
import { type Container, createContainer } from '../di/container.ts';
import { tokens } from '../di/tokens.ts';
import type { FaultBook } from '../faults/fault-book.ts';
import { UpstreamPools } from '../http/upstream-pools.ts';
import type { ApplyResult, ReloadResult } from '../kernel.ts';
import type { Clock } from '../ports/clock.ts';
import type { CredentialStore } from '../ports/credential-store.ts';
import type { EventSink, PluginChanged } from '../ports/event-sink.ts';
import type { Loggers } from '../ports/loggers.ts';
import type { Problem } from '../ports/problem.ts';
import type { PluginStore, StoredPackage } from '../ports/plugin-store.ts';
import type { SchemaChecker } from '../ports/schema-checker.ts';
import type { SecretRegistry } from '../ports/secret-registry.ts';
import type { KernelSettings } from '../ports/settings.ts';
import type { SupervisorRoom } from '../supervisor/supervisor-room.ts';
import { nearNames } from '../routing/near-names.ts';
import { PluginImporter } from './import-plugin.ts';
import type { LiveInstance } from './live-instance.ts';
import { packageNames } from './locate.ts';
import { type InstancePlan, planInstances, type PreloadedPlugin } from './plan-instances.ts';
import type { PluginInstance } from './plugin-instance.ts';
import { asProblem, masked, setUpInstance } from './set-up-instance.ts';
import { within } from './within.ts';

/** How long plugins may take, in milliseconds. */
export interface PluginLimits {
  /** Running a plugin's module. Default 10 s. */
  readonly importMs: number;
  /** Default 10 s. */
  readonly setupMs: number;
  /** Default 10 s. */
  readonly startMs: number;
  /** `stop`, and each release. Default 10 s. */
  readonly stopMs: number;
  /** Longest wait for a replaced instance's last call. Default 1 h: the longest attempt. */
  readonly drainMs: number;
}

const LIMITS: PluginLimits = {
  importMs: 10_000,
  setupMs: 10_000,
  startMs: 10_000,
  stopMs: 10_000,
  drainMs: 3_600_000,
};

/** Of a kernel that nothing listens in front of. */
const NO_ADDRESS: GatewayAddress = Object.freeze({ local: true, current: () => undefined });

/** What the plugin host works with. */
export interface PluginHostOptions {
  readonly loggers: Loggers;
  readonly secrets: SecretRegistry;
  readonly checker: SchemaChecker;
  readonly clock: Clock;
  readonly sink: EventSink;
  /** Absolute folder from which plugins are looked for after the configuration's. */
  readonly fallbackDir: string;
  /** The gateway's version, for `user-agent`. */
  readonly version: string;
  /** Where the gateway listens, once it does; absent: it never does. */
  readonly address?: GatewayAddress;
  /** Where logins are kept. */
  readonly credentials: CredentialStore;
  /** Told after an account's credential was renewed, and after its login ended. */
  readonly onLogin: (account: AccountHandle) => void;
  /** Takes what plugins do wrong, and where their code lives. */
  readonly faults: Pick<FaultBook, 'note' | 'noteHome'>;
  /** Keeps the instances' child processes. */
  readonly supervisor: SupervisorRoom;
  /** The packages that the operator has added; absent: none. */
  readonly store?: PluginStore;
  readonly preloaded?: readonly PreloadedPlugin[];
  readonly limits?: Partial<PluginLimits>;
}

/**
 * Finds, sets up, replaces and ends plugin instances. One configuration is in force at a time, all
 * of it or the one before.
 */
export class PluginHost {
  readonly #options: PluginHostOptions;
  readonly #limits: PluginLimits;
  readonly #pools: UpstreamPools;
  readonly #container: Container;
  readonly #listeners = new Set<() => void>();
  /** Generations that have been replaced and are still ending. */
  readonly #retiring = new Set<Promise<void>>();
  #instances: readonly LiveInstance[] = [];
  /** In force. */
  #settings: KernelSettings | undefined;
  /** One configuration after another. */
  #work: Promise<unknown> = Promise.resolve();
  #stopped: Promise<void> | undefined;

  constructor(options: PluginHostOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#container = this.#furnished();
    this.#pools = this.#container.get(tokens.pools);
  }

  /**
   * Brings the configured instances into force: plans all, sets up and starts those that are new or
   * changed, and puts them to work together, so that no request falls between two generations.
   * Instances that are still the same go on undisturbed; those that are gone or replaced end after
   * their last call. When an instance that is `required` fails, nothing changes.
   */
  async apply(settings: KernelSettings): Promise<ApplyResult> {
    const turn = this.#work.then(() => this.#apply(settings));
    this.#work = turn.catch(() => undefined);
    return turn;
  }

  /**
   * Begins one instance anew, whether it has changed or not, after whatever is being applied. The former
   * one stays when the new one can't be set up.
   *
   * @throws GatewayError `PLUGIN_UNKNOWN`, `PLUGIN_UNAVAILABLE`
   */
  async reload(instanceId: string): Promise<ReloadResult> {
    const turn = this.#work.then(() => this.#reload(instanceId));
    this.#work = turn.catch(() => undefined);
    return turn;
  }

  /** All configured instances in their order; the array is replaced, never changed. */
  instances(): readonly PluginInstance[] {
    return this.#instances;
  }

  /** Each set-up instance's configuration schema, by instance id. */
  schemas(): Readonly<Record<string, object>> {
    const schemas: Record<string, object> = {};
    for (const { id, schema } of this.#instances) if (schema !== undefined) schemas[id] = schema;
    return schemas;
  }

  /** Calls back after instances or their accounts changed. @returns what ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Ends all instances, in reverse order. Calls that are still under way have until the deadline.
   * Never rejects.
   *
   * @param deadlineMs - for all of it, in milliseconds.
   */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopped ??= this.#stop(deadlineMs);
    return this.#stopped;
  }

  async #stop(deadlineMs: number): Promise<void> {
    const { clock } = this.#options;
    const began = clock.monotonic();
    const left = (ofMs: number): number => Math.max(0, began + ofMs - clock.monotonic());
    const calm = async (): Promise<void> => {
      await this.#work;
      for (const instance of [...this.#instances].reverse()) {
        const working = ['ready', 'needs-login'].includes(instance.state);
        // Half of the time is for the last calls, so that some is left for every `stop`.
        await instance.end(left(deadlineMs / 2), Math.min(left(deadlineMs), this.#limits.stopMs));
        if (working) this.#tell(instance.id, 'stopped');
      }
      await Promise.all(this.#retiring);
    };
    await within(deadlineMs, calm).catch(() => undefined);
    await this.#container.dispose();
  }

  async #apply(settings: KernelSettings): Promise<ApplyResult> {
    const plans = await this.#plan(settings);
    const planned = plans.flatMap((plan) => plan.problems);
    if (this.#stopped !== undefined) return { applied: false, problems: planned };
    if (plans.some((plan) => isFatal(plan, plan.problems))) {
      return { applied: false, problems: planned };
    }
    if (this.#instances.length === 0) this.#pools.setConnectMs(settings.timeouts.connectMs);
    const { next, fresh } = await this.#setUp(plans);
    const refused = (): boolean =>
      this.#stopped !== undefined || next.some((one, index) => isFatal(plans[index], one.problems));
    if (!refused()) await this.#start(fresh);
    const problems = next.flatMap((instance) => instance.problems);
    if (refused()) {
      await this.#takeBack(fresh);
      return { applied: false, problems };
    }
    this.#pools.setConnectMs(settings.timeouts.connectMs);
    this.#settings = settings;
    this.#commit(next, fresh);
    return { applied: true, problems };
  }

  async #reload(instanceId: string): Promise<ReloadResult> {
    const former = this.#instances.find(({ id }) => id === instanceId);
    if (former === undefined || this.#settings === undefined) throw this.#unknown(instanceId);
    if (former.state === 'disabled') {
      throw new GatewayError(
        'PLUGIN_UNAVAILABLE',
        `plugin "${instanceId}" is disabled: there is nothing to reload; enable it first`,
      );
    }
    // All of them: whether two claim the same is seen only together.
    const plans = await this.#plan(this.#settings);
    const plan = plans.find(({ settings }) => settings.instanceId === instanceId);
    if (plan === undefined || this.#stopped !== undefined) throw this.#unknown(instanceId);
    const version = plan.package?.version ?? '';
    if (plan.problems.length > 0) return { reloaded: false, problems: plan.problems, version };
    const changedFile = this.#container.get(tokens.importer).changedFile(plan.source);
    const fresh = await setUpInstance(plan, this.#container, this.#limits);
    await this.#start([fresh]);
    if (fresh.problems.length > 0 || this.#isStopped()) {
      const { problems } = fresh;
      await fresh.end(0, this.#limits.stopMs);
      return { reloaded: false, problems, version, ...(changedFile && { changedFile }) };
    }
    this.#commit(
      this.#instances.map((one) => (one === former ? fresh : one)),
      [fresh],
    );
    return { reloaded: true, problems: [], version, ...(changedFile && { changedFile }) };
  }

  #isStopped(): boolean {
    return this.#stopped !== undefined;
  }

  #unknown(instanceId: string): GatewayError {
    const known = this.#instances.map(({ id }) => id);
    const near = nearNames(instanceId, known);
    return new GatewayError(
      'PLUGIN_UNKNOWN',
      `there is no plugin instance "${instanceId}"` +
        (near.length > 0
          ? `; did you mean ${near.join(' or ')}?`
          : `; there are: ${known.join(', ')}`),
    );
  }

  /** Looks at all instances, and at every byte of those that were added. */
  async #plan({ plugins, baseDir }: KernelSettings): Promise<readonly InstancePlan[]> {
    const { store, fallbackDir, preloaded = [], checker } = this.#options;
    const names = plugins
      .filter(({ enabled }) => enabled)
      .flatMap((one) => packageNames(one.package));
    const stored: ReadonlyMap<string, StoredPackage> =
      (await store?.check(baseDir, [...new Set(names)])) ?? new Map();
    return planInstances(plugins, { dirs: [baseDir, fallbackDir], preloaded, stored, checker });
  }

  /** Sets up what is new or changed; one that fails does not keep the others from telling theirs. */
  async #setUp(plans: readonly InstancePlan[]): Promise<{
    readonly next: readonly LiveInstance[];
    readonly fresh: readonly LiveInstance[];
  }> {
    const next: LiveInstance[] = [];
    const fresh: LiveInstance[] = [];
    for (const plan of plans) {
      const { instanceId, enabled } = plan.settings;
      const former = this.#instances.find((one) => one.id === instanceId);
      if (former?.isStill(plan) === true) {
        next.push(former);
        continue;
      }
      if (enabled && former?.executor === undefined) this.#tell(instanceId, 'starting');
      const instance = await setUpInstance(plan, this.#container, this.#limits);
      fresh.push(instance);
      next.push(instance);
    }
    return { next, fresh };
  }

  async #start(fresh: readonly LiveInstance[]): Promise<void> {
    for (const instance of fresh) {
      if (instance.state !== 'starting') continue;
      try {
        await instance.start(this.#limits.startMs);
      } catch (error) {
        const problem = asProblem(error, instance.id, instance.name, 'start');
        await instance.fail(masked(problem, this.#options.secrets));
      }
    }
  }

  #commit(next: readonly LiveInstance[], fresh: readonly LiveInstance[]): void {
    const gone = this.#instances.filter((one) => !next.includes(one));
    this.#instances = Object.freeze([...next]);
    for (const instance of fresh) {
      instance.commit();
      instance.onAccountsChange(() => this.#accountsChanged(instance));
    }
    this.#changed();
    for (const { id, state, problems } of fresh) this.#tell(id, state, reasonOf(problems));
    for (const instance of gone.reverse()) this.#retire(instance);
  }

  /** Ends a generation that is no longer in force, without keeping anybody waiting. */
  #retire(instance: LiveInstance): void {
    const ended = instance.end(this.#limits.drainMs, this.#limits.stopMs).then(() => {
      this.#retiring.delete(ended);
      const replaced = this.#instances.some((one) => one.id === instance.id);
      if (!replaced) this.#tell(instance.id, 'stopped');
    });
    this.#retiring.add(ended);
  }

  async #takeBack(fresh: readonly LiveInstance[]): Promise<void> {
    for (const instance of [...fresh].reverse()) {
      const { id, state, problems } = instance;
      await instance.end(0, this.#limits.stopMs);
      if (state === 'disabled' || this.#instances.some((one) => one.id === id)) continue;
      this.#tell(id, problems.length > 0 ? 'failed' : 'stopped', reasonOf(problems));
    }
  }

  #accountsChanged(instance: LiveInstance): void {
    if (!this.#instances.includes(instance)) return;
    this.#changed();
    if (instance.turned()) this.#tell(instance.id, instance.state);
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #tell(instanceId: string, state: PluginChanged['state'], reason?: string): void {
    this.#options.sink.emit({
      type: 'plugin-changed',
      instanceId,
      state,
      ...(reason === undefined ? {} : { reason }),
    });
  }

  #furnished(): Container {
    const { checker, clock, loggers, secrets } = this.#options;
    const container = createContainer();
    container.provide(tokens.checker, () => checker);
    container.provide(tokens.clock, () => clock);
    const { credentials, onLogin, address, faults } = this.#options;
    container.provide(tokens.address, () => address ?? NO_ADDRESS);
    container.provide(tokens.credentials, () => credentials);
    container.provide(tokens.loginNews, () => onLogin);
    container.provide(tokens.faults, () => faults);
    container.provide(tokens.loggers, () => loggers);
    container.provide(tokens.secrets, () => secrets);
    container.provide(tokens.supervisor, () => this.#options.supervisor);
    container.provide(
      tokens.pools,
      () => new UpstreamPools(this.#options.version),
      (pools) => pools.destroy(),
    );
    container.provide(tokens.importer, () => new PluginImporter(this.#limits.importMs));
    return container;
  }
}

/** Whether the configuration can't come into force because of this instance. */
function isFatal(plan: InstancePlan | undefined, problems: readonly Problem[]): boolean {
  return plan?.settings.enabled === true && plan.settings.required && problems.length > 0;
}

/** All that is wrong, for whoever reads only the log. */
function reasonOf(problems: readonly Problem[]): string | undefined {
  return problems.length === 0 ? undefined : problems.map(({ message }) => message).join('; ');
}
