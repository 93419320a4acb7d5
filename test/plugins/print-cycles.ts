// Prints what cycles of disable, enable and reload under load came to: `node test/plugins/cycles.mjs`.
import { parseArgs } from 'node:util';
import { runCycles } from './run-cycles.ts';

const USAGE = `node test/plugins/cycles.mjs [COUNT] [--isolated]
  COUNT       how many cycles, 100 by default
  --isolated  the instance runs in a process of its own`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { isolated: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h' } },
});
const [count = '100'] = positionals;
if (values.help) {
  console.log(USAGE);
  process.exit();
}
if (!/^[1-9]\d*$/u.test(count)) {
  console.error(`COUNT must be a whole number from 1 on, not ${JSON.stringify(count)}\n\n${USAGE}`);
  process.exit(2);
}
const result = await runCycles(Number(count), 10, values.isolated);
const mb = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MB`;
const { before, after } = result;
console.log(`${result.cycles} cycles of disable, enable, reload (${result.byCommand} by command)
requests to other instances: ${result.requests}, failed: ${result.failed}
streams, those at the instance included: ${result.streams}, dropped: ${result.dropped}
handles leaked: ${result.leaked.length}${result.leaked.map((one) => `\n  ${one}`).join('')}
  held before: ${JSON.stringify({ ...before.resources, ...before.files })}
  held after:  ${JSON.stringify({ ...after.resources, ...after.files })}
heap after collection: ${mb(before.heapBytes)} -> ${mb(after.heapBytes)}; process: ${mb(before.rssBytes)} -> ${mb(after.rssBytes)}
slowest change to be in force: ${result.slowestMs.toFixed(0)} ms`);
for (const fault of result.faults.slice(0, 10)) console.log(`  ${fault}`);
process.exitCode = result.failed + result.dropped + result.leaked.length > 0 ? 1 : 0;
