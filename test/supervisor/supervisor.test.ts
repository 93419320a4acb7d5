import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, logged, prepareOnce, until } from '../process/gateway-process.ts';
import {
  CHILD,
  environmentOf,
  killed,
  openStage,
  processesWith,
  runs,
  zombiesOf,
} from './stage.ts';
import type { Stage } from './stage.ts';

let stage: Stage;

beforeAll(prepareOnce, 300_000);
beforeEach(() => {
  stage = openStage();
});
afterEach(() => stage.clear());

const child = (name: string, tasks: readonly string[], more: object = {}) => ({
  name,
  command: [process.execPath, CHILD, ...tasks],
  ...more,
});

const one = (...children: readonly object[]) => ({ one: { children } });

async function gatewayPid(): Promise<number> {
  const health = (await stage.health()) as unknown as {
    readonly process: { readonly pid: number };
  };
  return health.process.pid;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function serves(): Promise<void> {
  const reply = await ask(stage.gateway(), 'still here');
  expect(reply.status).toBe(200);
}

const recordsFile = (): string => path.join(stage.data, 'children.json');

const messagesOf = (name: string): readonly string[] =>
  stage
    .gateway()
    .log()
    .flatMap(({ message }) => (message.startsWith(`message ${name} `) ? [message] : []));

describe('a child', () => {
  test('sees of the environment what it may, in a group and a folder of its own', async () => {
    const secret = 'a-secret-of-the-child-1234';
    const given = { env: ['PASSED', 'UNSET'], set: { SAID: 'yes' }, wrapped: secret };
    await stage.start(one(child('c', ['environ'], { ...given, env: ['PASSED'] })), {
      PASSED: 'passed',
      NOT_PASSED: 'canary-of-the-gateway',
      CLIPROXY_CANARY: 'canary-of-the-gateway',
    });
    const { pid = 0, log = '' } = await stage.when('one', 'c', ({ state }) => state === 'ready');
    const names = environmentOf(pid)
      .split('\0')
      .flatMap((line) => (line === '' ? [] : [line.slice(0, line.indexOf('='))]));
    const always = ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR'].filter((name) => name in process.env);
    expect(names.sort()).toEqual([...always, 'PASSED', 'SAID', 'WRAPPED', 'CLIPROXY_CHILD'].sort());
    expect(environmentOf(pid)).not.toContain('canary');
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ');
    expect(stat?.[2]).toBe(String(pid));
    expect(statSync(path.join(stage.data, 'children', 'one.c')).mode & 0o777).toBe(0o700);
    expect(log).toBe(path.join(stage.data, 'logs', 'one.c.log'));
    await until(() => stage.printed('one.c').includes('SAID'));
    expect(stage.printed('one.c')).not.toContain(secret);
    expect(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8').trim()).toBe('500');
  });

  test('is ready once its address answers, and shown with the others by `status`', async () => {
    const port = await freePort();
    const readyUrl = `http://127.0.0.1:${port}/`;
    await stage.start(one(child('web', ['serve', String(port)], { readyUrl })));
    const { pid } = await stage.when(
      'one',
      'web',
      ({ state, memoryBytes }) => state === 'ready' && memoryBytes !== undefined,
    );
    const { stdout } = await stage.run(
      ['status', '--config', path.join(stage.data, '../../config.yaml')],
      {
        env: { CLIPROXY_SERVER_PORT: String(stage.gateway().port) },
      },
    );
    expect(stdout).toMatch(new RegExp(`one/web +${pid} +ready +\\S.* MB +0`, 'u'));
    expect(stdout).toContain('2 processes');
  });

  test('with a channel hears and says, and is told anew when it is another process', async () => {
    await stage.start(one(child('c', ['echo', 'ready'], { channel: true, greet: 'hello' })));
    const first = await stage.when('one', 'c', ({ state }) => state === 'ready');
    await until(() => messagesOf('c').length === 2);
    killed(first.pid ?? 0);
    const second = await stage.when(
      'one',
      'c',
      ({ state, restarts }) => state === 'ready' && restarts === 1,
    );
    expect(second.lastExit).toMatchObject({ signal: 'SIGKILL' });
    await until(() => messagesOf('c').length === 4);
    const echo = 'message c {"echo":{"greet":"hello"}}';
    expect(messagesOf('c')).toEqual([
      `message c {"type":"ready","pid":${first.pid}}`,
      echo,
      `message c {"type":"ready","pid":${second.pid}}`,
      echo,
    ]);
  });
});

describe('a sick child', () => {
  test('that exits at once is started after pauses; everything else serves', async () => {
    await stage.start(one(child('bad', ['exit', '3']), child('good', [])));
    const bad = await stage.when('one', 'bad', ({ restarts }) => restarts >= 2);
    expect(bad.lastExit).toMatchObject({
      code: 3,
      reason: 'exited with code 3; its last line: something is missing',
    });
    const { plugins } = await stage.health();
    const status = plugins.find(({ instanceId }) => instanceId === 'one');
    expect(status).toMatchObject({ state: 'ready' });
    await stage.when(
      'one',
      'bad',
      ({ state, retryInMs = 0 }) => state === 'backing-off' && retryInMs > 0,
    );
    const good = await stage.child('one', 'good');
    expect(good).toMatchObject({ state: 'ready', restarts: 0 });
    expect(zombiesOf(await gatewayPid())).toBe(0);
    await logged(stage.gateway(), 'child one/bad is backing-off');
    await serves();
  });

  test('that is not to be found says so', async () => {
    await stage.start(one({ name: 'lost', command: ['no-such-program-here'] }));
    const { lastExit } = await stage.when('one', 'lost', ({ state }) => state === 'backing-off');
    expect(lastExit?.reason).toMatch(/no program "no-such-program-here" on PATH/u);
    await serves();
  });

  test('that opens no port is ended and started again', async () => {
    const readyUrl = `http://127.0.0.1:${await freePort()}/`;
    await stage.start(one(child('mute', [], { readyUrl, readyTimeoutMs: 500 })));
    const { lastExit } = await stage.when('one', 'mute', ({ restarts }) => restarts >= 1);
    expect(lastExit?.reason).toMatch(/was not ready within 500 ms/u);
    await serves();
  });

  test('that hangs is ended and started again', async () => {
    const port = await freePort();
    const readyUrl = `http://127.0.0.1:${port}/`;
    const spec = child('hung', ['hang', String(port)], { readyUrl, aliveTimeoutMs: 1000 });
    await stage.start(one(spec));
    const { lastExit } = await stage.when('one', 'hung', ({ restarts }) => restarts >= 1);
    expect(lastExit?.reason).toMatch(/gave no answer at .* for 1000 ms/u);
  });

  test('that takes no SIGTERM is killed after its time', async () => {
    await stage.start(one(child('stubborn', ['stubborn'], { stopTimeoutMs: 500 })));
    const { pid = 0 } = await stage.when('one', 'stubborn', ({ state }) => state === 'ready');
    await sleep(500);
    stage.change({});
    await until(() => !runs(pid));
    await until(() => stage.printed('one.stubborn').includes('SIGKILL'));
    await serves();
  });

  test('that floods is slowed: its log stays below 10 MB, the gateway answers', async () => {
    await stage.start(one(child('flood', ['flood'])));
    await stage.when('one', 'flood', ({ state }) => state === 'ready');
    const logs = path.join(stage.data, 'logs');
    const bytes = (): number =>
      readdirSync(logs)
        .filter((file) => file.startsWith('one.flood.log'))
        .reduce((sum, file) => sum + statSync(path.join(logs, file)).size, 0);
    let most = 0;
    await until(() => {
      most = Math.max(most, bytes());
      return readdirSync(logs).includes('one.flood.log.2');
    });
    for (let round = 0; round < 20; round += 1) {
      await serves();
      most = Math.max(most, bytes());
    }
    process.stderr.write(`log of a flooding child: at most ${(most / 1e6).toFixed(1)} MB\n`);
    expect(most).toBeLessThan(10e6 + 1e6);
  });

  test('that takes too much memory is killed and started again', async () => {
    await stage.start(one(child('fat', ['grow'], { memoryLimitMb: 200 })));
    const { lastExit } = await stage.when('one', 'fat', ({ restarts }) => restarts >= 1);
    expect(lastExit?.reason).toMatch(/took \d+ MiB of memory, more than its 200 MiB/u);
    await serves();
  });

  test('that writes junk is heard all the same; one with an endless message is ended', async () => {
    await stage.start(
      one(
        child('junk', ['junk', 'ready'], { channel: true }),
        child('big', ['ready', 'oversize'], { channel: true }),
      ),
    );
    await until(() => messagesOf('junk').some((text) => text.includes('after')));
    await logged(stage.gateway(), 'child one/junk sends what is no message');
    expect(await stage.child('one', 'junk')).toMatchObject({ state: 'ready', restarts: 0 });
    const { lastExit } = await stage.when('one', 'big', ({ restarts }) => restarts >= 1);
    expect(lastExit?.reason).toMatch(/sent a message longer than 1048576 bytes/u);
    await serves();
  });

  test('leaves nothing behind, not even what has left its group', async () => {
    await stage.start(one(child('parent', ['family', 'ready'], { channel: true })));
    const { pid = 0 } = await stage.when('one', 'parent', ({ state }) => state === 'ready');
    const mark = /CLIPROXY_CHILD=[^\0]+/u.exec(environmentOf(pid))?.[0] ?? 'none';
    await until(() => processesWith(mark).length === 3);
    killed(pid);
    await stage.when('one', 'parent', ({ restarts }) => restarts >= 1);
    expect(processesWith(mark)).toEqual([]);
  });
});

describe('generations', () => {
  test('another command replaces the child, an equal one keeps the process', async () => {
    const same = child('same', ['ready', 'echo'], { channel: true, greet: 'hi' });
    await stage.start(one(same, child('other', ['a'])));
    const first = await stage.when('one', 'same', ({ state }) => state === 'ready');
    const other = await stage.when('one', 'other', ({ state }) => state === 'ready');
    await until(() => messagesOf('same').length === 2);
    stage.change(one(same, child('other', ['b'])));
    const next = await stage.when(
      'one',
      'other',
      ({ state, pid }) => state === 'ready' && pid !== other.pid,
    );
    expect(next.restarts).toBe(0);
    expect(runs(other.pid ?? 0)).toBe(false);
    expect(await stage.child('one', 'same')).toMatchObject({ pid: first.pid, restarts: 0 });
    // The next generation is told as if the process were new.
    await until(() => messagesOf('same').length === 4);
    await logged(stage.gateway(), 'messages of same have ended');
  });

  test('disabling ends the children; SIGTERM ends all, in reverse, and leaves none', async () => {
    const both = { children: [child('first', []), child('second', [])] };
    await stage.start({ one: both, two: both });
    const pids: number[] = [];
    for (const instance of ['one', 'two']) {
      for (const name of ['first', 'second']) {
        const { pid = 0 } = await stage.when(instance, name, ({ state }) => state === 'ready');
        pids.push(pid);
      }
    }
    stage.change({ one: both, two: { ...both, more: { enabled: false } } });
    await until(() => !runs(pids[2] ?? 0) && !runs(pids[3] ?? 0));
    expect(runs(pids[0] ?? 0) && runs(pids[1] ?? 0)).toBe(true);
    const gateway = stage.gateway();
    gateway.kill('SIGTERM');
    expect((await gateway.ended).code).toBe(0);
    expect(pids.filter(runs)).toEqual([]);
    const stopped = gateway
      .log()
      .flatMap(({ message }) => (/is stopping$/u.test(message) ? [message] : []));
    expect(stopped).toEqual([
      'child two/second is stopping',
      'child two/first is stopping',
      'child one/second is stopping',
      'child one/first is stopping',
    ]);
  });

  test('a second signal ends the gateway at once, and its children with it', async () => {
    await stage.start(one(child('stubborn', ['stubborn'], { stopTimeoutMs: 60_000 })));
    const { pid = 0 } = await stage.when('one', 'stubborn', ({ state }) => state === 'ready');
    const gateway = stage.gateway();
    gateway.kill('SIGTERM');
    await logged(gateway, 'child one/stubborn is stopping');
    await sleep(500);
    gateway.kill('SIGTERM');
    await gateway.ended;
    await until(() => !runs(pid));
  });
});

describe('a gateway that is killed', () => {
  test('leaves orphans, which the next one ends, whatever they have become', async () => {
    const specs = one(
      child('plain', ['family', 'stubborn']),
      child('piped', ['ready'], { channel: true }),
    );
    await stage.start(specs);
    const plain = await stage.when('one', 'plain', ({ state }) => state === 'ready');
    const piped = await stage.when('one', 'piped', ({ state }) => state === 'ready');
    const { owner } = JSON.parse(readFileSync(recordsFile(), 'utf8')) as { readonly owner: string };
    const mark = `CLIPROXY_CHILD=${owner}.`;
    await until(() => processesWith(mark).length === 4);
    const gateway = stage.gateway();
    gateway.kill('SIGKILL');
    await gateway.ended;
    // A child with a channel ends by itself.
    await until(() => !runs(piped.pid ?? 0));
    const orphans = processesWith(mark);
    expect(orphans).toHaveLength(3);
    const begunMs = performance.now();
    await stage.start(specs);
    const servingMs = performance.now() - begunMs;
    await serves();
    await until(() => orphans.every((pid) => !runs(pid)));
    const goneMs = performance.now() - begunMs;
    process.stderr.write(
      `after kill -9: serving after ${Math.round(servingMs)} ms, ` +
        `${orphans.length} orphans gone ${Math.round(goneMs)} ms after the start\n`,
    );
    const again = await stage.when('one', 'plain', ({ state }) => state === 'ready');
    expect(again.pid).not.toBe(plain.pid);
    await logged(stage.gateway(), 'ended 3 processes that a former gateway');
    expect(zombiesOf(await gatewayPid())).toBe(0);
  });

  test('whose process ids are others by now: those are left alone', async () => {
    await stage.start(one(child('c', [])));
    await stage.when('one', 'c', ({ state }) => state === 'ready');
    await until(() => readFileSync(recordsFile(), 'utf8').includes('one/c'));
    const gateway = stage.gateway();
    gateway.kill('SIGKILL');
    await gateway.ended;
    const foreign = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], {
      detached: true,
      stdio: 'ignore',
      env: {},
    });
    try {
      const saved = JSON.parse(readFileSync(recordsFile(), 'utf8')) as {
        children: { pid: number }[];
      };
      for (const record of saved.children) record.pid = foreign.pid ?? 0;
      writeFileSync(recordsFile(), JSON.stringify(saved));
      await stage.start(one(child('c', [])));
      await stage.when('one', 'c', ({ state }) => state === 'ready');
      await logged(stage.gateway(), 'ended 1 processes that a former gateway');
      expect(runs(foreign.pid ?? 0)).toBe(true);
    } finally {
      foreign.kill('SIGKILL');
    }
  });
});

test('a spec that can’t be used fails its instance alone, with a sentence', async () => {
  await stage.start({
    bad: {
      children: [{ name: 'Bad name', command: ['./x'], env: ['HIDDEN'] }],
      more: { required: false },
    },
    worse: {
      children: [{ name: 'c', command: ['./x'], env: ['HIDDEN', 'CLIPROXY_API_KEY'] }],
      more: { required: false },
    },
  });
  const { plugins } = await stage.health();
  const problems = (id: string) => plugins.find(({ instanceId }) => instanceId === id)?.problems;
  expect(problems('bad')?.join()).toMatch(/name/u);
  expect(problems('worse')?.join()).toMatch(
    /must be absolute.*HIDDEN is not among the manifest's permissions.env.*CLIPROXY_API_KEY is the gateway's own/u,
  );
  await serves();
});
