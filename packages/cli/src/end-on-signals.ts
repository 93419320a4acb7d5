import type { Gateway } from '@cliproxy/gateway';
import { EXIT } from './exit-codes.ts';

/** How long requests may go on after an error that nobody caught. */
const CRASH_DRAIN_MS = 5000;

/**
 * A terminal sends Ctrl+C to everything that runs in it, and `npm start` passes its own on: signals
 * this close to each other are one.
 */
const SAME_SIGNAL_MS = 300;

/** Longest time from the end of the drain to the end of the process. */
const LAST_MS = 15_000;

/** The end of a gateway's process. */
export interface ProcessEnd {
  /** True once a signal or a fault has begun it. */
  begun(): boolean;
  /** Ends something else at the same time. */
  alsoEnd(release: () => Promise<void>): void;
}

/**
 * The first SIGTERM or SIGINT lets requests under way go on; the second ends at once. An error that
 * nobody caught ends it only where it comes from the gateway's own code: what a plugin leaves behind
 * is put down to the plugin, and what belongs to nobody, such as a broken connection that nobody
 * listens to, says nothing about the requests of others.
 *
 * @param drainMs - longest time that requests may go on.
 */
export function endOnSignals(gateway: Gateway, drainMs: number): ProcessEnd {
  const log = gateway.logging.logger('gateway');
  const releases: (() => Promise<void>)[] = [];
  let begunMs: number | undefined;

  const end = (why: string, exitCode: number, atMostMs: number): void => {
    begunMs = performance.now();
    log.info(`${why}: stopping; again to end at once`);
    // Whatever hangs: a process that was told to end does.
    setTimeout(() => process.exit(exitCode), atMostMs).unref();
    // Settled each by itself: the port closes first of all, and nothing waits for anything else.
    void Promise.allSettled([gateway.stop(), ...releases.map((release) => release())]).then(
      ([stopped]) => process.exit(stopped.status === 'rejected' ? EXIT.failed : exitCode),
    );
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (begunMs === undefined) end(signal, EXIT.ok, drainMs + LAST_MS);
    else if (performance.now() - begunMs > SAME_SIGNAL_MS) process.exit(EXIT.failed);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('unhandledRejection', (reason) => {
    const whose = gateway.kernel.noteStray(reason);
    // The state of the process is not in doubt: nobody has waited for it.
    if (whose === 'gateway')
      log.error('a promise was rejected and nobody cared', { error: reason });
  });
  process.on('uncaughtException', (error) => {
    const whose = gateway.kernel.noteStray(error);
    if (whose !== 'gateway') return;
    log.error('an error of the gateway itself that nobody caught', { error });
    if (begunMs === undefined) end('after an error', EXIT.failed, CRASH_DRAIN_MS);
  });
  return {
    begun: () => begunMs !== undefined,
    alsoEnd: (release) => void releases.push(release),
  };
}
