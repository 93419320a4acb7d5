import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CLIENT_KEY, ask, chatBody, raw, startServer } from '../../test/fixture.ts';
import type { RunningServer } from '../../test/fixture.ts';
import { isLoopback, isWildcard } from './host-origin.ts';

let gateway: RunningServer;
beforeAll(async () => {
  gateway = await startServer({
    allowedHosts: ['gw.example', 'other.example:8443', '[2001:db8::1]', '2001:DB8::2'],
    allowedOrigins: [
      'https://aistudio.google.com',
      'chrome-extension://abc',
      'null',
      'http://P.example:80/',
    ],
  });
});
afterAll(() => gateway.server.close());

const own = (): string => `127.0.0.1:${gateway.port}`;
const ownHosts = (): string[] => [
  own(),
  '127.0.0.1',
  '127.1.2.3:1',
  'localhost',
  'LocalHost:9',
  '[::1]:8317',
  '[0:0:0:0:0:0:0:1]',
  '[::ffff:127.0.0.1]:80',
  'gw.example',
  'GW.example:1234',
  'other.example:8443',
  '[2001:db8:0::1]:7',
  '[2001:db8::2]',
];
const foreignHosts = [
  'evil.com',
  'evil.com:8317',
  '127.evil.com',
  '127.0.0.1.nip.io',
  '127.0.0.1.',
  'localhost.',
  'localhost.evil.com',
  'evil.com@127.0.0.1',
  '127.0.0.1@evil.com',
  'user:pw@localhost',
  'localhost:80:80',
  'localhost:',
  'localhost:x',
  'localhost:999999',
  '127.1',
  '2130706433',
  '0x7f.0.0.1',
  '0177.0.0.1',
  '127.0.0.01',
  '0.0.0.0',
  '[::]',
  '[::1',
  '::1',
  '[::1]x',
  '[evil]',
  '[fe80::1]',
  'other.example',
  'other.example:1',
  'sub.gw.example',
  'localhost, evil.com',
  'localhost/evil',
  'localhost evil.com',
  '192.168.1.5:8317',
  'localh\u00f6st',
];
const foreignOrigins = [
  'null',
  'https://evil.com',
  'http://localhost:3000',
  'http://127.0.0.1',
  'https://aistudio.google.com.evil.com',
  'https://aistudio.google.com:444',
  'http://aistudio.google.com',
  'https://evil.com https://aistudio.google.com',
  'file://',
  'chrome-extension://other',
  '',
];

const send = (
  host: string,
  origin: string | undefined,
  method: string,
  path: string,
): Promise<string> =>
  raw(
    gateway.port,
    Buffer.from(
      `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n` +
        (origin === undefined ? '' : `Origin: ${origin}\r\n`) +
        `Authorization: Bearer ${CLIENT_KEY}\r\nContent-Type: application/json\r\n` +
        (method === 'POST' ? `Content-Length: ${chatBody.length}\r\n` : '') +
        (method === 'UPGRADE' ? '' : 'Connection: close\r\n') +
        `\r\n${method === 'POST' ? chatBody : ''}`,
      'latin1',
    ),
  );
