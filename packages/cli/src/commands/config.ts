import { existsSync } from 'node:fs';
import { configJsonSchema, maskedConfig, printConfig } from '@cliproxy/config';
import type { Command } from 'commander';
import { configFile, namedFile, readConfig } from '../config-file.ts';
import type { CommandConfig } from '../config-file.ts';
import { configWarnings } from '../config-warnings.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { commandWithConfig, listingCommand, plainCommand } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { problemLines, problemRows, problemsExitCode } from '../problem-rows.ts';
import type { ProblemRow } from '../problem-row.ts';
import { withPlugins } from '../set-up-plugins.ts';
import { createPrinter, printJson } from '../terminal.ts';

/** `cliproxy config check|print|schema`. */
export function configCommand(): Command {
  return plainCommand('config', { example: 'cliproxy config check' })
    .addCommand(checkCommand())
    .addCommand(printCommand())
    .addCommand(schemaCommand());
}

/** What `config check --json` prints. */
interface CheckResult {
  /** True: a gateway would start with it. */
  readonly ok: boolean;
  /** May also name plugins that are not required. */
  readonly problems: readonly ProblemRow[];
  /** What starts all the same, though nobody can have meant it; absent where there is nothing. */
  readonly warnings?: readonly string[];
}

function checkCommand(): Command {
  return listingCommand('check', {
    description: "check the configuration, each plugin's part included",
    example: 'cliproxy config check --config ./cliproxy.yaml',
  }).action(async (options: CommonOptions) => {
    const printer = createPrinter(options.json);
    const { text, exitCode, ...result } = await check(options.config);
    printer.result(result satisfies CheckResult, text);
    process.exitCode = exitCode;
  });
}

/** A file that can't be read gives the same form as plugins that refuse their part of it. */
async function check(
  given: string | undefined,
): Promise<CheckResult & { readonly text: string; readonly exitCode: number }> {
  let config: CommandConfig;
  try {
    config = await readConfig(given);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const { message, exitCode, problems = [] } = error;
    return { ok: false, problems, text: message, exitCode };
  }
  const warnings = configWarnings(config.settings.kernel);
  return withPlugins(config, async (_gateway, { applied, problems }) => ({
    ok: applied,
    problems: problemRows(problems, config),
    ...(warnings.length > 0 && { warnings }),
    text: [
      ...(problems.length > 0 ? [problemLines(problems, config)] : []),
      ...warnings.map((warning) => `warning: ${warning}`),
      ...(applied ? [`ok: ${config.file}`] : []),
    ].join('\n'),
    exitCode: applied ? EXIT.ok : problemsExitCode(problems),
  }));
}

function printCommand(): Command {
  return listingCommand('print', {
    description: 'print the configuration in force: defaults filled in, secrets masked',
    example: 'cliproxy config print',
  }).action(async (options: CommonOptions) => {
    const config = await readConfig(options.config);
    const schemas = await pluginSchemas(config);
    createPrinter(options.json).result(
      maskedConfig(config.settings, schemas),
      printConfig(config.settings, schemas).trimEnd(),
    );
  });
}

function schemaCommand(): Command {
  return commandWithConfig('schema', {
    description:
      "print the configuration's JSON Schema, with each enabled plugin's own, for editors",
    example: 'cliproxy config schema > cliproxy.schema.json',
  })
    .option('--json', 'as without it: a schema is JSON')
    .action(async (options: CommonOptions) => {
      const nothingYet =
        namedFile(options.config) === undefined && !existsSync(configFile(options.config));
      printJson(
        nothingYet
          ? configJsonSchema()
          : configJsonSchema(await pluginSchemas(await readConfig(options.config))),
      );
    });
}

/** Each enabled plugin's own schema, as far as it can be set up. */
function pluginSchemas(config: CommandConfig): Promise<Readonly<Record<string, object>>> {
  return withPlugins(config, async (gateway) => gateway.kernel.schemas());
}
