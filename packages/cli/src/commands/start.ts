import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { describeProblem, writeFirstConfig } from '@cliproxy/config';
import { createGateway, openDataFolder } from '@cliproxy/gateway';
import type { DataFolder, Gateway } from '@cliproxy/gateway';
import type { Command } from 'commander';
import { banner } from '../banner.ts';
import { asCommandError, configFile, homeFolder, namedFile, readConfig } from '../config-file.ts';
import type { CommandConfig } from '../config-file.ts';
import { configWarnings } from '../config-warnings.ts';
import { endOnSignals } from '../end-on-signals.ts';
import type { ProcessEnd } from '../end-on-signals.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { followConfig } from '../follow-config.ts';
import { commandWithConfig } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { problemsError } from '../problem-rows.ts';

/** `cliproxy start`: runs the gateway in the foreground until it is told to stop. */
export function startCommand(): Command {
  return commandWithConfig('start', { example: 'cliproxy start --config ./cliproxy.yaml' }).action(
    async (options: CommonOptions) => {
      const config = await configToStart(options.config);
      const { settings, checker } = config;
      const data = await openData(settings.data);
      const gateway = createGateway(settings, { checker, data });
      // Before any plugin code runs, which may leave faults uncaught and may take its time.
      const end = endOnSignals(gateway, settings.server.drainMs);
      let reload = (): unknown => undefined;
      process.on('SIGHUP', () => reload());
      if (!(await open(gateway, config, end))) return;
      const watch = followConfig(gateway, config);
      end.alsoEnd(() => watch.close());
      reload = async () => {
        if ((await watch.reload()) === 'unchanged') {
          gateway.logging.logger('gateway').info('SIGHUP: the configuration has not changed');
        }
      };
      // What has changed since the file was read.
      await watch.ready.then(() => watch.reload());
    },
  );
}

/** Codes that a change of the configuration, or of modes and keys, mends; no other start would. */
const UNFIT = ['CONFIG_INVALID', 'KERNEL_STORE_KEY', 'KERNEL_STORE_UNSAFE'];

/** @throws CommandError that says what is wrong with the data folder, or who else has it. */
async function openData(settings: Parameters<typeof openDataFolder>[0]): Promise<DataFolder> {
  try {
    return await openDataFolder(settings);
  } catch (error) {
    const { message, code = '' } = error as { readonly message: string; readonly code?: string };
    const exitCode = UNFIT.includes(code) ? EXIT.config : EXIT.failed;
    throw new CommandError(message, { exitCode, code });
  }
}

/** Writes the first configuration where none was named and none is there. */
async function configToStart(given: string | undefined): Promise<CommandConfig> {
  if (namedFile(given) === undefined && !existsSync(configFile(given))) {
    const { file } = await asCommandError(() =>
      writeFirstConfig(homeFolder(), { random: randomBytes }),
    );
    process.stderr.write(`cliproxy: wrote ${file} with new random keys\n`);
  }
  return readConfig(given);
}

/**
 * Sets the plugins up and opens the port; false when the process was told to end meanwhile.
 *
 * @throws CommandError with every problem, or why the port can't be opened.
 */
async function open(gateway: Gateway, config: CommandConfig, end: ProcessEnd): Promise<boolean> {
  const { applied, problems } = await gateway.prepare();
  if (end.begun()) return false;
  if (!applied) {
    await gateway.kill();
    throw problemsError(problems, config);
  }
  const log = gateway.logging.logger('gateway');
  for (const problem of problems) log.warn(describeProblem(problem, config));
  for (const warning of configWarnings(config.settings.kernel)) log.warn(warning);
  try {
    const { url } = await gateway.listen();
    process.stdout.write(`${banner(url, config)}\n`);
    return true;
  } catch (error) {
    await gateway.kill();
    const { message, code } = error as { readonly message: string; readonly code?: string };
    // A port in use may be free the next time; an address that nobody may open won't.
    const exitCode = code === 'CONFIG_UNSAFE' ? EXIT.config : EXIT.failed;
    throw new CommandError(message, { exitCode });
  }
}
