import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { contractPage } from './contract-page.ts';
import type { ContractSymbol } from './read-contract.ts';
import { renderContract } from './render-contract.ts';

let symbols: readonly ContractSymbol[] = [];

test('docs/CONTRACT.md is what `npm run contract -- --write` makes of the doc comments', async () => {
  // As a person runs it: the compiler need not be loaded in here.
  const run = path.join(import.meta.dirname, 'run.mjs');
  const printed = execFileSync(process.execPath, [run, '--json'], {
    encoding: 'utf8',
    maxBuffer: 1 << 24,
  });
  symbols = JSON.parse(printed) as ContractSymbol[];
  expect(symbols.length).toBeGreaterThan(90);
  expect(contractPage.read()).toBe(await renderContract(symbols));
}, 60_000);

test('every link within the page leads to a heading', () => {
  const page = contractPage.read();
  const counts = new Map<string, number>();
  const headings = [...page.matchAll(/^#+ (.+)$/gmu)].map(([, title = '']) => {
    const name = title
      .toLowerCase()
      .replaceAll(/[^\w -]/gu, '')
      .replaceAll(' ', '-');
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    return count === 0 ? name : `${name}-${count}`;
  });
  const targets = [...page.matchAll(/\]\(#([^)]*)\)/gu)].map(([, target]) => target);
  expect(targets.length).toBeGreaterThan(200);
  expect(targets.filter((target) => !headings.includes(String(target)))).toEqual([]);
});

test('what lacks a doc comment is named, and what has to be done', async () => {
  const [first] = symbols as [ContractSymbol];
  const method = { name: 'run', callable: true, doc: undefined };
  await expect(
    renderContract([
      { ...first, doc: undefined },
      { ...first, name: 'Other', members: [method] },
      { ...first, file: 'new-part' },
    ]),
  ).rejects.toThrow(
    new RegExp(
      `${first.name} has no doc comment; say what it means\n` +
        '.*Other\\.run has no doc comment; say what it does\n' +
        '.*new-part\\.ts: \\w+: name the file in test/contract/chapters\\.ts',
      'u',
    ),
  );
});
