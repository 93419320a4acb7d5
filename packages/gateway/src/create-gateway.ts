import { createSchemaChecker } from '@cliproxy/config';
import type { ConfigChecker, GatewaySettings } from '@cliproxy/config';
import { createKernel, explainPlan } from '@cliproxy/kernel';
import type {
  ApplyResult,
  Clock,
  EventSink,
  Kernel,
  KernelEvent,
  PluginLimits,
  PreloadedPlugin,
} from '@cliproxy/kernel';
import { createDialects, ItemMemory } from '@cliproxy/protocols';
import { createServer, isLoopback } from '@cliproxy/server';
import type { ConfigReload, GatewayServer, ListenAddress } from '@cliproxy/server';
import { createChildFiles } from './child-files.ts';
import type { GatewayChildFiles } from './child-files.ts';
import type { DataFolder } from './data-folder.ts';
import { filePluginStore } from './plugin-store/file-plugin-store.ts';
import { createLogging } from './logging/create-logging.ts';
import type { Logging, LoggingOptions } from './logging/create-logging.ts';
import { logEvents } from './logging/log-events.ts';
import { GATEWAY_LOG, logFileOf } from './logging/log-folder.ts';
import { createEventMetrics } from './metrics/event-metrics.ts';
import { createMetricsPage } from './metrics/metrics-page.ts';
import { systemClock } from './system-clock.ts';
import { VERSION } from './version.ts';

/** What a program that embeds the gateway, or a test, may put in the place of the usual. */
export interface GatewayOverrides {
  /** Plugins given in memory instead of being looked for. */
  readonly preloaded?: readonly PreloadedPlugin[];
  /** How long plugins may take to be imported, set up, started and stopped. */
  readonly pluginLimits?: Partial<PluginLimits>;
  readonly clock?: Clock;
  /** Where logins and the state of accounts are kept; absent: in memory. Closed with the gateway. */
  readonly data?: DataFolder;
  /** One to use again, since making ready costs more than checking. Default: a new one. */
  readonly checker?: ConfigChecker;
  /** Where the log goes besides its file; default: standard error. */
  readonly logStream?: LoggingOptions['stream'];
  /** Reads the configuration file again, for operators who ask over HTTP; absent: there is none. */
  readonly reloadConfig?: () => Promise<ConfigReload>;
  /** Listens to what the kernel tells, besides the log. */
  onEvent?(event: KernelEvent): void;
}

/** What became of new settings. */
export interface GatewayApplyResult extends ApplyResult {
  /** Settings that take effect only when the gateway starts again. */
  readonly needsRestart: readonly string[];
}

/** The whole gateway, put together. */
export interface Gateway {
  readonly kernel: Kernel;
  readonly logging: Logging;
  /** Sets the plugins up; opens no port. A result that is not `applied` leaves nothing running. */
  prepare(): Promise<ApplyResult>;
  /**
   * Opens the port, after `prepare`.
   *
   * @throws GatewayError `CONFIG_INVALID` when the address can't be had, `CONFIG_UNSAFE`
   */
  listen(): Promise<ListenAddress>;
  /**
   * Brings other settings into force while running. On failure the former ones stay.
   *
   * @throws GatewayError `CONFIG_UNSAFE` when they would open the address bound to without keys
   */
  apply(settings: GatewaySettings): Promise<GatewayApplyResult>;
  /** Lets answers under way go on for `server.drainMs`, then ends everything. */
  stop(): Promise<void>;
  /** Ends everything now. */
  kill(): Promise<void>;
}

