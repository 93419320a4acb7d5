import { afterEach, describe, expect, test } from '@jest/globals';
import { once, setMaxListeners } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { isGatewayError, readBody, type OutgoingRequest } from '@cliproxy/plugin-api';
import { UpstreamPools } from './upstream-pools.ts';

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const signal = new AbortController().signal;
setMaxListeners(0, signal);

async function listen(server: Server | ReturnType<typeof createTcpServer>): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(async () => {
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const serve = (listener: RequestListener): Promise<string> => listen(createServer(listener));

function pools(): UpstreamPools {
  const made = new UpstreamPools('1.2.3');
  cleanups.push(() => made.destroy());
  return made;
}

const get = (url: string, headers: OutgoingRequest['headers'] = {}): OutgoingRequest => ({
  method: 'GET',
  url,
  headers,
});

async function fault(
  promise: Promise<unknown>,
): Promise<{ code: string; kind: string | undefined; scope: string | undefined; message: string }> {
  const error = await promise.then(
    () => {
      throw new Error('it should have failed');
    },
    (caught: unknown) => caught,
  );
  if (!isGatewayError(error)) throw error;
  const { code, failure, message } = error;
  return { code, kind: failure?.kind, scope: failure?.scope, message };
}

describe('requests', () => {
  test('sends bytes and headers, and says honestly who it is', async () => {
    let seen: IncomingMessage | undefined;
    let body = '';
    const origin = await serve((request, response) => {
      seen = request;
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        response.writeHead(429, { 'retry-after': '7', 'Set-Cookie': ['a=1', 'b=2'] });
        response.end('slow down');
      });
    });
    const reply = await pools()
      .open()
      .request(
        {
          method: 'POST',
          url: `${origin}/v1/chat?x=1#fragment`,
          headers: {
            'content-type': 'application/json',
            'user-agent': 'Something/1.0',
            'accept-encoding': 'gzip',
            host: 'evil.example',
            'x-twice': ['1', '2'],
          },
          body: Buffer.from('{"a":1}'),
        },
        signal,
      );
    expect(reply.status).toBe(429);
    expect(reply.headers['retry-after']).toBe('7');
    expect(reply.headers['set-cookie']).toEqual(['a=1', 'b=2']);
    expect(reply.headers).not.toHaveProperty('connection');
    expect(reply.headers).not.toHaveProperty('transfer-encoding');
    expect(String(await readBody(reply, 100))).toBe('slow down');
    expect(seen?.url).toBe('/v1/chat?x=1');
    expect(seen?.headers).toMatchObject({
      'user-agent': 'cliproxy/1.2.3',
      'accept-encoding': 'identity',
      'content-length': '7',
      'x-twice': '1, 2',
    });
    expect(seen?.headers.host).toBe(origin.slice('http://'.length));
    expect(body).toBe('{"a":1}');
  });

  test('does not follow redirects', async () => {
    let requests = 0;
    const origin = await serve((_request, response) => {
      requests += 1;
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    const reply = await pools().open().request(get(origin), signal);
    await readBody(reply, 10);
    expect(reply.status).toBe(302);
    expect(requests).toBe(1);
  });

  test.each([
    ['a line feed in a value', { 'x-a': 'b\nc: d' }],
    ['a carriage return in a value', { 'x-a': 'b\rc' }],
    ['a NUL in a value', { 'x-a': 'b\0' }],
    ['a line break in a name', { 'x-a\r\nx-b': 'c' }],
    ['a value that is no string', { 'x-a': 5 as unknown as string, 'x-b': {} as string }],
  ])('refuses %s, before anything is sent', async (_what, headers) => {
    let connections = 0;
    const server = createServer();
    server.on('connection', () => (connections += 1));
    const origin = await listen(server);
    const lane = pools().open();
    expect(await fault(lane.request(get(origin, headers), signal))).toMatchObject({
      code: 'PLUGIN_FAULT',
    });
    expect(connections).toBe(0);
  });

  test.each(['/only/a/path', 'ftp://host/', 'http://user:secret@host/', 'http:///x', 'http://@h/'])(
    'refuses the address %s',
    async (url) => {
      const refused = await fault(pools().open().request(get(url), signal));
      expect(refused.code).toBe('PLUGIN_FAULT');
    },
  );

  test('refuses a path with a line break', async () => {
    const origin = await serve((_request, response) => void response.end());
    const refused = await fault(
      pools()
        .open()
        .request(get(`${origin}/a\r\nx: y`), signal),
    );
    expect(refused.code).toBe('PLUGIN_FAULT');
  });

  test('keeps lanes apart: no connection is shared', async () => {
    const sockets = new Map<string, Set<Socket>>();
    const origin = await serve((request, response) => {
      const lane = String(request.headers['x-lane']);
      sockets.set(lane, (sockets.get(lane) ?? new Set()).add(request.socket));
      response.end('ok');
    });
    const all = pools();
    const lanes = { a: all.open(), b: all.open() };
    for (let round = 0; round < 3; round += 1) {
      for (const [name, lane] of Object.entries(lanes)) {
        await readBody(await lane.request(get(origin, { 'x-lane': name }), signal), 10);
      }
    }
    expect(sockets.get('a')?.size).toBe(1);
    expect(sockets.get('b')?.size).toBe(1);
    expect([...(sockets.get('a') ?? [])]).not.toEqual([...(sockets.get('b') ?? [])]);
  });

  test('streams run beside each other, never one behind the other', async () => {
    let open = 0;
    const origin = await serve((_request, response) => {
      open += 1;
      response.write('x');
    });
    const lane = pools().open();
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => lane.request(get(origin), signal)),
    );
    expect(open).toBe(20);
    for (const reply of replies) reply.body.destroy();
  });
});

