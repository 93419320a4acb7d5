import type { IssuedSocketTicket } from '@cliproxy/gateway';
import type { Command } from 'commander';
import { instanceNamed, readConfig } from '../config-file.ts';
import { runningGateway } from '../gateway-client.ts';
import { listingCommand } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { createPrinter } from '../terminal.ts';

/** `cliproxy ticket NAME`: what a person enters in a page that is to work for the gateway. */
export function ticketCommand(): Command {
  return listingCommand('ticket', { example: 'cliproxy ticket aistudio-relay' })
    .argument('<name>', 'plugin instance, as under "plugins:", or the first word of its id')
    .action(async (name: string, options: CommonOptions) => {
      const config = await readConfig(options.config);
      const instance = instanceNamed(config, name);
      const client = await runningGateway(config);
      const at = `/v1/sockets/${encodeURIComponent(instance)}/ticket`;
      const issued = (await client.change('POST', at)) as IssuedSocketTicket;
      const address = client.url.replace(/^http/, 'ws') + issued.path;
      createPrinter(options.json).result({ address, ...issued }, lines(address, issued));
    });
}

function lines(address: string, { ticket, expiresAtMs }: IssuedSocketTicket): string {
  const end = new Date(expiresAtMs).toLocaleTimeString();
  return [
    `Address: ${address}`,
    `Ticket:  ${ticket}`,
    `Enter both in the page by ${end}. The ticket counts once; the page comes again without it.`,
  ].join('\n');
}
