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

test('a rejection that nobody awaits: in the log with its place; the gateway serves on', async () => {
  const plugin = folder.add({
    id: 'stray',
    manifest: { provides: { executor: true } },
    setup: `return { executor: {
      kind: 'events',
      models: async () => [],
      async *run() {
        sleep(10).then(() => { throw new Error('nobody awaits this'); });
        void Promise.reject(undefined);
        yield { type: 'finish', reason: 'stop' };
      },
    } };`,
  });
  const config = path.join(folder.dir, 'config.yaml');
  writeFileSync(
    config,
    `
server: { port: 0, apiKeys: [${KEY}], adminKeys: [cpx-stray-errors-admin-key] }
log: { format: json }
plugins:
  echo: { config: { paceMs: 0 } }
  stray: { package: ${plugin}, required: false }
`,
  );
  child = spawn(process.execPath, [LAUNCHER, 'start', '--config', config], {
    env: { PATH: process.env['PATH'], CLIPROXY_HOME: path.join(folder.dir, 'home') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
  const until = async (sign: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const found = sign.exec(said);
      if (found !== null) return found;
      if (child?.exitCode !== null) throw new Error(`the gateway ended: ${said}`);
      await sleep(20);
    }
  };
  const [, url] = await until(/ready at (http:\/\/[\d.:]+)/u);
  const ask = (model: string) =>
    fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'still here' }] }),
    });
  expect((await ask('stray/x')).status).toBe(200);
  await until(/nobody awaits this/u);
  const line = said.split('\n').find((one) => one.includes('nobody awaits this')) ?? '';
  expect(JSON.parse(line)).toMatchObject({ level: 'error' });
  // The stack leads to the plugin.
  expect(line).toContain(plugin);
  expect(await (await ask('echo')).text()).toContain('still here');
  expect(child.exitCode).toBeNull();
}, 60_000);