describe('compressed replies', () => {
  const text = 'what an upstream says '.repeat(500);
  test.each([
    ['gzip', gzipSync(text)],
    ['x-gzip', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['br', brotliCompressSync(text)],
    ['gzip, br', brotliCompressSync(gzipSync(text))],
  ])('%s is undone and the headers say so', async (encoding, bytes) => {
    const origin = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': encoding, 'content-length': bytes.length });
      response.end(bytes);
    });
    const reply = await pools().open().request(get(origin), signal);
    expect(reply.headers).not.toHaveProperty('content-encoding');
    expect(reply.headers).not.toHaveProperty('content-length');
    expect(String(await readBody(reply, 1e6))).toBe(text);
  });

  test('what is not compressed as told is named', async () => {
    const origin = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end('plain text');
    });
    const reply = await pools().open().request(get(origin), signal);
    expect(await fault(readBody(reply, 100))).toMatchObject({ code: 'UPSTREAM_BAD_ANSWER' });
  });

  test('a compressed reply that breaks is a broken connection', async () => {
    const bytes = gzipSync(text);
    const origin = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': bytes.length });
      response.write(bytes.subarray(0, 20), () => response.destroy());
    });
    const reply = await pools().open().request(get(origin), signal);
    expect(await fault(readBody(reply, 1e6))).toMatchObject({
      code: 'UPSTREAM_UNREACHABLE',
      kind: 'network',
    });
  });

  test('an encoding that nobody knows is refused', async () => {
    const origin = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'rot13' }).end('cynva');
    });
    const refused = await fault(pools().open().request(get(origin), signal));
    expect(refused).toMatchObject({ code: 'UPSTREAM_BAD_ANSWER', kind: 'upstream' });
    expect(refused.message).toContain('rot13');
  });

  test('a body wrapped again and again is refused before anything is unwrapped', async () => {
    const origin = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip,'.repeat(1000) }).end('cynva');
    });
    const refused = await fault(pools().open().request(get(origin), signal));
    expect(refused).toMatchObject({ code: 'UPSTREAM_BAD_ANSWER', kind: 'upstream' });
    expect(refused.message).toContain('more than 4 times');
  });

  test('an empty reply with an encoding is empty', async () => {
    const origin = await serve((_request, response) => {
      response.writeHead(204, { 'content-encoding': 'gzip' }).end();
    });
    const reply = await pools().open().request(get(origin), signal);
    expect(await readBody(reply, 10)).toHaveLength(0);
  });
});

