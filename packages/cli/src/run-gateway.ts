import { describeProblem } from '@cliproxy/config';
import { VERSION, createGateway, openDataFolder } from '@cliproxy/gateway';
import { GATEWAY_LOG, logFileOf } from '@cliproxy/gateway/data-place';
import type { DataFolder, Gateway } from '@cliproxy/gateway';
import { boundOutput } from './background/output-log.ts';
import type { RouterFacts } from './background/router-facts.ts';
import type { CommandConfig } from './config-file.ts';
import { configWarnings } from './config-warnings.ts';
import { dataFolderError } from './data-folder-error.ts';
import { endOnSignals } from './end-on-signals.ts';
import type { ProcessEnd } from './end-on-signals.ts';
import { CommandError, EXIT } from './exit-codes.ts';
import { followConfig } from './follow-config.ts';
import type { FollowedConfig } from './follow-config.ts';
import { problemsError } from './problem-rows.ts';

/** How a gateway is run. */
export interface RunOptions {
  /** True: without a terminal; its log goes to its file alone. */
  readonly detached: boolean;
  /** Told of each step. */
  progress(text: string): void | Promise<void>;
  /** Told once it is ready. */
  ready(url: string): void | Promise<void>;
}

/**
 * Runs the gateway until its process is told to end; resolves when it is ready, or told to end
 * before.
 *
 * @throws CommandError when it can't be started; nothing of it runs then.
 */
export async function runGateway(config: CommandConfig, options: RunOptions): Promise<void> {
  const { settings, checker } = config;
  const data = await openDataFolder(settings.data).catch((error: unknown) => {
    throw dataFolderError(error);
  });
  let reloadAndTell: FollowedConfig['reloadAndTell'] = async () => ({
    outcome: 'unchanged',
    problems: [],
  });
  const gateway = createGateway(settings, {
    checker,
    data,
    reloadConfig: () => reloadAndTell(),
    ...(options.detached && { logStream: 'none' }),
  });
  if (options.detached) boundOutput(gateway);
  // Before any plugin code runs, which may leave faults uncaught and may take its time.
  const end = endOnSignals(gateway, settings.server.drainMs);
  let reload = (): unknown => undefined;
  process.on('SIGHUP', () => reload());
  if (!(await open({ gateway, config, end, data, options }))) return;
  const watch = followConfig(gateway, config);
  reloadAndTell = watch.reloadAndTell;
  end.alsoEnd(() => watch.close());
  reload = async () => {
    if ((await watch.reload()) === 'unchanged') {
      gateway.logging.logger(GATEWAY_LOG).info('SIGHUP: the configuration has not changed');
    }
  };
  // What has changed since the file was read.
  await watch.ready.then(() => watch.reload());
}

interface Opening {
  readonly gateway: Gateway;
  readonly config: CommandConfig;
  readonly end: ProcessEnd;
  readonly data: DataFolder;
  readonly options: RunOptions;
}

/**
 * Sets the plugins up and opens the port; false when the process was told to end meanwhile.
 *
 * @throws CommandError with every problem, or why the port can't be opened.
 */
async function open({ gateway, config, end, data, options }: Opening): Promise<boolean> {
  const enabled = config.settings.kernel.plugins.filter((one) => one.enabled).length;
  await options.progress(`setting up ${enabled} ${enabled === 1 ? 'plugin' : 'plugins'}`);
  const { applied, problems } = await gateway.prepare();
  if (end.begun()) return false;
  if (!applied) {
    await gateway.kill();
    throw problemsError(problems, config);
  }
  const log = gateway.logging.logger(GATEWAY_LOG);
  const warnings = [
    ...problems.map((problem) => describeProblem(problem, config)),
    ...configWarnings(config.settings.kernel),
  ];
  for (const warning of warnings) {
    log.warn(warning);
    await options.progress(`warning: ${warning}`);
  }
  try {
    const { url } = await gateway.listen();
    // A disk that is full now must not keep it from serving.
    await data.tell({ ...factsOf(config, url, options.detached) }).catch((error: unknown) => {
      log.error('other commands can not be told of this gateway', { error });
    });
    log.info(`ready at ${url}`, { pid: process.pid, version: VERSION });
    await options.ready(url);
    return true;
  } catch (error) {
    await gateway.kill();
    const { message, code } = error as { readonly message: string; readonly code?: string };
    // A port in use may be free the next time; an address that nobody may open won't.
    const exitCode = code === 'CONFIG_UNSAFE' ? EXIT.config : EXIT.failed;
    throw new CommandError(message, { exitCode });
  }
}

function factsOf(config: CommandConfig, url: string, detached: boolean): RouterFacts {
  return {
    url,
    config: config.file,
    log: logOf(config),
    detached,
    drainMs: config.settings.server.drainMs,
    nodeOptions: process.execArgv,
    cwd: process.cwd(),
  };
}

/** The file that the gateway logs to. */
export function logOf({ settings }: CommandConfig): string {
  return settings.log.file ?? logFileOf(settings.data.folder, GATEWAY_LOG);
}
