import { existsSync } from 'node:fs';
import path from 'node:path';
import { didYouMean } from '@cliproxy/config';
import { filePluginStore } from '@cliproxy/gateway';
import { configFile, readConfig } from '../config-file.ts';
import { CommandError } from '../exit-codes.ts';
import { unpack } from './unpack.ts';
import type { FoundPlugin } from './unpack.ts';

/**
 * Finds what a person means: a tarball, a folder, an instance of the configuration, a package.
 *
 * @param config - what `--config` gave.
 * @param say - told of what takes a while.
 * @throws CommandError that says where it was looked for.
 */
export async function findPlugin(
  name: string,
  config: string | undefined,
  say: (text: string) => void,
): Promise<FoundPlugin> {
  if (/\.(?:tgz|tar\.gz)$/u.test(name)) return unpack(path.resolve(name), say);
  const release = async (): Promise<void> => undefined;
  if (isFolder(name)) return { folder: path.resolve(name), release };
  const { reference, dir, instances } = await referenceOf(name, config);
  if (isFolder(reference)) return { folder: path.resolve(dir, reference), release };
  const names = /^[a-z0-9][a-z0-9._-]*$/u.test(reference)
    ? [`@cliproxy/plugin-${reference}`, reference]
    : [reference];
  for (const [, { folder, fault }] of await filePluginStore.check(dir, names)) {
    if (fault !== undefined) throw new CommandError(fault, { code: 'PLUGIN_INTEGRITY' });
    return { folder, release };
  }
  for (const from of [dir, process.cwd(), import.meta.dirname]) {
    for (const wanted of names) {
      const folder = installedIn(from, wanted);
      if (folder !== undefined) return { folder, release };
    }
  }
  throw new CommandError(
    `there is no plugin "${name}": no instance of the configuration, and no package ` +
      `${names.join(' or ')} is installed in ${dir} or here.${didYouMean(name, instances)} ` +
      'Name a folder as ./folder, or a .tgz file.',
  );
}

function isFolder(name: string): boolean {
  return path.isAbsolute(name) || /^\.{1,2}(?:[/\\]|$)/u.test(name);
}

/** The package of an instance; without a configuration, or without such an instance, the name itself. */
async function referenceOf(
  name: string,
  config: string | undefined,
): Promise<{
  readonly reference: string;
  readonly dir: string;
  readonly instances: readonly string[];
}> {
  const file = configFile(config);
  const dir = path.dirname(file);
  if (config === undefined && !existsSync(file)) return { reference: name, dir, instances: [] };
  const { plugins, baseDir } = (await readConfig(config)).settings.kernel;
  const instance = plugins.find(({ instanceId }) => instanceId === name);
  return {
    reference: instance?.package ?? name,
    dir: baseDir,
    instances: plugins.map(({ instanceId }) => instanceId),
  };
}

/** Walks `node_modules` upwards, as Node does. */
function installedIn(from: string, name: string): string | undefined {
  for (let at = from; ; at = path.dirname(at)) {
    const folder = path.join(at, 'node_modules', name);
    if (existsSync(path.join(folder, 'package.json'))) return folder;
    if (path.dirname(at) === at) return undefined;
  }
}
