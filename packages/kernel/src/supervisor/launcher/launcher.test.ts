import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { StartedProcess } from '../start-process.ts';
import { Launcher } from './launcher.ts';

let launcher: Launcher;
let folder: string;
const usual = process.env['TMPDIR'];

beforeEach(() => {
  launcher = new Launcher();
  folder = mkdtempSync(path.join(os.tmpdir(), 'cliproxy-launcher-'));
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
    const started = await run('console.log(Object.keys(process.env).join())', { ONLY: '1' });
    expect(await text(started.stdout)).toBe('ONLY\n');
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
      const threads = readdirSync(`/proc/${pid}/task`).map((id) => os.getPriority(Number(id)));
      expect(new Set(threads)).toEqual(new Set([behind]));
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
    const first = await run(LASTING);
    await up(first);
    process.kill(parentOf(first.pid), 'SIGSTOP');
    await expect(run('')).rejects.toThrow('its launcher was ended by SIGKILL');
    expect(await (await run('')).ended).toMatchObject({ code: 0 });
  });

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
