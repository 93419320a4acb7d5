import { Command } from 'commander';

/** Options that most commands have. */
export interface CommonOptions {
  readonly config?: string;
  readonly json?: boolean;
}

/** How a command looks in its help. */
interface CommandLook {
  /** Of a command within another; the others have theirs from the list of commands. */
  readonly description?: string;
  /** A command line that can be pasted. */
  readonly example: string;
}

/** A command without options of its own. */
export function plainCommand(name: string, { description, example }: CommandLook): Command {
  const command = new Command(name)
    .helpOption('-h, --help', 'print this help')
    .showHelpAfterError('(add --help to see how it is used)')
    .addHelpText('after', `\nExample:\n  ${example}`);
  return description === undefined ? command : command.description(description);
}

/** A command that takes `--config`. */
export function commandWithConfig(name: string, look: CommandLook): Command {
  return plainCommand(name, look).option(
    '-c, --config <file>',
    'configuration file; default: $CLIPROXY_CONFIG, else ~/.cliproxy/config.yaml',
  );
}

/** The same, with `--json`. */
export function listingCommand(name: string, look: CommandLook): Command {
  return commandWithConfig(name, look).option('--json', 'print JSON, errors too');
}
