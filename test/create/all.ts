// Writes every package that can be written, compiles it, runs its tests, and prints a table.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { COMBINATIONS, nameOf } from './combinations.ts';
import { build, runTests } from './run-node.ts';
import { writeCombination } from './write-combination.ts';

const AT_ONCE = 2;
const wanted = process.argv.slice(2);
const chosen = COMBINATIONS.filter(
  (one) => wanted.length === 0 || wanted.some((word) => nameOf(one).includes(word)),
);
const parent = mkdtempSync(path.join(os.tmpdir(), 'cliproxy-create-all-'));
const began = performance.now();
let failures = 0;
console.log('package                          compiles   tests passed   seconds');
const queue = [...chosen];
try {
  await Promise.all(Array.from({ length: AT_ONCE }, work));
} finally {
  rmSync(parent, { recursive: true });
}
const seconds = ((performance.now() - began) / 1000).toFixed(0);
console.log(
  `${chosen.length - failures} of ${chosen.length} packages pass all that they are held to; ${seconds} s`,
);
process.exitCode = failures === 0 ? 0 : 1;

async function work(): Promise<void> {
  for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
    const start = performance.now();
    const folder = writeCombination(parent, one);
    const built = await build(folder);
    const tested = built.code === 0 ? await runTests(folder, '--json') : undefined;
    const sum = sumOf(tested?.out);
    const ok = tested?.code === 0 && sum.failed === 0 && sum.passed > 15;
    if (!ok) failures += 1;
    const cells = [
      nameOf(one).padEnd(33),
      (built.code === 0 ? 'yes' : 'no').padEnd(11),
      `${sum.passed} of ${sum.passed + sum.failed}`.padEnd(15),
      ((performance.now() - start) / 1000).toFixed(1),
    ];
    console.log(cells.join('') + (ok ? '' : `\n${built.out}${tested?.err ?? ''}`));
  }
}

function sumOf(json: string | undefined): { readonly passed: number; readonly failed: number } {
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(json ?? '') as Record<string, number>;
    return { passed: numPassedTests ?? 0, failed: numFailedTests ?? 0 };
  } catch {
    return { passed: 0, failed: 0 };
  }
}
