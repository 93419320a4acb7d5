import path from 'node:path';
import { GatewayError } from '@cliproxy/plugin-api';
import { AccountBook } from './accounts/account-book.ts';
import { Places, placeLimitsOf } from './accounts/places.ts';
import type { PlaceLimits } from './accounts/places.ts';
import { accountUnknown } from './accounts/account-unknown.ts';
import { StandingKeeper } from './accounts/standing-keeper.ts';
import type { AccountHandle } from './accounts/account-handle.ts';
import { viewAccounts } from './accounts/account-view.ts';
import type { AccountView } from './accounts/account-view.ts';
import { MemoryCredentials } from './accounts/memory-credentials.ts';
import { Renewals } from './accounts/renewals.ts';
import type { Container } from './di/container.ts';
import { createContainer } from './di/container.ts';
import type { Token } from './di/tokens.ts';
import { Dispatcher } from './dispatch/dispatcher.ts';
import type { Flight } from './dispatch/flight.ts';
import type { IngressCall } from './dispatch/ingress-call.ts';
import { CodeHomes } from './faults/code-homes.ts';
import { FaultBook } from './faults/fault-book.ts';
import type { HookChain } from './hooks/hook-chain.ts';
import { HookRun } from './hooks/hook-run.ts';
import { createHookTable } from './hooks/hook-table.ts';
import type { HookTable } from './hooks/hook-table.ts';
import { RecordLines } from './hooks/record-lines.ts';
import { HealthMonitor } from './health/health-monitor.ts';
import type { HealthSnapshot } from './health/health-snapshot.ts';
import { LoginDesk } from './logins/login-desk.ts';
import type { Logins } from './logins/logins.ts';
import type { ApplyResult, Kernel, ModelEntry, ReloadResult } from './kernel.ts';
import { PluginHost } from './plugins/plugin-host.ts';
import type { PluginHostOptions } from './plugins/plugin-host.ts';
import type { ChildFiles } from './ports/child-files.ts';
import type { Clock } from './ports/clock.ts';
import type { CredentialStore } from './ports/credential-store.ts';
import type { Dialects, RequestFacts } from './ports/dialects.ts';
import type { EventSink } from './ports/event-sink.ts';
import type { StateStore } from './ports/state-store.ts';
import type { KernelSettings } from './ports/settings.ts';
import { ModelCatalogue } from './routing/model-catalogue.ts';
import { createModelList } from './routing/model-list.ts';
import type { Plan, RouteQuery } from './routing/plan.ts';
import { plan } from './routing/planner.ts';
import type { RoutingView } from './routing/planner.ts';
import { SupervisorRoom } from './supervisor/supervisor-room.ts';
import { createRoutingTable } from './routing/routing-table.ts';
import type { RoutingTable } from './routing/routing-table.ts';
import { SocketDesk } from './sockets/socket-desk.ts';
import type { Sockets } from './sockets/sockets.ts';
import { Turns } from './routing/turns.ts';

/** What a kernel stands on. The composition root gives it all. */
export interface KernelPorts extends Omit<
  PluginHostOptions,
  'credentials' | 'faults' | 'onLogin' | 'supervisor'
> {
  /** Where logins are kept. Default: in memory, until the process ends. */
  readonly credentials?: CredentialStore;
  /** The wire formats. */
  readonly dialects: Dialects;
  /** Where account state outlives the process; absent: nowhere. */
  readonly states?: StateStore;
  /** Where what belongs to child processes is kept. */
  readonly childFiles: ChildFiles;
  /** Where it is written down which child processes run; absent: a killed gateway's are not found. */
  readonly childRecords?: StateStore;
}

/** Everything that follows from one configuration and the instances that serve it. */
interface Generation {
  readonly settings: KernelSettings;
  readonly table: RoutingTable;
  readonly models: () => readonly ModelEntry[];
  /** Absent: no plugin has hooks. */
  readonly hooks: HookTable | undefined;
  /** Absent: any number of requests at the same time. */
  readonly limits: PlaceLimits | undefined;
}

const room = <T>(name: string): Token<T> => Object.freeze({ id: `kernel/${name}` });

