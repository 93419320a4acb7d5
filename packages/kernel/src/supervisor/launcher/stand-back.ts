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
  os.setPriority(Math.min(LAST, os.getPriority() + STEPS));
  standSessionBack(process.pid);
}

/**
 * Has a session stand back as far as this process does: Linux may share the processor out between
 * sessions first. @param pid - of its leader.
 */
export function standSessionBack(pid: number): void {
  void write(`/proc/${pid}/autogroup`, String(os.getPriority()));
}

async function write(file: string, niceness: string): Promise<void> {
  for (let left = TRIES; left > 0; left -= 1) {
    try {
      await writeFile(file, niceness);
      return;
    } catch (error) {
      // The process has ended, or the system shares it out otherwise.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
    }
    await sleep(AGAIN_MS);
  }
}
