/** The gateway in the background, as those who have only the command line meet it. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openPluginFolder } from '../plugins/plugin-folder.ts';
import {
  KEY,
  echoConfig,
  openStream,
  openWorkshop,
  prepareOnce,
  until,
  words,
} from './gateway-process.ts';
import type { Ended, Workshop } from './gateway-process.ts';

const PATIENCE_MS = 240_000;
let shop: Workshop;
let file: string;
let pids: number[];

beforeAll(prepareOnce, 600_000);
beforeEach(() => {
  shop = openWorkshop();
  file = shop.config(echoConfig({}));
  pids = [];
});
afterEach(() => {
  for (const pid of pids) if (isThere(pid)) process.kill(pid, 'SIGKILL');
  shop.clear();
});

const data = (...names: readonly string[]): string =>
  path.join(shop.dir, '.cliproxy', 'data', ...names);
const cli = (...args: readonly string[]): Promise<Ended> => shop.run([...args, '--config', file]);

interface Detached {
  readonly pid: number;
  readonly url: string;
  readonly log: string;
}

async function startDetached(): Promise<Detached> {
  const { code, stdout, stderr } = await cli('start', '--detach', '--json');
  if (code !== 0) throw new Error(`start --detach ended with ${code}: ${stdout}${stderr}`);
  const started = JSON.parse(stdout) as Detached;
  pids.push(started.pid);
  return started;
}

/** A zombie whose parent does not ask is no process any more. */
function isThere(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z');
}

const say = (url: string, content: string): Promise<Response> =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'echo', messages: [{ role: 'user', content }] }),
  });

const gatewayAt = ({ url }: Detached) => ({ url }) as Parameters<typeof openStream>[0];

