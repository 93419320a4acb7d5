import { Command, CommanderError } from 'commander';
import { VERSION } from '@cliproxy/gateway';
import { configCommand } from './commands/config.ts';
import { doctorCommand } from './commands/doctor.ts';
import { explainCommand } from './commands/explain.ts';
import { pluginsCommand } from './commands/plugins.ts';
import { startCommand } from './commands/start.ts';
import { statusCommand } from './commands/status.ts';
import { testProviderCommand } from './commands/test-provider.ts';
import { CommandError, EXIT } from './exit-codes.ts';

/**
 * Runs the command line and sets the process's exit code.
 *
 * @param args - without the program's name.
 */
export async function runCli(args: readonly string[]): Promise<void> {
  try {
    await program().parseAsync([...args], { from: 'user' });
  } catch (error) {
    process.exitCode = report(error);
  }
}

function program(): Command {
  const command = new Command('cliproxy')
    .description('One API endpoint in front of many AI providers.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .showHelpAfterError('(cliproxy --help lists the commands)')
    .addHelpText(
      'after',
      `
Exit codes: 0 ok, 1 failed, 2 wrong usage, 78 wrong configuration.

Examples:
  cliproxy start                    run; the first start writes a configuration
  cliproxy explain claude-sonnet-5  say which provider would serve a model, and why
  cliproxy doctor                   look for what is wrong`,
    );
  const commands = [
    startCommand(),
    statusCommand(),
    pluginsCommand(),
    explainCommand(),
    configCommand(),
    doctorCommand(),
    testProviderCommand(),
  ];
  for (const sub of commands) command.addCommand(sub);
  for (const sub of [command, ...commands, ...commands.flatMap(({ commands: subs }) => subs)]) {
    sub.exitOverride();
  }
  return command;
}

/** Says what went wrong and gives the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof CommandError) {
    if (error.message !== '') process.stderr.write(`cliproxy: ${error.message}\n`);
    return error.exitCode;
  }
  process.stderr.write(
    `cliproxy: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return EXIT.failed;
}
