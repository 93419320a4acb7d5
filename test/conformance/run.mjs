// `npm run conformance`: makes the checkout ready, then checks every plugin from its sources.
import { runFromSources } from '../from-sources.mjs';

runFromSources({
  program: new URL('print.ts', import.meta.url),
  help: `npm run conformance -- [options]

Checks every plugin in plugins/ that has a conformance test, and prints how far each can be relied on.
Takes about a minute. Exits with 1 where a check fails.

  --json    the whole reports
  --write   also writes the table into docs/PROVIDERS.md
  --help    this text`,
});
