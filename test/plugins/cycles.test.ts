import { expect, test } from '@jest/globals';
import { runCycles } from './run-cycles.ts';

// `node test/plugins/cycles.mjs` does a hundred, and prints its figures.
test('an instance that is disabled, enabled and reloaded under load fails no other, drops no stream, leaves nothing', async () => {
  const { faults, requests, streams, leaked, byCommand } = await runCycles(5, 4);
  expect(faults).toEqual([]);
  expect(leaked).toEqual([]);
  expect(requests).toBeGreaterThan(20);
  expect(streams).toBeGreaterThan(10);
  expect(byCommand).toBe(1);
}, 120_000);
