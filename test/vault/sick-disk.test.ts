// A device that fails to read or write (EIO) can't be had without a kernel module; it takes the same
// way as the faults here.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isGatewayError, secret } from '@cliproxy/plugin-api';
import { loadKeys, openVault } from '@cliproxy/vault';
import type { FileVault } from '@cliproxy/vault';

const place = mkdtempSync(path.join(os.tmpdir(), 'cliproxy-disk-'));
const accounts = path.join(place, 'accounts');
const isMounted = mount('size=512k,mode=700');
const text = randomBytes(32).toString('base64');
const errors: string[] = [];
let vault: FileVault;

beforeAll(async () => {
  vault = await openAgain();
});

afterAll(() => {
  if (isMounted) execFileSync('umount', [place]);
  rmSync(place, { recursive: true });
});

// Needs a disk of its own, which only root may mount.
(isMounted ? describe : describe.skip)('on a disk of 512 KB', () => {
  test('a write that finds it full fails by name, and what was kept is still there', async () => {
    await vault.put(account('test/me', 'first'), 0);
    await fill();
    const before = await fs.readdir(accounts);
    const fault = await faultOf(vault.put(account('test/me', 'x'.repeat(100_000)), 1));
    expect(fault).toEqual([
      'KERNEL_STORE_FAILED',
      `account test/me can't be written (ENOSPC); check ${accounts}`,
    ]);
    expect(await faultOf(vault.put(account('test/other', 'x'.repeat(5000)), 0))).toHaveLength(2);
    expect(await fs.readdir(accounts)).toEqual(before);
    expect(await tokenOf('test/me')).toBe('first');
    await fs.rm(path.join(place, 'filler'));
    expect((await vault.put(account('test/me', 'second'), 1)).generation).toBe(2);
  });

  test('that is read-only, accounts serve and none is changed', async () => {
    await fs.writeFile(path.join(accounts, 'test@bad.account'), 'junk', { mode: 0o600 });
    mount('remount,ro');
    try {
      vault = await openAgain();
      expect(await tokenOf('test/me')).toBe('second');
      expect((await vault.list()).map(({ id }) => id)).toEqual(['test/me']);
      expect(errors.join()).toContain("account test/bad can't be set aside (EROFS)");
      for (const work of [
        vault.put(account('test/me', 'third'), 2),
        vault.delete('test/me'),
        vault.get('test/bad'),
      ]) {
        expect((await faultOf(work)).join()).toMatch(/^KERNEL_STORE_FAILED.*\(EROFS\)/);
      }
      expect(await tokenOf('test/me')).toBe('second');
    } finally {
      mount('remount,rw');
    }
    expect((await vault.put(account('test/me', 'third'), 2)).generation).toBe(3);
  });
});

function mount(options: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', place], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function openAgain(): Promise<FileVault> {
  const quiet = () => undefined;
  return openVault({
    folder: accounts,
    keys: await loadKeys({ text, ownFile: 'unused' }),
    logger: { debug: quiet, info: quiet, warn: quiet, error: (line) => errors.push(line) },
    now: Date.now,
  });
}

function account(id: string, token: string) {
  const credential = { secrets: { refreshToken: secret(token) } };
  return { id, authenticator: 'oauth', label: id, credential };
}

async function tokenOf(id: string): Promise<string | undefined> {
  return (await vault.get(id))?.credential.secrets.refreshToken?.reveal();
}

/** Takes what room there is, to the last byte. */
async function fill(): Promise<void> {
  const handle = await fs.open(path.join(place, 'filler'), 'w');
  try {
    for (;;) await handle.write(Buffer.alloc(4096));
  } catch {
    // No room left.
  } finally {
    await handle.close();
  }
}

async function faultOf(work: Promise<unknown>): Promise<readonly string[]> {
  try {
    await work;
    return [];
  } catch (error) {
    if (isGatewayError(error)) return [error.code, error.message];
    throw error;
  }
}
