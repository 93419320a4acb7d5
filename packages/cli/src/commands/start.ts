import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { describeProblem, watchConfig, writeFirstConfig } from '@cliproxy/config';
import type { LoadedConfig } from '@cliproxy/config';
import { createGateway } from '@cliproxy/gateway';
import type { Gateway } from '@cliproxy/gateway';
import type { Command } from 'commander';
import { banner } from '../banner.ts';
import { configFile, homeFolder, problemLines, readConfig } from '../config-file.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { commandWithConfig } from '../options.ts';
import type { CommonOptions } from '../options.ts';

const NOT_RELOADED = 'the configuration was not reloaded, the former one stays in force';

/** How long requests may go on after an error that nobody caught. */
const CRASH_DRAIN_MS = 5000;

/** `cliproxy start`: runs the gateway in the foreground until it is told to stop. */
export function startCommand(): Command {
  return commandWithConfig('start', 'run the gateway in the foreground').action(
    async (options: CommonOptions) => {
      const file = configFile(options.config);
      if (options.config === undefined && !existsSync(file)) await writeConfig();
      const config = await readConfig(options.config);
      const gateway = createGateway(config.settings);
      await open(gateway, config);
      const watcher = watchConfig({
        file,
        env: process.env,
        loaded: config,
        onChange: (next) => reload(gateway, next),
        onProblem: (problems, source) => {
          const log = gateway.logging.logger('gateway');
          for (const problem of problems) log.error(describeProblem(problem, source));
          log.error(NOT_RELOADED);
        },
      });
      process.on('SIGHUP', () => void watcher.reload());
      stopOnSignals(gateway, () => watcher.close());
    },
  );
}

async function writeConfig(): Promise<void> {
  if (process.env['CLIPROXY_CONFIG'] !== undefined) return;
  const { file } = await writeFirstConfig(homeFolder(), { random: randomBytes });
  process.stderr.write(`cliproxy: wrote ${file} with new random keys\n`);
}

/** Sets the plugins up and opens the port, or ends with every problem. */
async function open(gateway: Gateway, config: LoadedConfig): Promise<void> {
  const { applied, problems } = await gateway.prepare();
  if (!applied) {
    await gateway.kill();
    const onlyConfig = problems.every(
      ({ code }) => code.startsWith('CONFIG_') || code === 'PLUGIN_BAD_CONFIG',
    );
    throw new CommandError(
      problemLines([...problems], config),
      onlyConfig ? EXIT.config : EXIT.failed,
    );
  }
  const log = gateway.logging.logger('gateway');
  for (const problem of problems) log.warn(describeProblem(problem, config));
  try {
    const address = await gateway.listen();
    process.stdout.write(`${banner(address.url, config)}\n`);
  } catch (error) {
    await gateway.kill();
    throw new CommandError((error as Error).message, EXIT.failed);
  }
}

async function reload(gateway: Gateway, config: LoadedConfig): Promise<void> {
  const log = gateway.logging.logger('gateway');
  try {
    const { applied, problems, needsRestart } = await gateway.apply(config.settings);
    for (const problem of problems) log.warn(describeProblem(problem, config));
    if (!applied) log.error(NOT_RELOADED);
    else log.info('the configuration was reloaded', { file: config.file });
    if (needsRestart.length > 0)
      log.warn(`takes effect at the next start: ${needsRestart.join(', ')}`);
  } catch (error) {
    log.error(NOT_RELOADED, { error });
  }
}

/** The first signal lets requests under way go on; the second ends at once. */
function stopOnSignals(gateway: Gateway, release: () => Promise<void>): void {
  let stopping = false;
  const log = gateway.logging.logger('gateway');
  const stop = (why: string, exitCode: number, deadlineMs?: number) => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info(`${why}: stopping; again to end at once`);
    if (deadlineMs !== undefined) setTimeout(() => process.exit(exitCode), deadlineMs).unref();
    void release()
      .then(() => gateway.stop())
      .then(
        () => process.exit(exitCode),
        () => process.exit(1),
      );
  };
  process.on('SIGTERM', () => stop('SIGTERM', EXIT.ok));
  process.on('SIGINT', () => stop('SIGINT', EXIT.ok));
  // A plugin's stray rejection is its own fault; the state of the process is not in doubt.
  process.on('unhandledRejection', (reason) =>
    log.error('a promise was rejected and nobody cared', { error: reason }),
  );
  process.on('uncaughtException', (error) => {
    log.error('an error that nobody caught', { error });
    if (!stopping) stop('after an error', EXIT.failed, CRASH_DRAIN_MS);
  });
}
