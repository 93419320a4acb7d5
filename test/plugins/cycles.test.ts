import { expect, test } from '@jest/globals';
import { runCycles } from './run-cycles.ts';

// `node test/plugins/cycles.mjs` does a hundred, and prints its figures.
test.each([
  ['an instance', false],
  ['an isolated instance', true],
])(
  '%s that is disabled, enabled and reloaded under load fails no other, drops no stream, leaves nothing',
  async (_what, isolated) => {
    const { faults, requests, streams, leaked, byCommand } = await runCycles(5, 4, isolated);
    expect(faults).toEqual([]);
    expect(leaked).toEqual([]);
    expect(requests).toBeGreaterThan(20);
    expect(streams).toBeGreaterThan(10);
    expect(byCommand).toBe(1);
  },
  120_000,
);
