import type { Command } from 'commander';
import path from 'node:path';
import { editEnabled, editNewPlugin, pluginEntryText } from '@cliproxy/config';
import type { NewPluginEntry } from '@cliproxy/config';
import { packageNames } from '@cliproxy/gateway';
import { CommandError } from '../exit-codes.ts';
import { listingCommand } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { addPlugin } from '../plugins/add-plugin.ts';
import type { AddedPlugin } from '../plugins/add-plugin.ts';
import { checkLoads } from '../plugins/check-loads.ts';
import { newestVersion } from '../plugins/npm.ts';
import { readPluginSpec } from '../plugins/plugin-spec.ts';
import { pluginPlace } from '../plugins/plugin-sources.ts';
import type { PluginPlace } from '../plugins/plugin-sources.ts';
import { switchPlugin } from '../plugins/switch-plugin.ts';
import { createPrinter } from '../terminal.ts';
import { SERVING } from './plugins-switch.ts';

interface AddCommandOptions extends CommonOptions {
  readonly enable?: string | boolean;
  readonly experimental?: boolean;
  readonly dryRun?: boolean;
  readonly check: boolean;
}

/** `cliproxy plugins add`. */
export function addCommand(): Command {
  return listingCommand('add', {
    description: 'install a plugin, exactly the version named, and record every byte of it',
    example: 'cliproxy plugins add @acme/cliproxy-plugin@1.2.0 --enable',
  })
    .argument('<plugin>', 'NAME@VERSION, ./FOLDER or a .tgz file')
    .option(
      '--enable [instance]',
      "write it into the configuration; default: by the plugin's own id",
    )
    .option('--experimental', 'take one that uses experimental parts of the contract')
    .option('--no-check', 'leave the checks of @cliproxy/plugin-testkit out')
    .option('--dry-run', 'do all of it, and keep nothing')
    .addHelpText(
      'after',
      `
Runs no install script. The plugin gets a folder of its own beside the configuration file; its version, its
integrity and a digest of every file go into plugins.lock.json there, and are compared before each start.
Adding another version changes over to it: \`cliproxy plugins reload INSTANCE\` puts it to work.`,
    )
    .action(async (given: string, options: AddCommandOptions) => {
      const printer = createPrinter(options.json);
      const note = (text: string): void => printer.note(`cliproxy: ${text}`);
      const place = await pluginPlace(options.config);
      if (options.enable !== undefined && place.config === undefined) {
        throw new CommandError(
          `there is no ${place.file} to write it into: \`cliproxy start\` writes one`,
        );
      }
      const { baseDir } = place;
      const spec = await readPluginSpec(given, (range) => newestVersion(range, baseDir));
      const added = await addPlugin(spec, place, {
        experimental: options.experimental === true,
        dryRun: options.dryRun === true,
        check: async (folder) => (options.check ? checkLoads(folder, note) : undefined),
        note,
      });
      const kept = options.dryRun !== true;
      const entry = entryOf(added, options.experimental === true);
      const users = usersOf(place, added.name);
      const instanceId = instanceFor(options.enable, added, users);
      const state =
        kept && options.enable !== undefined ? await enable(place, instanceId, entry) : undefined;
      printer.result(
        {
          name: added.name,
          version: added.locked.version,
          integrity: added.locked.integrity,
          ...(added.former !== undefined && { former: added.former }),
          folder: kept ? added.folder : undefined,
          files: added.files,
          dryRun: !kept,
          instance: instanceId,
          entry,
          users,
          ...(state !== undefined && { enabled: true, state: state.state }),
        },
        told(added, { kept, users, entry, instanceId, state, place }),
      );
    });
}

/** The instances that a package of this name is mounted as. */
export function usersOf({ config }: PluginPlace, name: string): readonly string[] {
  return (config?.settings.kernel.plugins ?? [])
    .filter((one) => packageNames(one.package).includes(name))
    .map(({ instanceId }) => instanceId);
}

function instanceFor(
  enabled: AddCommandOptions['enable'],
  { look }: AddedPlugin,
  users: readonly string[],
): string {
  if (typeof enabled === 'string') return enabled;
  return users[0] ?? look.package.manifest.id;
}

/** What the operator writes: with the first of the plugin's own examples, which show what it needs. */
function entryOf({ name, look }: AddedPlugin, experimental: boolean): NewPluginEntry {
  const { examples } = look.schema as { readonly examples?: unknown };
  const [config] = Array.isArray(examples) ? (examples as readonly unknown[]) : [];
  return {
    package: name,
    ...(experimental && look.package.manifest.experimental && { experimental: true }),
    ...(config !== undefined && { config }),
  };
}

async function enable(
  { config, file }: PluginPlace,
  instanceId: string,
  entry: NewPluginEntry,
): Promise<{ readonly state?: string }> {
  if (config === undefined) throw new CommandError(`there is no ${file}`);
  const present = config.settings.kernel.plugins.find((one) => one.instanceId === instanceId);
  if (present !== undefined && !packageNames(present.package).includes(entry.package)) {
    throw new CommandError(
      `${entry.package} is added, but plugins.${instanceId} in ${file} is another package, ` +
        `${present.package}: give it another id, as in --enable my-${instanceId}`,
    );
  }
  // A reference hands over what the environment holds: a person writes that, not the plugin's author.
  if (present === undefined && JSON.stringify(entry).includes('${')) {
    throw new CommandError(
      `${entry.package} is added, but not enabled: its example hands over what the environment holds. Read it, ` +
        `and add it to plugins: in ${file} yourself:\n${pluginEntryText(instanceId, entry)}`,
    );
  }
  return switchPlugin(
    config,
    instanceId,
    (text) => {
      if (present === undefined) return editNewPlugin(text, instanceId, entry);
      return present.enabled ? text : editEnabled(text, instanceId, true);
    },
    SERVING,
  );
}

interface Told {
  readonly kept: boolean;
  readonly users: readonly string[];
  readonly entry: NewPluginEntry;
  readonly instanceId: string;
  readonly state: { readonly state?: string } | undefined;
  readonly place: PluginPlace;
}

function told(added: AddedPlugin, { kept, users, entry, instanceId, state, place }: Told): string {
  const { name, locked, former, folder, files, look } = added;
  const { hosts, env, childProcess } = look.package.manifest.permissions;
  const lines = [
    kept
      ? `${name} ${locked.version} is added${former === undefined ? '' : ` in the place of ${former}`}: ${files} files in ${folder}`
      : `${name} ${locked.version} could be added: ${files} files; nothing was kept`,
    `  it talks to: ${hosts.length === 0 ? 'nobody' : hosts.join(', ')}`,
    ...(env.length > 0 ? [`  it reads from the environment: ${env.join(', ')}`] : []),
    ...(childProcess ? ['  it runs programs of this machine'] : []),
  ];
  if (state !== undefined) {
    const force =
      state.state === undefined ? 'no gateway runs' : `${state.state} in the running gateway`;
    return [...lines, `${instanceId} is enabled in ${place.file}; ${force}`].join('\n');
  }
  if (users.length > 0) {
    return [
      ...lines,
      ...users.map((one) => `To put it to work: cliproxy plugins reload ${one}`),
    ].join('\n');
  }
  return [
    ...lines,
    `To enable it, add this to plugins: in ${path.basename(place.file)}, or use --enable:`,
    ...pluginEntryText(instanceId, entry)
      .split('\n')
      .map((line) => `  ${line}`),
  ].join('\n');
}
