import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openPluginFolder } from './plugin-folder.ts';
import type { PluginFolder } from './plugin-folder.ts';

/** What a process does about an error that belongs to nobody can only be seen in a process. */
const LAUNCHER = path.resolve(import.meta.dirname, '../../bin/cliproxy');
const KEY = 'cpx-stray-errors-client-key';
const ADMIN_KEY = 'cpx-stray-errors-admin-key';

let folder: PluginFolder;
let child: ChildProcess | undefined;

beforeEach(() => {
  folder = openPluginFolder();
});

afterEach(async () => {
  if (child?.exitCode === null) {
    child.kill('SIGKILL');
    await once(child, 'close');
  }
  folder.remove();
});

/** A gateway in a process of its own, with echo and a plugin whose `run` does this besides answering. */
async function start(id: string, deed: string) {
  const plugin = folder.add({
    id,
    manifest: { provides: { executor: true } },
    setup: `
      const { EventEmitter } = await import('node:events');
      const { connect } = await import('node:net');
      return { executor: {
        kind: 'events',
        models: async () => [],
        async *run() {
          ${deed}
          yield { type: 'finish', reason: 'stop' };
        },
      } };`,
  });
  const config = path.join(folder.dir, 'config.yaml');
  writeFileSync(
    config,
    `
server: { port: 0, apiKeys: [${KEY}], adminKeys: [${ADMIN_KEY}] }
log: { format: json }
plugins:
  echo: { config: { paceMs: 0 } }
  ${id}: { package: ${plugin}, required: false }
`,
  );
  const gateway = spawn(process.execPath, [LAUNCHER, 'start', '--config', config], {
    env: { PATH: process.env['PATH'], CLIPROXY_HOME: path.join(folder.dir, 'home') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = gateway;
  let said = '';
  gateway.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  gateway.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const until = async (sign: RegExp): Promise<string> => {
    for (;;) {
      const line = said.split('\n').find((one) => sign.test(one));
      if (line !== undefined) return line;
      if (gateway.exitCode !== null) throw new Error(`the gateway ended: ${said}`);
      await sleep(20);
    }
  };
  const url = /ready at (http:\/\/[\d.:]+)/u.exec(await until(/ready at http/u))?.[1] ?? '';
  const ask = (model: string) =>
    fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'still here' }] }),
    });
  const health = async () => {
    const reply = await fetch(`${url}/v1/health`, {
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
    });
    const { plugins } = (await reply.json()) as { plugins: { instanceId: string }[] };
    return plugins.find(({ instanceId }) => instanceId === id);
  };
  const serves = async (): Promise<void> => {
    expect(await (await ask('echo')).text()).toContain('still here');
    expect(gateway.exitCode).toBeNull();
  };
  return { plugin, until, ask, health, serves, all: () => said };
}

test('what a plugin leaves behind is put down to it, and the gateway serves on', async () => {
  const { plugin, until, ask, health, serves } = await start(
    'stray',
    `sleep(10).then(() => { throw new Error('nobody awaits this'); });
     setTimeout(() => { throw new TypeError('nobody catches this'); }, 10);
     setTimeout(() => new EventEmitter().emit('error', new Error('nobody listens to this')), 10);
     process.nextTick(() => JSON.parse('{'));`,
  );
  expect((await ask('stray/x')).status).toBe(200);
  for (const sign of [
    /nobody awaits this/u,
    /TypeError: nobody catches this/u,
    /nobody listens to this/u,
    /SyntaxError/u,
  ]) {
    const line = await until(sign);
    expect(JSON.parse(line)).toMatchObject({ level: 'error', name: 'stray', where: 'stray' });
    // The stack leads to the plugin.
    expect(line).toContain(plugin);
  }
  expect(await health()).toMatchObject({
    faults: { count: 4, byPlace: { stray: 4 } },
    problems: [expect.stringContaining('4 faults of its own')],
  });
  await serves();
}, 60_000);

test('what can be put down to nobody is told as that, and ends nothing', async () => {
  const { until, ask, health, serves } = await start(
    'nameless',
    `void Promise.reject(undefined);
     setTimeout(() => { throw 'only a text'; }, 10);
     connect({ port: 1, host: '127.0.0.1' });`,
  );
  expect((await ask('nameless/x')).status).toBe(200);
  for (const sign of [/threw undefined/u, /only a text/u, /ECONNREFUSED/u]) {
    expect(JSON.parse(await until(sign))).toMatchObject({ level: 'error', name: 'gateway' });
  }
  expect(await health()).not.toHaveProperty('faults');
  await serves();
}, 60_000);

test('a flood of them puts the plugin out, not the log, and echo serves meanwhile', async () => {
  const { until, ask, health, serves, all } = await start(
    'flood',
    `for (let n = 0; n < 2000; n += 1) setTimeout(() => { throw new Error('late ' + n); }, n / 10);`,
  );
  expect((await ask('flood/x')).status).toBe(200);
  await until(/plugin flood is out after 5 faults of its own/u);
  const refused = await ask('flood/x');
  expect(refused.status).toBe(503);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await refused.text()).toMatch(/flood: its plugin fails again and again, tried again in/u);
  await serves();
  // One for all of them, later.
  expect(
    all()
      .split('\n')
      .filter((line) => line.includes('a fault of the plugin')),
  ).toHaveLength(5);
  expect(await health()).toMatchObject({
    state: 'sick',
    status: expect.stringMatching(/down|degr/u),
  });
}, 60_000);
