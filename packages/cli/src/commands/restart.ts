import type { Command } from 'commander';
import { endRouter } from '../background/end-router.ts';
import { findRouter } from '../background/find-router.ts';
import type { RouterPlace, RunningRouter } from '../background/find-router.ts';
import { checkDataFolder } from '@cliproxy/gateway';
import { readConfig } from '../config-file.ts';
import type { CommandConfig } from '../config-file.ts';
import { dataFolderError } from '../data-folder-error.ts';
import { CommandError } from '../exit-codes.ts';
import { listingCommand } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { problemsError } from '../problem-rows.ts';
import { withPlugins } from '../set-up-plugins.ts';
import { createPrinter } from '../terminal.ts';
import { startDetached } from './start.ts';

/** `cliproxy restart`: ends the router and starts it again, if it can be started again. */
export function restartCommand(): Command {
  return listingCommand('restart', { example: 'cliproxy restart' }).action(
    async (options: CommonOptions) => {
      const printer = createPrinter(options.json);
      const note = (text: string): void => printer.note(`cliproxy: ${text}`);
      const place = await findRouter(options.config);
      const { running } = place;
      if (running !== undefined) requireDetached(running);
      const config = await checkedConfig(place);
      if (running === undefined) note('no gateway was running');
      else {
        note(`stopping (PID ${running.pid}) …`);
        await endRouter(running, { force: false, note });
      }
      const { cwd, nodeOptions } = running?.facts ?? {};
      try {
        await startDetached(config, options.json, {
          ...(cwd !== undefined && { cwd }),
          ...(nodeOptions !== undefined && { nodeOptions }),
        });
      } catch (error) {
        if (running === undefined || !(error instanceof CommandError)) throw error;
        throw withMore(error, 'The former gateway is stopped: none runs.');
      }
    },
  );
}

/** One with a terminal, or under systemd, is somebody else's to start. */
function requireDetached({ pid, facts }: RunningRouter): void {
  if (facts.detached === true) return;
  throw new CommandError(
    `the gateway (PID ${pid}) runs in the foreground, in a terminal or under a service manager: start it again there, or "cliproxy stop" and "cliproxy start --detach"`,
  );
}

/**
 * The configuration to start with, of which every plugin can be set up, and whose data folder and key
 * can be used.
 *
 * @throws CommandError with every problem; what runs goes on.
 */
async function checkedConfig({ running, file }: RouterPlace): Promise<CommandConfig> {
  try {
    const config = await readConfig(running?.facts.config ?? file);
    await withPlugins(config, async (_gateway, { applied, problems }) => {
      if (!applied) throw problemsError(problems, config);
    });
    await checkDataFolder(config.settings.data).catch((error: unknown) => {
      throw dataFolderError(error);
    });
    return config;
  } catch (error) {
    if (running === undefined || !(error instanceof CommandError)) throw error;
    throw withMore(error, `The gateway (PID ${running.pid}) goes on as it was.`);
  }
}

/** The same failure, with a sentence about what became of the router. */
function withMore({ message, exitCode, code, problems }: CommandError, more: string): CommandError {
  return new CommandError(`${message}\n${more}`, {
    exitCode,
    ...(code !== undefined && { code }),
    ...(problems !== undefined && { problems }),
  });
}
