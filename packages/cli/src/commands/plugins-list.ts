import type { Command } from 'commander';
import { inspectPlugin, installFolderOf, storedPluginFault } from '@cliproxy/gateway';
import type { LockedPlugin, PluginLock } from '@cliproxy/gateway';
import { readConfig } from '../config-file.ts';
import type { HealthAnswer } from '../format-health.ts';
import { connectOrStart } from '../gateway-client.ts';
import { listingCommand } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { readLock } from '../plugins/add-plugin.ts';
import { pluginSources } from '../plugins/plugin-sources.ts';
import { createPrinter, table } from '../terminal.ts';

/** One line of the list. */
interface Row {
  /** Absent: nothing uses the package. */
  readonly instance?: string;
  readonly state: string;
  readonly package: string;
  readonly version?: string;
  /** Of the contract that it is made for. */
  readonly apiVersion?: string;
  /** Of a package that was added: whether every byte is as it was, and how not. */
  readonly added?: { readonly version: string; readonly integrity: string };
  readonly accounts?: number;
  /** What its own code did wrong since the start; absent: nothing. */
  readonly faults?: number;
}

/** `cliproxy plugins list`. */
export function listCommand(): Command {
  return listingCommand('list', {
    description: 'list the configured plugins, their state, and those that were added',
    example: 'cliproxy plugins list --json',
  }).action(async (options: CommonOptions) => {
    const printer = createPrinter(options.json);
    const config = await readConfig(options.config);
    const { baseDir } = config.settings.kernel;
    const integrity = await integrityOf(baseDir, await readLock(baseDir));
    const client = await connectOrStart(config, printer);
    try {
      const { plugins } = (await client.get('/v1/health')) as HealthAnswer;
      const references = config.settings.kernel.plugins.map((one) => one.package);
      const sources = await pluginSources({ baseDir, checker: config.checker }, references);
      const rows = plugins.map(
        ({ instanceId, state, package: name, version, accounts, faults }): Row => {
          const { package: found } = inspectPlugin(name, sources);
          const added = integrity.get(found?.name ?? name);
          return {
            instance: instanceId,
            state,
            package: name,
            // One that was not looked at, or not found, has none.
            ...(version !== '' && { version }),
            ...(found !== undefined && { apiVersion: found.manifest.apiVersion }),
            ...(added !== undefined && { added }),
            accounts: accounts.length,
            ...(faults !== undefined && { faults: faults.count }),
          };
        },
      );
      const used = new Set(rows.map((row) => row.package));
      const unused = [...integrity]
        .filter(([name]) => !used.has(name))
        .map(([name, added]): Row => ({ state: 'unused', package: name, added }));
      printer.result([...rows, ...unused], text([...rows, ...unused]));
    } finally {
      await client.close();
    }
  });
}

/** Each added package, compared with what was recorded. */
async function integrityOf(
  baseDir: string,
  lock: PluginLock,
): Promise<ReadonlyMap<string, NonNullable<Row['added']>>> {
  const compare = async ([name, locked]: [string, LockedPlugin]) => {
    const fault = await storedPluginFault(installFolderOf(baseDir, name, locked), locked);
    return [name, { version: locked.version, integrity: fault ?? 'ok' }] as const;
  };
  return new Map(await Promise.all(Object.entries(lock).map(compare)));
}

function text(rows: readonly Row[]): string {
  return table([
    ['INSTANCE', 'STATE', 'PACKAGE', 'VERSION', 'API', 'ADDED', 'ACCOUNTS'],
    ...rows.map(
      ({ instance, state, package: name, version, apiVersion, added, accounts, faults }) => [
        instance ?? '-',
        faults === undefined ? state : `${state}, ${faults} ${faults === 1 ? 'fault' : 'faults'}`,
        name,
        version ?? '-',
        apiVersion ?? '-',
        added === undefined ? '-' : `${added.version} ${added.integrity}`,
        accounts === undefined || state === 'disabled' ? '-' : String(accounts),
      ],
    ),
  ]);
}