describe('start --detach', () => {
  test(
    'comes back when the gateway is ready, in a session of its own; stop waits until it is gone',
    async () => {
      const { code, stdout, stderr } = await cli('start', '--detach');
      expect({ code, stderr }).toEqual({
        code: 0,
        stderr: expect.stringContaining('setting up 1 plugin'),
      });
      const [, url = '', pid = ''] =
        /ready at (http:\S+)[\s\S]*curl -N[\s\S]*in the background \(PID (\d+)\)/.exec(stdout) ??
        [];
      pids.push(Number(pid));
      expect(stdout).toContain(data('logs', 'gateway.log'));
      expect((await say(url, 'hello')).status).toBe(200);
      const session = spawnSync('ps', ['-o', 'sid=,tty=', '-p', pid], { encoding: 'utf8' }).stdout;
      expect(session.trim().split(/\s+/u)).toEqual([pid, '?']);
      const status = await cli('status');
      expect(status.code).toBe(0);
      expect(status.stdout).toContain(`PID ${pid}`);
      expect(statSync(data('logs')).mode & 0o777).toBe(0o700);
      for (const name of readdirSync(data('logs'))) {
        expect({ name, mode: statSync(data('logs', name)).mode & 0o777 }).toEqual({
          name,
          mode: 0o600,
        });
      }
      const stop = await cli('stop');
      expect(stop).toMatchObject({ code: 0, stdout: `stopped (PID ${pid})\n` });
      expect(isThere(Number(pid))).toBe(false);
      const again = await cli('stop');
      expect(again.code).toBe(0);
      expect(again.stdout).toContain('Nothing to stop: no gateway runs');
      const after = await cli('status');
      expect(after.code).toBe(1);
      expect(after.stderr).toContain(`Its log: ${data('logs', 'gateway.log')}`);
    },
    PATIENCE_MS,
  );

  test(
    'a second one names the first, its address and what to do, in both ways to start',
    async () => {
      const { pid, url } = await startDetached();
      const second = await cli('start', '--detach');
      expect(second.code).toBe(1);
      expect(second.stderr).toContain(`PID ${pid}`);
      expect(second.stderr).toContain(`at ${url}`);
      expect(second.stderr).toContain('cliproxy restart');
      const third = await cli('start');
      expect(third.code).toBe(1);
      expect(third.stderr).toMatch(
        new RegExp(`process ${pid}, since .*, at ${url}.*cliproxy stop`),
      );
      expect((await say(url, 'hello')).status).toBe(200);
    },
    PATIENCE_MS,
  );

  test(
    'a wrong configuration: the place of the fault, exit code 78, and nothing is left',
    async () => {
      file = shop.config('server: { prot: 1 }\nplugins: { echo: {} }\n');
      const wrongKey = await cli('start', '--detach');
      expect(wrongKey).toMatchObject({ code: 78, stdout: '' });
      expect(wrongKey.stderr).toContain(`${file}:1:11 `);
      // This one only the plugin's own schema knows, in the process that was started.
      file = shop.config('server: { port: 0 }\nplugins:\n  echo: { config: { paceMs: fast } }\n');
      const wrongPlugin = await cli('start', '--detach', '--json');
      expect(wrongPlugin.code).toBe(78);
      expect(JSON.parse(wrongPlugin.stdout)).toMatchObject({
        error: { problems: [{ file, line: 3, instance: 'echo' }] },
      });
      const stop = await cli('stop', '--json');
      expect(JSON.parse(stop.stdout)).toEqual({ stopped: false });
    },
    PATIENCE_MS,
  );

  test(
    'a process that ends by itself: how it ended, and what it printed',
    async () => {
      const plugins = openPluginFolder();
      const bad = plugins.add({
        id: 'bad',
        setup: 'console.error("the last words"); process.exit(3);',
      });
      file = shop.config(`server: { port: 0 }\nplugins:\n  bad: { package: '${bad}' }\n`);
      const { code, stderr } = await cli('start', '--detach');
      plugins.remove();
      expect(code).toBe(1);
      expect(stderr).toContain('ended while it started (exit code 3)');
      expect(stderr).toContain('the last words');
      const logs = await cli('logs', 'output');
      expect(logs.stdout).toContain('the last words');
    },
    PATIENCE_MS,
  );

  test(
    'what is printed besides the log fills no disk',
    async () => {
      const plugins = openPluginFolder();
      const noisy = plugins.add({
        id: 'noisy',
        setup: 'for (let n = 0; n < 30; n += 1) console.log("x".repeat(100_000)); return {};',
      });
      file = shop.config(`server: { port: 0 }\nplugins:\n  noisy: { package: '${noisy}' }\n`);
      await startDetached();
      await until(async () => (await cli('logs', 'gateway')).stdout.includes('were dropped'));
      expect(statSync(data('logs', 'output.log')).size).toBeLessThan(1024 * 1024);
      plugins.remove();
    },
    PATIENCE_MS,
  );

  test(
    'after kill -9 another one starts at once, and status tells of the end',
    async () => {
      const { pid } = await startDetached();
      process.kill(pid, 'SIGKILL');
      await until(() => !isThere(pid));
      const status = await cli('status');
      expect(status.code).toBe(1);
      expect(status.stderr).toContain(`The last one (PID ${pid}, `);
      const next = await startDetached();
      expect(next.pid).not.toBe(pid);
    },
    PATIENCE_MS,
  );

  test(
    'a process that has the id of an ended gateway is left alone',
    async () => {
      const { pid } = await startDetached();
      process.kill(pid, 'SIGKILL');
      await until(() => !isThere(pid));
      // This very test runs as the process that a stale file names.
      const owner = JSON.parse(readFileSync(data('owner.json'), 'utf8'));
      writeFileSync(data('owner.json'), JSON.stringify({ ...owner, pid: process.pid }));
      const stop = await cli('stop', '--force');
      expect(stop.code).toBe(0);
      expect(stop.stdout).toContain('Nothing to stop');
    },
    PATIENCE_MS,
  );

  test(
    'a disk that takes no log costs no request',
    async () => {
      file = shop.config(echoConfig({ rest: 'log: { file: /dev/full }\n' }));
      mkdirSync(data(), { recursive: true, mode: 0o700 });
      writeFileSync(data('logs'), 'no folder');
      const { url } = await startDetached();
      for (let count = 0; count < 20; count += 1)
        expect((await say(url, 'hello')).status).toBe(200);
      expect((await cli('stop')).code).toBe(0);
    },
    PATIENCE_MS,
  );
});

describe('stop', () => {
  test(
    'lets a stream end and says what it waits for; --force does not wait',
    async () => {
      file = shop.config(echoConfig({ server: 'drainMs: 600000', paceMs: 50 }));
      const first = await startDetached();
      const stream = await openStream(gatewayAt(first), words(100));
      const stop = await cli('stop');
      expect(stop.code).toBe(0);
      expect(stop.stderr).toContain('requests under way may go on');
      expect(await stream.end).toContain('[DONE]');
      file = shop.config(echoConfig({ server: 'drainMs: 600000', paceMs: 1000 }));
      const second = await startDetached();
      const cut = await openStream(gatewayAt(second), words(1000));
      expect((await cli('stop', '--force')).code).toBe(0);
      expect(isThere(second.pid)).toBe(false);
      await expect(cut.end).rejects.toThrow();
    },
    PATIENCE_MS,
  );

  test(
    'Ctrl+C while it waits ends the gateway',
    async () => {
      file = shop.config(echoConfig({ server: 'drainMs: 600000', paceMs: 1000 }));
      const gateway = await startDetached();
      const stream = await openStream(gatewayAt(gateway), words(1000));
      const stop = shop.begin(['stop', '--config', file]);
      await until(() => stop.stderr().includes('Ctrl+C'));
      stop.kill('SIGINT');
      expect((await stop.ended).code).toBe(0);
      expect(isThere(gateway.pid)).toBe(false);
      await expect(stream.end).rejects.toThrow();
    },
    PATIENCE_MS,
  );

  test(
    'ends a gateway whose configuration has been broken since, and one in the foreground',
    async () => {
      const { pid } = await startDetached();
      file = shop.config('plugins: [\n');
      const status = await cli('status');
      expect(status.code).toBe(78);
      expect(status.stderr).toContain(`PID ${pid}`);
      expect(status.stderr).toContain(`${file}:`);
      expect(await cli('stop')).toMatchObject({ code: 0, stdout: `stopped (PID ${pid})\n` });
      expect((await cli('stop')).code).toBe(78);
      file = shop.config(echoConfig({}));
      const gateway = await shop.start(['--config', file]);
      expect((await cli('stop')).code).toBe(0);
      expect((await gateway.ended).code).toBe(0);
    },
    PATIENCE_MS,
  );
});

