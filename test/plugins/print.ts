import { parseArgs } from 'node:util';
import { runBadSet } from './bad-set-run.ts';
import type { BadSetFigures } from './bad-set-run.ts';

const CALLS = 5_000;

/** As configured by default, and so that no plugin is ever left alone. */
const runs = [5, 1_000] as const;

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false } },
  strict: false,
});
const found: BadSetFigures[] = [];
for (const pluginFaults of runs) {
  const figures = await runBadSet(CALLS, pluginFaults);
  found.push(figures);
  if (values.json === true) continue;
  const { echo, exits, exitCode, seconds, rssMb, plugins } = figures;
  console.log(
    `${CALLS} calls in ${seconds.toFixed(1)} s, a plugin left alone after ${pluginFaults} faults: ` +
      `${exits} process exits; ended with ${exitCode} when told to; ${rssMb} MB`,
  );
  console.log(
    `echo: ${echo.calls} calls, ${echo.failed} failed, ` +
      `p50 ${echo.p50Ms.toFixed(1)} ms, p99 ${echo.p99Ms.toFixed(1)} ms`,
  );
  for (const { id, calls, statuses, faults, told } of plugins) {
    const answers = Object.entries(statuses).map(([status, count]) => `${count} × ${status}`);
    const counted = Object.entries(faults).map(([where, count]) => `${count} ${where}`);
    console.log(
      `  ${id.padEnd(17)} ${String(calls).padStart(4)}  ${answers.join(', ').padEnd(22)}  ` +
        `${counted.join(', ').padEnd(14)}  ${told}`,
    );
  }
  console.log('');
}
if (values.json === true) console.log(JSON.stringify(found, undefined, 2));
const calls = found.reduce((sum, one) => sum + one.calls, 0);
const exits = found.reduce((sum, one) => sum + one.exits, 0);
const failed = found.reduce((sum, one) => sum + one.echo.failed, 0);
const silent = found.flatMap(({ plugins }) => plugins.filter(({ told }) => told === ''));
if (values.json !== true) {
  console.log(`${calls} calls, ${exits} process exits, ${failed} failures of echo`);
}
process.exitCode = exits + failed + silent.length === 0 ? 0 : 1;
