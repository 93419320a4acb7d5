import type { LogoutResult } from '@cliproxy/gateway';
import type { Command } from 'commander';
import { readConfig, instanceNamed } from '../config-file.ts';
import { runningGateway } from '../gateway-client.ts';
import { authPath } from '../login/login-status.ts';
import { listingCommand } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { createPrinter } from '../terminal.ts';

/** `cliproxy logout NAME`: forgets a login, and ends it at the vendor where that can be. */
export function logoutCommand(): Command {
  return listingCommand('logout', { example: 'cliproxy logout ctonew' })
    .argument('<name>', 'plugin instance, as under "plugins:", or the first word of its id')
    .option('--account <id>', 'which account, where several are logged in')
    .action(async (name: string, options: CommonOptions & { readonly account?: string }) => {
      const printer = createPrinter(options.json);
      const config = await readConfig(options.config);
      const instance = instanceNamed(config, name);
      const client = await runningGateway(config);
      const query =
        options.account === undefined ? '' : `?account=${encodeURIComponent(options.account)}`;
      const result = (await client.change('DELETE', authPath(instance) + query)) as LogoutResult;
      printer.result(
        result,
        `Logged out: ${result.accountId} (${result.label}).${atVendor(result)}`,
      );
    });
}

function atVendor({ revoked, reason }: LogoutResult): string {
  if (revoked === 'yes') return ' The vendor has ended the login, too.';
  const why = reason === undefined ? '' : `: ${reason}`;
  return `\nThe vendor was not told to end the login${why}.`;
}
