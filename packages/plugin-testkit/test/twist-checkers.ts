import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { ConformanceReport } from '../src/conformance/report.ts';
import type { PluginTwist } from './plugin-package.ts';

const loader = new URL('../../../test/matrix/load-typescript.mjs', import.meta.url).href;
const program = path.join(import.meta.dirname, 'check-twists.ts');

interface Waiting {
  readonly twist: PluginTwist;
  resolve(report: Promise<ConformanceReport>): void;
}

/**
 * Checks plugins in processes of their own, several at once: a check waits for more than it computes.
 *
 * @param processes - how many are at work at once.
 * @returns a report for each twist, as it comes, in their order.
 */
export function checkTwists(
  twists: readonly PluginTwist[],
  processes: number,
): readonly Promise<ConformanceReport>[] {
  const waiting: Waiting[] = [];
  const reports = twists.map(
    (twist) => new Promise<ConformanceReport>((resolve) => waiting.push({ twist, resolve })),
  );
  const worker = async (): Promise<void> => {
    // What is built is run: the sources would be compiled anew by each process.
    const child = fork(program, { execArgv: ['--import', loader] });
    const gone = once(child, 'exit').then(([code]) => {
      throw new Error(`the process that checks ended with ${String(code)}`);
    });
    gone.catch(() => undefined);
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      child.send(JSON.stringify(one.twist));
      const report = Promise.race([once(child, 'message').then(([told]) => told as unknown), gone]);
      one.resolve(report as Promise<ConformanceReport>);
      // Each is looked at by a test of its own.
      await report.catch(() => undefined);
    }
    child.kill();
  };
  for (let at = 0; at < processes; at += 1) void worker();
  return reports;
}