/** The kernel's rooms, as its container knows them. */
const rooms = Object.freeze({
  book: room<AccountBook>('book'),
  catalogue: room<ModelCatalogue>('catalogue'),
  dispatcher: room<Dispatcher>('dispatcher'),
  desk: room<LoginDesk>('desk'),
  faults: room<FaultBook>('faults'),
  health: room<HealthMonitor>('health'),
  host: room<PluginHost>('host'),
  places: room<Places>('places'),
  keeper: room<StandingKeeper>('keeper'),
  renewals: room<Renewals>('renewals'),
  sockets: room<SocketDesk>('sockets'),
  supervisor: room<SupervisorRoom>('supervisor-room'),
});

/** Where the gateway's packages live, this one among them. */
const OWN_FOLDER = path.resolve(import.meta.dirname, '../..');

/** How long plugin instances have to end. */
const STOP_MS = 10_000;

/** Makes a kernel; it begins to work with its first {@link Kernel.apply}. */
export function createKernel(ports: KernelPorts): Kernel {
  return new AssembledKernel(ports);
}

class AssembledKernel implements Kernel {
  readonly logins: Logins;
  readonly sockets: Sockets;
  readonly #clock: Clock;
  readonly #rooms: Container;
  readonly #host: PluginHost;
  readonly #dialects: Dialects;
  readonly #book: AccountBook;
  readonly #faults: FaultBook;
  readonly #catalogue: ModelCatalogue;
  readonly #health: HealthMonitor;
  readonly #renewals: Renewals;
  readonly #dispatcher: Dispatcher;
  /** What a plan sees of how busy accounts are. */
  readonly #crowd: Pick<RoutingView, 'full'>;
  readonly #keeper: StandingKeeper | undefined;
  /** Requests so far; where those who take turns stand. */
  readonly #turns = new Turns();
  #generation: Generation | undefined;
  /** The configuration that is being applied. */
  #coming: KernelSettings | undefined;
  /** One configuration after another. */
  #work: Promise<unknown> = Promise.resolve();
  #stopped: Promise<void> | undefined;

