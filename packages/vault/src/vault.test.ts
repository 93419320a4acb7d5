import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { isGatewayError, secret } from '@cliproxy/plugin-api';
import type { Logger } from '@cliproxy/plugin-api';
import type { StoredAccount } from '@cliproxy/kernel';
import { openVault } from './file-vault.ts';
import type { FileVault } from './file-vault.ts';
import { loadKeys } from './key-source.ts';
import { NameLocks } from './name-locks.ts';
import { parseKeys } from './vault-keys.ts';
import type { VaultKeys } from './vault-keys.ts';

const CANARY = 'sk-canary-7f3a9d';
const newKey = (): string => randomBytes(32).toString('base64');

let folder: string;
let errors: string[];
let keys: VaultKeys;

beforeEach(async () => {
  folder = path.join(await fs.mkdtemp(path.join(os.tmpdir(), 'cliproxy-vault-')), 'accounts');
  errors = [];
  keys = parseKeys(newKey(), 'the test');
});

afterEach(() => fs.rm(path.dirname(folder), { recursive: true }));

const logger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (message) => errors.push(message),
};

const open = (given: VaultKeys = keys, lockWaitMs = 20_000): Promise<FileVault> =>
  openVault({ folder, keys: given, logger, now: () => Date.UTC(2026, 0, 2), lockWaitMs });

const account = (id: string, token = CANARY): Omit<StoredAccount, 'generation'> => ({
  id,
  authenticator: 'claude',
  label: 'me',
  credential: {
    secrets: { refreshToken: secret(token) },
    facts: { plan: 'max' },
    expiresAtMs: 1_800_000_000_000,
  },
});

const tokenOf = (stored: StoredAccount | undefined): string | undefined =>
  stored?.credential.secrets.refreshToken?.reveal();

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
  } catch (error) {
    if (isGatewayError(error)) return error.code;
    throw error;
  }
  return 'none';
};

describe('accounts', () => {
  test('come back as they were kept, from another process as well', async () => {
    const vault = await open();
    const kept = await vault.put({ ...account('claude/me'), renewingSinceMs: 5 }, 0);
    expect(kept.generation).toBe(1);
    const again = await (await open()).get('claude/me');
    expect(again).toMatchObject({
      id: 'claude/me',
      label: 'me',
      generation: 1,
      renewingSinceMs: 5,
    });
    expect(tokenOf(again)).toBe(CANARY);
    expect(again?.credential).toMatchObject({ facts: { plan: 'max' }, expiresAtMs: 1.8e12 });
    expect(await vault.get('claude/other')).toBeUndefined();
    await vault.delete('claude/me');
    await vault.delete('claude/me');
    expect(await vault.list()).toEqual([]);
  });

  test('are replaced only by those who know what they replace', async () => {
    const vault = await open();
    await vault.put(account('a/b'), 0);
    expect(await codeOf(vault.put(account('a/b', 'second'), 0))).toBe('KERNEL_STORE_CONFLICT');
    expect(tokenOf(await vault.get('a/b'))).toBe(CANARY);
    expect((await vault.put(account('a/b', 'second'), 1)).generation).toBe(2);
  });

  test('rise by one with each of many writers at once', async () => {
    const vault = await open();
    const ids = Array.from({ length: 10 }, (_, i) => `a/${i}`);
    await Promise.all(
      Array.from({ length: 300 }, async (_, i) => {
        const id = ids[i % 10] ?? '';
        await vault.withLock(id, async () => {
          const generation = (await vault.get(id))?.generation ?? 0;
          await vault.put(account(id, `token ${i}`), generation);
        });
      }),
    );
    const all = await vault.list();
    expect(all.map(({ generation }) => generation)).toEqual(ids.map(() => 30));
  }, 60_000);

  test('whose ids differ in case alone have files that differ in more', async () => {
    const vault = await open();
    const ids = ['a/me', 'a/Me', 'A/me', 'A/ME'];
    for (const id of ids) await vault.put(account(id, `token of ${id}`), 0);
    const names = (await fs.readdir(folder)).map((name) => name.toLowerCase());
    expect(new Set(names).size).toBe(4);
    for (const id of ids) expect(tokenOf(await vault.get(id))).toBe(`token of ${id}`);
    expect((await vault.list()).map(({ id }) => id).sort()).toEqual([...ids].sort());
  });

  test.each(['', 'a', 'a/b/c', 'a/../b', 'a/', 'a/b c', 'a/\0', `a/${'b'.repeat(65)}`])(
    'are not named %j',
    async (id) => {
      const vault = await open();
      await expect(vault.put(account(id), 0)).rejects.toThrow('is no account id: it must be');
      await expect(vault.get(id)).rejects.toThrow('is no account id');
      await expect(vault.withLock(id, async () => 1)).rejects.toThrow('is no account id');
      expect(await fs.readdir(folder)).toEqual([]);
    },
  );

  test('have the longest ids', async () => {
    const id = `${'A'.repeat(64)}/${'.'.repeat(64)}`;
    const vault = await open();
    await vault.put(account(id), 0);
    expect((await vault.list()).map((one) => one.id)).toEqual([id]);
  });

  test('are sealed: neither their file nor an error shows a secret', async () => {
    const vault = await open();
    await vault.put(account('a/b'), 0);
    const [name = ''] = await fs.readdir(folder);
    const file = path.join(folder, name);
    expect((await fs.readFile(file)).includes(CANARY)).toBe(false);
    expect(JSON.stringify(await vault.get('a/b'))).not.toContain(CANARY);
    expect((await fs.stat(file)).mode & 0o777).toBe(0o600);
    expect((await fs.stat(folder)).mode & 0o777).toBe(0o700);
  });
});

