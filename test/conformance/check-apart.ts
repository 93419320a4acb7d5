import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { ConformanceReport } from '@cliproxy/plugin-testkit';
import { checkedPlugins } from './check-all.ts';

const loader = new URL('../matrix/load-typescript.mjs', import.meta.url).href;
const program = path.join(import.meta.dirname, 'check-one.ts');

/** A check waits for more than it computes; and some watch the process that they run in. */
const AT_ONCE = 3;

/**
 * Checks every plugin that has a conformance test, a few at a time, each in a process of its own.
 *
 * @throws Error that names the plugin whose process ended without a report.
 */
export async function checkApart(
  onBegin: (name: string) => void,
): Promise<readonly ConformanceReport[]> {
  const names = checkedPlugins();
  const reports = new Map<string, ConformanceReport>();
  const waiting = [...names];
  const worker = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      onBegin(name);
      reports.set(name, await checkOne(name));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return names.flatMap((name) => reports.get(name) ?? []);
}

async function checkOne(name: string): Promise<ConformanceReport> {
  // The plugin from its sources, all else as built: that is compiled already.
  const child = fork(program, [name], { execArgv: ['--import', loader] });
  const ended = once(child, 'exit');
  let report: ConformanceReport | undefined;
  child.once('message', (told) => (report = told as ConformanceReport));
  const [code] = (await ended) as [number | null];
  if (report !== undefined) return report;
  throw new Error(`the process that checks ${name} ended with ${String(code)} and no report`);
}
