import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ConfigError, describeProblem, loadConfig } from '@cliproxy/config';
import type { LoadedConfig } from '@cliproxy/config';
import { CommandError, EXIT } from './exit-codes.ts';

/** Folder of what the gateway writes when it is started without a configuration. */
export function homeFolder(): string {
  return process.env['CLIPROXY_HOME'] ?? path.join(os.homedir(), '.cliproxy');
}

/** The configuration file: as given, else `$CLIPROXY_CONFIG`, else the one in the home folder. */
export function configFile(given: string | undefined): string {
  const named = given ?? process.env['CLIPROXY_CONFIG'];
  return named === undefined ? path.join(homeFolder(), 'config.yaml') : path.resolve(named);
}

/**
 * Loads a configuration for a command.
 *
 * @throws CommandError with exit code 78 and every problem, one a line.
 */
export async function readConfig(given: string | undefined): Promise<LoadedConfig> {
  const file = configFile(given);
  if (!existsSync(file)) {
    throw new CommandError(
      `there is no configuration at ${file}: name one with --config FILE, or run "cliproxy start" once to have one written`,
      EXIT.config,
    );
  }
  try {
    return await loadConfig({ file, env: process.env });
  } catch (error) {
    if (isConfigError(error)) throw new CommandError(error.message, EXIT.config);
    throw error;
  }
}

/** Lines for problems that plugins have, with their place in the configuration file. */
export function problemLines(
  problems: Parameters<typeof describeProblem>[0][],
  config: LoadedConfig,
): string {
  return problems.map((problem) => describeProblem(problem, config)).join('\n');
}

export function isConfigError(error: unknown): error is ConfigError {
  return error instanceof ConfigError;
}
