import type { Command } from 'commander';
import { commandWithConfig } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { installedPlugin } from '../plugins/installed-plugin.ts';
import { printJson } from '../terminal.ts';

/** `cliproxy plugins schema`. */
export function schemaCommand(): Command {
  return commandWithConfig('schema', {
    description: "print the JSON Schema of a plugin's `config`",
    example: 'cliproxy plugins schema openai-compatible > config.schema.json',
  })
    .argument('<plugin>', 'an instance, a package or a folder')
    .option('--json', 'as without it: a schema is JSON')
    .action(async (name: string, options: CommonOptions) => {
      printJson((await installedPlugin(name, options.config)).look.schema);
    });
}
