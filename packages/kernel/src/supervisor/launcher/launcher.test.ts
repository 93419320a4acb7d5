import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { StartedProcess } from '../start-process.ts';
import { Launcher } from './launcher.ts';

const execFileAsync = promisify(execFile);
let launcher: Launcher;
let folder: string;
const usual = process.env['TMPDIR'];

beforeEach(() => {
  launcher = new Launcher();
  folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'launcher-test-')));
});
afterEach(async () => {
  await launcher.end();
  rmSync(folder, { recursive: true });
  if (usual === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = usual;
});

/** Runs a program of one line. */
function run(code: string, environment: Readonly<Record<string, string>> = {}) {
  return launcher.start({
    command: [process.execPath, '--eval', code],
    cwd: folder,
    environment,
  });
}

/** Looks into /proc. */
const onLinux = process.platform === 'linux' ? test : test.skip;

const LASTING = 'setInterval(() => {}, 1000); console.log("up")';

/** Resolves when it has printed something. */
async function up({ stdout }: StartedProcess): Promise<void> {
  await once(stdout, 'data');
}

/** One that has ended and that nobody has asked for yet runs no more. */
function runs(pid: number): boolean {
  try {
    return !processState('stat', pid).startsWith('Z');
  } catch {
    return false;
  }
}

function processState(column: string, pid: number): string {
  return execFileSync('ps', ['-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8' }).trim();
}

async function gone(pid: number): Promise<void> {
  while (runs(pid)) await sleep(20);
}

/** Runs a program of its own that has a launcher; it fails when the program does. */
async function runProgram(code: string, before = 'exec') {
  const file = path.join(folder, 'program.mjs');
  const built = import.meta.url.replace('/src/', '/dist/').replace('.test.ts', '.js');
  writeFileSync(
    file,
    `import { Launcher } from ${JSON.stringify(built)};
    const launcher = new Launcher();
    ${code}`,
  );
  return execFileAsync('/bin/sh', ['-c', `${before} "$0" "$1"`, process.execPath, file]);
}

/** The launcher's, as the system says who started a process. */
function parentOf(pid: number): number {
  return Number(processState('ppid', pid));
}

describe('a process by way of the launcher', () => {
  test('its output and its descriptor 3 lead here, from the first byte to the last', async () => {
    const echoes =
      'const s = new (require("net").Socket)({ fd: 3 }); s.pipe(s); s.on("end", () => process.exit(7));';
    const started = await run(
      `console.log(process.cwd(), process.env.TOLD); console.error("err");
      ${echoes}`,
      { TOLD: 'yes' },
    );
    const said = Promise.all([text(started.stdout), text(started.stderr)]);
    const long = 'x'.repeat(1_000_000);
    started.socket.end(long);
    expect(await text(started.socket)).toBe(long);
    expect(await started.ended).toEqual({ code: 7, reason: 'exited with code 7' });
    expect(await said).toEqual([`${folder} yes\n`, 'err\n']);
  });

  test('has nothing of the environment but what it is given', async () => {
    const started = await run('console.log(JSON.stringify(process.env))', { ONLY: '1' });
    const seen = JSON.parse(await text(started.stdout)) as Record<string, string>;
    // The system's own, which it adds to every process of macOS.
    delete seen['__CF_USER_TEXT_ENCODING'];
    expect(seen).toEqual({ ONLY: '1' });
  });

  test('many at once are kept apart', async () => {
    const started = await Promise.all(
      Array.from({ length: 8 }, (_, n) => run(`console.log(${n}); process.exit(${n})`)),
    );
    const said = await Promise.all(started.map(({ stdout }) => text(stdout)));
    const ends = await Promise.all(started.map(({ ended }) => ended));
    expect(said).toEqual(Array.from({ length: 8 }, (_, n) => `${n}\n`));
    expect(ends.map(({ code }) => code)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('is told to have been ended by a signal', async () => {
    const started = await run(LASTING);
    await up(started);
    process.kill(-started.pid, 'SIGTERM');
    expect(await started.ended).toEqual({ signal: 'SIGTERM', reason: 'was ended by SIGTERM' });
  });

  test.each([
    ['no such program', { command: ['/no/such/program'], cwd: '/' }, /no program "\/no\/such/],
    ['no such folder', { command: [process.execPath], cwd: '/no/such' }, /no folder \/no\/such/],
    ['no program at all', { command: ['/etc/passwd'], cwd: '/' }, /"\/etc\/passwd" may not be/],
    ['what Node refuses', { command: ['a\0b'], cwd: '/' }, /null bytes/],
  ] as const)('%s: says why', async (_what, { command: [program], cwd }, why) => {
    await expect(launcher.start({ command: [program], cwd, environment: {} })).rejects.toThrow(why);
    expect(await (await run('')).ended).toMatchObject({ code: 0 });
  });

  test('stands back, and its session does, though others have just begun to', async () => {
    const started = await Promise.all([run(LASTING), run(LASTING), run(LASTING)]);
    await Promise.all(started.map(up));
    const behind = Math.min(19, os.getPriority() + 15);
    for (const { pid } of started) {
      const tasks = `/proc/${pid}/task`;
      const threads = existsSync(tasks) ? readdirSync(tasks).map(Number) : [pid];
      expect(new Set(threads.map((thread) => os.getPriority(thread)))).toEqual(new Set([behind]));
      const session = `/proc/${pid}/autogroup`;
      if (existsSync(session)) expect(readFileSync(session, 'utf8')).toMatch(`nice ${behind}\n`);
    }
  });

  test('leaves nothing in the folder for temporary files, whatever its length', async () => {
    process.env['TMPDIR'] = folder;
    expect(await (await run('')).ended).toMatchObject({ code: 0 });
    expect(readdirSync(folder)).toEqual([]);
    process.env['TMPDIR'] = path.join(folder, 'x'.repeat(100));
    expect(await (await run('')).ended).toMatchObject({ code: 0 });
  });
});

describe('the launcher', () => {
  test('is one for all, and ends with what it has started', async () => {
    const [first, second] = await Promise.all([run(LASTING), run(LASTING)]);
    await Promise.all([up(first), up(second)]);
    const parent = parentOf(first.pid);
    expect(parent).not.toBe(process.pid);
    expect(parentOf(second.pid)).toBe(parent);
    await launcher.end();
    expect(runs(parent)).toBe(false);
    expect((await first.ended).reason).toBe(
      'was ended with its launcher, which exited with code 0',
    );
    await Promise.all([gone(first.pid), gone(second.pid)]);
  });

  test('that is killed takes its processes with it; the next one serves', async () => {
    const first = await run('console.log("up"); for (;;);');
    await up(first);
    process.kill(parentOf(first.pid), 'SIGKILL');
    expect((await first.ended).reason).toMatch(/with its launcher, which was ended by SIGKILL$/u);
    await gone(first.pid);
    const second = await run('process.exit(4)');
    expect(await second.ended).toMatchObject({ code: 4 });
  });

  test('that hangs is ended, and what it was to start is told so', async () => {
    launcher = new Launcher(1_000);
    const first = await run(LASTING);
    await up(first);
    process.kill(parentOf(first.pid), 'SIGSTOP');
    await expect(run('')).rejects.toThrow('its launcher was ended by SIGKILL');
    expect(await (await run('')).ended).toMatchObject({ code: 0 });
  });

  test.each([0, 2, 10, 40])(
    'that is ended %i ms after an order ends by itself, and the order with it',
    async (afterMs) => {
      const started = run(LASTING).then(
        ({ ended }) => ended,
        (error: unknown) => ({ reason: (error as Error).message }),
      );
      await sleep(afterMs);
      await launcher.end();
      // Nobody had to kill it.
      expect((await started).reason).toMatch(
        /its launcher(, which)? (exited with code 0|is being)/u,
      );
    },
  );

  test.each(['ended', 'end'])('keeps a program alive that waits for: %s', async (what) => {
    const stubborn =
      'process.on("SIGTERM", () => {}); setTimeout(() => {}, 500); console.log("up")';
    const waits = {
      ended: 'console.log((await started.ended).reason)',
      end: 'await launcher.end(); console.log((await started.ended).reason)',
    }[what];
    const { stdout } = await runProgram(`
      const started = await launcher.start({
        command: [process.execPath, '--eval', ${JSON.stringify(stubborn)}], cwd: '/', environment: {},
      });
      await new Promise((resolve) => started.stdout.once('data', resolve));
      for (const one of [started.stdout, started.stderr, started.socket]) one.destroy();
      ${waits}`);
    const code = 'exited with code 0';
    expect(stdout).toBe(
      `${what === 'ended' ? code : `was ended with its launcher, which ${code}`}\n`,
    );
  });

  onLinux(
    'for want of descriptors a start fails, ends nothing, and leaves none behind',
    async () => {
      const { stdout, stderr } = await runProgram(
        `
      import fs from 'node:fs';
      const order = (code) => ({
        command: [process.execPath, '--eval', code], cwd: '/', environment: {},
      });
      const lasting = await launcher.start(order(${JSON.stringify(LASTING)}));
      const sockets = () => fs.readdirSync('/proc/self/fd').filter((fd) => {
        try { return fs.readlinkSync('/proc/self/fd/' + fd).startsWith('socket'); } catch { return false; }
      }).length;
      const before = sockets();
      for (let free = 0; free <= 8; free += 1) {
        const held = [];
        try { for (;;) held.push(fs.openSync('/dev/null')); } catch {}
        for (let n = 0; n < free; n += 1) fs.closeSync(held.pop());
        const told = await launcher.start(order('process.exit(3)')).then(
          async ({ ended, stdout, stderr, socket }) => {
            const { reason } = await ended;
            for (const one of [stdout, stderr, socket]) one.destroy();
            return reason;
          },
          () => 'refused',
        );
        for (const file of held) fs.closeSync(file);
        console.log(told);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
      console.log(sockets() - before, 'left');
      process.kill(lasting.pid, 0);
      await launcher.end();`,
        'ulimit -n 64; exec',
      );
      expect(stderr).toBe('');
      const lines = stdout.trim().split('\n');
      expect(lines.slice(0, -1)).toHaveLength(9);
      expect(new Set(lines.slice(0, -1))).toEqual(new Set(['refused', 'exited with code 3']));
      expect(lines.at(-1)).toBe('0 left');
    },
  );

  test('goes on when a terminal or the system asks all to end: the gateway ends it', async () => {
    const first = await run(LASTING);
    await up(first);
    for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.kill(parentOf(first.pid), name);
    }
    expect(await (await run('')).ended).toMatchObject({ code: 0 });
    expect(runs(first.pid)).toBe(true);
  });
});
