import { Command, Option } from 'commander';

/** Options that most commands have. */
export interface CommonOptions {
  readonly config?: string;
  readonly json?: boolean;
}

/** A command that takes `--config` and, unless it runs on, `--json`. */
export function commandWithConfig(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .helpOption('-h, --help', 'print this help')
    .addOption(
      new Option('-c, --config <file>', 'configuration file').default(
        undefined,
        '$CLIPROXY_CONFIG, else ~/.cliproxy/config.yaml',
      ),
    );
}

/** The same, with `--json`. */
export function listingCommand(name: string, description: string): Command {
  return commandWithConfig(name, description).option('--json', 'print JSON');
}
