import type { Command } from 'commander';
import { findRouter, lastRun } from '../background/find-router.ts';
import type { RouterPlace } from '../background/find-router.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { findGateway, runningGateway } from '../gateway-client.ts';
import type { GatewayClient } from '../gateway-client.ts';
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
      const place = await findRouter(options.config);
      const client = await clientFor(place);
      const path = options.deep === true ? '/v1/health/deep' : '/v1/health';
      const health = (await client.get(path)) as HealthAnswer;
      printer.result(health, `${client.url}\n${formatHealth(health)}`);
    });
}

/** @throws CommandError that says why there is nothing to show. */
async function clientFor({
  config,
  fault,
  file,
  running,
  ...last
}: RouterPlace): Promise<GatewayClient> {
  if (running === undefined) {
    if (config === undefined) throw fault ?? new CommandError(lastRun(last));
    // One with another data folder may answer at the configured address.
    const { client, why } = await findGateway(config);
    if (client === undefined) throw new CommandError(`${why}\n${lastRun(last)}`);
    return client;
  }
  const { pid, since, facts } = running;
  if (config === undefined) {
    const where = facts.url === undefined ? '' : ` at ${facts.url}`;
    throw new CommandError(
      `a gateway runs${where} (PID ${pid}, since ${since}), but can't be asked without ${file}:\n${fault?.message ?? ''}`,
      { exitCode: EXIT.config },
    );
  }
  if (facts.url === undefined) {
    throw new CommandError(`the gateway (PID ${pid}, since ${since}) has not opened its port yet`);
  }
  return runningGateway(config);
}
