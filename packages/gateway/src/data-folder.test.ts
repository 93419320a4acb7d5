import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { secret } from '@cliproxy/plugin-api';
import type { Logger } from '@cliproxy/plugin-api';
import { openDataFolder } from './data-folder.ts';

const account = {
  id: 'foo/me',
  authenticator: 'sign-in',
  label: 'm***',
  credential: { secrets: { refresh: secret('a-refresh-token') } },
};
let home: string;
let folder: string;

beforeEach(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'cliproxy-data-'));
  folder = path.join(home, 'data');
});
afterEach(async () => {
  delete process.env.CLIPROXY_VAULT_KEY;
  await rm(home, { recursive: true });
});

const newKey = () => randomBytes(32).toString('base64');

/** Opens it for one piece of work. */
async function within<T>(
  settings: Parameters<typeof openDataFolder>[0],
  work: (data: Awaited<ReturnType<typeof openDataFolder>>) => Promise<T>,
): Promise<T> {
  const data = await openDataFolder(settings);
  try {
    return await work(data);
  } finally {
    data.close();
  }
}

test('what is kept outlives the gateway; the key lies outside the folder', async () => {
  await within({ folder }, async ({ credentials, states }) => {
    await credentials.put(account, 0);
    await states.save({ any: 'state' });
  });
  expect((await stat(`${folder}.key`)).mode & 0o777).toBe(0o600);
  await within({ folder }, async ({ credentials, states }) => {
    const kept = await credentials.get('foo/me');
    expect(kept?.credential.secrets.refresh?.reveal()).toBe('a-refresh-token');
    expect(await states.load()).toEqual({ any: 'state' });
  });
});

test('one process at a time has it; the second is told which', async () => {
  await within({ folder }, async () => {
    await expect(openDataFolder({ folder })).rejects.toMatchObject({
      code: 'KERNEL_STORE_LOCKED',
      message: expect.stringContaining(`process ${process.pid}, since 20`),
    });
  });
  await within({ folder }, async () => undefined);
});

describe('the key', () => {
  test('of a named file comes first, then that of the environment, which then is empty', async () => {
    const keyFile = path.join(home, 'mounted');
    await writeFile(keyFile, newKey());
    process.env.CLIPROXY_VAULT_KEY = newKey();
    await within({ folder, keyFile }, ({ credentials }) => credentials.put(account, 0));
    expect(process.env.CLIPROXY_VAULT_KEY).toBeUndefined();
    process.env.CLIPROXY_VAULT_KEY = await readFile(keyFile, 'utf8');
    await within({ folder }, async ({ credentials }) => {
      expect(await credentials.list()).toHaveLength(1);
    });
    await expect(stat(`${folder}.key`)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('that opens nothing, or is none, is refused; the folder is free again', async () => {
    await within({ folder }, ({ credentials }) => credentials.put(account, 0));
    process.env.CLIPROXY_VAULT_KEY = newKey();
    await expect(openDataFolder({ folder })).rejects.toMatchObject({ code: 'KERNEL_STORE_KEY' });
    process.env.CLIPROXY_VAULT_KEY = 'too short';
    await expect(openDataFolder({ folder })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(
      openDataFolder({ folder, keyFile: path.join(home, 'none') }),
    ).rejects.toMatchObject({ code: 'KERNEL_STORE_FAILED' });
    await within({ folder }, async () => undefined);
  });
});

test('a folder that others can enter is refused with the remedy, and one that can not be made', async () => {
  await within({ folder }, async () => undefined);
  await chmod(folder, 0o755);
  await expect(openDataFolder({ folder })).rejects.toMatchObject({
    code: 'KERNEL_STORE_UNSAFE',
    message: expect.stringContaining(`chmod 700 '${folder}'`),
  });
  await writeFile(path.join(home, 'file'), '');
  await expect(openDataFolder({ folder: path.join(home, 'file', 'data') })).rejects.toMatchObject({
    code: 'KERNEL_STORE_FAILED',
    message: expect.stringContaining('data.folder'),
  });
});

test('what the vault says before there is a log stands in it afterwards', async () => {
  await within({ folder }, async ({ credentials }) => {
    await credentials.put(account, 0);
    await credentials.put({ ...account, id: 'foo/you' }, 0);
  });
  await writeFile(path.join(folder, 'accounts', 'foo@me.account'), 'damaged');
  await within({ folder }, async (data) => {
    const lines: string[] = [];
    const note = (line: string): void => void lines.push(line);
    const logger: Logger = { debug: note, info: note, warn: note, error: note };
    data.logTo(logger);
    expect(lines.join()).toContain('foo/me');
    await writeFile(path.join(folder, 'accounts', 'foo@you.account'), 'damaged');
    await data.credentials.get('foo/you');
    expect(lines.join()).toContain('foo/you');
    const reason = 'its file was damaged and set aside';
    expect(await data.credentials.unreadable()).toEqual([
      { id: 'foo/me', reason },
      { id: 'foo/you', reason },
    ]);
    await data.credentials.put(account, 0);
    expect(await data.credentials.unreadable()).toEqual([{ id: 'foo/you', reason }]);
    await data.credentials.delete('foo/you');
    expect(await data.credentials.unreadable()).toEqual([]);
  });
});
