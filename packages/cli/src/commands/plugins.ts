import type { Command } from 'commander';
import { readConfig } from '../config-file.ts';
import type { HealthAnswer } from '../format-health.ts';
import { connectOrStart } from '../gateway-client.ts';
import { listingCommand, plainCommand } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { createPrinter, table } from '../terminal.ts';
import { checkCommand } from './plugins-check.ts';

/** `cliproxy plugins list|check`. */
export function pluginsCommand(): Command {
  return plainCommand('plugins', { example: 'cliproxy plugins list' })
    .addCommand(listCommand())
    .addCommand(checkCommand());
}

function listCommand(): Command {
  return listingCommand('list', {
    description: 'list the configured plugins and their state',
    example: 'cliproxy plugins list --json',
  }).action(async (options: CommonOptions) => {
    const printer = createPrinter(options.json);
    const client = await connectOrStart(await readConfig(options.config), printer);
    try {
      const { plugins } = (await client.get('/v1/health')) as HealthAnswer;
      const rows = plugins.map(({ instanceId, state, package: name, version, accounts }) => ({
        instance: instanceId,
        state,
        package: name,
        // One that was not looked at, or not found, has none.
        ...(version !== '' && { version }),
        accounts: accounts.length,
      }));
      printer.result(
        rows,
        table([
          ['INSTANCE', 'STATE', 'PACKAGE', 'VERSION', 'ACCOUNTS'],
          ...rows.map(({ instance, state, package: name, version, accounts }) => [
            instance,
            state,
            name,
            version ?? '-',
            state === 'disabled' ? '-' : String(accounts),
          ]),
        ]),
      );
    } finally {
      await client.close();
    }
  });
}
