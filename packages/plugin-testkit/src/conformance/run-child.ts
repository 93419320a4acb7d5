import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { CheckFailure } from './check.ts';
import type { Trace } from './child/footprint.ts';

/** What a process of its own found. */
export interface ChildReport {
  readonly fault?: string;
  readonly traces: readonly Trace[];
}

const LIMIT_MS = 60_000;

/** Runs one of the scripts in `child/`, built, in a fresh process without arguments of ours. */
export async function runChild(name: string, argument: string): Promise<ChildReport> {
  // From the sources and from what is built the same.
  const script = path.join(import.meta.dirname, '../../dist/conformance/child', `${name}.js`);
  if (!existsSync(script)) throw notBuilt(script);
  const child = spawn(process.execPath, [script, argument], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    // Options of a test runner are none of the plugin's.
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const report = child.stdio[3] as Readable;
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  child.stdout?.resume();
  const [told, complaint] = await Promise.all([text(report), text(child.stderr as Readable)]);
  clearTimeout(timer);
  try {
    return JSON.parse(told) as ChildReport;
  } catch {
    const last = complaint.trim().split('\n').slice(0, 5).join(' ');
    return { fault: `the process ended, or did nothing for ${LIMIT_MS} ms: ${last}`, traces: [] };
  }
}

function notBuilt(script: string): CheckFailure {
  return new CheckFailure({
    expected: 'the built checks',
    seen: `there is no ${script}`,
    remedy: 'build @cliproxy/plugin-testkit (`npx tsc -b`), or install it',
  });
}