  constructor(ports: KernelPorts) {
    this.#clock = ports.clock;
    this.#rooms = furnish(ports, {
      settings: () => this.#settings(),
      plan: (query) => this.plan(query),
      chain: (facts) => this.#chain(facts),
      limits: () => this.#generation?.limits,
    });
    this.#dialects = ports.dialects;
    this.#host = this.#rooms.get(rooms.host);
    this.#book = this.#rooms.get(rooms.book);
    this.#faults = this.#rooms.get(rooms.faults);
    this.#catalogue = this.#rooms.get(rooms.catalogue);
    this.#health = this.#rooms.get(rooms.health);
    this.logins = this.#rooms.get(rooms.desk);
    this.#renewals = this.#rooms.get(rooms.renewals);
    this.#dispatcher = this.#rooms.get(rooms.dispatcher);
    const places = this.#rooms.get(rooms.places);
    this.#crowd = { full: (handle) => places.full(handle) };
    // Made last, so that it saves before the accounts end.
    if (ports.states !== undefined) this.#keeper = this.#rooms.get(rooms.keeper);
    const sockets = this.#rooms.get(rooms.sockets);
    this.sockets = sockets;
    this.#host.onChange(() => {
      sockets.review();
      if (this.#generation === undefined) return;
      this.#enter(this.#generation.settings);
      this.#catalogue.refreshDue();
    });
  }

  async apply(settings: KernelSettings): Promise<ApplyResult> {
    const turn = this.#work.then(() => this.#apply(settings));
    this.#work = turn.catch(() => undefined);
    return turn;
  }

  async reload(instanceId: string): Promise<ReloadResult> {
    const turn = this.#work.then(() => this.#host.reload(instanceId));
    this.#work = turn.catch(() => undefined);
    return turn;
  }

  async stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  plan(query: RouteQuery): Plan {
    if (this.#generation === undefined) return emptyPlan(query.model);
    const hooks = this.#chain(query);
    const found = plan(this.#generation.table, query, {
      turn: this.#turns.of(query),
      latencyMs: (instanceId, model) => this.#health.latencyMs(instanceId, model),
      availability: (instanceId, accountId, model) =>
        this.#book.availability(instanceId, accountId, model),
      ...(this.#generation.limits === undefined ? {} : this.#crowd),
      has: (dialect, operation) => this.#dialects.has(dialect, operation),
    });
    return hooks === undefined ? found : { ...found, hooks };
  }

  handle(call: IngressCall): Promise<void> {
    // Planned before the first await, hence before the next request's turn.
    const handled = this.#dispatcher.handle(call);
    this.#turns.pass(call.request.facts);
    return handled;
  }

  models(): readonly ModelEntry[] {
    return this.#generation?.models() ?? [];
  }

  accounts(): readonly AccountView[] {
    return viewAccounts(this.#host.instances(), this.#book, this.#clock);
  }

  resetAccounts(accountId?: string): void {
    const known = (id: string): boolean => this.accounts().some((account) => account.id === id);
    if (accountId !== undefined && !known(accountId)) throw accountUnknown(accountId);
    const instanceId = this.accounts().find(({ id }) => id === accountId)?.instanceId;
    this.#faults.reset(instanceId);
    this.#book.reset(accountId);
  }

  noteStray(error: unknown): 'plugin' | 'gateway' | 'unknown' {
    return this.#faults.noteStray(error);
  }

  health(): HealthSnapshot {
    return this.#health.snapshot();
  }

  checkHealth(signal: AbortSignal): Promise<HealthSnapshot> {
    return this.#health.checkNow(signal);
  }

  schemas(): Readonly<Record<string, object>> {
    return this.#host.schemas();
  }

  async #apply(settings: KernelSettings): Promise<ApplyResult> {
    this.#coming = settings;
    await this.#keeper?.restore();
    // In the background: children wait for it, requests don't.
    void this.#rooms.get(rooms.supervisor).begin();
    const result = await this.#host.apply(settings);
    if (!result.applied || this.#stopped !== undefined) return { ...result, applied: false };
    this.#enter(settings);
    this.#catalogue.start();
    this.#catalogue.refreshDue();
    this.#health.start();
    this.#renewals.start();
    return result;
  }

  async #stop(): Promise<void> {
    this.#dispatcher.stop();
    await this.#rooms.dispose();
  }

  /** One assignment: a request sees the former generation or this one, never parts of both. */
  #enter(settings: KernelSettings): void {
    const catalogue = this.#catalogue;
    const instances = this.#host.instances();
    const table = createRoutingTable({ settings, instances, catalogue });
    this.#generation = {
      settings,
      table,
      models: createModelList({
        settings,
        table,
        catalogue,
        isProbeDown: (accountId) => this.#book.isProbeDown(accountId),
      }),
      hooks: createHookTable(instances),
      limits: placeLimitsOf(settings.plugins, table.accountSettings),
    };
    this.#faults.retain(instances);
    this.#book.retain(instances);
  }

  /** The hooks that see requests of a kind; undefined: none does. */
  #chain({ model, operation }: Pick<RouteQuery, 'model' | 'operation'>): HookChain | undefined {
    const { hooks, table } = this.#generation ?? {};
    return hooks && table && hooks.of(table.resolve(model), operation);
  }

  #settings(): KernelSettings {
    const settings = this.#generation?.settings ?? this.#coming;
    if (settings === undefined) {
      throw new GatewayError('KERNEL_STOPPING', 'the gateway has not started yet; try again soon');
    }
    return settings;
  }
}

/** What the rooms need to know of the kernel as a whole. */
interface Outlook {
  readonly settings: () => KernelSettings;
  readonly plan: (query: RouteQuery) => Plan;
  readonly chain: (facts: RequestFacts) => HookChain | undefined;
  readonly limits: () => PlaceLimits | undefined;
}