const upgrade = (host: string, origin: string | undefined): Promise<string> =>
  raw(
    gateway.port,
    `GET /v1/ws HTTP/1.1\r\nHost: ${host}\r\n${origin === undefined ? '' : `Origin: ${origin}\r\n`}` +
      'Connection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  );
const ways: readonly (readonly [string, string])[] = [
  ['GET', '/v1/models'],
  ['GET', '/v1/health'],
  ['GET', '/livez'],
  ['GET', '/v1/routes/explain?model=m'],
  ['GET', '/nowhere'],
  ['POST', '/v1/chat/completions'],
  ['POST', '/v1/messages'],
  ['OPTIONS', '/v1/chat/completions'],
];

describe('Host and Origin', () => {
  test('nothing foreign gets past the gate, on any route, with any method', async () => {
    gateway.kernel.entered = 0;
    const pairs: [string, string | undefined][] = [
      ...foreignHosts.map((host): [string, undefined] => [host, undefined]),
      ...foreignHosts.map((host): [string, string] => [host, `http://${host}`]),
      ...foreignOrigins.map((origin): [string, string] => [own(), origin]),
      ['evil.com', 'https://aistudio.google.com'],
    ];
    for (const [host, origin] of pairs) {
      for (const [method, path] of ways) {
        const text = await send(host, origin, method, path);
        expect([host, origin, method, path, text.slice(0, 12)]).toEqual([
          host,
          origin,
          method,
          path,
          'HTTP/1.1 403',
        ]);
        expect(text).toContain('CLIENT_HOST_FORBIDDEN'.slice(0, path === '/v1/messages' ? 0 : 99));
        expect(text.toLowerCase()).not.toContain('access-control');
      }
      expect([host, (await upgrade(host, origin)).slice(0, 12)]).toEqual([host, 'HTTP/1.1 403']);
    }
    expect(gateway.kernel.entered).toBe(0);
    expect(JSON.stringify(gateway.log)).not.toContain(CLIENT_KEY);
  }, 60_000);

  test('all of its own names are let in', async () => {
    for (const host of ownHosts()) {
      for (const origin of [undefined, `http://${host}`]) {
        const text = await send(host, origin, 'GET', '/v1/models');
        expect([host, origin, text.slice(0, 12)]).toEqual([host, origin, 'HTTP/1.1 200']);
        expect(text).not.toContain('access-control');
      }
    }
    const https = await send('gw.example', 'https://gw.example', 'POST', '/v1/chat/completions');
    expect(https).toMatch(/^HTTP\/1.1 200/);
  });

  test('a request without exactly one Host is refused; so is a foreign absolute target', async () => {
    for (const [head, status] of [
      ['GET /livez HTTP/1.1\r\n', 400],
      ['GET /livez HTTP/1.1\r\nHost:\r\n', 400],
      ['GET /livez HTTP/1.0\r\n', 400],
      ['GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: evil.com\r\n', 400],
      ['GET http://evil.com/livez HTTP/1.1\r\nHost: localhost\r\n', 403],
      ['GET http://localhost@evil.com/livez HTTP/1.1\r\nHost: localhost\r\n', 403],
      ['GET HTTP://evil.com/livez HTTP/1.1\r\nHost: localhost\r\n', 403],
      ['GET http://localhost/livez HTTP/1.1\r\nHost: localhost\r\n', 200],
    ] as const) {
      const text = await raw(gateway.port, `${head}Connection: close\r\n\r\n`);
      expect([head, text.slice(0, 12)]).toEqual([head, `HTTP/1.1 ${status}`]);
      expect(text).toMatch(/x-request-id: req_/);
    }
  });

  test('an allowed origin may read, and is the only one told so', async () => {
    for (const origin of [
      'https://aistudio.google.com',
      'chrome-extension://abc',
      'http://p.example',
    ]) {
      const got = await ask(gateway, '/v1/models', { headers: { origin } });
      expect([got.status, got.headers['access-control-allow-origin']]).toEqual([200, origin]);
      expect(got.headers.vary).toBe('origin');
      expect(got.headers['access-control-allow-credentials']).toBeUndefined();
      const streamed = await ask(gateway, '/v1/messages', { headers: { origin }, body: chatBody });
      expect(streamed.headers['access-control-allow-origin']).toBe(origin);
      const refused = await ask(gateway, '/v1/models', { bare: true, headers: { origin } });
      expect([refused.status, refused.headers['access-control-allow-origin']]).toEqual([
        401,
        origin,
      ]);
    }
    const preflight = await ask(gateway, '/v1/chat/completions', {
      method: 'OPTIONS',
      bare: true,
      headers: {
        origin: 'https://aistudio.google.com',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization, content-type',
        'access-control-request-private-network': 'true',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers).toMatchObject({
      'access-control-allow-origin': 'https://aistudio.google.com',
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'authorization, content-type',
      'access-control-allow-private-network': 'true',
    });
  });

  test('bound to every interface, the address a connection came in at counts', async () => {
    const wide = await startServer({ host: '0.0.0.0' });
    const status = async (host: string): Promise<number> =>
      (await ask(wide, '/livez', { headers: { host } })).status;
    expect(await status(`127.0.0.1:${wide.port}`)).toBe(200);
    expect(await status('0.0.0.0')).toBe(403);
    expect(await status('10.1.2.3')).toBe(403);
    await wide.server.close();
  });

  test('loopback and wildcard addresses are parsed, not compared by their beginning', () => {
    for (const host of [
      'localhost',
      '127.0.0.1',
      '127.9.9.9',
      '::1',
      '[::1]',
      '::ffff:127.0.0.1',
    ]) {
      expect([host, isLoopback(host)]).toEqual([host, true]);
    }
    for (const host of [
      '127.evil.com',
      '127.0.0.1.nip.io',
      '0.0.0.0',
      '::',
      '10.0.0.1',
      '::2',
      '',
    ]) {
      expect([host, isLoopback(host)]).toEqual([host, false]);
    }
    for (const host of ['0.0.0.0', '::', '[::]', '0:0:0:0:0:0:0:0']) {
      expect([host, isWildcard(host)]).toEqual([host, true]);
    }
    expect(isWildcard('::1')).toBe(false);
  });
});
