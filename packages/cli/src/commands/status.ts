import type { Command } from 'commander';
import { readConfig } from '../config-file.ts';
import { CommandError } from '../exit-codes.ts';
import { connect } from '../gateway-client.ts';
import { formatHealth } from '../format-health.ts';
import type { HealthAnswer } from '../format-health.ts';
import { listingCommand } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { createPrinter } from '../terminal.ts';

/** `cliproxy status`: the running gateway, its plugins and accounts. */
export function statusCommand(): Command {
  return listingCommand('status', 'show the running gateway, its plugins and accounts')
    .option('--deep', 'run every health probe now')
    .action(async (options: CommonOptions & { readonly deep?: boolean }) => {
      const printer = createPrinter(options.json);
      const config = await readConfig(options.config);
      const client = await connect(config);
      if (client === undefined) {
        const { host, port } = config.settings.server;
        throw new CommandError(
          `no gateway answers at http://${host}:${port}: start it with "cliproxy start"`,
        );
      }
      const path = options.deep === true ? '/v1/health/deep' : '/v1/health';
      const health = (await client.get(path)) as HealthAnswer;
      printer.result(health, `${client.url}\n${formatHealth(health)}`);
    });
}
