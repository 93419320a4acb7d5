// `npm run bad-plugins`: makes the checkout ready, then asks 25 bad plugins ten thousand times.
import { runFromSources } from '../from-sources.mjs';

runFromSources({
  program: new URL('print.ts', import.meta.url),
  note: 'asking 25 bad plugins and a good one …',
  help: `npm run bad-plugins -- [options]

Runs a gateway with 25 plugins that do everything wrong, asks them and echo ten thousand times in
all, and prints what came of it. Takes about a minute. Exits with 1 where the gateway ended, echo
failed, or a plugin has no sentence of its own.

  --json    one JSON document instead of the tables
  --help    this text`,
});
