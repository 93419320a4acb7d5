// Proves that the packages work as they are published: packs all of them, installs the tarballs in
// an empty folder outside the repository, starts the gateway there and asks echo for an answer.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
createRequire(import.meta.url)('../bin/prepare.cjs').prepare();
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cliproxy-packed-'));
const key = 'packed-client-key-0123456789';

try {
  npm(root, ['pack', '--loglevel=error', '--workspaces', '--pack-destination', folder]);
  const tarballs = fs.readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  fs.writeFileSync(path.join(folder, 'package.json'), '{"private":true}\n');
  // All in one command: the packages need each other, and no registry has them.
  npm(folder, [
    'install',
    '--loglevel=error',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    ...tarballs.map((name) => `./${name}`),
  ]);
  const testFiles = fs
    .readdirSync(path.join(folder, 'node_modules', '@cliproxy'), { recursive: true })
    .filter((name) => /\.test\.|\.tsbuildinfo$/u.test(name))
    // A new plugin has tests of its own.
    .filter((name) => !name.startsWith(path.join('create-plugin', 'templates')));
  if (testFiles.length > 0) throw new Error(`packed by mistake: ${testFiles.join(', ')}`);
  fs.writeFileSync(
    path.join(folder, 'cliproxy.yaml'),
    `server: { port: 0, apiKeys: [${key}], adminKeys: [packed-admin-key-0123456789] }\nplugins: { echo: { config: { paceMs: 0 } }, llmux-claude: {}, llmux-chatgpt: {}, gemini: {}, aistudio-relay: {}, ctonew: { config: { acceptSubscriptionRisk: true } } }\n`,
    { mode: 0o600 },
  );
  const answer = await ask();
  if (!answer.includes('Hello from the tarballs')) throw new Error(`unexpected answer: ${answer}`);
  const report = checked('openai-compatible');
  if (report.level !== 'survives') throw new Error(`the checks: ${JSON.stringify(report)}`);
  console.log(`${tarballs.length} tarballs installed and run, a plugin checked as installed`);
} finally {
  fs.rmSync(folder, { recursive: true });
}

function npm(cwd, args) {
  execFileSync('npm', args, {
    cwd,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
}

/** Holds an installed plugin to the contract, by the installed kit: no test runner is there. */
function checked(name) {
  if (fs.existsSync(path.join(folder, 'node_modules', 'jest')))
    throw new Error('jest is installed');
  const command = path.join(folder, 'node_modules', '@cliproxy', 'cli', 'dist', 'bin.js');
  const args = [command, 'plugins', 'check', name, '--config', 'cliproxy.yaml', '--json'];
  return JSON.parse(execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' }));
}

/** Starts the installed gateway, sends one request, stops it, and gives the answer. */
async function ask() {
  const command = path.join(folder, 'node_modules', '@cliproxy', 'cli', 'dist', 'bin.js');
  const child = spawn(process.execPath, [command, 'start', '--config', 'cliproxy.yaml'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const url = await new Promise((resolve, reject) => {
    let printed = '';
    ended.then((code) => reject(new Error(`the gateway ended with ${code}: ${printed}`)));
    child.stdout.on('data', (piece) => {
      printed += piece;
      const found = /http:\/\/127\.0\.0\.1:\d+/u.exec(printed)?.[0];
      if (found) resolve(found);
    });
  });
  const reply = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({
      model: 'echo',
      messages: [{ role: 'user', content: 'Hello from the tarballs' }],
    }),
  });
  const answer = await reply.text();
  child.kill('SIGTERM');
  const code = await ended;
  if (code !== 0) throw new Error(`the gateway ended with ${code} after SIGTERM`);
  return answer;
}
