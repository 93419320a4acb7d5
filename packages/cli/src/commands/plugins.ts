import { createGateway } from '@cliproxy/gateway';
import { Command } from 'commander';
import { problemLines, readConfig } from '../config-file.ts';
import { CommandError } from '../exit-codes.ts';
import type { HealthAnswer } from '../format-health.ts';
import { connectOrStart } from '../gateway-client.ts';
import { listingCommand } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { createPrinter, table } from '../terminal.ts';

/** `cliproxy plugins list|check`. */
export function pluginsCommand(): Command {
  return new Command('plugins')
    .description('list or check the configured plugins')
    .helpOption('-h, --help', 'print this help')
    .addCommand(listCommand())
    .addCommand(checkCommand());
}

function listCommand(): Command {
  return listingCommand('list', 'list the configured plugins and their state').action(
    async (options: CommonOptions) => {
      const printer = createPrinter(options.json);
      const client = await connectOrStart(await readConfig(options.config), printer);
      try {
        const { plugins } = (await client.get('/v1/health')) as HealthAnswer;
        const rows = plugins.map(({ instanceId, state, package: name, version, accounts }) => ({
          instance: instanceId,
          state,
          package: name,
          version,
          accounts: accounts.length,
        }));
        printer.result(
          rows,
          table([
            ['INSTANCE', 'STATE', 'PACKAGE', 'VERSION', 'ACCOUNTS'],
            ...rows.map((row) => Object.values(row).map(String)),
          ]),
        );
      } finally {
        await client.close();
      }
    },
  );
}

function checkCommand(): Command {
  return listingCommand(
    'check',
    'set every enabled plugin up, without opening a port, and say what is wrong',
  )
    .argument('[instance]', 'only this one')
    .action(async (instance: string | undefined, options: CommonOptions) => {
      const printer = createPrinter(options.json);
      const config = await readConfig(options.config);
      const known = config.settings.kernel.plugins.map(({ instanceId }) => instanceId);
      if (instance !== undefined && !known.includes(instance)) {
        throw new CommandError(
          `there is no plugin "${instance}": the configuration has ${known.join(', ')}`,
        );
      }
      const gateway = createGateway({
        ...config.settings,
        log: { level: 'error', format: 'auto' },
      });
      const { problems } = await gateway.prepare();
      await gateway.kill();
      const found = problems.filter(
        ({ instanceId }) => instance === undefined || instanceId === instance,
      );
      printer.result(
        found.map(({ code, message, instanceId, pointer }) => ({
          code,
          instance: instanceId,
          pointer,
          message,
        })),
        found.length === 0
          ? 'ok: every enabled plugin can be set up'
          : problemLines([...found], config),
      );
      if (found.length > 0) throw new CommandError('');
    });
}
