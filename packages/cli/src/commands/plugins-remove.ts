import type { Command } from 'commander';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { didYouMean } from '@cliproxy/config';
import { lockFileOf, storeFolderOf, writePluginLock } from '@cliproxy/gateway';
import { CommandError } from '../exit-codes.ts';
import { listingCommand } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { changeLock, readLock } from '../plugins/add-plugin.ts';
import { pluginPlace } from '../plugins/plugin-sources.ts';
import { createPrinter } from '../terminal.ts';
import { usersOf } from './plugins-add.ts';

/** `cliproxy plugins remove`. */
export function removeCommand(): Command {
  return listingCommand('remove', {
    description: 'remove a plugin that was added',
    example: 'cliproxy plugins remove @acme/cliproxy-plugin',
  })
    .argument('<package>', 'its name, without a version')
    .action(async (name: string, options: CommonOptions) => {
      const place = await pluginPlace(options.config);
      const lock = await readLock(place.baseDir);
      const locked = Object.hasOwn(lock, name) ? lock[name] : undefined;
      if (locked === undefined) {
        const known = Object.keys(lock);
        throw new CommandError(
          `no plugin "${name}" was added.${didYouMean(name, known)} ` +
            `${lockFileOf(place.baseDir)} has: ${known.join(', ') || 'none'}.`,
        );
      }
      const users = usersOf(place, name);
      if (users.length > 0) {
        throw new CommandError(
          `${name} is in use by ${users.map((one) => `plugins.${one}`).join(', ')} in ${place.file}: ` +
            'take that out of the file first; `cliproxy plugins disable` leaves it there',
        );
      }
      // First: what is in no lock file is never loaded, whatever is left of it.
      await changeLock(place.baseDir, async () => {
        const { [name]: removed, ...others } = await readLock(place.baseDir);
        if (removed !== undefined) await writePluginLock(place.baseDir, others);
      });
      for (const folder of await foldersOf(place.baseDir, name)) {
        await rm(folder, { recursive: true, force: true });
      }
      createPrinter(options.json).result(
        { name, version: locked.version, removed: true },
        `${name} ${locked.version} is removed`,
      );
    });
}

/** Of every version of a package that is still there. */
async function foldersOf(baseDir: string, name: string): Promise<readonly string[]> {
  const parent = path.dirname(path.join(storeFolderOf(baseDir), name));
  const own = `${path.basename(name)}@`;
  const found = await readdir(parent).catch(() => []);
  return found.filter((one) => one.startsWith(own)).map((one) => path.join(parent, one));
}
