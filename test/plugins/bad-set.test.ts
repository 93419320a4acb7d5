import { beforeAll, describe, expect, test } from '@jest/globals';
import { badPlugins } from './bad-set.ts';
import { runBadSet } from './bad-set-run.ts';
import type { BadSetFigures } from './bad-set-run.ts';

/** `npm run bad-plugins` makes ten thousand of it. */
const CALLS = 1_500;

describe('25 bad plugins in one process, each asked again and again', () => {
  let figures: BadSetFigures;

  beforeAll(async () => {
    // They are called each time: none is left alone.
    figures = await runBadSet(CALLS, 1_000, 6_000);
  }, 120_000);

  test('end nothing: the process is there until it is told to end', () => {
    expect(badPlugins).toHaveLength(25);
    expect(figures).toMatchObject({ calls: CALLS, exits: 0, exitCode: 0 });
  });

  test('and another provider answers every request meanwhile', () => {
    expect(figures.echo).toMatchObject({ calls: CALLS / 2, failed: 0 });
  });

  test('each has its own clear sentence', () => {
    const sentences = figures.plugins.map(({ told }) => told);
    expect(figures.plugins.filter(({ told }) => told === '').map(({ id }) => id)).toEqual([]);
    expect(new Set(sentences).size).toBe(25);
  });

  test.each(badPlugins)(
    '$id, which $what: $status; counted by its name',
    ({ id, status, where }) => {
      const found = figures.plugins.find((one) => one.id === id)!;
      expect(found.calls).toBe(CALLS / 2 / 25);
      // What looks like an upstream's failure has its account left alone in between.
      const others = Object.keys(found.statuses).filter(
        (one) => ![`${status}`, '503'].includes(one),
      );
      expect({ id, others }).toEqual({ id, others: [] });
      expect(found.statuses[status]).toBeGreaterThan(0);
      if (where === undefined) return;
      expect(found.faults[where]).toBeGreaterThan(0);
      expect(found.metricFaults[where]).toBeGreaterThan(0);
    },
  );
});
