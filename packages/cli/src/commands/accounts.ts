import type { AccountView } from '@cliproxy/gateway';
import type { Command } from 'commander';
import { readConfig } from '../config-file.ts';
import { noAccount } from '../findings/plugin.ts';
import { accountLines } from '../format-accounts.ts';
import type { HealthAnswer } from '../format-health.ts';
import { runningGateway } from '../gateway-client.ts';
import type { GatewayClient } from '../gateway-client.ts';
import { listingCommand } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { createPrinter } from '../terminal.ts';

interface AccountsAnswer {
  readonly accounts: readonly AccountView[];
}

/** `cliproxy accounts` and `cliproxy accounts reset [ID]`. */
export function accountsCommand(): Command {
  return listingCommand('accounts', {
    example: 'cliproxy accounts reset llmux-claude/key-3fd8a1c09b77',
  })
    .action(async (options: CommonOptions) => {
      const client = await runningGateway(await readConfig(options.config));
      await print((await client.get('/v1/accounts')) as AccountsAnswer, client, options);
    })
    .addCommand(resetCommand());
}

function resetCommand(): Command {
  return listingCommand('reset', {
    description: 'forget what stands against an account, or against all: the next request tries it',
    example: 'cliproxy accounts reset',
  })
    .argument('[id]', 'account, as "cliproxy accounts" lists it')
    .action(async (id: string | undefined, _own: CommonOptions, command: Command) => {
      // The outer command knows the same options, and takes them where they stand before "reset".
      const options = command.optsWithGlobals<CommonOptions>();
      const client = await runningGateway(await readConfig(options.config));
      const body = id === undefined ? {} : { account: id };
      const left = (await client.change('POST', '/v1/accounts/reset', body)) as AccountsAnswer;
      await print(left, client, options);
    });
}

async function print(
  { accounts }: AccountsAnswer,
  client: GatewayClient,
  options: CommonOptions,
): Promise<void> {
  const lines =
    accounts.length === 0
      ? 'There is no account: add a key to the configuration, or log in with "cliproxy login NAME".'
      : accountLines(accounts);
  const bare = options.json === true ? [] : await withoutAccount(client);
  createPrinter(options.json).result(accounts, [lines, ...bare].join('\n'));
}

/** What is to be done for instances that nobody has logged in to yet, a line each. */
async function withoutAccount(client: GatewayClient): Promise<readonly string[]> {
  const { plugins } = (await client.get('/v1/health')) as HealthAnswer;
  return plugins
    .filter(({ state, accounts }) => state === 'needs-login' && accounts.length === 0)
    .map(({ instanceId }) => `${instanceId}: ${noAccount(instanceId)}`);
}
