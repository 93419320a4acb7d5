import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ADMIN_KEY, CLIENT_KEY, ask, chatBody, raw, serverRig } from '../../test/fixture.ts';
import type { Ask, RunningServer } from '../../test/fixture.ts';
import { createKeyRing } from './client-keys.ts';
import { createTryLimit } from './try-limit.ts';

const start = serverRig();
const bare = (headers: Record<string, string> = {}): Ask => ({ bare: true, headers });
const status = async (gateway: RunningServer, path: string, how: Ask): Promise<number> =>
  (await ask(gateway, path, how)).status;

describe('client keys', () => {
  test('every form of every kind of key, on a client route', async () => {
    const gateway = await start({ apiKeys: [CLIENT_KEY, 'schlüssel-mit-ümläuten'] });
    const models = (how: Ask, query = ''): Promise<number> =>
      status(gateway, `/v1/models${query}`, how);
    for (const key of [CLIENT_KEY, ADMIN_KEY]) {
      expect(await models(bare({ authorization: `Bearer ${key}` }))).toBe(200);
      expect(await models(bare({ authorization: `bEaReR   ${key}  ` }))).toBe(200);
      expect(await models(bare({ 'x-api-key': key }))).toBe(200);
      expect(await models(bare({ 'x-goog-api-key': key }))).toBe(200);
    }
    expect(await models(bare(), `?key=${CLIENT_KEY}`)).toBe(200);
    expect(await models(bare(), `?alt=sse&key=${CLIENT_KEY}`)).toBe(200);
    expect(await models(bare(), `?key=${encodeURIComponent('schlüssel-mit-ümläuten')}`)).toBe(200);
    const utf8 = Buffer.from('schlüssel-mit-ümläuten').toString('latin1');
    expect(await models(bare({ 'x-api-key': utf8 }))).toBe(200);
    // One right key among wrong ones: SDKs send placeholders beside the real one.
    expect(await models(bare({ authorization: 'Bearer x', 'x-api-key': CLIENT_KEY }))).toBe(200);

    expect(await models(bare())).toBe(401);
    expect(await models(bare(), `?key=${ADMIN_KEY}`)).toBe(401);
    expect(await models(bare(), '?key=')).toBe(401);
    expect(await models(bare({ authorization: `Basic ${CLIENT_KEY}` }))).toBe(401);
    expect(await models(bare({ authorization: CLIENT_KEY }))).toBe(401);
    expect(await models(bare({ authorization: `Bearer ${CLIENT_KEY}x` }))).toBe(401);
    expect(await models(bare({ authorization: `Bearer ${CLIENT_KEY.slice(0, -1)}` }))).toBe(401);
    expect(await models(bare({ cookie: `key=${CLIENT_KEY}` }))).toBe(401);
  });

  test('an operator route takes admin keys in headers alone', async () => {
    const gateway = await start();
    const path = '/v1/routes/explain?model=m';
    expect(await status(gateway, path, bare({ authorization: `Bearer ${ADMIN_KEY}` }))).toBe(200);
    expect(await status(gateway, path, bare({ 'x-api-key': ADMIN_KEY }))).toBe(200);
    expect(await status(gateway, `${path}&key=${ADMIN_KEY}`, bare())).toBe(401);
    expect(await status(gateway, path, bare())).toBe(401);
    const client = await ask(gateway, path);
    expect([client.status, client.json.error.code]).toEqual([403, 'CLIENT_NOT_ADMIN']);
    const { json } = await ask(gateway, '/v1/routes/explain?model=m', bare());
    expect(json.error.message).toContain('server.adminKeys');
    expect(json.error.message).not.toContain('?key=');
  });

  test('without client keys client routes are open, operator routes are not', async () => {
    const gateway = await start({ apiKeys: [], adminKeys: [] });
    expect(await status(gateway, '/v1/models', bare())).toBe(200);
    expect(await status(gateway, '/v1/models', bare({ authorization: 'Bearer any' }))).toBe(200);
    expect((await ask(gateway, '/v1/health', bare())).json.plugins).toHaveLength(1);
    const admin = await ask(gateway, '/v1/routes/explain?model=m', bare({ 'x-api-key': 'any' }));
    expect([admin.status, admin.json.error.code]).toEqual([403, 'CLIENT_NOT_ADMIN']);
    expect(admin.json.error.message).toContain('server.adminKeys');
  });

  test('an empty key opens nothing', () => {
    const ring = createKeyRing({ apiKeys: [''], adminKeys: [''] });
    expect([ring.clientsNeedKey, ring.hasAdmins]).toEqual([true, false]);
    expect(ring.find([{ bytes: Buffer.alloc(0), inQuery: false }])).toBeUndefined();
  });

  test('the label shows the end of a long key and nothing of a short one', () => {
    const ring = createKeyRing({ apiKeys: [CLIENT_KEY, 'short'], adminKeys: [] });
    const label = (key: string): string | undefined =>
      ring.find([{ bytes: Buffer.from(key), inQuery: false }])?.label;
    expect(label(CLIENT_KEY)).toBe('***cdef');
    expect(label('short')).toBe('***');
  });

  test('the answer to a wrong key is in the shape of the path, and tells the client how', async () => {
    const gateway = await start();
    const openai = await ask(gateway, '/v1/chat/completions', { ...bare(), body: chatBody });
    expect(openai.json.error.code).toBe('CLIENT_UNAUTHORIZED');
    expect(openai.headers['www-authenticate']).toBe('Bearer');
    const anthropic = await ask(gateway, '/v1/messages', { ...bare(), body: chatBody });
    expect(anthropic.json).toMatchObject({ type: 'error', error: { type: 'auth' } });
    expect(anthropic.headers['request-id']).toBe(anthropic.headers['x-request-id']);
    expect(gateway.kernel.entered).toBe(0);
  });

  test('whatever stands in Authorization, the answer is the same 401', async () => {
    const gateway = await start();
    const byte = fc.integer({ min: 0x20, max: 0xff }).filter((code) => code !== 0x7f);
    const junk = fc.array(byte, { maxLength: 200 }).map((codes) => String.fromCharCode(...codes));
    const value = fc.oneof(
      junk,
      junk.map((text) => `Bearer ${text}`),
      fc.constantFrom(
        "Bearer ' OR '1'='1",
        `Bearer ${'x'.repeat(8000)}`,
        'Bearer __proto__',
        'Bearer ../../etc/passwd',
        `Bearer ${CLIENT_KEY} ${CLIENT_KEY}`,
        'bearer',
      ),
    );
    const values = fc.sample(value, 10_000);
    const expected = await ask(gateway, '/v1/models', bare());
    for (let from = 0; from < values.length; from += 20) {
      // A minute for each twenty: the limit on wrong keys has its own test.
      gateway.clock.nowMs += 60_001;
      const heads = values
        .slice(from, from + 20)
        .map(
          (one, n) =>
            `GET /v1/models HTTP/1.1\r\nHost: localhost\r\nx-request-id: r${from + n}\r\n` +
            `${n === 19 ? 'Connection: close\r\n' : ''}Authorization: ${one}\r\n\r\n`,
        );
      const text = await raw(gateway.port, Buffer.from(heads.join(''), 'latin1'));
      const answers = text.split(/(?=HTTP\/1\.1 \d{3} )/);
      const wrong = answers.filter(
        (answer, n) =>
          !answer.startsWith('HTTP/1.1 401 ') ||
          !answer.includes(`x-request-id: r${from + n}\r\n`) ||
          !answer.endsWith(`\r\n\r\n${expected.text}`),
      );
      expect([answers.length, wrong]).toEqual([20, []]);
    }
    expect(gateway.kernel.entered).toBe(0);
  }, 60_000);
});

