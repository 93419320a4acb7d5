// `npm run matrix`: makes the checkout ready, then runs the matrix from its sources.
import { runFromSources } from '../from-sources.mjs';

runFromSources({
  program: new URL('print.ts', import.meta.url),
  note: 'trying every client with every provider …',
  help: `npm run matrix -- [options]

Asks a gateway by the vendors' own SDKs, each client dialect for each provider dialect, in front of
strict fake vendors, and prints what came of each case. Takes about half a minute. Exits with 1 where
a cell is wrong.

  --json    one JSON document instead of the table
  --write   also writes the table into docs/PROTOCOLS.md
  --help    this text`,
});
