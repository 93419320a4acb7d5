import type { Logger } from '@cliproxy/plugin-api';
import type { Clock } from '../ports/clock.ts';

/** Lines that a plugin may log within {@link WINDOW_MS}. */
const MAX_LINES = 1_000;
const WINDOW_MS = 10_000;

/**
 * The log of a plugin that may log without end: what is too much is dropped, so that the lines of
 * others stay readable. Debug lines are not counted: whoever wants them wants them all.
 *
 * @param onFlood - told once per flood, when it begins.
 */
export function boundedLogger(
  logger: Logger,
  clock: Pick<Clock, 'monotonic'>,
  onFlood: (what: string) => void,
): Logger {
  let sinceMs = -Infinity;
  let lines = 0;
  const mayLog = (): boolean => {
    const nowMs = clock.monotonic();
    if (nowMs - sinceMs >= WINDOW_MS) {
      const dropped = lines - MAX_LINES;
      if (dropped > 0) logger.warn(`${dropped} lines of the plugin were left out of the log`);
      sinceMs = nowMs;
      lines = 0;
    }
    lines += 1;
    if (lines === MAX_LINES + 1) {
      onFlood(
        `logged more than ${MAX_LINES} lines within ${WINDOW_MS / 1_000} s; the rest is left out`,
      );
    }
    return lines <= MAX_LINES;
  };
  return {
    debug: (message, fields) => logger.debug(message, fields),
    info: (message, fields) => {
      if (mayLog()) logger.info(message, fields);
    },
    warn: (message, fields) => {
      if (mayLog()) logger.warn(message, fields);
    },
    error: (message, fields) => {
      if (mayLog()) logger.error(message, fields);
    },
  };
}
