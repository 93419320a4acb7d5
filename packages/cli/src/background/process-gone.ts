import { processStart } from '@cliproxy/gateway/data-place';
import type { RunningRouter } from './find-router.ts';

/** Whether a router's process has ended; another one may have its id by now. */
export async function isGone({ pid, startTicks }: RunningRouter): Promise<boolean> {
  if (startTicks !== undefined) return (await processStart(pid)) !== startTicks;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/**
 * Signals a router's process, and no other that may have its id by now.
 *
 * @throws the system's error, for example where the process belongs to another user.
 */
export async function signal(router: RunningRouter, name: NodeJS.Signals): Promise<void> {
  if (await isGone(router)) return;
  try {
    process.kill(router.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
