import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from '../exit-codes.ts';
import { duration } from '../duration.ts';
import type { RunningRouter } from './find-router.ts';
import { isGone, signal } from './process-gone.ts';

/** How to end a router. */
interface EndOptions {
  /** True: nothing is waited for. */
  readonly force: boolean;
  /** For progress. */
  note(text: string): void;
}

/** Two signals closer to each other than this are one to the router, in milliseconds. */
const APART_MS = 500;
/** What the router may need beside the time that it gives to requests, in milliseconds. */
const BESIDE_MS = 20_000;
/** How long one that ends at once may take, in milliseconds. */
const AT_ONCE_MS = 5_000;
/** From one line of progress to the next, in milliseconds. */
const PROGRESS_MS = 5_000;
/** The router's own default, for one that has not told. */
const USUAL_DRAIN_MS = 30_000;

/**
 * Ends a router and waits until its process is gone. Requests under way may go on for as long as its
 * configuration says; Ctrl+C meanwhile ends them.
 *
 * @throws CommandError when it doesn't end.
 */
export async function endRouter(router: RunningRouter, options: EndOptions): Promise<void> {
  await signal(router, 'SIGTERM');
  if (options.force) return endNow(router);
  const drainMs = router.facts.drainMs ?? USUAL_DRAIN_MS;
  let hurried: Promise<void> | undefined;
  const hurry = (): void => {
    options.note('ending it now');
    hurried ??= endNow(router);
  };
  process.once('SIGINT', hurry);
  try {
    const begunMs = performance.now();
    let saidMs = begunMs - PROGRESS_MS + 1_000;
    while (!(await isGone(router))) {
      if (hurried !== undefined) {
        await hurried;
        return;
      }
      const nowMs = performance.now();
      if (nowMs - begunMs > drainMs + BESIDE_MS) {
        throw new CommandError(
          `the gateway (PID ${router.pid}) was told to end ${duration(nowMs - begunMs)} ago and still runs; "cliproxy stop --force" ends it`,
        );
      }
      if (nowMs - saidMs > PROGRESS_MS) {
        saidMs = nowMs;
        options.note(
          `stopping (PID ${router.pid}): requests under way may go on for up to ${duration(drainMs)}, ${duration(nowMs - begunMs)} so far; Ctrl+C ends them`,
        );
      }
      await sleep(100);
    }
  } finally {
    process.off('SIGINT', hurry);
  }
}

/** The second signal, which the router obeys at once; one that can't gets the last one. */
async function endNow(router: RunningRouter): Promise<void> {
  if (await goneWithin(router, APART_MS)) return;
  await signal(router, 'SIGTERM');
  if (await goneWithin(router, AT_ONCE_MS)) return;
  await signal(router, 'SIGKILL');
  if (await goneWithin(router, AT_ONCE_MS)) return;
  throw new CommandError(`the gateway (PID ${router.pid}) still runs, though it was killed`);
}

async function goneWithin(router: RunningRouter, waitMs: number): Promise<boolean> {
  const deadlineMs = performance.now() + waitMs;
  while (performance.now() < deadlineMs) {
    if (await isGone(router)) return true;
    await sleep(50);
  }
  return isGone(router);
}
