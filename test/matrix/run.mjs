// `npm run matrix`: makes the checkout ready, then runs the matrix from its sources.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { parseArgs } from 'node:util';

const HELP = `npm run matrix -- [options]

Asks a gateway by the vendors' own SDKs, each client dialect for each provider dialect, in front of
strict fake vendors, and prints what came of each case. Takes about half a minute. Exits with 1 where
a cell is wrong.

  --json    one JSON document instead of the table
  --write   also writes the table into docs/PROTOCOLS.md
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
console.error('cliproxy: trying every client with every provider …');
const { status } = spawnSync(
  process.execPath,
  [
    '--conditions=cliproxy-src',
    '--import',
    new URL('load-typescript.mjs', import.meta.url).href,
    path.join(import.meta.dirname, 'print.ts'),
    ...process.argv.slice(2),
  ],
  { stdio: 'inherit' },
);
process.exit(status ?? 1);
