import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket as TcpSocket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { GatewayError } from '@cliproxy/plugin-api';
import type { Socket, SocketHead } from '@cliproxy/plugin-api';
import { WebSocket } from 'ws';
import { ask, serverRig } from '../../test/fixture.ts';
import type { RunningServer } from '../../test/fixture.ts';

const start = serverRig();
const ORIGIN = 'https://pages.example';

interface Served {
  readonly heads: SocketHead[];
  readonly sockets: Socket[];
  /** How often the plugin was asked, and let serve. */
  asked: number;
  served: number;
}

/** A plugin at `/v1/ws` that lets in who shows `?token=right`, and serves as a test says. */
async function withPlugin(
  settings: Parameters<typeof start>[0] = {},
  serve: (socket: Socket) => Promise<void> = drain,
): Promise<RunningServer & Served> {
  const gateway = await start(settings);
  const served: Served = { heads: [], sockets: [], asked: 0, served: 0 };
  gateway.kernel.socketPlace = {
    instanceId: 'relay',
    origins: [ORIGIN, 'https://*.frames.example'],
    maxMessageBytes: 64 * 1024,
    async admit(head) {
      served.asked += 1;
      served.heads.push(head);
      if (!head.url.endsWith('?token=right')) {
        throw new GatewayError('CLIENT_UNAUTHORIZED', 'the token is wrong');
      }
      return {
        protocol: head.protocols[0],
        async serve(socket) {
          served.served += 1;
          served.sockets.push(socket);
          await serve(socket);
        },
      };
    },
  };
  return Object.assign(served, gateway);
}

async function drain(socket: Socket): Promise<void> {
  const read = socket.messages[Symbol.asyncIterator]();
  while ((await read.next()).done !== true);
}

interface Wish {
  readonly path?: string;
  readonly origin?: string | undefined;
  readonly host?: string;
  readonly protocols?: string[];
}

function open(gateway: RunningServer, wish: Wish = {}): WebSocket {
  const { path = '/v1/ws?token=right', host, protocols = [] } = wish;
  const origin = 'origin' in wish ? wish.origin : ORIGIN;
  return new WebSocket(`ws://127.0.0.1:${gateway.port}${path}`, protocols, {
    headers: {
      ...(host === undefined ? {} : { host }),
      ...(origin === undefined ? {} : { origin }),
    },
  });
}

/** Status and body of what came in place of a connection; 101 for one. */
async function outcome(
  socket: WebSocket,
): Promise<{ status: number; code: unknown; retry: unknown }> {
  return new Promise((resolve) => {
    socket.on('error', () => undefined);
    socket.on('open', () => {
      socket.terminate();
      resolve({ status: 101, code: undefined, retry: undefined });
    });
    socket.on('unexpected-response', (_request, response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const { error } = JSON.parse(Buffer.concat(chunks).toString());
        const retry = response.headers['retry-after'];
        resolve({ status: response.statusCode!, code: error.code, retry });
      });
    });
  });
}

async function closed(socket: WebSocket): Promise<number> {
  const [code] = (await once(socket, 'close')) as [number];
  return code;
}

