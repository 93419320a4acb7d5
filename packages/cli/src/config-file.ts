import os from 'node:os';
import path from 'node:path';
import { ConfigError, createSchemaChecker, didYouMean, loadConfig } from '@cliproxy/config';
import type { ConfigChecker, LoadedConfig } from '@cliproxy/config';
import { CommandError } from './exit-codes.ts';
import { meantBy } from './meant-by.ts';
import { problemsError } from './problem-rows.ts';

/** A configuration, and the checker that read it, which is costly to make a second time. */
export interface CommandConfig extends LoadedConfig {
  readonly checker: ConfigChecker;
}

/** Folder of what the gateway writes when it is started without a configuration. */
export function homeFolder(): string {
  const named = fromEnvironment('CLIPROXY_HOME');
  return named === undefined ? path.join(os.homedir(), '.cliproxy') : path.resolve(named);
}

/** The file that a person has named, by an option or by `$CLIPROXY_CONFIG`. */
export function namedFile(given: string | undefined): string | undefined {
  const named = given ?? fromEnvironment('CLIPROXY_CONFIG');
  return named === undefined ? undefined : path.resolve(named);
}

/** The configuration file: as named, else the one in the home folder. */
export function configFile(given: string | undefined): string {
  return namedFile(given) ?? path.join(homeFolder(), 'config.yaml');
}

/**
 * Loads a configuration for a command.
 *
 * @throws CommandError with exit code 78 and every problem, one a line.
 */
export async function readConfig(given: string | undefined): Promise<CommandConfig> {
  const checker = createSchemaChecker();
  return asCommandError(async () => ({
    ...(await loadConfig({ file: configFile(given), env: process.env, checker })),
    checker,
  }));
}

/** @throws CommandError instead of the ConfigError that `work` throws. */
export async function asCommandError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ConfigError) throw problemsError(error.problems, error);
    throw error;
  }
}

/**
 * The configured plugin instance that a person means: by its id, or by the first word of the only id
 * that begins so, such as `webai` for `webai-proxy`.
 *
 * @throws CommandError that names the near and the known ones.
 */
export function instanceNamed({ settings, file }: LoadedConfig, name: string): string {
  const known = settings.kernel.plugins.map(({ instanceId }) => instanceId);
  const [found, ...others] = meantBy(name, known);
  if (found !== undefined && others.length === 0) return found;
  throw new CommandError(
    `there is no plugin "${name}" in ${file}.${didYouMean(name, known)} It has: ${known.join(', ')}.`,
  );
}

/** An empty variable counts as unset. */
function fromEnvironment(name: string): string | undefined {
  const value = process.env[name];
  return value === '' ? undefined : value;
}
