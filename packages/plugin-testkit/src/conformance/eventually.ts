import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until something holds. @returns whether it did in time. */
export async function eventually(holds: () => boolean, limitMs: number): Promise<boolean> {
  for (let leftMs = limitMs; ; leftMs -= 10) {
    if (holds()) return true;
    if (leftMs <= 0) return false;
    await sleep(10);
  }
}