/** The composition root: the only place that names concrete classes of several packages. */
export function createGateway(
  settings: GatewaySettings,
  overrides: GatewayOverrides = {},
): Gateway {
  const { clock = systemClock, data } = overrides;
  const logging = createLogging({
    ...(data && {
      file: logFileOf(settings.data.folder, GATEWAY_LOG),
      dataFolder: settings.data.folder,
    }),
    ...settings.log,
    ...(overrides.logStream && { stream: overrides.logStream }),
  });
  const log = logEvents(logging);
  const eventMetrics = createEventMetrics();
  const sink: EventSink = {
    emit(event) {
      log.emit(event);
      eventMetrics.emit(event);
      try {
        overrides.onEvent?.(event);
      } catch (error) {
        // A listener's fault is not to become a request's.
        logging.logger('gateway').error('a listener of events threw', { error });
      }
    },
  };
  const childFiles = createChildFiles(logging, data && settings.data.folder);
  const memory = new ItemMemory({ maxBytes: memoryBytes(settings) });
  const dialects = createDialects(memory);
  let listening: ListenAddress | undefined;
  const kernel = createKernel({
    clock,
    address: Object.freeze({
      // The host that is bound stays so until the next start, whatever the settings become.
      local: isLoopback(settings.server.host),
      current: () => listening?.url,
    }),
    sink,
    loggers: logging,
    secrets: logging.secrets,
    checker: overrides.checker ?? createSchemaChecker(),
    dialects,
    fallbackDir: import.meta.dirname,
    store: filePluginStore,
    version: VERSION,
    childFiles,
    ...(data && {
      credentials: data.credentials,
      states: data.states,
      childRecords: data.childRecords,
    }),
    ...(overrides.preloaded && { preloaded: overrides.preloaded }),
    ...(overrides.pluginLimits && { limits: overrides.pluginLimits }),
  });
  keepSecret(logging, settings);
  data?.logTo(logging.logger('vault'));
  const server = createServer({
    settings: settings.server,
    kernel,
    dialects,
    logger: logging.logger('server'),
    ...(overrides.reloadConfig && { reloadConfig: overrides.reloadConfig }),
    explain: (plan) => explainPlan(plan, clock.now()),
    metrics: createMetricsPage(eventMetrics, () => kernel.health(), VERSION),
    version: VERSION,
    now: () => clock.now(),
  });
  const listen = async (): Promise<ListenAddress> => (listening = await server.listen());
  return new ComposedGateway({
    settings,
    kernel,
    server,
    listen,
    logging,
    memory,
    data,
    childFiles,
  });
}

interface Parts {
  readonly settings: GatewaySettings;
  readonly kernel: Kernel;
  readonly server: GatewayServer;
  readonly listen: () => Promise<ListenAddress>;
  readonly logging: Logging;
  readonly memory: ItemMemory;
  readonly data: DataFolder | undefined;
  readonly childFiles: GatewayChildFiles;
}

class ComposedGateway implements Gateway {
  readonly kernel: Kernel;
  readonly logging: Logging;
  /** Some of them stay in force until the end of the process. */
  private readonly started: GatewaySettings;
  private settings: GatewaySettings;
  readonly listen: Gateway['listen'];
  private readonly server: GatewayServer;
  private readonly memory: ItemMemory;
  private readonly data: DataFolder | undefined;
  private readonly childFiles: GatewayChildFiles;
  private work: Promise<unknown> = Promise.resolve();

  constructor({ settings, kernel, server, listen, logging, memory, data, childFiles }: Parts) {
    this.started = settings;
    this.settings = settings;
    this.kernel = kernel;
    this.server = server;
    this.listen = listen;
    this.logging = logging;
    this.memory = memory;
    this.data = data;
    this.childFiles = childFiles;
  }

  prepare(): Promise<ApplyResult> {
    return this.kernel.apply(this.settings.kernel);
  }

  apply(settings: GatewaySettings): Promise<GatewayApplyResult> {
    // One after another, or the server could end with other settings than the kernel.
    const result = this.work.then(() => this.applyNow(settings));
    this.work = result.catch(() => undefined);
    return result;
  }

  private async applyNow(settings: GatewaySettings): Promise<GatewayApplyResult> {
    keepSecret(this.logging, settings);
    // First, since what the kernel has put into force can't be taken back.
    this.server.check(settings.server);
    const result = await this.kernel.apply(settings.kernel);
    if (!result.applied) return { ...result, needsRestart: [] };
    const { needsRestart } = this.server.update(settings.server);
    this.memory.resize(memoryBytes(settings));
    this.logging.setLevel(settings.log.level);
    const forLog = (['format', 'file'] as const)
      .filter((key) => settings.log[key] !== this.started.log[key])
      .map((key) => `log.${key}`);
    const forData = (['folder', 'keyFile'] as const)
      .filter((key) => settings.data[key] !== this.started.data[key])
      .map((key) => `data.${key}`);
    this.settings = settings;
    return { ...result, needsRestart: [...needsRestart, ...forLog, ...forData] };
  }

  async stop(): Promise<void> {
    try {
      await this.server.drain(this.settings.server.drainMs, () => this.kernel.stop());
    } finally {
      await this.kill();
    }
  }

  async kill(): Promise<void> {
    try {
      await this.kernel.stop();
    } finally {
      this.childFiles.close();
      this.data?.close();
      await this.server.close();
      await this.logging.close();
    }
  }
}

function memoryBytes({ server }: GatewaySettings): number {
  return Math.floor(server.keepItemsMb * 1024 * 1024);
}

function keepSecret(logging: Logging, { server }: GatewaySettings): void {
  for (const key of [...server.apiKeys, ...server.adminKeys]) logging.secrets.add(key);
}
