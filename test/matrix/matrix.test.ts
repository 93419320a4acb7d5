import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { DEFECTS } from './defects.ts';
import { CLIENTS, PROVIDERS } from './pair.ts';
import { protocolsPage } from './protocols-page.ts';
import { runAll } from './run-all.ts';
import type { Outcome } from './run-matrix.ts';
import { emittedIn } from './shapes/emitted.ts';
import { typeCheck } from './shapes/type-check.ts';
import { tableOf } from './table.ts';

let outcomes: readonly Outcome[];

beforeAll(async () => {
  outcomes = await runAll();
}, 300_000);

describe('every client with every provider', () => {
  test('gets what the vendor said, and the vendor what the client asked', () => {
    const wrong = outcomes.filter(({ verdict }) => verdict === 'wrong');
    expect(
      wrong.map(
        ({ scenario, pair, note }) =>
          `${pair.client.name} ${pair.client.dialect} → ${pair.provider.dialect}, ${scenario}: ${note}`,
      ),
    ).toEqual([]);
  });

  test.each(DEFECTS)('unlike others: $name', ({ rows, shownBy }) => {
    for (const row of rows) {
      const cells = outcomes.filter(({ scenario }) => scenario === row);
      expect(cells.length).toBeGreaterThanOrEqual(CLIENTS.length * PROVIDERS.length);
      expect(cells.some(({ verdict }) => verdict === 'right')).toBe(true);
      expect(cells.every(({ verdict }) => verdict !== 'wrong')).toBe(true);
    }
    if (shownBy === undefined) expect(rows).not.toEqual([]);
    else {
      const source = readFileSync(new URL(`../../${shownBy.file}`, import.meta.url), 'utf8');
      expect(source).toMatch(new RegExp(`^ *(?:test|describe)[^']*'${shownBy.test}`, 'm'));
    }
  });

  test('no cell is left out without a reason', () => {
    const silent = outcomes.filter(({ verdict, note }) => verdict === 'cannot' && !note);
    expect(silent).toEqual([]);
    expect(outcomes.length).toBeGreaterThan(100);
  });

  test('all that is written is what the types of the vendors’ SDKs say', () => {
    const emitted = emittedIn(outcomes);
    expect(typeCheck(emitted)).toEqual([]);
    expect(emitted.length).toBeGreaterThan(100);
  }, 60_000);

  test('docs/PROTOCOLS.md shows this run; `npm run matrix -- --write` mends it', () => {
    expect(protocolsPage.read()).toBe(protocolsPage.within(tableOf(outcomes)));
  });
});
