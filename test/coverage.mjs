// Measures what the tests of each room run of it, and fails below its floor. Each room is measured by
// the tests beside it alone: what only a test of the whole gateway reaches does not count.
// npm run coverage [-- ROOM ...]
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Room, its project, its folder, and the least part of its lines in percent. */
const rooms = [
  ['accounts', 'packages/kernel', 'src/accounts', 85],
  ['logins', 'packages/kernel', 'src/logins', 85],
  ['routing', 'packages/kernel', 'src/routing', 95],
  ['vault', 'packages/vault', 'src', 85],
  ['oauth', 'packages/oauth', 'src', 85],
  ['config', 'packages/config', 'src', 90],
  ['protocols', 'packages/protocols', 'src', 90],
  ['llmux-claude', 'plugins/llmux-claude', 'src', 85],
  ['llmux-chatgpt', 'plugins/llmux-chatgpt', 'src', 85],
  ['ctonew', 'plugins/ctonew', 'src', 85],
];

const root = path.dirname(import.meta.dirname);
const names = process.argv.slice(2);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cliproxy-coverage-'));
const measured = new Map();
let isBelow = false;
for (const [name, project, room, floor] of rooms) {
  if (names.length > 0 && !names.includes(name)) continue;
  if (!measured.has(project)) measured.set(project, measure(project));
  const within = path.join(root, project, room) + path.sep;
  const files = Object.entries(measured.get(project)).filter(([file]) => file.startsWith(within));
  const sum = (key) => files.reduce((total, [, { lines }]) => total + lines[key], 0);
  const percent = sum('total') === 0 ? 0 : (100 * sum('covered')) / sum('total');
  const below = percent < floor;
  isBelow ||= below;
  console.log(
    `${name.padEnd(16)}${percent.toFixed(1).padStart(6)} %   floor ${floor} %${below ? '  BELOW IT' : ''}`,
  );
}
fs.rmSync(folder, { recursive: true });
process.exit(isBelow ? 1 : 0);

/** Lines by file, as the project's own tests run them. */
function measure(project) {
  const to = path.join(folder, project.replace('/', '-'));
  const { status } = spawnSync(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      path.join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
      ...['--maxWorkers=2', '--selectProjects', project, '--silent', '--coverage'],
      ...['--coverageReporters=json-summary', `--coverageDirectory=${to}`],
      `--collectCoverageFrom=${project}/src/**/*.ts`,
      '--collectCoverageFrom=!**/*.test.ts',
    ],
    { cwd: root, stdio: ['ignore', 'ignore', 'ignore'] },
  );
  if (status !== 0)
    throw new Error(`the tests of ${project} fail: npm test -- --selectProjects ${project}`);
  return JSON.parse(fs.readFileSync(path.join(to, 'coverage-summary.json'), 'utf8'));
}
