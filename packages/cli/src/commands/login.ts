import { Option } from 'commander';
import type { Command } from 'commander';
import { readConfig, instanceNamed } from '../config-file.ts';
import { CommandError } from '../exit-codes.ts';
import { accountLines } from '../format-accounts.ts';
import { runningGateway } from '../gateway-client.ts';
import { authPath } from '../login/login-status.ts';
import type { LoginStatus } from '../login/login-status.ts';
import { followLogin } from '../login/follow-login.ts';
import { readInputs } from '../login/read-inputs.ts';
import type { InputOptions } from '../login/read-inputs.ts';
import { listingCommand } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { createPrinter } from '../terminal.ts';

interface LoginOptions extends CommonOptions, InputOptions {
  readonly authenticator?: string;
  readonly account?: string;
  readonly flow?: string;
  readonly paste?: boolean;
  readonly browser: boolean;
}

/** `cliproxy login NAME`: logs an account in to the running gateway. */
export function loginCommand(): Command {
  return listingCommand('login', { example: 'cliproxy login ctonew --token-file token.txt' })
    .argument('<name>', 'plugin instance, as under "plugins:", or the first word of its id')
    .option('--token-file <file>', 'log in with the token in a file; "-" is standard input')
    .addOption(
      new Option(
        '--input <name=file>',
        'something else that the plugin takes, from a file',
      ).argParser((pair: string, former: readonly string[] | undefined) => [
        ...(former ?? []),
        pair,
      ]),
    )
    .option('--flow <flow>', 'how, where the vendor offers several: redirect or device')
    .option('--authenticator <id>', 'which way to log in, where the plugin has several')
    .option('--account <id>', 'the account that logs in again')
    .option('--paste', 'take the address that the browser ended at from standard input')
    .option('--no-browser', 'open no browser')
    .action(async (name: string, options: LoginOptions) => {
      const printer = createPrinter(options.json);
      const config = await readConfig(options.config);
      const instance = instanceNamed(config, name);
      const { authenticator, account, flow, browser, paste = false, json = false } = options;
      const inputs = readInputs(options);
      const client = await runningGateway(config);
      const begun = (await client.change('POST', `${authPath(instance)}/login`, {
        ...inputs,
        ...(flow !== undefined && { flow }),
        ...(authenticator !== undefined && { authenticator }),
        ...(account !== undefined && { account }),
      })) as LoginStatus;
      const status = await followLogin(client, begun, {
        quiet: json,
        browser: browser && !paste,
        asksPaste: paste || (process.stdin.isTTY && !json),
      });
      const { login, accounts } = status;
      if (login.state !== 'done') {
        const { message = `the login ended as ${login.state}`, code } = login.error ?? {};
        throw new CommandError(message, code === undefined ? {} : { code });
      }
      const loggedIn = accounts.filter(({ id }) => id === login.account?.id);
      printer.result(status, `Logged in to ${instance}.\n${accountLines(loggedIn)}`);
    });
}
