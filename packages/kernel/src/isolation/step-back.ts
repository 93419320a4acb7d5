import { readdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';

/**
 * How far an isolated process stands behind the gateway: where both want the same core, it gets about a
 * thirtieth of it, and what nobody wants in any case.
 */
const STEPS = 15;
/** As far as one can stand back. */
const LAST = 19;

/** Has a process that has just been started stand back from the gateway. Never throws. */
export function stepBack(pid: number): void {
  const niceness = Math.min(LAST, os.getPriority() + STEPS);
  // Threads that come into being from now on take it from their parent; those that are there, don't.
  for (const thread of [pid, ...threadsOf(pid)]) {
    try {
      os.setPriority(thread, niceness);
    } catch {
      // It has ended, or the system has no such thing.
    }
  }
  try {
    // Linux may share the processor out between sessions first, and each process of ours leads one.
    writeFileSync(`/proc/${pid}/autogroup`, String(niceness));
  } catch {
    // It does not.
  }
}

/** On Linux niceness is the thread's. */
function* threadsOf(pid: number): Generator<number> {
  try {
    for (const name of readdirSync(`/proc/${pid}/task`)) yield Number(name);
  } catch {
    // No /proc: the process as a whole.
  }
}
