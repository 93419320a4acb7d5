import type { PluginStore, StoredPackage } from '@cliproxy/kernel';
import { lockFileOf, readPluginLock } from './plugin-lock.ts';
import type { PluginLock } from './plugin-lock.ts';
import { installFolderOf, packageFolderIn, storedPluginFault } from './stored-plugin.ts';

/** The plugins that were added beside a configuration file, compared with its lock file each time. */
export const filePluginStore: PluginStore = Object.freeze({
  async check(baseDir: string, names: readonly string[]) {
    let lock: PluginLock;
    try {
      lock = await readPluginLock(baseDir);
    } catch (error) {
      // Nobody knows any more which packages were added: none may slip in from elsewhere.
      const fault = error instanceof Error ? error.message : String(error);
      return new Map(names.map((name) => [name, { folder: baseDir, fault }]));
    }
    const found = await Promise.all(
      names.map(async (name): Promise<[string, StoredPackage] | undefined> => {
        const locked = Object.hasOwn(lock, name) ? lock[name] : undefined;
        if (locked === undefined) return undefined;
        const installed = installFolderOf(baseDir, name, locked);
        const folder = packageFolderIn(installed, name);
        const what = await storedPluginFault(installed, locked);
        if (what === undefined) return [name, { folder }];
        const again =
          `\`cliproxy plugins add ${name}@${locked.version}\`, or the same with the tarball or ` +
          'folder that it came from';
        const fault =
          what === 'absent'
            ? `${name} ${locked.version} is in ${lockFileOf(baseDir)}, but not installed in ${installed}; run ${again}`
            : `${name} ${locked.version} is not loaded, since it is not what was added: ${what} (in ` +
              `${installed}). Find out who did that, then run ${again}`;
        return [name, { folder, fault }];
      }),
    );
    return new Map(found.filter((one) => one !== undefined));
  },
});
