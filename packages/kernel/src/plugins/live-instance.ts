import type { Executor, HealthProbe, Hook, Logger, SocketEndpoint } from '@cliproxy/plugin-api';
import type { AccountHandle } from '../accounts/account-handle.ts';
import type { InstanceAccounts } from '../accounts/instance-accounts.ts';
import type { OnFault } from '../faults/instance-faults.ts';
import type { LoginPlace } from '../logins/login-place.ts';
import type { Problem } from '../ports/problem.ts';
import type { PluginSettings } from '../ports/settings.ts';
import type { InstanceChildren } from '../supervisor/instance-children.ts';
import type { CheckedContributions } from './contributions.ts';
import type { Disposer } from './disposer.ts';
import type { InstancePlan, PluginSource } from './plan-instances.ts';
import { sameJson } from './plain-json.ts';
import type { InstanceState, ModelPatternDeclaration, PluginInstance } from './plugin-instance.ts';
import { within } from './within.ts';

/** What set-up made of an instance. */
export interface InstanceParts {
  readonly schema: object;
  readonly contributions: CheckedContributions;
  readonly accounts: InstanceAccounts;
  readonly children: InstanceChildren;
  /** Behind the plugin's `signal`. */
  readonly ending: AbortController;
  readonly disposer: Disposer;
}

/** Of an instance that could not be set up. */
const NEVER_BEGAN = AbortSignal.abort();

/** One generation of a plugin instance, from set-up to disposal. */
export class LiveInstance implements PluginInstance {
  readonly id: string;
  readonly pluginId: string;
  readonly packageName: string;
  readonly version: string;
  readonly patterns: readonly ModelPatternDeclaration[];
  readonly logger: Logger;
  readonly onFault: OnFault;
  readonly #settings: PluginSettings;
  readonly #source: PluginSource | undefined;
  readonly #parts: InstanceParts | undefined;
  #problems: readonly Problem[];
  #state: InstanceState;
  #told: InstanceState = 'starting';
  #calls = 0;
  #onIdle: (() => void) | undefined;

  constructor(
    plan: InstancePlan,
    state: 'starting' | 'failed' | 'disabled',
    made: {
      readonly logger: Logger;
      readonly onFault: OnFault;
      readonly problems?: readonly Problem[];
      readonly parts?: InstanceParts;
    },
  ) {
    this.#settings = plan.settings;
    this.#source = plan.source;
    this.id = plan.settings.instanceId;
    this.pluginId = plan.package?.manifest.id ?? this.id;
    this.packageName = plan.package?.name ?? plan.settings.package;
    this.version = plan.package?.version ?? '';
    this.patterns = plan.package?.manifest.provides.models ?? [];
    this.#problems = made.problems ?? [];
    this.logger = made.logger;
    this.onFault = made.onFault;
    this.#parts = made.parts;
    this.#state = state;
  }

  get state(): InstanceState {
    if (this.#state !== 'ready' || this.#parts === undefined) return this.#state;
    const { contributions, accounts } = this.#parts;
    const lacks = contributions.authenticators.length > 0 && accounts.list().length === 0;
    return lacks ? 'needs-login' : 'ready';
  }

  get isolation(): 'process' | undefined {
    return this.#settings.isolation;
  }

  get problems(): readonly Problem[] {
    return this.#problems;
  }

  /** What to call it in errors. */
  get name(): string {
    return `plugin "${this.id}" (${this.packageName} ${this.version})`;
  }

  get executor(): Executor | undefined {
    return this.#state === 'ready' ? this.#parts?.contributions.executor : undefined;
  }

  get probes(): readonly HealthProbe[] {
    return this.#state === 'ready' ? (this.#parts?.contributions.probes ?? []) : [];
  }

  get sockets(): readonly SocketEndpoint[] {
    return this.#state === 'ready' ? (this.#parts?.contributions.sockets ?? []) : [];
  }

  get hooks(): readonly Hook[] {
    return this.#state === 'ready' ? (this.#parts?.contributions.hooks ?? []) : [];
  }

  get ended(): AbortSignal {
    return this.#parts?.ending.signal ?? NEVER_BEGAN;
  }

  get logins(): LoginPlace | undefined {
    return this.#state === 'ready' ? this.#parts?.accounts : undefined;
  }

  /** JSON Schema of its configuration, once set up. */
  get schema(): object | undefined {
    return this.#parts?.schema;
  }

  accounts(): readonly AccountHandle[] {
    return this.#parts?.accounts.list() ?? [];
  }

  onAccountsChange(listener: () => void): void {
    this.#parts?.accounts.onChange(listener);
  }

  enter(): void {
    this.#calls += 1;
  }

  leave(): void {
    this.#calls -= 1;
    if (this.#calls <= 0) this.#onIdle?.();
  }

  /**
   * Whether it can go on as it is under what is planned now. Another version on disk is no reason to
   * begin anew: Node would give the same modules again, until the process does.
   */
  isStill(plan: InstancePlan): boolean {
    const working = this.#state === 'ready' && plan.settings.enabled && plan.problems.length === 0;
    if (!working || this.#source === undefined || plan.source === undefined) return false;
    return (
      sameSource(this.#source, plan.source) &&
      this.#settings.isolation === plan.settings.isolation &&
      this.#settings.memoryLimitMb === plan.settings.memoryLimitMb &&
      sameJson(this.#settings.config ?? {}, plan.settings.config ?? {})
    );
  }

  /** Lets the plugin begin its work. @throws whatever it throws, or OutOfTime. */
  async start(limitMs: number): Promise<void> {
    const start = this.#parts?.contributions.start;
    if (start !== undefined) await within(limitMs, start);
  }

  /** Ends it because of a problem, which is told from now on. */
  async fail(problem: Problem): Promise<void> {
    await this.end(0, 0);
    this.#state = 'failed';
    this.#problems = [problem];
  }

  /** It serves from now on. */
  commit(): void {
    if (this.#state === 'starting') {
      this.#state = 'ready';
      this.#parts?.children.commit();
    }
    this.#told = this.state;
  }

  /** Whether its state is another than at the last call; accounts come and go. */
  turned(): boolean {
    const former = this.#told;
    this.#told = this.state;
    return former !== this.#told;
  }

  /**
   * Ends it: waits for its last call, then `stop`, then releases everything, the last first. Never
   * rejects.
   *
   * @param drainMs - longest wait for the last call; what still runs then loses its connections.
   * @param stopMs - how long `stop` may take.
   */
  async end(drainMs: number, stopMs: number): Promise<void> {
    if (this.#parts === undefined || this.#state === 'stopped') return;
    const hadBegun = this.#state === 'ready';
    await this.#drained(drainMs);
    this.#state = 'stopped';
    const { contributions, ending, disposer } = this.#parts;
    ending.abort(new Error(`plugin instance "${this.id}" has ended`));
    if (hadBegun && contributions.stop !== undefined) {
      try {
        await within(stopMs, contributions.stop);
      } catch (error) {
        this.onFault('stop', error, 'could not stop');
      }
    }
    await disposer.dispose();
  }

  async #drained(drainMs: number): Promise<void> {
    if (this.#calls <= 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, drainMs);
      this.#onIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    if (this.#calls > 0) {
      this.logger.warn(`ended with ${this.#calls} calls under way after ${drainMs} ms`);
    }
  }
}

function sameSource(one: PluginSource, other: PluginSource): boolean {
  if ('file' in one) return 'file' in other && one.file === other.file;
  return 'plugin' in other && one.plugin === other.plugin;
}
