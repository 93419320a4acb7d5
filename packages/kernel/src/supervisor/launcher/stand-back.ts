import { writeFile } from 'node:fs/promises';
import os from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * How far processes stand behind the gateway: where both want the same core, they get about a thirtieth
 * of it, and what nobody wants in any case.
 */
const STEPS = 15;
/** As far as one can stand back. */
const LAST = 19;
/** Linux takes one such wish in 100 ms from all users together, but for root. */
const AGAIN_MS = 150;
const TRIES = 20;

/** Has this process stand back, and what it starts from now on. */
export function standBack(): void {
  try {
    os.setPriority(Math.min(LAST, os.getPriority() + STEPS));
  } catch {
    // The system does not allow it: it serves all the same.
  }
  standSessionBack(process.pid, () => true);
}

/**
 * Has a session stand back as far as this process does: Linux may share the processor out between
 * sessions first.
 *
 * @param pid - of its leader.
 * @param runs - whether that still runs: its number may be another's later.
 */
export function standSessionBack(pid: number, runs: () => boolean): void {
  void write(`/proc/${pid}/autogroup`, runs);
}

async function write(file: string, runs: () => boolean): Promise<void> {
  for (let left = TRIES; left > 0 && runs(); left -= 1) {
    try {
      await writeFile(file, String(os.getPriority()));
      return;
    } catch (error) {
      // The process has ended, or the system shares it out otherwise.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
    }
    await sleep(AGAIN_MS);
  }
}
