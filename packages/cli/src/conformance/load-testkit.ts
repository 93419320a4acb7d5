import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as testkit from '@cliproxy/plugin-testkit';
import { CommandError } from '../exit-codes.ts';

const NAME = '@cliproxy/plugin-testkit';

/**
 * The checks: the plugin's own devDependency, else what is installed where the command runs, else
 * beside the command line. It brings fakes of vendors along, which a gateway at work has no use for.
 *
 * @throws CommandError that says what to install.
 */
export async function loadTestkit(folder: string): Promise<typeof testkit> {
  const places = [
    path.join(folder, 'package.json'),
    path.join(process.cwd(), 'x'),
    import.meta.url,
  ];
  for (const place of places) {
    const file = resolved(place);
    if (file !== undefined) return (await import(pathToFileURL(file).href)) as typeof testkit;
  }
  throw new CommandError(
    `the checks are in a package of their own: run \`npm install --save-dev ${NAME}\` in ` +
      `${process.cwd()}, where you are (not in the folder of a plugin that was added: it is kept as it was)`,
  );
}

function resolved(from: string): string | undefined {
  try {
    return createRequire(from).resolve(NAME);
  } catch {
    return undefined;
  }
}
