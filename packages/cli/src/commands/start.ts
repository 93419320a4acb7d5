import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { writeFirstConfig } from '@cliproxy/config';
import { Option } from 'commander';
import type { Command } from 'commander';
import { findRouter } from '../background/find-router.ts';
import { launchRouter } from '../background/launch-router.ts';
import { failedMessage, tellLauncher } from '../background/launch-talk.ts';
import { banner } from '../banner.ts';
import { asCommandError, configFile, homeFolder, namedFile, readConfig } from '../config-file.ts';
import type { CommandConfig } from '../config-file.ts';
import { CommandError } from '../exit-codes.ts';
import { listingCommand } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { logOf, runGateway } from '../run-gateway.ts';
import { createPrinter } from '../terminal.ts';

interface StartOptions extends CommonOptions {
  readonly detach?: boolean;
  readonly inBackground?: boolean;
}

/** `cliproxy start`: runs the gateway until it is told to stop. */
export function startCommand(): Command {
  return listingCommand('start', { example: 'cliproxy start --detach' })
    .option('-d, --detach', 'run in the background; comes back once the gateway is ready')
    .addOption(new Option('--in-background').hideHelp())
    .action(async (options: StartOptions) => {
      if (options.inBackground === true) return runForLauncher(options.config);
      const config = await configToStart(options.config);
      return options.detach === true
        ? startDetached(config, options.json)
        : startHere(config, options.json);
    });
}

/** In this very process, until it ends. */
async function startHere(config: CommandConfig, json: boolean | undefined): Promise<void> {
  await runGateway(config, {
    detached: false,
    progress: () => undefined,
    ready: (url) =>
      createPrinter(json).result(
        { url, pid: process.pid, config: config.file, log: logOf(config) },
        banner(url, config, ['Press Ctrl+C to stop.']),
      ),
  });
}

/**
 * In a process of its own that needs no terminal.
 *
 * @throws CommandError as the start in the foreground, and where one runs already.
 */
export async function startDetached(
  config: CommandConfig,
  json: boolean | undefined,
  former: { readonly cwd?: string; readonly nodeOptions?: readonly string[] } = {},
): Promise<void> {
  const printer = createPrinter(json);
  const { running } = await findRouter(config.file);
  if (running !== undefined) {
    const { pid, since, facts } = running;
    const where = facts.url === undefined ? 'not ready yet' : `at ${facts.url}`;
    throw new CommandError(
      `a gateway runs already for the data folder ${config.settings.data.folder} (PID ${pid}, since ${since}, ${where}); "cliproxy restart" starts it anew, "cliproxy stop" ends it`,
      { code: 'KERNEL_STORE_LOCKED' },
    );
  }
  printer.note('cliproxy: starting in the background …');
  const launched = await launchRouter({
    file: config.file,
    dataFolder: config.settings.data.folder,
    ...former,
    note: (text) => printer.note(`cliproxy: ${text}`),
  });
  const { pid, url } = launched;
  printer.result({ url, pid, config: config.file, log: logOf(config) }, launched.banner);
}

/** The other end of {@link startDetached}: tells how the start goes, and prints nothing. */
async function runForLauncher(file: string | undefined): Promise<void> {
  try {
    const config = await readConfig(file);
    await runGateway(config, {
      detached: true,
      progress: (text) => tellLauncher({ type: 'progress', text }),
      ready: (url) =>
        tellLauncher({
          type: 'ready',
          url,
          banner: banner(url, config, [
            `It runs in the background (PID ${process.pid}): "cliproxy status" shows how it does, "cliproxy stop" ends it.`,
            `Its log: ${logOf(config)}`,
          ]),
        }),
    });
  } catch (error) {
    // A fault of ours has its stack in the output's file.
    if (!(error instanceof CommandError) || !process.connected) throw error;
    await tellLauncher(failedMessage(error));
    process.exitCode = error.exitCode;
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
