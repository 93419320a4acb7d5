import { configJsonSchema } from '@cliproxy/config';
import { createGateway } from '@cliproxy/gateway';
import { Command } from 'commander';
import { existsSync } from 'node:fs';
import { configFile, problemLines, readConfig } from '../config-file.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { commandWithConfig, listingCommand } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { createPrinter } from '../terminal.ts';

/** `cliproxy config check|schema`. */
export function configCommand(): Command {
  return new Command('config')
    .description('check the configuration, or print its JSON Schema')
    .helpOption('-h, --help', 'print this help')
    .addCommand(checkCommand())
    .addCommand(schemaCommand());
}

function checkCommand(): Command {
  return listingCommand('check', "check the configuration, each plugin's part included").action(
    async (options: CommonOptions) => {
      const printer = createPrinter(options.json);
      const config = await readConfig(options.config);
      const gateway = createGateway({
        ...config.settings,
        log: { level: 'error', format: 'auto' },
      });
      const { applied, problems } = await gateway.prepare();
      await gateway.kill();
      printer.result(
        {
          ok: applied,
          problems: problems.map(({ code, message, instanceId, pointer }) => ({
            code,
            instance: instanceId,
            pointer,
            message,
          })),
        },
        problems.length === 0 ? `ok: ${config.file}` : problemLines([...problems], config),
      );
      if (!applied) throw new CommandError('', EXIT.config);
    },
  );
}

function schemaCommand(): Command {
  return commandWithConfig(
    'schema',
    "print the configuration's JSON Schema, with each enabled plugin's own, for editors",
  ).action(async (options: CommonOptions) => {
    if (options.config === undefined && !existsSync(configFile(undefined))) {
      process.stdout.write(`${JSON.stringify(configJsonSchema(), undefined, 2)}\n`);
      return;
    }
    const config = await readConfig(options.config);
    const gateway = createGateway({ ...config.settings, log: { level: 'error', format: 'auto' } });
    await gateway.prepare();
    const schemas = gateway.kernel.schemas();
    await gateway.kill();
    process.stdout.write(`${JSON.stringify(configJsonSchema(schemas), undefined, 2)}\n`);
  });
}
