// `npm run conformance`: makes the checkout ready, then checks every plugin from its sources.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { parseArgs } from 'node:util';

const HELP = `npm run conformance -- [options]

Checks every plugin in plugins/ that has a conformance test, and prints how far each can be relied on.
Takes about two minutes. Exits with 1 where a check fails.

  --json    the whole reports
  --write   also writes the table into docs/PROVIDERS.md
  --help    this text`;

try {
  const options = {
    json: { type: 'boolean' },
    write: { type: 'boolean' },
    help: { type: 'boolean' },
  };
  if (parseArgs({ options }).values.help) {
    console.log(HELP);
    process.exit(0);
  }
} catch (error) {
  console.error(`${error.message}\n\n${HELP}`);
  process.exit(2);
}

createRequire(import.meta.url)('../../bin/prepare.cjs').prepare();
const { status } = spawnSync(
  process.execPath,
  [
    '--conditions=cliproxy-src',
    '--import',
    new URL('../matrix/load-typescript.mjs', import.meta.url).href,
    path.join(import.meta.dirname, 'print.ts'),
    ...process.argv.slice(2),
  ],
  { stdio: 'inherit' },
);
process.exit(status ?? 1);
