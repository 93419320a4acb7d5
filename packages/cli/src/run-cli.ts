import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { isGatewayError } from '@cliproxy/plugin-api';
import { CommandError, EXIT } from './exit-codes.ts';
import { printJson } from './terminal.ts';

/** One command, imported only when it is named: the start of the gateway pays for no other. */
interface CommandEntry {
  readonly name: string;
  readonly description: string;
  readonly load: () => Promise<Command>;
}

const commands: readonly CommandEntry[] = [
  {
    name: 'start',
    description: 'run the gateway, in the foreground or in the background',
    load: async () => (await import('./commands/start.ts')).startCommand(),
  },
  {
    name: 'stop',
    description: 'end the gateway; requests under way may end first',
    load: async () => (await import('./commands/stop.ts')).stopCommand(),
  },
  {
    name: 'restart',
    description: 'end the gateway that runs in the background and start it again',
    load: async () => (await import('./commands/restart.ts')).restartCommand(),
  },
  {
    name: 'status',
    description: 'show the running gateway, its plugins and accounts',
    load: async () => (await import('./commands/status.ts')).statusCommand(),
  },
  {
    name: 'logs',
    description: 'show what the gateway and its child processes have logged',
    load: async () => (await import('./commands/logs.ts')).logsCommand(),
  },
  {
    name: 'login',
    description: 'log an account in to the running gateway',
    load: async () => (await import('./commands/login.ts')).loginCommand(),
  },
  {
    name: 'logout',
    description: 'log an account out',
    load: async () => (await import('./commands/logout.ts')).logoutCommand(),
  },
  {
    name: 'accounts',
    description: 'list the accounts, or reset what stands against them',
    load: async () => (await import('./commands/accounts.ts')).accountsCommand(),
  },
  {
    name: 'ticket',
    description: 'give a page a ticket to connect with, once',
    load: async () => (await import('./commands/ticket.ts')).ticketCommand(),
  },
  {
    name: 'plugins',
    description: 'list, check, add, remove, enable, disable or reload plugins',
    load: async () => (await import('./commands/plugins.ts')).pluginsCommand(),
  },
  {
    name: 'install',
    description: 'bring what a plugin needs that npm does not bring',
    load: async () => (await import('./commands/install.ts')).installCommand(),
  },
  {
    name: 'explain',
    description: 'say which provider would serve a model, and why',
    load: async () => (await import('./commands/explain.ts')).explainCommand(),
  },
  {
    name: 'config',
    description: 'check or print the configuration, or print its JSON Schema',
    load: async () => (await import('./commands/config.ts')).configCommand(),
  },
  {
    name: 'doctor',
    description: 'look for what is wrong, and say what to do',
    load: async () => (await import('./commands/doctor.ts')).doctorCommand(),
  },
  {
    name: 'test-provider',
    description: 'send one small request through one provider',
    load: async () => (await import('./commands/test-provider.ts')).testProviderCommand(),
  },
];

/**
 * Runs the command line and sets the process's exit code.
 *
 * @param args - without the program's name.
 */
export async function runCli(args: readonly string[]): Promise<void> {
  // A reader that leaves early, or a terminal that is lost, must not end the process.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  try {
    await (await program(args)).parseAsync([...args], { from: 'user' });
  } catch (error) {
    process.exitCode = report(error, args.includes('--json'));
  }
}

async function program(args: readonly string[]): Promise<Command> {
  const root = new Command('cliproxy')
    .description('One API endpoint in front of many AI providers.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .showHelpAfterError('(cliproxy --help lists the commands)')
    .addHelpText(
      'after',
      `
Exit codes: 0 ok, 1 failed, 2 wrong usage, 78 wrong configuration.

Examples:
  cliproxy start                    run; the first start writes a configuration
  cliproxy start --detach           the same in the background
  cliproxy explain claude-sonnet-5  say which provider would serve a model, and why
  cliproxy doctor                   look for what is wrong`,
    );
  for (const { name, description, load } of commands) {
    const command = args.includes(name) ? await load() : new Command(name);
    root.addCommand(command.description(description));
  }
  for (const command of family(root)) {
    command.exitOverride().configureOutput({
      outputError: (text, write) => write(text.replace(/^error:/, 'cliproxy:')),
    });
  }
  return root;
}

function version(): string {
  const require = createRequire(import.meta.url);
  return (require('../package.json') as { readonly version: string }).version;
}

function family(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(family)];
}

/** Says what went wrong and gives the exit code. */
function report(error: unknown, json: boolean): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.ok;
    // Commander has said it on standard error already.
    if (json) printJson({ error: { message: error.message.replace(/^error: /, '') } });
    return EXIT.usage;
  }
  const failure = asCommandError(error);
  const { message, code, problems, exitCode } = failure;
  if (json) {
    printJson({
      error: {
        ...(code !== undefined && { code }),
        message,
        ...(problems !== undefined && { problems }),
      },
    });
  } else {
    process.stderr.write(`cliproxy: ${message}\n`);
  }
  return exitCode;
}

/** An error that no command expects is a fault of ours: its stack helps to find it. */
function asCommandError(error: unknown): CommandError {
  if (error instanceof CommandError) return error;
  if (isGatewayError(error)) {
    const exitCode = error.code.startsWith('CONFIG_') ? EXIT.config : EXIT.failed;
    return new CommandError(error.message, { exitCode, code: error.code });
  }
  return new CommandError(
    error instanceof Error ? (error.stack ?? error.message) : `unexpected: ${String(error)}`,
  );
}
