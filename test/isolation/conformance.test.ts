import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from '@jest/globals';

test('a plugin passes over the border whatever it passes without', () => {
  const root = path.resolve(import.meta.dirname, '../..');
  // Apart from jest, whose modules are of another realm. All of them: the same without a name.
  const report = execFileSync(
    process.execPath,
    [
      ...['--conditions=cliproxy-src', '--import', './test/matrix/load-typescript.mjs'],
      ...['test/isolation/check-all.ts', 'echo'],
    ],
    { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  );
  expect(report).toContain('Level reached: it survives');
}, 300_000);
