// Where an agent is run: a gateway in a process of its own, a home and a folder that are thrown away,
// and no way out of this machine.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
/** Longest run of an agent; a loaded machine is slow. */
const LIMIT_MS = 120_000;

/** Starts a gateway. @param config - all but the server's part. */
export async function startGateway(config, key) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cliproxy-agents-'));
  const file = path.join(folder, 'cliproxy.yaml');
  const server = { port: 0, apiKeys: [key], adminKeys: ['agents-admin-key-0123456789'] };
  fs.writeFileSync(file, JSON.stringify({ server, ...config }), { mode: 0o600 });
  const command = path.join(root, 'packages', 'cli', 'dist', 'bin.js');
  const child = spawn(process.execPath, [command, 'start', '--config', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (log += text));
  const url = await new Promise((resolve, reject) => {
    let printed = '';
    ended.then((code) => reject(new Error(`the gateway ended with ${code}: ${log}`)));
    child.stdout.setEncoding('utf8').on('data', (text) => {
      printed += text;
      const found = /http:\/\/127\.0\.0\.1:\d+/u.exec(printed)?.[0];
      if (found !== undefined) resolve(found);
    });
  });
  return {
    url,
    log: () => log,
    /** Twice is no error. */
    async stop() {
      child.kill('SIGTERM');
      await ended;
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Stands in the place of a proxy to the world: lets nothing pass, and remembers who was asked for. */
export async function startWall() {
  const asked = new Set();
  const server = http.createServer((request, reply) => {
    asked.add(new URL(request.url ?? '', 'http://unknown').host);
    reply.writeHead(403).end();
  });
  server.on('connect', ({ url = '' }, socket) => {
    asked.add(url);
    socket.on('error', () => undefined);
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    asked,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Runs an agent to its end. @param fill - writes what it is to find into its folder. */
export async function runAgent(agent, { fill, wall, ...seat }) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cliproxy-agent-'));
  const [home, work, tmp] = ['home', 'work', 'tmp'].map((name) => {
    fs.mkdirSync(path.join(folder, name));
    return path.join(folder, name);
  });
  fill(work);
  const { command, args, env } = agent.launch({ ...seat, home, work });
  const child = spawn(command, args, {
    cwd: work,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...bare(home, tmp, wall), ...env },
  });
  let limited = false;
  const limit = setTimeout(() => {
    limited = true;
    process.kill(-child.pid, 'SIGKILL');
  }, LIMIT_MS);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  clearTimeout(limit);
  // Some leave a helper process behind.
  killGroup(child.pid);
  fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  return { code, limited, stdout, stderr };
}

/** Nothing of this machine's own settings, credentials included. */
function bare(home, tmp, wall) {
  return {
    PATH: process.env.PATH,
    HOME: home,
    TMPDIR: tmp,
    XDG_CONFIG_HOME: path.join(home, '.config'),
    XDG_DATA_HOME: path.join(home, '.local', 'share'),
    XDG_STATE_HOME: path.join(home, '.local', 'state'),
    XDG_CACHE_HOME: path.join(home, '.cache'),
    LANG: 'C.UTF-8',
    TERM: 'dumb',
    NO_COLOR: '1',
    CI: '1',
    HTTP_PROXY: wall,
    HTTPS_PROXY: wall,
    NO_PROXY: '127.0.0.1,localhost',
  };
}

function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All have ended.
  }
}
