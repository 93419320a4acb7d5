// Installs the agents, at the versions of package-lock.json, into .cache/agents: outside the
// repository's own node_modules, and once for all runs.
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const root = path.resolve(import.meta.dirname, '../..');
const folder = path.join(root, '.cache', 'agents');
const LIMIT_MS = 240_000;

/** @returns the folder of the packages; @throws Error that says why they can't be had. */
export async function installAgents() {
  const packages = path.join(folder, 'node_modules');
  const wanted = read(path.join(import.meta.dirname, 'package-lock.json'));
  // Written last: a broken install leaves none.
  const stamp = path.join(folder, 'installed.json');
  if (read(stamp) === wanted) return packages;
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  for (const name of ['package.json', 'package-lock.json']) {
    fs.copyFileSync(path.join(import.meta.dirname, name), path.join(folder, name));
  }
  await promisify(execFile)(
    'npm',
    ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
    { cwd: folder, timeout: LIMIT_MS, killSignal: 'SIGKILL' },
  );
  fs.writeFileSync(stamp, wanted);
  return packages;
}

/** Version of a package; undefined where it is not made for this machine. */
export function versionOf(packages, name) {
  const text = read(path.join(packages, name, 'package.json'));
  return text === '' ? undefined : JSON.parse(text).version;
}

function read(file) {
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
}