describe('wrong keys', () => {
  test('20 a minute, then 429 with the time to wait; a right key works all the while', async () => {
    const gateway = await start();
    const wrong = bare({ 'x-api-key': 'SECRET-wrong-key' });
    for (let n = 0; n < 20; n += 1) expect(await status(gateway, '/v1/models', wrong)).toBe(401);
    gateway.clock.nowMs += 20_500;
    const refused = await ask(gateway, '/v1/models?key=SECRET-too', wrong);
    expect([refused.status, refused.json.error.code]).toEqual([429, 'CLIENT_TOO_MANY_TRIES']);
    expect(refused.headers['retry-after']).toBe('40');
    expect(await status(gateway, '/v1/models', {})).toBe(200);
    // A request without any key is no try.
    expect(await status(gateway, '/v1/models', bare())).toBe(401);
    const admin = bare({ authorization: 'Bearer SECRET-nope' });
    expect(await status(gateway, '/v1/routes/explain?model=m', admin)).toBe(429);
    gateway.clock.nowMs += 40_000;
    expect(await status(gateway, '/v1/models', wrong)).toBe(401);

    const refusals = gateway.log.filter(({ level }) => level === 'info');
    expect(refusals.length).toBeGreaterThan(20);
    expect(refusals[0]?.fields).toMatchObject({ path: '/v1/models', address: '127.0.0.1' });
    expect(JSON.stringify(gateway.log)).not.toMatch(/SECRET|0123456789/);
  });

  test('forwarded addresses are not believed', async () => {
    const gateway = await start();
    let last = 0;
    for (let n = 0; n < 21; n += 1) {
      const headers = { 'x-api-key': 'wrong', 'x-forwarded-for': `10.0.0.${n}` };
      last = await status(gateway, '/v1/models', bare(headers));
    }
    expect(last).toBe(429);
  });

  test('addresses are told apart, networks of one holder are not, memory is bounded', () => {
    let nowMs = 1_000_000;
    const limit = createTryLimit(() => nowMs);
    const tryAll = (...addresses: (string | undefined)[]): (number | undefined)[] =>
      addresses.map((address) => limit.wrongKey(address));
    for (let n = 0; n < 20; n += 1) expect(limit.wrongKey('10.0.0.1')).toBeUndefined();
    expect(tryAll('10.0.0.1', '::ffff:10.0.0.1', '10.0.0.2')).toEqual([
      1_060_000,
      1_060_000,
      undefined,
    ]);
    for (let n = 0; n < 20; n += 1) limit.wrongKey(`2001:db8::${n}`);
    expect(tryAll('2001:db8::ffff:1', '2001:db8:0:1::1')).toEqual([1_060_000, undefined]);
    expect(tryAll(undefined, 'junk')).toEqual([undefined, undefined]);
    // A clock that is set back locks nobody out.
    nowMs -= 500_000;
    expect(limit.wrongKey('10.0.0.1')).toBeUndefined();
    for (let n = 0; n < 20; n += 1) limit.wrongKey('10.9.9.9');
    for (let n = 0; n < 10_000; n += 1) limit.wrongKey(`10.1.${n >> 8}.${n & 255}`);
    expect(limit.wrongKey('10.9.9.9')).toBeUndefined();
  });
});
