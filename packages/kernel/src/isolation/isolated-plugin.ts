import { GatewayError, services } from '@cliproxy/plugin-api';
import type {
  AccountRegistry,
  Contributions,
  GatewayAddress,
  HttpClient,
  Logger,
  ModelInfo,
} from '@cliproxy/plugin-api';
import type { LoadedPlugin } from '../plugins/import-plugin.ts';
import type { PluginManifest } from '../plugins/manifest.ts';
import { isOutOfTime, within } from '../plugins/within.ts';
import type { Clock } from '../ports/clock.ts';
import type { ChildHandle, ProcessLink } from '../supervisor/child-handle.ts';
import type { ChildPlan } from '../supervisor/child-plan.ts';
import type { OnFault } from '../faults/instance-faults.ts';
import type { InstanceChildren } from '../supervisor/instance-children.ts';
import type { Described, ProcessAsks, Surroundings } from './border.ts';
import { errorToWire } from './channel/wire-error.ts';
import { ProcessSession } from './process-session.ts';
import { Pulse } from './pulse.ts';
import { standInContributions } from './stand-in.ts';
import type { StandInFor } from './stand-in.ts';

/** What an {@link IsolatedPlugin} is made of. */
export interface IsolatedPluginOptions {
  readonly instanceId: string;
  /** What to call it in errors. */
  readonly name: string;
  /** Absolute path of the plugin's entry. */
  readonly file: string;
  readonly manifest: PluginManifest;
  readonly plan: ChildPlan;
  /** Keeps its process. */
  readonly children: InstanceChildren;
  readonly logger: Logger;
  /** Takes what the plugin does wrong. */
  readonly onFault: OnFault;
  readonly clock: Clock;
  readonly address: GatewayAddress;
  /** In milliseconds. */
  readonly limits: {
    readonly importMs: number;
    readonly setupMs: number;
    readonly startMs: number;
    readonly stopMs: number;
  };
}

/** What the host gives to `setup`. */
interface SetUpContext {
  readonly config: unknown;
  readonly signal: AbortSignal;
  readonly onDispose: (release: () => Promise<void>) => void;
}

interface Life {
  readonly link: ProcessLink;
  readonly session: ProcessSession;
}

/** What a process takes until it runs the plugin's module, in milliseconds. */
export const BOOT_MS = 5_000;
/** How long a plugin that could not be set up has to release what it has. */
const HASTY_MS = 1_000;
/** Longest wait for why a process has ended, once its socket has closed. */
const WHY_MS = 1_000;
/** How soon a call may be tried again where nothing is known. */
const SOON_MS = 1_000;

/**
 * A plugin whose code runs in a process of its own, as the plugin host sees it: like any other. When
 * the process ends, calls fail until the next one has been set up in the same way.
 */
export class IsolatedPlugin implements LoadedPlugin, StandInFor {
  readonly instanceId: string;
  schema: object = {};
  deps: unknown;
  readonly #options: IsolatedPluginOptions;
  readonly #handle: ChildHandle;
  /** The process that serves. */
  #serving: Life | undefined;
  #pulse: Pulse | undefined;
  /** What each new process is set up with. */
  #wish: Omit<ProcessAsks['setup']['question'], keyof Surroundings> | undefined;
  #services: { readonly http?: HttpClient; readonly accounts?: AccountRegistry } = {};
  #described: Described | undefined;
  #unlisted: Pick<ModelInfo, 'lacks' | 'refuses'> | undefined;
  #toldAddress: string | undefined;
  #started = false;
  #ended = false;
  readonly #firstLife: Promise<Life>;
  #onFirst: ((life: Life) => void) | undefined;
  #onNone: (error: Error) => void = () => undefined;
  #why = 'is being started';