/** Says how each room is made. They end in the reverse order of their making. */
function furnish(ports: KernelPorts, { settings, plan, chain, limits }: Outlook): Container {
  const { clock, dialects, credentials: store = new MemoryCredentials() } = ports;
  const random = Math.random;
  const container = createContainer();
  let health: HealthMonitor | undefined;
  // Looked up at the first event: health itself stands on what tells events.
  const sink: EventSink = {
    emit: (event) => {
      health ??= container.get(rooms.health);
      health.emit(event);
      ports.sink.emit(event);
    },
  };
  container.provide(
    rooms.host,
    (from) => {
      const onLogin = (handle: AccountHandle): void => {
        from.get(rooms.book).noteLogin(handle);
        if (handle.needsLogin !== undefined) return;
        from.get(rooms.catalogue).retryFailed(handle.account.id);
      };
      // Got here, hence made before the host, and ended after it.
      const supervisor = from.get(rooms.supervisor);
      const faults = from.get(rooms.faults);
      return new PluginHost({ ...ports, credentials: store, faults, sink, onLogin, supervisor });
    },
    (host) => host.stop(STOP_MS),
  );
  container.provide(
    rooms.supervisor,
    () => {
      const { secrets, checker, loggers, childFiles: files, childRecords: records } = ports;
      const logger = loggers.logger('kernel');
      return new SupervisorRoom({
        ...{ clock, sink, secrets, checker, logger, files },
        ...(records === undefined ? {} : { records }),
      });
    },
    (supervisor) => supervisor.stop(),
  );
  container.provide(rooms.book, (from) => {
    const faults = from.get(rooms.faults);
    return new AccountBook({ clock, sink, random, faults, policy: () => settings().failover });
  });
  container.provide(
    rooms.faults,
    () => {
      const { secrets } = ports;
      const homes = new CodeHomes(OWN_FOLDER);
      return new FaultBook({ clock, sink, secrets, homes, policy: () => settings().failover });
    },
    (faults) => {
      faults.stop();
    },
  );
  container.provide(
    rooms.catalogue,
    (from) => {
      const host = from.get(rooms.host);
      return new ModelCatalogue({ clock, random, instances: () => host.instances() });
    },
    (catalogue) => {
      catalogue.stop();
    },
  );
  container.provide(
    rooms.health,
    (from) => {
      const host = from.get(rooms.host);
      const book = from.get(rooms.book);
      const catalogue = from.get(rooms.catalogue);
      const supervisor = from.get(rooms.supervisor);
      const faults = from.get(rooms.faults);
      return new HealthMonitor({
        faults,
        clock,
        random,
        book,
        catalogue,
        supervisor,
        instances: () => host.instances(),
      });
    },
    (health) => {
      health.stop();
    },
  );
  const { states } = ports;
  if (states !== undefined) {
    container.provide(
      rooms.keeper,
      (from) => {
        const book = from.get(rooms.book);
        const logger = ports.loggers.logger('kernel');
        return new StandingKeeper({ store: states, book, clock, logger });
      },
      (keeper) => keeper.stop(),
    );
  }
  container.provide(
    rooms.renewals,
    (from) => {
      const host = from.get(rooms.host);
      return new Renewals({ instances: () => host.instances() });
    },
    (renewals) => {
      renewals.stop();
    },
  );
  container.provide(
    rooms.desk,
    (from) => {
      const host = from.get(rooms.host);
      const { secrets } = ports;
      return new LoginDesk({
        instances: () => host.instances(),
        store,
        clock,
        secrets,
        loginMs: () => settings().timeouts.loginMs,
      });
    },
    (desk) => {
      desk.stop();
    },
  );
  container.provide(rooms.sockets, (from) => {
    const host = from.get(rooms.host);
    return new SocketDesk({ instances: () => host.instances() });
  });
  container.provide(rooms.places, () => new Places(limits));
  container.provide(rooms.dispatcher, (from) => {
    const book = from.get(rooms.book);
    const places = from.get(rooms.places);
    const faults = from.get(rooms.faults);
    const lines = new RecordLines(faults);
    const hooks = (flight: Flight): HookRun | undefined => {
      const found = chain(flight.call.request.facts);
      return found && new HookRun({ chain: found, flight, lines, faults });
    };
    return new Dispatcher({ clock, sink, dialects, book, places, plan, settings, hooks });
  });
  return container;
}

function emptyPlan(model: string): Plan {
  return {
    requested: model,
    model,
    alias: false,
    strategy: 'failover',
    candidates: [],
    near: [],
  };
}