describe('restart', () => {
  test(
    'starts with what the former one was started with; a bad configuration leaves it running',
    async () => {
      const begun = await shop.run(['start', '-d', '--json', '--config', file]);
      const first = JSON.parse(begun.stdout) as Detached;
      pids.push(first.pid);
      file = shop.config('server: { port: 0 }\nplugins:\n  echo: { config: { paceMs: fast } }\n');
      const refused = await cli('restart');
      expect(refused.code).toBe(78);
      expect(refused.stderr).toContain(`${file}:3:29 `);
      expect(refused.stderr).toContain(`The gateway (PID ${first.pid}) goes on as it was.`);
      file = shop.config(echoConfig({}));
      chmodSync(data(), 0o755);
      const unsafe = await cli('restart');
      expect(unsafe.code).toBe(78);
      expect(unsafe.stderr).toContain('chmod 700');
      expect(unsafe.stderr).toContain(`The gateway (PID ${first.pid}) goes on as it was.`);
      chmodSync(data(), 0o700);
      expect((await say(first.url, 'hello')).status).toBe(200);
      const { code, stdout } = await cli('restart', '--json');
      expect(code).toBe(0);
      const second = JSON.parse(stdout) as Detached;
      pids.push(second.pid);
      expect(second.pid).not.toBe(first.pid);
      expect(isThere(first.pid)).toBe(false);
      expect((await say(second.url, 'hello')).status).toBe(200);
    },
    PATIENCE_MS,
  );

  test(
    'starts one where none runs, and leaves one in the foreground to its terminal',
    async () => {
      const none = await cli('restart', '--json');
      expect(none.code).toBe(0);
      pids.push((JSON.parse(none.stdout) as Detached).pid);
      expect((await cli('stop')).code).toBe(0);
      const gateway = await shop.start(['--config', file]);
      const { code, stderr } = await cli('restart');
      expect(code).toBe(1);
      expect(stderr).toContain('runs in the foreground');
      gateway.kill('SIGTERM');
      expect((await gateway.ended).code).toBe(0);
    },
    PATIENCE_MS,
  );
});

describe('logs', () => {
  test(
    'the last lines, one instance, raw lines, and the names where one is unknown',
    async () => {
      await startDetached();
      expect((await cli('logs', '-n', '2')).stdout.trimEnd().split('\n')).toHaveLength(2);
      const { stdout } = await cli('logs', 'echo', '--json');
      const lines = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(lines.length).toBeGreaterThan(1);
      for (const line of lines) expect(line).toMatchObject({ instance: 'echo' });
      writeFileSync(
        data('logs', 'echo.helper.log'),
        `${JSON.stringify({ time: new Date().toISOString(), level: 'info', name: 'echo/helper', message: 'ready \u001B[2J' })}\n`,
      );
      const child = await cli('logs', 'echo/helper');
      expect(child.stdout).toMatch(/info {2}echo\/helper: ready \\u001b\[2J\n$/u);
      expect((await cli('logs', 'echo')).stdout).toContain('echo/helper: ready');
      const unknown = await cli('logs', 'ehco');
      expect(unknown.code).toBe(1);
      expect(unknown.stderr).toContain('Did you mean echo?');
      expect(unknown.stderr).toContain('gateway, output, echo/helper, echo');
      expect((await cli('logs', '-n', 'many')).code).toBe(2);
    },
    PATIENCE_MS,
  );

  test(
    '-f goes on through a restart and a file that is put aside, until its reader leaves',
    async () => {
      await startDetached();
      const follower = shop.begin(['logs', '-f', '-n', '1', '--json', '--config', file]);
      const seen = (): string => follower.stdout();
      await until(() => seen() !== '');
      const starts = (): number => (seen().match(/ready at/gu) ?? []).length;
      const before = starts();
      const restart = await cli('restart', '--json');
      pids.push((JSON.parse(restart.stdout) as Detached).pid);
      await until(() => seen().includes('plugin echo is stopped') && starts() === before + 1);
      rmSync(data('logs', 'gateway.log'));
      expect((await cli('stop')).code).toBe(0);
      await startDetached();
      await until(() => starts() === before + 2);
      follower.leave();
      const { pid } = JSON.parse((await cli('restart', '--json')).stdout) as Detached;
      pids.push(pid);
      await follower.ended;
    },
    PATIENCE_MS,
  );
});
