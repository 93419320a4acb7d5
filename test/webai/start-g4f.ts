import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** gpt4free's API server, in a process and a home of its own. */
export interface G4f {
  /** Without a slash at the end. */
  readonly url: string;
  /** Where it keeps cookies. */
  readonly cookieFolder: string;
  /** Ends the process; the home stays until {@link G4f.close}. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

const START_MS = 90_000;

/** @param upstream - what its provider `Custom` asks: the base URL of an OpenAI-like service. */
export async function startG4f(python: string, upstream: string): Promise<G4f> {
  const home = await mkdtemp(path.join(tmpdir(), 'g4f-'));
  const port = await freePort();
  const script = path.join(import.meta.dirname, 'serve.py');
  const cookieFolder = path.join(home, 'cookies');
  const child = spawn(python, [script, String(port), upstream, cookieFolder], {
    cwd: home,
    env: { PATH: process.env['PATH'], HOME: home, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-8_000)));
  }
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  };
  const url = `http://127.0.0.1:${port}`;
  const until = Date.now() + START_MS;
  while (!(await answers(`${url}/openapi.json`))) {
    if (child.exitCode !== null || Date.now() > until) {
      await kill();
      throw new Error(`gpt4free's server did not start: ${said}`);
    }
    await sleep(100);
  }
  return {
    url,
    cookieFolder,
    kill,
    async close() {
      await kill();
      await rm(home, { recursive: true, force: true });
    },
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

/** A port of 127.0.0.1 that nobody listens at. */
export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
