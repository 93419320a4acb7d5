// Runs every test: makes the checkout ready, hands over to jest, and prints the plain sum last.
// Arguments go to jest, for example: npm test -- packages/config
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
createRequire(import.meta.url)('../bin/prepare.cjs').prepare();

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cliproxy-test-'));
const report = path.join(folder, 'report.json');
const jest = spawnSync(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    path.join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
    '--maxWorkers=2',
    '--json',
    `--outputFile=${report}`,
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] },
);
const results = fs.existsSync(report) ? JSON.parse(fs.readFileSync(report, 'utf8')) : undefined;
fs.rmSync(folder, { recursive: true });
if (results === undefined) {
  console.error('jest ended without a report');
  process.exit(1);
}
const brokenFiles = results.testResults.filter(
  (file) =>
    file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
).length;
const failed = results.numFailedTests + brokenFiles;
for (const file of results.testResults) {
  for (const test of file.assertionResults) {
    if (test.status === 'pending') console.log(`skipped: ${test.fullName}`);
  }
}
console.log(`${results.numPassedTests} passed, ${failed} failed`);
process.exit(failed > 0 || jest.status !== 0 ? 1 : 0);
