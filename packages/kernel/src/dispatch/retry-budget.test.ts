import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RetryBudget } from './retry-budget.ts';

test('a floor for few requests, a share of many, and the past is forgotten', () => {
  let nowMs = 5_000_000;
  const budget = new RetryBudget({ monotonic: () => nowMs });
  const limits = { retryFloor: 3, retryRatio: 0.2 };
  const spend = (): number => {
    let spent = 0;
    while (budget.allows(limits)) {
      budget.noteRetry();
      spent += 1;
    }
    return spent;
  };
  expect(spend()).toBe(3);
  for (let n = 0; n < 100; n++) budget.noteRequest();
  expect(spend()).toBe(17);
  nowMs += 9_000;
  expect(spend()).toBe(0);
  nowMs += 2_000;
  expect(spend()).toBe(3);
  nowMs += 1_000_000;
  expect(spend()).toBe(3);
});

test('a retry that is not whole is none', () => {
  const budget = new RetryBudget({ monotonic: () => 0 });
  for (let n = 0; n < 4; n++) budget.noteRequest();
  expect(budget.allows({ retryFloor: 0, retryRatio: 0.2 })).toBe(false);
  budget.noteRequest();
  expect(budget.allows({ retryFloor: 0, retryRatio: 0.2 })).toBe(true);
});

test('no ten seconds hold more retries than the budget of the eleven around them', () => {
  const ticks = fc.array(fc.tuple(fc.nat({ max: 1_500 }), fc.boolean()), { maxLength: 300 });
  fc.assert(
    fc.property(ticks, fc.nat({ max: 100_000 }), (moves, beganMs) => {
      let nowMs = beganMs;
      const budget = new RetryBudget({ monotonic: () => nowMs });
      const limits = { retryFloor: 2, retryRatio: 0.5 };
      const requests: number[] = [];
      const retries: number[] = [];
      for (const [byMs, retry] of moves) {
        nowMs += byMs;
        if (!retry) {
          budget.noteRequest();
          requests.push(nowMs);
        } else if (budget.allows(limits)) {
          budget.noteRetry();
          retries.push(nowMs);
          const recent = retries.filter((at) => at > nowMs - 10_000).length;
          const asked = requests.filter((at) => at > nowMs - 11_000).length;
          expect(recent).toBeLessThanOrEqual(Math.max(2, 0.5 * asked));
        }
      }
    }),
  );
});
