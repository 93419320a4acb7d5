import { existsSync } from 'node:fs';
import path from 'node:path';
import { createSchemaChecker, didYouMean } from '@cliproxy/config';
import type { ConfigChecker } from '@cliproxy/config';
import { filePluginStore, packageNames } from '@cliproxy/gateway';
import type { inspectPlugin } from '@cliproxy/gateway';
import { configFile, readConfig } from '../config-file.ts';
import type { CommandConfig } from '../config-file.ts';

type Sources = Parameters<typeof inspectPlugin>[1];

/** What a configuration says of plugins; without a file, nothing. */
export interface PluginPlace {
  readonly file: string;
  /** Folder of the file. */
  readonly baseDir: string;
  readonly checker: ConfigChecker;
  /** Absent: there is no file yet. */
  readonly config?: CommandConfig;
}

/**
 * Where a command looks for plugins.
 *
 * @throws CommandError where the file that is there can't be used.
 */
export async function pluginPlace(given: string | undefined): Promise<PluginPlace> {
  const file = configFile(given);
  if (given === undefined && !existsSync(file)) {
    return { file, baseDir: path.dirname(file), checker: createSchemaChecker() };
  }
  const config = await readConfig(given);
  const { baseDir } = config.settings.kernel;
  return { file, baseDir, checker: config.checker, config };
}

/** How the gateway would look for a package, every byte of an added one compared. */
export async function pluginSources(
  { baseDir, checker }: Pick<PluginPlace, 'baseDir' | 'checker'>,
  references: readonly string[],
): Promise<Sources> {
  const stored = await filePluginStore.check(baseDir, references.flatMap(packageNames));
  return { dirs: [baseDir, import.meta.dirname], stored, checker };
}

/** What a person means: an instance's package, a folder, or a package by its name. */
export function packageMeant(
  name: string,
  { config }: PluginPlace,
): { readonly reference: string; readonly instanceId?: string; readonly hint: string } {
  const plugins = config?.settings.kernel.plugins ?? [];
  const found = plugins.find(({ instanceId }) => instanceId === name);
  if (found !== undefined) return { reference: found.package, instanceId: name, hint: '' };
  const isPath = /^\.{1,2}(?:[/\\]|$)/u.test(name);
  const known = plugins.map(({ instanceId }) => instanceId);
  return { reference: isPath ? path.resolve(name) : name, hint: didYouMean(name, known) };
}
