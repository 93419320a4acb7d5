import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { EXACT_VERSION, isName } from '@cliproxy/gateway';
import { CommandError, EXIT } from '../exit-codes.ts';

/** What is to be added. */
export type PluginSpec =
  /** From the registry that npm is configured with. */
  | { readonly kind: 'registry'; readonly name: string; readonly version: string }
  /** A file that `npm pack` made; absolute. */
  | { readonly kind: 'tarball'; readonly file: string }
  /** A folder that `npm pack` packs; absolute. */
  | { readonly kind: 'folder'; readonly folder: string };

/**
 * Reads what a person names.
 *
 * @param latest - asks the registry for the newest version of a package that a range or a tag means;
 *   `undefined`: it doesn't tell.
 * @throws CommandError that names the exact version to ask for.
 */
export async function readPluginSpec(
  given: string,
  latest: (spec: string) => Promise<string | undefined>,
): Promise<PluginSpec> {
  if (/\.(?:tgz|tar\.gz)$/u.test(given)) {
    const file = path.resolve(given);
    if (!existsSync(file)) throw new CommandError(`there is no file ${file}`);
    return { kind: 'tarball', file };
  }
  if (path.isAbsolute(given) || /^\.{1,2}(?:[/\\]|$)/u.test(given)) {
    const folder = path.resolve(given);
    if (statSync(path.join(folder, 'package.json'), { throwIfNoEntry: false })?.isFile() !== true) {
      throw new CommandError(`there is no package.json in ${folder}`);
    }
    return { kind: 'folder', folder };
  }
  const at = given.indexOf('@', 1);
  const name = at < 0 ? given : given.slice(0, at);
  const version = at < 0 ? '' : given.slice(at + 1);
  if (!isName(name)) {
    throw new CommandError(
      `${JSON.stringify(given)} names no package: write NAME@VERSION, ./FOLDER, or a .tgz file`,
      { exitCode: EXIT.usage },
    );
  }
  if (EXACT_VERSION.test(version)) return { kind: 'registry', name, version };
  const newest = await latest(version === '' ? name : `${name}@${version}`);
  const why =
    version === ''
      ? `${name} is named without a version`
      : `"${version}" is no exact version of ${name}`;
  const remedy =
    newest === undefined
      ? `name one, as in ${name}@1.2.3; \`npm view ${name} versions\` lists them`
      : `the newest that it means is ${newest}: \`cliproxy plugins add ${name}@${newest}\``;
  throw new CommandError(
    `${why}. What is added must be the same each time, so that nothing else comes in later; ${remedy}`,
    { exitCode: EXIT.usage },
  );
}