  private constructor(options: IsolatedPluginOptions) {
    this.#options = options;
    this.instanceId = options.instanceId;
    this.#firstLife = new Promise((resolve, reject) => {
      this.#onFirst = resolve;
      this.#onNone = reject;
    });
    // Nobody waits for it any more where the time was up before.
    this.#firstLife.catch(() => undefined);
    this.#handle = options.children.launch(options.plan, (link) => this.#onProcess(link));
    this.#handle.onChange(({ lastExit }) => {
      const why = lastExit?.reason;
      if (why !== undefined) this.#onNone(this.#importFailed(`its process ${why}`));
    });
  }

  /**
   * Starts the process and has it import the plugin.
   *
   * @throws GatewayError as importing it into the gateway would; `PLUGIN_IMPORT_FAILED`, too, when the
   *   process can't be started.
   */
  static async load(options: IsolatedPluginOptions): Promise<IsolatedPlugin> {
    const plugin = new IsolatedPlugin(options);
    try {
      const life = await plugin.#firstLife;
      await plugin.#load(life);
      plugin.#serving = life;
      return plugin;
    } catch (error) {
      await plugin.end();
      throw error;
    }
  }

  serving(): ProcessSession {
    if (this.#serving === undefined) throw this.#down();
    const { session } = this.#serving;
    // The port may have opened since it was told last, and the plugin may need to know.
    if (this.#options.address.current() !== this.#toldAddress) {
      session.peer.tell('ping', this.#surroundings());
    }
    return session;
  }

  unlisted(): Pick<ModelInfo, 'lacks' | 'refuses'> | undefined {
    return this.#unlisted;
  }

  async setup(context: object, deps: object): Promise<Contributions> {
    const { config, signal, onDispose } = context as SetUpContext;
    const { manifest, limits, address } = this.#options;
    const names = this.#takeServices(deps);
    this.#wish = {
      pluginId: manifest.id,
      instanceId: this.instanceId,
      config,
      deps: names,
      manifest: { provides: manifest.provides, apiVersion: manifest.apiVersion },
      stopMs: limits.stopMs,
      local: address.local,
    };
    onDispose(() => this.#dispose());
    signal.addEventListener('abort', () => {
      this.#serving?.session.peer.tell('ending', { error: errorToWire(signal.reason) });
    });
    const life = this.#serving;
    if (life === undefined) throw this.#down();
    const described = await this.#setUp(life);
    this.#described = described;
    this.#serve(life);
    const { start, stop } = described;
    return {
      ...standInContributions(described, this),
      ...(start && { start: (limit: AbortSignal) => this.#start(limit) }),
      ...(stop && { stop: (limit: AbortSignal) => this.#stop(limit) }),
    };
  }

  /** Ends its process for good. Never rejects. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#pulse?.stop();
    await this.#options.children.end();
  }

  #onProcess(link: ProcessLink): void {
    const { logger } = this.#options;
    let pulse: Pulse | undefined;
    const session: ProcessSession = new ProcessSession(link.socket, {
      logger,
      services: () => this.#services,
      onPong: (unlisted) => {
        pulse = this.#serving?.session === session ? this.#pulse : undefined;
        pulse?.heard();
        this.#unlisted = unlisted;
      },
      onJunk: (error) => {
        logger.error('its process sent what makes no sense; it is ended', { error });
        link.fail('sent what makes no sense');
      },
      onClose: () => void this.#onGone({ link, session }),
    });
    const life = { link, session };
    const first = this.#onFirst;
    this.#onFirst = undefined;
    if (first !== undefined) first(life);
    else void this.#revive(life);
  }

  async #onGone({ link, session }: Life): Promise<void> {
    if (this.#serving?.session === session) {
      this.#serving = undefined;
      this.#pulse?.stop();
      // Until more is known.
      this.#why = 'has ended';
    }
    const late = new Promise<undefined>((resolve) => {
      setTimeout(() => resolve(undefined), WHY_MS);
    });
    const why = await Promise.race([link.ended, late]);
    this.#why = why ?? 'has closed its connection to the gateway';
    if (!this.#ended) this.#options.onFault('child', `its process ${this.#why}`);
    // One that lives on without its socket is of no use to anybody.
    if (why === undefined) link.fail(this.#why);
    await session.end(this.#down());
  }

  /** Makes of the next process what the former one was. */
  async #revive(life: Life): Promise<void> {
    if (this.#ended) return;
    try {
      if (this.#described === undefined) throw new Error('the first could not be set up');
      await this.#load(life);
      const described = await within(this.#options.limits.setupMs, () => this.#setUp(life));
      if (JSON.stringify(described) !== JSON.stringify(this.#described)) {
        this.#options.logger.warn(
          'its new process brings something else than the former one; what has changed is in ' +
            'force after the next reload of the instance',
        );
      }
      if (this.#started) {
        await within(this.#options.limits.startMs, (limit) => this.#startIn(life, limit));
      }
      this.#serve(life);
    } catch (error) {
      life.link.fail(`could not be set up again: ${messageOf(error)}`);
    }
  }

  /** From now on calls go there. */
  #serve(life: Life): void {
    this.#serving = life;
    this.#pulse?.stop();
    this.#pulse = new Pulse(life.link, life.session.peer, () => this.#surroundings());
    life.link.ready();
  }

  async #load({ session }: Life): Promise<void> {
    const { file, name, limits } = this.#options;
    const { importMs } = limits;
    try {
      // Its own limit is told by the process; this one is for a process that is blocked.
      const { value } = await within(importMs + BOOT_MS, () =>
        session.peer.ask('load', { file, name, limitMs: importMs }),
      );
      this.schema = value.schema;
      this.deps = value.deps;
    } catch (error) {
      if (!isOutOfTime(error)) throw error;
      throw this.#importFailed(`importing ${file} did not finish within ${importMs} ms`);
    }
  }

  #importFailed(what: string): GatewayError {
    return new GatewayError('PLUGIN_IMPORT_FAILED', `${this.#options.name}: ${what}`);
  }

  async #setUp({ session }: Life): Promise<Described> {
    if (this.#wish === undefined) throw new Error('it has not been set up');
    const { value } = await session.peer.ask('setup', { ...this.#wish, ...this.#surroundings() });
    this.#unlisted = value.executor?.unlisted;
    return value;
  }

  async #start(limit: AbortSignal): Promise<void> {
    this.#started = true;
    if (this.#serving === undefined) throw this.#down();
    await this.#startIn(this.#serving, limit);
  }

  async #startIn({ session }: Life, signal: AbortSignal): Promise<void> {
    await session.works.during({ signal }, (work) => session.peer.ask('start', { work }));
  }

  async #stop(signal: AbortSignal): Promise<void> {
    const session = this.#serving?.session;
    await session?.works.during({ signal }, (work) => session.peer.ask('stop', { work }));
  }

  async #dispose(): Promise<void> {
    const released = this.#serving?.session.peer.ask('dispose', {}).catch(() => undefined);
    if (this.#described !== undefined) {
      await released;
      return;
    }
    // One that could not even be set up may be blocked.
    await within(HASTY_MS, () => released).catch(() => undefined);
  }

  #takeServices(deps: object): readonly (readonly [string, string])[] {
    const refs = Object.entries((this.deps ?? {}) as Record<string, { readonly id: string }>);
    const given = deps as Readonly<Record<string, unknown>>;
    const of = (id: string): unknown => {
      const name = refs.find(([, ref]) => ref.id === id)?.[0];
      return name === undefined ? undefined : given[name];
    };
    const http = of(services.http.id) as HttpClient | undefined;
    const accounts = of(services.accounts.id) as AccountRegistry | undefined;
    this.#services = { ...(http && { http }), ...(accounts && { accounts }) };
    return refs.map(([name, { id }]) => [name, id] as const);
  }

  #surroundings(): Surroundings {
    const { clock, address } = this.#options;
    this.#toldAddress = address.current();
    return { nowMs: clock.now(), address: this.#toldAddress };
  }

  #down(): GatewayError {
    const { name, clock } = this.#options;
    const { retryAtMs = clock.now() + SOON_MS } = this.#handle.status;
    return new GatewayError('PLUGIN_PROCESS_DOWN', `${name}: its process ${this.#why}`, {
      failure: {
        kind: 'upstream',
        scope: 'instance',
        resetAtMs: Math.max(retryAtMs, clock.now() + SOON_MS),
      },
    });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
