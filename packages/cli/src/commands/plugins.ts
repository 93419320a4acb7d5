import type { Command } from 'commander';
import { plainCommand } from '../options.ts';
import { addCommand } from './plugins-add.ts';
import { checkCommand } from './plugins-check.ts';
import { docsCommand } from './plugins-docs.ts';
import { listCommand } from './plugins-list.ts';
import { removeCommand } from './plugins-remove.ts';
import { schemaCommand } from './plugins-schema.ts';
import { disableCommand, enableCommand, reloadCommand } from './plugins-switch.ts';

/** `cliproxy plugins …`. */
export function pluginsCommand(): Command {
  return plainCommand('plugins', { example: 'cliproxy plugins list' })
    .addCommand(listCommand())
    .addCommand(checkCommand())
    .addCommand(addCommand())
    .addCommand(removeCommand())
    .addCommand(enableCommand())
    .addCommand(disableCommand())
    .addCommand(reloadCommand())
    .addCommand(schemaCommand())
    .addCommand(docsCommand());
}
