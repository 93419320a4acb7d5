// `npm run contract`: makes the checkout ready, then writes the reference from the sources.
import { runFromSources } from '../from-sources.mjs';

runFromSources({
  program: new URL('print.ts', import.meta.url),
  help: `npm run contract -- [options]

Prints the reference of the plugin contract, made of the doc comments of packages/plugin-api. Exits
with 1 where a symbol has none.

  --json    every symbol with its signature and its doc comment
  --write   also writes the reference into docs/CONTRACT.md
  --help    this text`,
});
