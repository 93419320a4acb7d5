'use strict';
// Makes a checkout ready to run: installs the dependencies and builds, each only when needed.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.dirname(__dirname);

/** Ends the process with a sentence when something is missing. Progress goes to standard error. */
function prepare() {
  checkNode();
  if (installNeeded()) {
    run('installing dependencies (npm ci --ignore-scripts)', npm(), [
      'ci',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
    ]);
  }
  if (buildNeeded()) {
    const tsc = path.join(root, 'node_modules', '@typescript', 'native', 'bin', 'tsc');
    run('building (tsc -b)', process.execPath, [tsc, '-b']);
  }
}

function checkNode() {
  const { engines } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  const { node } = process.versions;
  if (!suits(node, engines.node)) fail(`Node ${node} does not suit: install Node ${engines.node}.`);
}

/** Whether a version is in a range of the forms `^20.19.0` and `>=24`, joined by `||`. */
function suits(version, range) {
  const [major, minor] = version.split('.').map(Number);
  return range.split('||').some((part) => {
    const [, sign, least, leastMinor = '0'] = /^(\^|>=)(\d+)(?:\.(\d+))?/.exec(part.trim()) ?? [];
    if (major === Number(least)) return minor >= Number(leastMinor);
    return sign === '>=' && major > Number(least);
  });
}

/** True when the lock file asks for something else than what is installed. */
function installNeeded() {
  const lock = path.join(root, 'package-lock.json');
  const installed = path.join(root, 'node_modules', '.package-lock.json');
  if (modified(installed) >= modified(lock)) return false;
  if (modified(installed) === 0 || !isInstalled(readPackages(lock), readPackages(installed))) {
    return true;
  }
  // Another branch and back, or a clone over it: so that the next start need not compare.
  const now = new Date();
  fs.utimesSync(installed, now, now);
  return false;
}

function isInstalled(wanted, found) {
  return Object.entries(wanted).every(([place, { version, resolved, optional, devOptional }]) => {
    if (!place.startsWith('node_modules/')) return true;
    const there = found[place];
    // Those of other platforms are left out.
    if (there === undefined) return optional === true || devOptional === true;
    return there.version === version && there.resolved === resolved;
  });
}

function readPackages(file) {
  return JSON.parse(fs.readFileSync(file, 'utf8')).packages;
}

/** True when a source file is newer than the last build. */
function buildNeeded() {
  const packages = ['packages', 'plugins'].flatMap((folder) =>
    fs.readdirSync(path.join(root, folder)).map((name) => path.join(root, folder, name)),
  );
  return packages.some((folder) => {
    const built = modified(path.join(folder, 'dist', '.tsbuildinfo'));
    const sources = path.join(folder, 'src');
    return fs.existsSync(sources) && newest(sources) > built;
  });
}

function newest(folder) {
  let latest = 0;
  for (const entry of fs.readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.ts') || entry.name.endsWith('.test.ts')) continue;
    latest = Math.max(latest, modified(path.join(entry.parentPath ?? entry.path, entry.name)));
  }
  return latest;
}

function modified(file) {
  return fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function npm() {
  return process.platform === 'win32' ? 'npm.cmd' : 'npm';
}

function run(what, command, args) {
  process.stderr.write(`cliproxy: ${what} …\n`);
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: command.endsWith('.cmd'),
  });
  if (result.status === 0) return;
  fail(`${what} failed${result.error ? `: ${result.error.message}` : ''}. See the lines above.`);
}

function fail(sentence) {
  process.stderr.write(`cliproxy: ${sentence}\n`);
  process.exit(1);
}

module.exports = { prepare, suits };
