import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { startTestGateway } from '@cliproxy/plugin-testkit';
import type { TestGateway } from '@cliproxy/plugin-testkit';
import plugin from './index.ts';

/** A service in JavaScript: it is what it says in the environment, and shows all of that. */
const SERVICE = `
const http = require('node:http');
http.createServer((request, answer) => {
  const say = (body) => answer.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  if (request.url === '/ready') return say({});
  if (request.url === '/openapi.json') return say({ paths: {} });
  if (request.url === '/v1/models') return say({ data: [{ id: 'm' }] });
  if (request.url !== '/v1/chat/completions') return answer.writeHead(404).end();
  const content = JSON.stringify({ pid: process.pid, environment: process.env, cwd: process.cwd() });
  say({ choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }] });
}).listen(Number(process.argv[1]), '127.0.0.1');
`;

interface Told {
  readonly pid: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly cwd: string;
}

let gateway: TestGateway;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'webai-'));
});

afterEach(async () => {
  await gateway.stop();
  await rm(folder, { recursive: true });
});

async function start(more: object = {}): Promise<void> {
  const port = await freePort();
  gateway = await startTestGateway({
    plugins: [
      {
        plugin,
        packageJson: new URL('../package.json', import.meta.url),
        config: {
          baseUrl: `http://127.0.0.1:${port}`,
          service: { command: [process.execPath, '-e', SERVICE, String(port)], ...more },
        },
      },
    ],
  });
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Asks until it answers: it takes its time to start. */
async function told(isNew: (told: Told) => boolean = () => true): Promise<Told> {
  const until = Date.now() + 25_000;
  let seen = '';
  while (Date.now() < until) {
    // The probe finds it sooner so than in its own time.
    await gateway.ask('/v1/health/deep', { admin: true });
    const body = { model: 'webai/m', messages: [{ role: 'user', content: 'Hi' }] };
    const reply = await gateway.ask('/v1/chat/completions', { body });
    seen = await reply.text();
    if (reply.status === 200) {
      const { choices } = JSON.parse(seen) as { choices: { message: { content: string } }[] };
      const found = JSON.parse(choices[0]?.message.content ?? '') as Told;
      if (isNew(found)) return found;
    }
    await sleep(100);
  }
  throw new Error(`it did not answer: ${seen}\n${gateway.log()}`);
}

const isGone = (pid: number): boolean => {
  try {
    return !process.kill(pid, 0);
  } catch {
    return true;
  }
};

test('the service is started, sees its own variables alone, and ends with the gateway', async () => {
  process.env['WEBAI_TEST_CANARY'] = 'canary';
  await start({ set: { SERVICE_MODE: 'own-value-of-the-service' }, cwd: folder });
  const { pid, environment, cwd } = await told();
  delete process.env['WEBAI_TEST_CANARY'];
  expect(cwd).toBe(folder);
  expect(environment['SERVICE_MODE']).toBe('own-value-of-the-service');
  expect(JSON.stringify(environment)).not.toContain('canary');
  const health = await (await gateway.ask('/v1/health', { admin: true })).text();
  expect(health).toContain(`"pid":${pid}`);
  expect(gateway.log() + health).not.toContain('own-value-of-the-service');
  await gateway.stop();
  expect(isGone(pid)).toBe(true);
});

test('one that was killed is started anew', async () => {
  await start();
  const { pid } = await told();
  process.kill(pid, 'SIGKILL');
  const next = await told((found) => found.pid !== pid);
  expect(isGone(pid)).toBe(true);
  expect(isGone(next.pid)).toBe(false);
});

test('one that can not be started leaves the gateway up, and its models out', async () => {
  await start({ command: ['no-such-program-here'] });
  const until = Date.now() + 20_000;
  let health = '';
  while (!health.includes('"lastExit"') && Date.now() < until) {
    await sleep(50);
    health = await (await gateway.ask('/v1/health/deep', { admin: true })).text();
  }
  expect(health).toMatch(/"name":"service".*"lastExit":.*no-such-program-here/u);
  const body = { model: 'webai/m', messages: [{ role: 'user', content: 'Hi' }] };
  expect((await gateway.ask('/v1/chat/completions', { body })).status).toBe(503);
});

test.each([
  [{ command: [] }, /command/u],
  [{ command: ['x'], cwd: 'relative' }, /cwd/u],
  [{ command: ['x'], set: { 'a b': 'c' } }, /set/u],
  [{ command: ['x'], readyPath: 'health' }, /readyPath/u],
])('%j is refused', async (service, sentence) => {
  await expect(start(service)).rejects.toThrow(sentence);
  await start();
});
