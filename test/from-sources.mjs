// What `npm run matrix` and `npm run conformance` share: options, a checkout that is made ready, and a
// program in TypeScript that is run from the sources.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/**
 * Runs a program with the options `--json`, `--write` and `--help`, and exits as it does; with 2 where
 * an option is not known.
 *
 * @param {{ help: string, program: URL, note?: string }} what - `note` is told before it begins.
 */
export function runFromSources({ help, program, note }) {
  try {
    const flag = { type: 'boolean' };
    if (parseArgs({ options: { json: flag, write: flag, help: flag } }).values.help) {
      console.log(help);
      process.exit(0);
    }
  } catch (error) {
    console.error(`${error.message}\n\n${help}`);
    process.exit(2);
  }
  createRequire(import.meta.url)('../bin/prepare.cjs').prepare();
  if (note !== undefined) console.error(`cliproxy: ${note}`);
  const { status } = spawnSync(
    process.execPath,
    [
      '--conditions=cliproxy-src',
      '--import',
      new URL('matrix/load-typescript.mjs', import.meta.url).href,
      fileURLToPath(program),
      ...process.argv.slice(2),
    ],
    { stdio: 'inherit' },
  );
  process.exit(status ?? 1);
}