describe('the gate', () => {
  const own = ['127.0.0.1', 'localhost', '[::1]:8317'];
  const foreign = [
    ...['evil.com', '127.evil.com', '127.0.0.1.nip.io', 'localhost.', '0.0.0.0'],
    ...['localhost.evil.com', '127.0.0.1@evil.com', '192.168.1.5:8317', '2130706433'],
  ];
  const allowed = [ORIGIN, 'https://a.frames.example', 'https://b-1.a.frames.example'];
  const refused = [
    ...[undefined, 'null', 'https://evil.com', 'http://pages.example', 'https://frames.example'],
    ...[
      'https://pages.example:444',
      'https://evilframes.example',
      'https://a.frames.example.evil.com',
    ],
    ...[
      'https://evil.com/.frames.example',
      'https://pages.example https://evil.com',
      'http://127.0.0.1',
    ],
  ];

  test('lets in own hosts and named origins, and nobody else gets as far as the plugin', async () => {
    const gateway = await withPlugin();
    for (const host of own) {
      for (const origin of allowed) {
        expect([host, origin, (await outcome(open(gateway, { host, origin }))).status]).toEqual([
          ...[host, origin, 101],
        ]);
      }
    }
    const before = [gateway.asked, gateway.served];
    expect(before).toEqual([own.length * allowed.length, own.length * allowed.length]);
    const pairs = [
      ...foreign.flatMap((host) => [...allowed, ...refused].map((origin) => ({ host, origin }))),
      ...own.flatMap((host) => refused.map((origin) => ({ host, origin }))),
    ];
    for (const { host, origin } of pairs) {
      const { status, code } = await outcome(open(gateway, { host, origin }));
      expect([host, origin, status, code]).toEqual([host, origin, 403, 'CLIENT_HOST_FORBIDDEN']);
    }
    expect([gateway.asked, gateway.served, gateway.kernel.entered]).toEqual([...before, 0]);
  });

  test('wrong credentials are a 401, and twenty of them a 429, whoever counts them', async () => {
    const gateway = await withPlugin();
    for (let n = 0; n < 20; n += 1) {
      const got = await outcome(open(gateway, { path: '/v1/ws?token=secret-canary' }));
      expect(got).toMatchObject({ status: 401, code: 'CLIENT_UNAUTHORIZED' });
    }
    const late = await outcome(open(gateway, { path: '/v1/ws?token=secret-canary' }));
    expect(late).toMatchObject({ status: 429, code: 'CLIENT_TOO_MANY_TRIES', retry: '60' });
    expect(gateway.served).toBe(0);
    expect(JSON.stringify(gateway.log)).not.toContain('secret-canary');
  });

  test('paths that nobody serves, requests without an upgrade, and too many have answers', async () => {
    const gateway = await withPlugin({ maxSockets: 2 });
    expect(await outcome(open(gateway, { path: '/v1/other', origin: undefined }))).toMatchObject({
      status: 404,
      code: 'CLIENT_NOT_FOUND',
    });
    const plain = await ask(gateway, '/v1/ws');
    expect([plain.status, plain.headers.upgrade, plain.json.error.code]).toEqual([
      ...[426, 'websocket', 'CLIENT_UPGRADE_REQUIRED'],
    ]);
    const held = [open(gateway), open(gateway)];
    await Promise.all(held.map((socket) => once(socket, 'open')));
    expect(await outcome(open(gateway))).toMatchObject({
      status: 503,
      code: 'CLIENT_TOO_MANY_SOCKETS',
      retry: '1',
    });
    held[0]!.close();
    await closed(held[0]!);
    for (;;) if ((await outcome(open(gateway))).status === 101) break;
  });

  test('the subprotocol is that which the plugin chose; its head comes as it was sent', async () => {
    const gateway = await withPlugin();
    const socket = open(gateway, { protocols: ['one.1', 'secret.two'] });
    await once(socket, 'open');
    expect(socket.protocol).toBe('one.1');
    expect(gateway.heads[0]).toMatchObject({
      url: '/v1/ws?token=right',
      protocols: ['one.1', 'secret.two'],
      headers: { origin: ORIGIN },
    });
  });

  test('an offer to speak HTTP/2 is passed over, with the body and what follows', async () => {
    const gateway = await withPlugin();
    const body = JSON.stringify({ model: 'm-1', messages: [] });
    const head = (more: string): string =>
      `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n${more}`;
    const key = 'authorization: Bearer client-key-0123456789\r\n';
    const tcp = connect(gateway.port, '127.0.0.1');
    const offer =
      'connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAEAAEAAAAIAAAAA\r\n';
    tcp.write(`${head(offer)}${key}content-length: ${body.length}\r\n\r\n${body.slice(0, 5)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    tcp.write(body.slice(5));
    expect(await firstLine(tcp)).toMatch(/^HTTP\/1\.1 (200|401)/);
    // The same connection takes the next one.
    tcp.write('GET /livez HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n');
    expect(await firstLine(tcp)).toMatch(/^HTTP\/1\.1 200/);
  });
});

async function firstLine(tcp: TcpSocket): Promise<string> {
  const [chunk] = (await once(tcp, 'data')) as [Buffer];
  return chunk.toString().split('\r\n')[0]!;
}

describe('a connection', () => {
  test('that says too much at once is closed with 1009', async () => {
    const gateway = await withPlugin();
    const fits = open(gateway);
    await once(fits, 'open');
    fits.send(Buffer.alloc(64 * 1024));
    fits.close(1000);
    expect(await closed(fits)).toBe(1000);
    const large = open(gateway);
    await once(large, 'open');
    large.send(Buffer.alloc(64 * 1024 + 1));
    expect(await closed(large)).toBe(1009);
  });

  test('that does not answer pings is closed with 1001, others stay', async () => {
    const gateway = await withPlugin({ socketPingMs: 150 });
    const live = open(gateway);
    await once(live, 'open');
    const dead = new WebSocket(`ws://127.0.0.1:${gateway.port}/v1/ws?token=right`, {
      origin: ORIGIN,
      autoPong: false,
    });
    expect(await closed(dead)).toBe(1001);
    expect(live.readyState).toBe(WebSocket.OPEN);
  });

  test('is read no further than its plugin reads, and loses nothing', async () => {
    let go: () => void = () => undefined;
    const waits = new Promise<void>((resolve) => (go = resolve));
    const got: string[] = [];
    const gateway = await withPlugin({}, async (socket) => {
      await waits;
      for await (const message of socket.messages) {
        got.push(message.slice(0, 8).toString());
        if (got.length < 1000) continue;
        socket.close(1000, 'enough');
        return;
      }
    });
    const socket = open(gateway);
    await once(socket, 'open');
    for (let n = 0; n < 1000; n += 1) socket.send(String(n).padEnd(60_000, 'x'));
    // 60 MB do not fit into the buffers of two sockets: the rest waits here until it is read.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(socket.bufferedAmount).toBeGreaterThan(20_000_000);
    go();
    expect(await closed(socket)).toBe(1000);
    expect(got).toEqual(Array.from({ length: 1000 }, (_, n) => String(n).padEnd(8, 'x')));
  });

  test('that takes nothing holds its plugin up, then is closed', async () => {
    let sent = 0;
    let failed: string | undefined;
    const gateway = await withPlugin({ socketPingMs: 1000 }, async (socket) => {
      const chunk = Buffer.alloc(64 * 1024);
      try {
        for (;;) {
          await socket.send(chunk);
          sent += chunk.length;
        }
      } catch (error) {
        failed = (error as Error).message;
      }
    });
    const socket = open(gateway);
    await once(socket, 'open');
    socket.pause();
    while (failed === undefined) await new Promise((resolve) => setTimeout(resolve, 50));
    // What fits into the buffers of the kernel and of both sides.
    expect(sent).toBeLessThan(32 * 1024 * 1024);
    expect(failed).toContain('the connection has ended');
    socket.terminate();
  });

  test('that asks without end and never listens is closed', async () => {
    const gateway = await withPlugin();
    const socket = open(gateway);
    await once(socket, 'open');
    socket.on('error', () => undefined);
    const gone = closed(socket);
    socket.pause();
    const flood = setInterval(() => {
      if (socket.readyState !== WebSocket.OPEN || socket.bufferedAmount > 50_000_000) return;
      for (let n = 0; n < 20_000; n += 1) socket.ping(Buffer.alloc(125));
    }, 5);
    // The server gives up; here that is seen once something is read again.
    while (!gateway.log.some(({ message }) => message === 'connection closed')) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    clearInterval(flood);
    socket.resume();
    await gone;
    socket.terminate();
  });

  test('ends with 1001 when the server stops', async () => {
    const gateway = await withPlugin();
    const sockets = Array.from({ length: 20 }, () => open(gateway));
    await Promise.all(sockets.map((socket) => once(socket, 'open')));
    const codes = Promise.all(sockets.map(closed));
    await gateway.server.close();
    expect(new Set(await codes)).toEqual(new Set([1001]));
  });

  test('a thousand at once are no burden, and all are gone within two pings when they fall silent', async () => {
    const gateway = await withPlugin({ maxSockets: 1000, socketPingMs: 2000 });
    const sockets = Array.from(
      { length: 1000 },
      () =>
        new WebSocket(`ws://127.0.0.1:${gateway.port}/v1/ws?token=right`, {
          origin: ORIGIN,
          autoPong: false,
        }),
    );
    const opened = sockets.map((socket) => once(socket, 'open'));
    const codes = Promise.all(sockets.map(closed));
    await Promise.all(opened);
    expect(gateway.served).toBe(1000);
    expect(new Set(await codes)).toEqual(new Set([1001]));
    await ask(gateway, '/livez');
  });
});
