import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { AttemptClock } from './attempt-clock.ts';

const told: string[] = [];
let nowMs = 0;

beforeEach(() => {
  jest.useFakeTimers();
  told.length = nowMs = 0;
});
afterEach(() => {
  jest.useRealTimers();
});

function start(totalMs: number): AttemptClock {
  const clock = new AttemptClock({ monotonic: () => nowMs }, totalMs, 1_000, {
    onTimeout: (what, afterMs) => told.push(`${what} after ${afterMs}`),
    onCommitDue: () => undefined,
    onQuiet: () => undefined,
  });
  clock.enter('idle', 3_000);
  return clock;
}

/** As a running process sees it. */
function pass(ms: number): void {
  for (let passed = 0; passed < ms; passed += 100) {
    nowMs += 100;
    jest.advanceTimersByTime(100);
  }
}

test('silence ends the wait', () => {
  start(60_000);
  pass(2_900);
  expect(told).toEqual([]);
  pass(100);
  expect(told).toEqual(['idle after 3000']);
});

test.each([3_000, 60_000])('what was slept through is no silence, of %d ms in all', (totalMs) => {
  const clock = start(totalMs);
  pass(2_000);
  // The timers of a process that stood still fire before it reads what has come.
  nowMs += 600_000;
  jest.advanceTimersByTime(1_000);
  expect(told).toEqual([]);
  clock.heard();
  pass(900);
  expect(told).toEqual([]);
  pass(10_000);
  expect(told).toHaveLength(1);
});