describe('what is wrong with a file', () => {
  test('takes out its own account, for each byte flipped and each length', async () => {
    const vault = await open();
    await vault.put(account('a/good'), 0);
    await vault.put(account('a/bad'), 0);
    const file = path.join(folder, 'a@bad.account');
    const whole = await fs.readFile(file);
    const broken = [
      ...[...whole.keys()].map((at) => {
        const copy = Buffer.from(whole);
        copy[at] = (copy[at] ?? 0) ^ 0x01;
        return copy;
      }),
      ...[...whole.keys()].map((length) => whole.subarray(0, length)),
    ];
    for (const bytes of broken) {
      await fs.writeFile(file, bytes, { mode: 0o600 });
      // What may be another key's name, or a newer format, is told without touching the file.
      const code = await codeOf(vault.get('a/bad'));
      if (code === 'none') expect(await fs.stat(file).catch(() => 'gone')).toBe('gone');
      else expect(['KERNEL_STORE_KEY', 'KERNEL_STORE_FAILED']).toContain(code);
      expect((await vault.list()).map(tokenOf)).toEqual([CANARY]);
    }
    expect(errors.length).toBeGreaterThan(whole.length);
    expect(errors[0]).toContain('a/bad');
    const aside = (await fs.readdir(folder)).filter((name) => name.includes('.corrupt-'));
    expect(aside.length).toBeGreaterThan(0);
  }, 60_000);

  test('is noticed where one was put in the place of another', async () => {
    const vault = await open();
    await vault.put(account('a/one'), 0);
    await fs.copyFile(path.join(folder, 'a@one.account'), path.join(folder, 'a@two.account'));
    expect(await vault.get('a/two')).toBeUndefined();
    expect(await vault.list()).toHaveLength(1);
  });

  test('is looked at again before it is set aside: a good one may have come', async () => {
    const vault = await open();
    await vault.put(account('a/b'), 0);
    const file = path.join(folder, 'a@b.account');
    const whole = await fs.readFile(file);
    await fs.writeFile(file, 'junk');
    const gate = await new NameLocks().take(`${await fs.realpath(folder)}/a@b.account#write`, 0);
    const found = vault.get('a/b');
    // It waits for the lock now, or soon; either way it reads what stands here afterwards.
    await fs.writeFile(file, whole);
    gate?.();
    expect(tokenOf(await found)).toBe(CANARY);
    expect(errors).toEqual([]);
  });

  test('is left as it is where a newer version wrote it', async () => {
    const vault = await open();
    await vault.put(account('a/good'), 0);
    const file = path.join(folder, 'a@new.account');
    const newer = Buffer.from('{"v":2,"kid":"x","something":"else"}\nsealed in some way');
    await fs.writeFile(file, newer, { mode: 0o600 });
    await expect(vault.get('a/new')).rejects.toThrow('a/new was written by a newer version');
    expect(await codeOf(vault.put(account('a/new'), 0))).toBe('KERNEL_STORE_FAILED');
    expect(await codeOf(vault.rotate())).toBe('KERNEL_STORE_FAILED');
    expect(await (await open()).list()).toHaveLength(1);
    expect(errors.join()).toContain('newer version');
    expect(await fs.readFile(file)).toEqual(newer);
    await vault.delete('a/good');
    expect(await codeOf(open())).toBe('KERNEL_STORE_FAILED');
    expect(await fs.readdir(folder)).toEqual(['a@new.account']);
  });

  test('with another key nothing opens and nothing is written', async () => {
    await (await open()).put(account('a/b'), 0);
    const before = await fs.readdir(folder);
    expect(await codeOf(open(parseKeys(newKey(), 'the test')))).toBe('KERNEL_STORE_KEY');
    expect(await fs.readdir(folder)).toEqual(before);
  });

  test('that another key sealed gives way to a new login, and is not destroyed', async () => {
    const former = parseKeys(newKey(), 'the test');
    await (await open(former)).put(account('a/lost', 'former'), 0);
    const sealed = await fs.readFile(path.join(folder, 'a@lost.account'));
    const kid = (vaultKeys: VaultKeys): string => vaultKeys.current.kid;
    const both: VaultKeys = {
      current: keys.current,
      byId: (of) => (of === kid(keys) ? keys.current : undefined),
    };
    await fs.rename(path.join(folder, 'a@lost.account'), path.join(folder, 'away'));
    const vault = await open(both);
    await vault.put(account('a/good'), 0);
    await fs.rename(path.join(folder, 'away'), path.join(folder, 'a@lost.account'));
    expect(await codeOf(vault.get('a/lost'))).toBe('KERNEL_STORE_KEY');
    expect(await codeOf(vault.put(account('a/lost', 'new'), 7))).toBe('KERNEL_STORE_KEY');
    expect((await vault.put(account('a/lost', 'new'), 0)).generation).toBe(1);
    expect(tokenOf(await vault.get('a/lost'))).toBe('new');
    expect(await vault.unreadable()).toEqual([]);
    const aside = (await fs.readdir(folder)).find((name) => name.includes('.sealed-')) ?? '';
    expect(await fs.readFile(path.join(folder, aside))).toEqual(sealed);
    await vault.delete('a/lost');
    expect(await fs.readdir(folder)).toEqual(['a@good.account']);
  });

  test('with a folder, a file or a link that others can use it does not open', async () => {
    await (await open()).put(account('a/b'), 0);
    const file = path.join(folder, 'a@b.account');
    await fs.chmod(file, 0o640);
    expect(await codeOf(open())).toBe('KERNEL_STORE_UNSAFE');
    await fs.chmod(file, 0o600);
    await fs.chmod(folder, 0o755);
    expect(await codeOf(open())).toBe('KERNEL_STORE_UNSAFE');
    await fs.chmod(folder, 0o700);
    await fs.rename(folder, `${folder}.there`);
    await fs.symlink(`${folder}.there`, folder);
    expect(await codeOf(open())).toBe('KERNEL_STORE_UNSAFE');
  });
});

