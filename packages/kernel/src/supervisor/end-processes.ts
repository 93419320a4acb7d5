import { setTimeout as sleep } from 'node:timers/promises';

/** How often to look whether they have ended, in milliseconds. */
const LOOK_MS = 50;
/** Longest wait for what SIGKILL was sent to. One that waits for a dead disk takes no signal. */
const LAST_MS = 2_000;

/**
 * Ends processes: asks them, and after the grace kills what is left.
 *
 * @param find - those that are there now; asked again and again, since they may start others.
 * @param graceMs - from SIGTERM to SIGKILL, in milliseconds.
 * @returns how many there were at first.
 */
export async function endProcesses(
  find: () => Promise<readonly number[]>,
  graceMs: number,
): Promise<number> {
  const found = await find();
  if (found.length === 0) return 0;
  signalAll(found, 'SIGTERM');
  let left = await waitFor(find, graceMs);
  for (const begunMs = performance.now(); left.length > 0; left = await find()) {
    if (performance.now() - begunMs > LAST_MS) break;
    signalAll(left, 'SIGKILL');
    await sleep(LOOK_MS);
  }
  return found.length;
}

/** Sends a signal; a process that has ended meanwhile is none of the worries. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Ended, or another's by now.
  }
}

function signalAll(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) signal(pid, name);
}

async function waitFor(
  find: () => Promise<readonly number[]>,
  limitMs: number,
): Promise<readonly number[]> {
  const begunMs = performance.now();
  for (;;) {
    const left = await find();
    if (left.length === 0 || performance.now() - begunMs >= limitMs) return left;
    await sleep(LOOK_MS);
  }
}
