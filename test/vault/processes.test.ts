import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { loadKeys, openVault } from '@cliproxy/vault';
import type { FileVault } from '@cliproxy/vault';
import { prepareOnce } from '../process/gateway-process.ts';

const run = promisify(execFile);
const program = (name: string): string => path.join(import.meta.dirname, name);
const ID = 'test/me';
const PATIENCE_MS = 120_000;

let folder: string;
let vault: FileVault;

beforeAll(prepareOnce, PATIENCE_MS);

beforeEach(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'cliproxy-locks-'));
  const quiet = () => undefined;
  vault = await openVault({
    folder: path.join(folder, 'accounts'),
    keys: await loadKeys({ ownFile: path.join(folder, 'vault.key') }),
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    now: Date.now,
    lockWaitMs: PATIENCE_MS,
  });
});

afterEach(() => fs.rm(folder, { recursive: true }));

const lockUser = (...way: readonly string[]) =>
  spawn(process.execPath, [program('lock-user.mjs'), folder, ID, ...way], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });

test(
  'writers that are killed lose no write that they told, and leave nothing unreadable',
  async () => {
    const { stdout } = await run(process.execPath, [program('kill.mjs'), '--kills', '40']);
    expect(stdout).toMatch(/^40 kills .* 0 unreadable, 0 lost, 0 temporary files left behind\n$/);
  },
  PATIENCE_MS * 2,
);

test(
  'five processes with three callers each have an account to themselves, in turn',
  async () => {
    const users = Array.from({ length: 5 }, () =>
      run(process.execPath, [program('lock-user.mjs'), folder, ID, 'take', '3', '20']),
    );
    const told = await Promise.all(users);
    const generations = told.flatMap(({ stdout }) =>
      [...stdout.matchAll(/^wrote (\d+)$/gm)].map(([, generation]) => Number(generation)),
    );
    generations.sort((a, b) => a - b);
    expect(generations).toEqual(Array.from({ length: 300 }, (_, index) => index + 1));
    expect((await vault.get(ID))?.generation).toBe(300);
  },
  PATIENCE_MS,
);

test(
  'a lock is free as soon as its holder was killed',
  async () => {
    const holder = lockUser('hold');
    await once(holder.stdout, 'data');
    let isMine = false;
    const mine = vault.withLock(ID, async () => (isMine = true));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(isMine).toBe(false);
    holder.kill('SIGKILL');
    await mine;
    expect(isMine).toBe(true);
  },
  PATIENCE_MS,
);

test(
  'a lock stays with a holder that does not move',
  async () => {
    const holder = lockUser('block', '2000');
    await once(holder.stdout, 'data');
    const cameToItsEnd = await vault.withLock(ID, async () =>
      existsSync(path.join(folder, 'inside')),
    );
    expect(cameToItsEnd).toBe(true);
    if (holder.exitCode === null) await once(holder, 'exit');
    expect(holder.exitCode).toBe(0);
  },
  PATIENCE_MS,
);
