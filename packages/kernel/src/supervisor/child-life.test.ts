import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type ChildEvent,
  type ChildLife,
  LONGEST_PAUSE_MS,
  LOOP_FAILURES,
  LOOP_PAUSE_MS,
  LOOP_WINDOW_MS,
  WELL_MS,
  newLife,
  nextLife,
} from './child-life.ts';

const exit = { atMs: 0, code: 1, reason: 'exited with code 1' };
const launch: ChildEvent = { type: 'launch' };
const ready: ChildEvent = { type: 'ready' };
const ended: ChildEvent = { type: 'ended', exit };

const after = (life: ChildLife, nowMs: number, ...events: readonly ChildEvent[]): ChildLife =>
  events.reduce((former, event) => nextLife(former, event, nowMs), life);

/** Starts whenever it may, and fails at once, until the time. */
function failing(untilMs: number): { readonly life: ChildLife; readonly startsMs: number[] } {
  let life = newLife(0);
  const startsMs: number[] = [];
  for (let nowMs = 0; nowMs < untilMs; nowMs = life.retryAtMs ?? untilMs) {
    startsMs.push(nowMs);
    life = after(life, nowMs, launch, ended);
  }
  return { life, startsMs };
}

test('pauses double from one second, until it counts as a crash loop', () => {
  const { life, startsMs } = failing(LOOP_WINDOW_MS);
  expect(startsMs.map((ms) => ms / 1000)).toEqual([0, 1, 3, 7, 15, 31, 63, 123]);
  expect(startsMs).toHaveLength(LOOP_FAILURES);
  expect(life).toMatchObject({
    state: 'crash-loop',
    restarts: 7,
    retryAtMs: 123_000 + LOOP_PAUSE_MS,
    lastExit: exit,
  });
});

test('a crash loop is tried on, rarely, and forgotten after a minute in readiness', () => {
  const { life, startsMs } = failing(3_600_000);
  expect(startsMs.slice(LOOP_FAILURES).map((ms) => (ms - 123_000) / LOOP_PAUSE_MS)).toEqual([
    1, 2, 3, 4, 5,
  ]);
  expect(life.state).toBe('crash-loop');
  const nowMs = 10_000_000;
  const well = after(life, nowMs, launch, ready);
  expect(nextLife(well, ended, nowMs + WELL_MS - 1).state).toBe('crash-loop');
  expect(nextLife(well, ended, nowMs + WELL_MS)).toMatchObject({
    state: 'backing-off',
    retryAtMs: nowMs + WELL_MS + 1000,
  });
});

test('a stop waits for the process, and leads to where it was meant to', () => {
  const running = after(newLife(0), 5, launch, ready);
  const stopping = nextLife(running, { type: 'stop', again: false }, 6);
  expect(stopping).toMatchObject({ state: 'stopping', running: true });
  expect(nextLife(stopping, ready, 7)).toBe(stopping);
  expect(nextLife(stopping, ended, 8)).toMatchObject({ state: 'stopped', running: false });
  const anew = after(running, 6, { type: 'stop', again: true }, ended);
  expect(anew).toMatchObject({ state: 'starting', running: false, streak: 0 });
  expect(nextLife(anew, launch, 7)).toMatchObject({ state: 'starting', restarts: 1 });
});

test('without a process a stop is over at once, and a restart forgives', () => {
  const { life } = failing(LOOP_WINDOW_MS);
  expect(nextLife(life, { type: 'stop', again: false }, 1)).toMatchObject({ state: 'stopped' });
  const anew = nextLife(life, { type: 'stop', again: true }, 1);
  expect(anew).toMatchObject({ state: 'starting', looping: false, failuresMs: [] });
  expect(anew).not.toHaveProperty('retryAtMs');
});

test('however long each process lives: pauses within bounds, at most ten restarts in five minutes', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 200_000 }), { maxLength: 60 }), (lives) => {
      let life = newLife(0);
      let nowMs = 0;
      const restartsMs: number[] = [];
      for (const [index, liveMs] of lives.entries()) {
        if (index > 0) restartsMs.push(nowMs);
        life = after(life, nowMs, launch, ready);
        nowMs += liveMs;
        life = nextLife(life, ended, nowMs);
        const pauseMs = (life.retryAtMs ?? 0) - nowMs;
        if (life.state === 'crash-loop') expect(pauseMs).toBe(LOOP_PAUSE_MS);
        else expect(pauseMs >= 1000 && pauseMs <= LONGEST_PAUSE_MS).toBe(true);
        nowMs += pauseMs;
      }
      for (const fromMs of restartsMs) {
        const within = restartsMs.filter((ms) => ms >= fromMs && ms < fromMs + LOOP_WINDOW_MS);
        expect(within.length).toBeLessThanOrEqual(10);
      }
    }),
  );
});
