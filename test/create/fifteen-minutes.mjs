// Works through docs/WRITE-A-PLUGIN.md in an empty folder outside the repository, with packed packages from
// a registry on this machine, and prints how long each step takes. Fails where a step does, where the answer
// is not that of the new provider, and where the machine needs more than two minutes for all of them.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { scriptOf, stepsOf } from './page-steps.mjs';

const LIMIT_S = 120;
const ANSWER = 'Hello from my provider, platform';
const root = path.resolve(import.meta.dirname, '../..');
createRequire(import.meta.url)('../../bin/prepare.cjs').prepare();

const steps = stepsOf(await localPage());
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cliproxy-fifteen-'));
const home = fs.mkdtempSync(path.join(os.tmpdir(), 'cliproxy-home-'));
const registry = await startRegistry();
const env = environment();
try {
  const { seconds, outputs, code } = await work();
  for (const [at, { heading, file, text }] of steps.entries()) {
    if (seconds[at] === undefined) continue;
    const what = file === undefined ? text.trim().split('\n')[0] : `write ${file}`;
    const shown = what.length > 76 ? `${what.slice(0, 75)}…` : what;
    console.log(`${seconds[at].toFixed(1).padStart(6)} s  ${heading.padEnd(26)} ${shown}`);
  }
  const sum = seconds.reduce((total, one) => total + one, 0);
  console.log(`${sum.toFixed(1).padStart(6)} s  for the machine, of ${LIMIT_S}`);
  /** What each step printed that begins so. */
  const printed = (first) => outputs.filter((_, at) => steps[at]?.text.startsWith(first));
  const [check = ''] = printed('npm run check');
  const answers = printed('curl');
  const other = answers.find((answer) => !answer.includes(ANSWER));
  if (code !== 0) fail(`a step failed:\n${outputs.at(-1)}`);
  else if (!check.includes('Level reached: it survives')) {
    fail(`the new plugin does not survive:\n${check}`);
  } else if (answers.length === 0 || other !== undefined) {
    fail(`the answer is not "${ANSWER}":\n${other}`);
  } else if (sum > LIMIT_S) fail(`${sum.toFixed(0)} s are more than ${LIMIT_S}`);
  else console.log(`the new provider answered ${answers.length} times: ${ANSWER}`);
} finally {
  stopGateway();
  registry.close();
  for (const one of [folder, home]) fs.rmSync(one, { recursive: true, force: true });
}

function fail(sentence) {
  console.error(sentence);
  process.exitCode = 1;
}

/** The page, with ports that are free on this machine. */
async function localPage() {
  const page = fs.readFileSync(path.join(root, 'docs/WRITE-A-PLUGIN.md'), 'utf8');
  return page
    .replaceAll('9123', String(await freePort()))
    .replaceAll('8317', (process.env.CLIPROXY_SERVER_PORT = String(await freePort())));
}

function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** As a person's shell, but for where packages of ours come from, and where the gateway keeps its things. */
function environment() {
  const own = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(npm_|CLIPROXY_(?!SERVER_PORT))/iu.test(name),
    ),
  );
  return {
    ...own,
    CLIPROXY_HOME: home,
    npm_config_registry: registry.url,
    npm_config_prefer_offline: 'true',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
  };
}

/** Runs the steps in one shell, and says what each printed and how long it took. */
async function work() {
  const mark = `step-${randomBytes(8).toString('hex')}`;
  const shell = spawn('bash', ['-c', `exec 2>&1\n${scriptOf(steps, mark)}`], { cwd: folder, env });
  const seconds = [];
  const outputs = [];
  let began = performance.now();
  const ended = new Promise((resolve) => shell.once('exit', resolve));
  for await (const line of createInterface({ input: shell.stdout })) {
    if (!line.startsWith(mark)) {
      outputs[outputs.length - 1] += `${line}\n`;
      continue;
    }
    const now = performance.now();
    if (outputs.length > 0) seconds.push((now - began) / 1000);
    began = now;
    outputs.push('');
  }
  const code = await ended;
  return { seconds, outputs, code };
}

async function startRegistry() {
  const child = spawn(process.execPath, [path.join(root, 'test/registry/run.mjs')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    return { url: line, close: () => child.stdin.end() };
  }
  throw new Error('the registry did not start');
}

/** Where a step failed, the last one did not run. */
function stopGateway() {
  const config = path.join(folder, 'gateway/cliproxy.yaml');
  if (!fs.existsSync(config)) return;
  const command = [path.join(root, 'bin/cliproxy'), 'stop', '--config', config];
  spawnSync(process.execPath, command, {
    env: { ...env, CLIPROXY_API_KEY: 'x'.repeat(32), CLIPROXY_ADMIN_KEY: 'y'.repeat(32) },
    stdio: 'ignore',
  });
}