describe('failures', () => {
  test('nothing listens', async () => {
    const server = createTcpServer();
    const origin = await listen(server);
    await cleanups.pop()?.();
    const refused = await fault(
      pools()
        .open()
        .request(get(`${origin}/?key=hush`), signal),
    );
    expect(refused).toMatchObject({
      code: 'UPSTREAM_UNREACHABLE',
      kind: 'network',
      scope: 'instance',
    });
    expect(refused.message).toContain(origin);
    expect(refused.message).toContain('ECONNREFUSED');
    expect(refused.message).not.toContain('hush');
  });

  test('the upstream hangs up without an answer', async () => {
    const origin = await listen(createTcpServer((socket) => void socket.destroy()));
    expect(await fault(pools().open().request(get(origin), signal))).toMatchObject({
      code: 'UPSTREAM_UNREACHABLE',
      kind: 'network',
      scope: 'account',
    });
  });

  test('the connection breaks under a later request', async () => {
    let requests = 0;
    const origin = await listen(
      createTcpServer((socket) => {
        socket.on('error', () => undefined);
        socket.on('data', () => {
          requests += 1;
          if (requests > 1) socket.resetAndDestroy();
          else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
        });
      }),
    );
    const lane = pools().open();
    await readBody(await lane.request(get(origin), signal), 10);
    expect(await fault(lane.request(get(origin), signal))).toMatchObject({
      code: 'UPSTREAM_UNREACHABLE',
      kind: 'network',
      scope: 'account',
    });
  });

  test('no such host, no TLS: nobody can connect, whatever the account', async () => {
    const plain = await listen(
      createTcpServer((socket) => {
        socket
          .on('error', () => undefined)
          .once('data', () => socket.end('HTTP/1.1 400 No\r\n\r\n'));
      }),
    );
    for (const origin of ['http://no-such-host.invalid', plain.replace('http:', 'https:')]) {
      expect(await fault(pools().open().request(get(origin), signal))).toMatchObject({
        code: 'UPSTREAM_UNREACHABLE',
        kind: 'network',
        scope: 'instance',
      });
    }
  });

  test('the upstream does not speak HTTP', async () => {
    const origin = await listen(
      createTcpServer((socket) => {
        socket
          .on('error', () => undefined)
          .resume()
          .end('SSH-2.0\r\n\r\n');
      }),
    );
    expect(await fault(pools().open().request(get(origin), signal))).toMatchObject({
      code: 'UPSTREAM_UNREACHABLE',
    });
  });

  test('the body breaks, also when nobody reads it yet', async () => {
    const origin = await listen(
      createTcpServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => {
          socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n');
        });
      }),
    );
    const lane = pools().open();
    const abandoned = await lane.request(get(origin), signal);
    const late = await lane.request(get(origin), signal);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const told = new Promise((resolve) => late.body.once('error', resolve));
    late.body.resume();
    expect(await told).toMatchObject({
      code: 'UPSTREAM_UNREACHABLE',
      failure: { kind: 'network', scope: 'account' },
    });
    expect(abandoned.status).toBe(200);
  });

  test('connecting takes too long', async () => {
    // A TLS handshake that is never answered: the connection counts as made only after it.
    const held: Socket[] = [];
    const server = createTcpServer((socket) => void held.push(socket.on('error', () => undefined)));
    const origin = await listen(server);
    cleanups.push(() => held.forEach((socket) => socket.destroy()));
    const all = pools();
    all.setConnectMs(100);
    const slow = await fault(all.open().request(get(origin.replace('http:', 'https:')), signal));
    expect(slow).toMatchObject({ code: 'UPSTREAM_TIMEOUT', kind: 'timeout', scope: 'instance' });
  });
});