describe('keys', () => {
  test('are rotated by a new one on top: both read, the first writes', async () => {
    const former = newKey();
    const vault = await open(parseKeys(former, 'the test'));
    await vault.put(account('a/b'), 0);
    const both = parseKeys(`${newKey()}\n${former}`, 'the test');
    const next = await open(both);
    expect(tokenOf(await next.get('a/b'))).toBe(CANARY);
    expect(await next.rotate()).toEqual(['a/b']);
    expect(await next.rotate()).toEqual([]);
    const alone: VaultKeys = {
      current: both.current,
      byId: (kid) => (kid === both.current.kid ? both.current : undefined),
    };
    expect(tokenOf(await (await open(alone)).get('a/b'))).toBe(CANARY);
  });

  test('come from a provided file, a text, or a file made once for all', async () => {
    const ownFile = path.join(path.dirname(folder), 'keys', 'vault.key');
    const made = await Promise.all(Array.from({ length: 8 }, () => loadKeys({ ownFile })));
    expect(new Set(made.map(({ current }) => current.kid)).size).toBe(1);
    expect((await fs.stat(ownFile)).mode & 0o777).toBe(0o600);
    expect(await fs.readdir(path.dirname(ownFile))).toEqual(['vault.key']);
    const text = newKey();
    const given = await loadKeys({ ownFile, text });
    expect(given.current.kid).toBe(parseKeys(text, 'x').current.kid);
    const providedFile = path.join(path.dirname(folder), 'provided');
    await fs.writeFile(providedFile, Buffer.from(text, 'base64').toString('hex'));
    const provided = await loadKeys({ ownFile, text: newKey(), providedFile });
    expect(provided.current.kid).toBe(given.current.kid);
    await fs.chmod(ownFile, 0o644);
    expect(await codeOf(loadKeys({ ownFile }))).toBe('KERNEL_STORE_UNSAFE');
  });

  test.each(['', 'short', 'x'.repeat(60)])('refuse %j without showing it', async (text) => {
    const ownFile = path.join(folder, 'x');
    const work = loadKeys({ ownFile, providedFile: await written(text) });
    await expect(work).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    if (text !== '') await expect(work).rejects.not.toThrow(text);
  });
});

async function written(text: string): Promise<string> {
  const file = path.join(path.dirname(folder), 'given');
  await fs.writeFile(file, text);
  return file;
}
