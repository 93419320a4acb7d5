// Prints what cycles of disable, enable and reload under load came to: `node test/plugins/cycles.mjs`.
import { runCycles } from './run-cycles.ts';

const cycles = Number(process.argv[2] ?? 100);
const result = await runCycles(cycles, 10);
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