describe('aborting', () => {
  test('before anything is sent', async () => {
    const reason = new Error('changed my mind');
    const aborted = AbortSignal.abort(reason);
    await expect(pools().open().request(get('http://127.0.0.1:1/'), aborted)).rejects.toBe(reason);
  });

  test('while waiting for the head: rejects with the reason, and the upstream sees it', async () => {
    const controller = new AbortController();
    const reason = new Error('the client left');
    let closed: Promise<unknown> | undefined;
    const origin = await serve((_request, response) => {
      closed = once(response, 'close');
      controller.abort(reason);
    });
    await expect(pools().open().request(get(origin), controller.signal)).rejects.toBe(reason);
    await closed;
  });

  test('while the body is read: the reader gets the reason', async () => {
    const controller = new AbortController();
    const reason = new Error('the client left');
    let closed: Promise<unknown> | undefined;
    const origin = await serve((_request, response) => {
      closed = once(response, 'close');
      response.write('first');
    });
    const reply = await pools().open().request(get(origin), controller.signal);
    const reading = readBody(reply, 100);
    controller.abort(reason);
    await expect(reading).rejects.toBe(reason);
    await closed;
  });

  test('a reader that leaves ends the upstream connection', async () => {
    let closed: Promise<unknown> | undefined;
    const origin = await serve((_request, response) => {
      closed = once(response, 'close');
      response.write('first');
    });
    const reply = await pools().open().request(get(origin), signal);
    reply.body.destroy();
    await closed;
    expect(closed).toBeDefined();
  });

  test('a slow reader pauses the upstream', async () => {
    const total = 64 * 1024 * 1024;
    let written = 0;
    const origin = await serve((_request, response) => {
      const chunk = Buffer.alloc(64 * 1024);
      const more = (): void => {
        while (written < total) {
          written += chunk.length;
          if (!response.write(chunk)) return void response.once('drain', more);
        }
        response.end();
      };
      more();
    });
    const reply = await pools().open().request(get(origin), signal);
    await once(reply.body, 'readable');
    let before = -1;
    while (before !== written) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(written).toBeLessThan(total / 2);
    let read = 0;
    for await (const chunk of reply.body) read += (chunk as Buffer).length;
    expect(read).toBe(total);
  });
});

describe('closing', () => {
  test('lets what runs end, then takes no more', async () => {
    let finish: (() => void) | undefined;
    const origin = await serve((_request, response) => {
      response.write('a');
      finish = () => response.end('b');
    });
    const lane = pools().open();
    const reply = await lane.request(get(origin), signal);
    lane.close();
    finish?.();
    expect(String(await readBody(reply, 10))).toBe('ab');
    expect(await fault(lane.request(get(origin), signal))).toMatchObject({
      code: 'UPSTREAM_UNREACHABLE',
    });
  });

  test('destroying breaks what runs', async () => {
    const origin = await serve((_request, response) => void response.write('a'));
    const all = pools();
    const reply = await all.open().request(get(origin), signal);
    const reading = readBody(reply, 10);
    all.destroy();
    expect(await fault(reading)).toMatchObject({ code: 'UPSTREAM_UNREACHABLE' });
  });

  test('a new connect time-out leaves running answers alone', async () => {
    let finish: (() => void) | undefined;
    const origin = await serve((request, response) => {
      if (request.url === '/second') return void response.end('second');
      response.write('a');
      finish = () => response.end('b');
    });
    const all = pools();
    const lane = all.open();
    const first = await lane.request(get(origin), signal);
    all.setConnectMs(1234);
    expect(String(await readBody(await lane.request(get(`${origin}/second`), signal), 10))).toBe(
      'second',
    );
    finish?.();
    expect(String(await readBody(first, 10))).toBe('ab');
  });
});
