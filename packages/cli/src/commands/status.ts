import type { Command } from 'commander';
import { readConfig } from '../config-file.ts';
import { runningGateway } from '../gateway-client.ts';
import { formatHealth } from '../format-health.ts';
import type { HealthAnswer } from '../format-health.ts';
import { listingCommand } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { createPrinter } from '../terminal.ts';

/** `cliproxy status`: the running gateway, its plugins and accounts. */
export function statusCommand(): Command {
  return listingCommand('status', { example: 'cliproxy status --deep' })
    .option('--deep', 'run every health probe now')
    .action(async (options: CommonOptions & { readonly deep?: boolean }) => {
      const printer = createPrinter(options.json);
      const client = await runningGateway(await readConfig(options.config));
      const path = options.deep === true ? '/v1/health/deep' : '/v1/health';
      const health = (await client.get(path)) as HealthAnswer;
      printer.result(health, `${client.url}\n${formatHealth(health)}`);
    });
}
