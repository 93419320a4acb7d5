import { describe, expect, test } from '@jest/globals';
import { Readable } from 'node:stream';
import { format, inspect } from 'node:util';
import {
  apiKeyAccounts,
  errorRow,
  errorTable,
  GatewayError,
  isGatewayError,
  readBody,
  secret,
  type WireReply,
} from './index.ts';

describe('secret', () => {
  const hidden = secret('sk-very-secret');

  test('gives its value to who asks for it, and to nobody else', () => {
    expect(hidden.reveal()).toBe('sk-very-secret');
    const printed = [
      String(hidden),
      // eslint-disable-next-line @typescript-eslint/restrict-template-expressions -- what is tested
      `${hidden}`,
      JSON.stringify(hidden),
      JSON.stringify({ deep: [{ hidden }] }),
      inspect(hidden),
      inspect({ deep: { hidden } }, { depth: 9, showHidden: true }),
      format('%s %o %O %j', hidden, hidden, hidden, hidden),
      JSON.stringify(
        structuredClone({
          ...hidden,
          reveal: undefined,
          toString: undefined,
          toJSON: undefined,
          [inspect.custom]: undefined,
        }),
      ),
      Object.entries(hidden).join(),
      new Error(`failed with ${String(hidden)}`).message,
    ];
    for (const text of printed) expect(text).not.toContain('sk-very-secret');
    expect(String(hidden)).toBe('***');
    expect(JSON.stringify({ hidden })).toBe('{"hidden":"***"}');
    expect(inspect({ hidden })).toBe('{ hidden: *** }');
  });

  test('can not be changed', () => {
    expect(Object.isFrozen(hidden)).toBe(true);
  });
});

describe('apiKeyAccounts', () => {
  const keys = ['sk-first-0123456789', 'sk-second-987654321'];

  test('makes one account per key, stable and without the key in it', () => {
    const accounts = apiKeyAccounts(keys, 'key');
    expect(accounts).toHaveLength(2);
    expect(apiKeyAccounts(keys, 'key').map((one) => one.key)).toEqual(
      accounts.map((one) => one.key),
    );
    expect(apiKeyAccounts([...keys].reverse(), 'key')[1]?.key).toBe(accounts[0]?.key);
    expect(accounts[0]).toMatchObject({ authenticator: 'key', label: '***6789' });
    expect(accounts[0]?.key).toMatch(/^key-[0-9a-f]{12}$/);
    expect(accounts[0]?.credential?.secrets.apiKey?.reveal()).toBe(keys[0]);
    for (const key of keys) {
      expect(JSON.stringify(accounts)).not.toContain(key);
      expect(inspect(accounts, { depth: 9 })).not.toContain(key);
    }
  });

  test('leaves out empty and repeated keys', () => {
    expect(apiKeyAccounts(['', keys[0]!, keys[0]!, ''], 'key')).toHaveLength(1);
    expect(apiKeyAccounts([], 'key')).toEqual([]);
  });

  test('shows nothing of a short key', () => {
    expect(apiKeyAccounts(['short-key-12345'], 'key')[0]?.label).toBe('***');
    expect(apiKeyAccounts(['short-key-123456'], 'key')[0]?.label).toBe('***3456');
  });
});

describe('readBody', () => {
  const reply = (chunks: Iterable<Buffer>): WireReply => ({
    status: 200,
    headers: {},
    body: Readable.from(chunks),
  });

  test('reads to the end, up to the limit and not one byte past it', async () => {
    const chunks = [Buffer.from('hel'), Buffer.from('lo')];
    expect(String(await readBody(reply(chunks), 5))).toBe('hello');
    expect(await readBody(reply([]), 0)).toHaveLength(0);
    await expect(readBody(reply(chunks), 4)).rejects.toMatchObject({
      code: 'UPSTREAM_TOO_LARGE',
      message: expect.stringContaining('4 bytes'),
    });
  });

  test('does not read on past the limit', async () => {
    let produced = 0;
    function* endless(): Generator<Buffer> {
      for (;;) {
        produced += 1;
        yield Buffer.alloc(1024);
      }
    }
    const large = reply(endless());
    await expect(readBody(large, 10 * 1024)).rejects.toMatchObject({ code: 'UPSTREAM_TOO_LARGE' });
    expect(large.body.destroyed).toBe(true);
    expect(produced).toBeLessThan(100);
  });

  test('passes on what breaks the body', async () => {
    const broken = new Error('broken');
    const body = new Readable({ read: () => undefined });
    const reading = readBody({ status: 200, headers: {}, body }, 100);
    body.destroy(broken);
    await expect(reading).rejects.toBe(broken);
  });
});

describe('errors', () => {
  test('every code has a family, a status, and says when and what to do', () => {
    for (const [code, row] of Object.entries(errorTable)) {
      expect(code).toMatch(/^(CONFIG|PLUGIN|ROUTE|AUTH|UPSTREAM|CLIENT|KERNEL)_[A-Z_]+$/);
      expect(row.status === 0 || (row.status >= 400 && row.status < 600)).toBe(true);
      expect(row.when).toMatch(/\.$/);
      expect(row.remedy).toMatch(/\.$/);
      expect(errorRow(code)).toBe(row);
    }
    expect(Object.isFrozen(errorTable)).toBe(true);
  });

  test.each(['FOO_BAR', '', 'toString', '__proto__', 'constructor'])(
    'a code that a plugin made up counts as its fault: %j',
    (code) => expect(errorRow(code)).toBe(errorTable.PLUGIN_FAULT),
  );

  test('are known by their brand, also those of another copy of the contract', () => {
    const cause = new TypeError('inner');
    const error = new GatewayError('UPSTREAM_FAILED', 'it failed', {
      failure: { kind: 'upstream', scope: 'instance' },
      cause,
    });
    expect(error).toMatchObject({
      name: 'GatewayError',
      code: 'UPSTREAM_FAILED',
      message: 'it failed',
      cause,
      failure: { kind: 'upstream' },
    });
    expect(isGatewayError(error)).toBe(true);
    expect(isGatewayError({ $$type: '@cliproxy/gateway-error', code: 'X' })).toBe(true);
    expect('cause' in new GatewayError('X', 'no cause')).toBe(false);
    for (const other of [undefined, null, 'UPSTREAM_FAILED', new Error('x'), {}]) {
      expect(isGatewayError(other)).toBe(false);
    }
  });
});
