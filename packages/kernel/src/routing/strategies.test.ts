import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Rated } from './strategies.ts';
import { fastestFirst, inShares, ranked, stick, weightOf, weightSum } from './strategies.ts';

interface Item extends Rated {
  readonly id: string;
}

const item = (id: string, more: Partial<Item> = {}): Item => ({ id, usable: true, ...more });
const ids = (items: readonly Item[]): string => items.map(({ id }) => id).join('');
const items = fc
  .array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 6 })
  .map((weights) => weights.map((weight, n) => item(String(n), { weight })));

describe('turns by weight', () => {
  const firsts = (of: readonly Item[], count: number): string =>
    Array.from({ length: count }, (_, turn) => inShares(of, turn)[0]?.id).join('');

  test('are spread evenly', () => {
    const five = [item('a', { weight: 5 }), item('b'), item('c')];
    expect(firsts(five, 14)).toBe('aabacaaaabacaa');
    expect(firsts([item('a', { weight: 3 }), item('b', { weight: 1 })], 8)).toBe('aabaaaba');
    expect(firsts([item('a'), item('b')], 4)).toBe('abab');
    expect(firsts([item('a', { weight: 9 })], 2)).toBe('aa');
  });

  test('give each exactly its weight in any round, and always everybody as a fallback', () => {
    fc.assert(
      fc.property(items, fc.nat(10_000), (all, round) => {
        const total = weightSum(all);
        const met = new Map<string, number>();
        for (let turn = round * total; turn < (round + 1) * total; turn++) {
          const order = inShares(all, turn);
          expect([...order].sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual(all);
          const first = order[0]?.id ?? '';
          met.set(first, (met.get(first) ?? 0) + 1);
        }
        for (const { id, weight } of all)
          expect(met.get(id)).toBe(all.length === 1 ? total : weight);
      }),
      { numRuns: 30 },
    );
  });
});

describe('rank', () => {
  test('a lower priority comes after all usable ones of the higher', () => {
    const all = [
      item('a', { priority: -1 }),
      item('b', { priority: 5, usable: false }),
      item('c', { priority: 5 }),
      item('d'),
      item('e', { usable: false }),
      item('f'),
    ];
    expect(ids(ranked(all, (peers) => [...peers].reverse()))).toBe('cfdabe');
  });

  test('who is out takes no part: the others keep their shares', () => {
    const all = [item('a', { weight: 2 }), item('x', { weight: 7, usable: false }), item('b')];
    const turns = Array.from({ length: 6 }, (_, turn) =>
      ids(ranked(all, (peers) => inShares(peers, turn))),
    );
    expect(turns.map((order) => order[0]).join('')).toBe('abaaba');
    expect(turns.every((order) => order.endsWith('x'))).toBe(true);
  });
});

describe('least latency', () => {
  const latency = new Map([
    ['a', 300],
    ['b', 100],
    ['c', 200],
  ]);
  const at = (of: string, turn: number): string =>
    ids(
      fastestFirst(
        of.split('').map((id) => item(id)),
        ({ id }) => latency.get(id),
        turn,
      ),
    );

  test('the quickest first', () => {
    for (const turn of [0, 1, 7]) expect(at('abc', turn)).toBe('bca');
  });

  test('unknown ones get a try at every fourth turn, one after another', () => {
    expect([0, 1, 2, 3, 4, 8].map((turn) => at('axby', turn))).toEqual([
      'xyba',
      'baxy',
      'baxy',
      'baxy',
      'yxba',
      'xyba',
    ]);
  });

  test('as long as nothing is known they take turns', () => {
    expect([0, 1, 2].map((turn) => at('xyz', turn))).toEqual(['xyz', 'yzx', 'zxy']);
  });
});

test('sessions are shared out by weight, and none moves but to whom gets more', () => {
  const before = [item('a'), item('b'), item('c')];
  const after = [item('a', { weight: 4 }), item('b'), item('c')];
  const meet = (of: readonly Item[], session: number): string | undefined =>
    stick(of, `session-${session}`, ({ id }) => id, weightOf)[0]?.id;
  let atA = 0;
  for (let session = 0; session < 3_000; session++) {
    const now = meet(after, session);
    if (now === 'a') atA += 1;
    else expect(now).toBe(meet(before, session));
  }
  expect(atA / 3_000).toBeCloseTo(4 / 6, 1);
});
