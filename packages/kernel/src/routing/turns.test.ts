import { expect, test } from '@jest/globals';
import { Turns } from './turns.ts';

test('each model and each operation has its own count', () => {
  const turns = new Turns();
  const big = { model: 'big', operation: 'generate' } as const;
  turns.pass(big);
  turns.pass(big);
  turns.pass({ ...big, model: 'small' });
  expect(turns.of(big)).toBe(2);
  expect(turns.of({ ...big, model: 'small' })).toBe(1);
  expect(turns.of({ ...big, operation: 'count-tokens' })).toBe(0);
});

test('what clients make up does not grow it', () => {
  const turns = new Turns();
  const long = { model: 'm'.repeat(100_000), operation: 'generate' } as const;
  turns.pass(long);
  turns.pass({ ...long, model: `${long.model}2` });
  expect(turns.of(long)).toBe(2);
  const first = { ...long, model: 'first' };
  turns.pass(first);
  for (let n = 0; n < 5_000; n++) turns.pass({ ...long, model: `made-up-${n}` });
  expect(turns.of(first)).toBe(0);
});
