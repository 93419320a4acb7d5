import { setTimeout as sleep } from 'node:timers/promises';
import { processStart } from './process-start.ts';

const GONE_MS = 5_000;
const LOOK_MS = 50;

/** A browser's main process, which leads a process group of its own. */
export interface BrowserProcess {
  readonly pid: number;
  readonly start: string;
}

/**
 * Ends a browser and all its processes at once, frozen ones too. Nothing happens to a process that
 * is not the one that was started then.
 *
 * @returns whether it was running.
 */
export async function endBrowser({ pid, start }: BrowserProcess): Promise<boolean> {
  if ((await processStart(pid)) !== start) return false;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile, or leads no group.
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      return true;
    }
  }
  for (let waitedMs = 0; waitedMs < GONE_MS; waitedMs += LOOK_MS) {
    if ((await processStart(pid)) !== start) break;
    await sleep(LOOK_MS);
  }
  return true;
}
