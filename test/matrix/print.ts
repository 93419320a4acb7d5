// Runs the matrix and prints it, with `--json`, or with `--write` into the docs; see run.mjs.
import { protocolsPage } from './protocols-page.ts';
import { runAll } from './run-all.ts';
import { plain, tableOf } from './table.ts';

const began = performance.now();
const outcomes = await runAll();
const table = tableOf(outcomes);
const wrong = outcomes.filter(({ verdict }) => verdict === 'wrong').length;
if (process.argv.includes('--json')) console.log(JSON.stringify(table, undefined, 2));
else {
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(plain(table));
  console.log(`${outcomes.length} cells, ${wrong} wrong, ${seconds} s`);
}
if (process.argv.includes('--write')) protocolsPage.write(table);
process.exitCode = wrong > 0 ? 1 : 0;
