import { request } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import type { AnswerSink, AnswerStart, IngressCall } from '@cliproxy/kernel';
import { GatewayError } from '@cliproxy/plugin-api';
import { CLIENT_KEY, ask, chatBody, serverRig } from '../../test/fixture.ts';
import type { RunningServer } from '../../test/fixture.ts';

const start = serverRig();
const chat = '/v1/chat/completions';
const events: AnswerStart = { status: 200, contentType: 'text/event-stream', headers: {} };

/** A client whose bytes the test reads itself. */
const openRaw = (gateway: RunningServer, path = chat): Socket => {
  const socket = connect(gateway.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nx-api-key: ${CLIENT_KEY}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${chatBody.length}\r\n\r\n${chatBody}`,
  );
  return socket;
};
/** The sink of the next call; the call is over when the client has left or `over` is called. */
const nextSink = (gateway: RunningServer): Promise<{ sink: AnswerSink; over: () => void }> =>
  new Promise((resolve) => {
    gateway.kernel.answer = ({ sink }) =>
      new Promise((over) => {
        resolve({ sink, over });
      });
  });
const until = async (holds: () => boolean): Promise<void> => {
  for (let waitedMs = 0; !holds(); waitedMs += 5) {
    if (waitedMs > 20_000) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

describe('a request on its way in', () => {
  test('the kernel gets the facts, the allowed headers, the key by its end', async () => {
    const gateway = await start();
    const sent = {
      'anthropic-beta': 'a,b',
      'anthropic-version': '2023-06-01',
      'idempotency-key': 'i',
      'openai-organization': 'org',
      'x-stainless-os': 'Linux',
      'x-session': 's1',
      cookie: 'c=1',
      'user-agent': 'ua',
      'x-request-id': 'given',
    };
    const got = await ask(gateway, chat, { headers: sent, body: chatBody });
    expect([got.status, got.text, got.headers['x-request-id']]).toEqual([
      200,
      '{"ok":true}',
      'given',
    ]);
    const [call] = gateway.kernel.calls as [IngressCall];
    expect(call.headers).toEqual({
      'anthropic-beta': 'a,b',
      'anthropic-version': '2023-06-01',
      'idempotency-key': 'i',
    });
    expect(call.request.facts).toMatchObject({
      dialect: 'openai-chat',
      operation: 'generate',
      model: 'm-1',
      sessionKey: 's1',
    });
    expect([call.requestId, call.client, call.strict]).toEqual(['given', '***cdef', false]);

    const strict = { 'x-cliproxy-strict': 'true' };
    const anthropic = await ask(gateway, '/v1/messages', { headers: strict, body: chatBody });
    expect(anthropic.headers['request-id']).toBe(anthropic.headers['x-request-id']);
    expect(gateway.kernel.calls[1]).toMatchObject({
      strict: true,
      request: { facts: { dialect: 'anthropic-messages' } },
    });
    gateway.server.update({ ...gateway.settings, strictParameters: true, apiKeys: [] });
    await ask(gateway, chat, { bare: true, body: chatBody });
    expect(gateway.kernel.calls[2]).toMatchObject({ strict: true });
    expect(gateway.kernel.calls[2]).not.toHaveProperty('client');
  });

  test('a bad body is a 400 in the shape of the path, and the kernel is not asked', async () => {
    const gateway = await start();
    for (const body of ['', '{', '[]x', 'null', '"x"', '{}', '\ufeff{}', '{"model":1}']) {
      const openai = await ask(gateway, chat, { body });
      expect([body, openai.status]).toEqual([body, 400]);
      expect(openai.json.error.code).toMatch(/^CLIENT_BAD_/);
      const anthropic = await ask(gateway, '/v1/messages', { body });
      expect([anthropic.status, anthropic.json.type]).toEqual([400, 'error']);
    }
    expect(gateway.kernel.calls).toEqual([]);
    expect(gateway.log.every(({ level }) => level === 'debug')).toBe(true);
  });
});

describe('an error before the answer', () => {
  test('keeps its status and says when to come back', async () => {
    const gateway = await start();
    const failing = async (error: unknown): Promise<unknown[]> => {
      gateway.kernel.answer = async () => {
        throw error;
      };
      const got = await ask(gateway, chat, { body: chatBody });
      return [got.status, got.json.error.code, got.headers['retry-after']];
    };
    const limited = (resetAtMs?: number): GatewayError =>
      new GatewayError('ROUTE_RATE_LIMITED', 'all out', {
        failure: {
          kind: 'rate-limit',
          scope: 'instance',
          ...(resetAtMs === undefined ? {} : { resetAtMs }),
        },
      });
    const { nowMs } = gateway.clock;
    expect(await failing(limited(nowMs + 2001))).toEqual([429, 'ROUTE_RATE_LIMITED', '3']);
    expect(await failing(limited(nowMs + 1))).toEqual([429, 'ROUTE_RATE_LIMITED', '1']);
    expect(await failing(limited(nowMs - 9000))).toEqual([429, 'ROUTE_RATE_LIMITED', '1']);
    expect(await failing(limited())).toEqual([429, 'ROUTE_RATE_LIMITED', '1']);
    expect(await failing(new GatewayError('UPSTREAM_AUTH', 'x'))).toEqual([
      503,
      'UPSTREAM_AUTH',
      '1',
    ]);
    expect(await failing(new GatewayError('ROUTE_MODEL_NOT_FOUND', 'x'))).toEqual([
      404,
      'ROUTE_MODEL_NOT_FOUND',
      undefined,
    ]);
    // The kernel has told these already.
    expect(gateway.log).toEqual([]);
    expect(await failing(new TypeError('SECRET'))).toEqual([500, 'KERNEL_INTERNAL', undefined]);
    expect(await failing('a string')).toEqual([500, 'KERNEL_INTERNAL', undefined]);
    const cause = new Error('inside');
    expect(await failing(new GatewayError('PLUGIN_FAULT', 'echo threw', { cause }))).toEqual([
      502,
      'PLUGIN_FAULT',
      undefined,
    ]);
    expect(gateway.log.map(({ level, fields }) => [level, fields['code']])).toEqual([
      ['error', 'KERNEL_INTERNAL'],
      ['error', 'KERNEL_INTERNAL'],
      ['error', 'PLUGIN_FAULT'],
    ]);
  });

  test('a kernel that forgets the answer, or half of it, does not leave the client waiting', async () => {
    const gateway = await start();
    gateway.kernel.answer = async () => undefined;
    expect((await ask(gateway, chat, { body: chatBody })).json.error.code).toBe('KERNEL_INTERNAL');
    gateway.kernel.answer = async ({ sink }) => {
      sink.start(events);
      sink.write(Buffer.from('data: half\n\n'));
    };
    await expect(ask(gateway, chat, { body: chatBody })).rejects.toThrow();
  });
});

describe('the answer', () => {
  test('a stream: head at once, events as they come, for no cache and no buffering proxy', async () => {
    const gateway = await start();
    const next = nextSink(gateway);
    const socket = openRaw(gateway, '/v1/messages');
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const { sink, over } = await next;
    sink.start({ ...events, headers: { 'x-upstream-request-id': 'up\r\nx-evil: 1' } });
    // The head alone: nothing has been written yet.
    await until(() => text.includes('\r\n\r\n'));
    expect(text).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(text).toContain('\r\ncache-control: no-cache\r\n');
    expect(text).toContain('\r\nx-accel-buffering: no\r\n');
    expect(text).toContain('\r\nx-upstream-request-id: up??x-evil: 1\r\n');
    expect(text).toMatch(/\r\nrequest-id: req_/);
    expect(text).toMatch(/\r\nx-request-id: req_/);
    sink.write(Buffer.from('data: 1\n\n'));
    await until(() => text.includes('data: 1'));
    sink.start(events);
    sink.write(Buffer.from('data: 2\n\n'));
    sink.end();
    sink.end();
    sink.write(Buffer.from('data: late\n\n'));
    sink.cut();
    over();
    await until(() => text.endsWith('0\r\n\r\n'));
    expect(text).toContain('data: 2');
    expect(text).not.toContain('late');
    expect(text.match(/HTTP\/1.1/g)).toHaveLength(1);
    // The connection is good for another request.
    gateway.kernel.answer = async ({ sink: second }) => {
      second.start({
        status: 201,
        contentType: 'x/y',
        contentLength: 2,
        headers: { 'retry-after': '7' },
      });
      second.write(Buffer.from('ok'));
      second.end();
    };
    text = '';
    socket.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await until(() => text.includes('alive'));
    socket.destroy();
    const whole = await ask(gateway, chat, { body: chatBody });
    expect([whole.status, whole.text]).toEqual([201, 'ok']);
    expect(whole.headers).toMatchObject({
      'content-type': 'x/y',
      'content-length': '2',
      'retry-after': '7',
    });
    expect(whole.headers['cache-control']).toBeUndefined();
  });

  test('cut: the client sees that it is not whole', async () => {
    const gateway = await start();
    const next = nextSink(gateway);
    const answer = ask(gateway, chat, { body: chatBody });
    const { sink, over } = await next;
    let left = false;
    sink.onClosed(() => (left = true));
    sink.start(events);
    sink.write(Buffer.from('data: 1\n\n'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    sink.cut();
    over();
    await expect(answer).rejects.toThrow('aborted');
    // It was us who left.
    expect(left).toBe(false);
  });

  test('a client that leaves is noticed, before the answer, within it, and by who asks late', async () => {
    const gateway = await start();
    for (const begun of [false, true]) {
      const next = nextSink(gateway);
      const socket = openRaw(gateway);
      const { sink, over } = await next;
      const left = new Promise<void>((resolve) => {
        sink.onClosed(resolve);
      });
      if (begun) {
        sink.start(events);
        sink.write(Buffer.from('data: 1\n\n'));
      }
      socket.destroy();
      await left;
      await new Promise<void>((resolve) => {
        sink.onClosed(resolve);
      });
      expect(sink.write(Buffer.from('into the void'))).toBe(true);
      await new Promise<void>((resolve) => {
        sink.onDrain(resolve);
      });
      sink.start(events);
      sink.end();
      over();
    }
    // Half-closing is leaving, too.
    const next = nextSink(gateway);
    const socket = openRaw(gateway);
    const { sink, over } = await next;
    const left = new Promise<void>((resolve) => {
      sink.onClosed(resolve);
    });
    socket.end();
    await left;
    over();
    expect(gateway.log).toEqual([]);
  });

  test('an answer that ended well is no leaving', async () => {
    const gateway = await start();
    let left = 0;
    gateway.kernel.answer = async ({ sink }) => {
      sink.onClosed(() => (left += 1));
      sink.start({ ...events, contentType: 'text/plain' });
      sink.end();
    };
    await ask(gateway, chat, { body: chatBody });
    await ask(gateway, '/livez');
    expect(left).toBe(0);
  });

  test('a client that leaves within its own request costs nothing', async () => {
    const gateway = await start();
    const req = request({
      port: gateway.port,
      path: chat,
      method: 'POST',
      headers: {
        'x-api-key': CLIENT_KEY,
        'content-type': 'application/json',
        'content-length': 10,
      },
    });
    req.on('error', () => undefined);
    req.write('{"mod');
    await new Promise((resolve) => setTimeout(resolve, 30));
    req.destroy();
    await until(() => gateway.log.length > 0);
    expect(gateway.log.map(({ level, fields }) => [level, fields['code']])).toEqual([
      ['debug', 'CLIENT_CLOSED'],
    ]);
    expect(gateway.kernel.calls).toEqual([]);
  });

  test('a client that does not read holds the writer up; every byte arrives once it does', async () => {
    const gateway = await start();
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const total = 64 * 1024 * 1024;
    let produced = 0;
    let paused = 0;
    gateway.kernel.answer = ({ sink }) =>
      new Promise((resolve) => {
        sink.start({ ...events, contentLength: total });
        const produce = (): void => {
          while (produced < total) {
            produced += chunk.length;
            if (!sink.write(chunk)) {
              paused += 1;
              sink.onDrain(produce);
              return;
            }
          }
          sink.end();
          resolve();
        };
        produce();
      });
    const socket = openRaw(gateway);
    socket.pause();
    await until(() => paused > 0);
    let before = -1;
    while (before !== produced) {
      before = produced;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(produced).toBeLessThan(total / 2);
    let bytes = 0;
    socket.on('data', (data: Buffer) => (bytes += data.length));
    socket.resume();
    await until(() => bytes > total);
    expect(produced).toBe(total);
    socket.destroy();
  }, 30_000);

  test('a thousand clients that leave: each is noticed, nothing stays', async () => {
    const gateway = await start();
    let open = 0;
    let left = 0;
    gateway.kernel.answer = ({ sink }) =>
      new Promise((resolve) => {
        open += 1;
        sink.onClosed(() => {
          left += 1;
          resolve();
        });
        sink.start(events);
        sink.write(Buffer.from('data: 1\n\n'));
      });
    for (let round = 0; round < 20; round += 1) {
      const sockets = Array.from({ length: 50 }, () => openRaw(gateway));
      await until(() => open === (round + 1) * 50);
      for (const socket of sockets) socket.destroy();
      await until(() => left === open);
    }
    expect(left).toBe(1000);
    // Nothing is under way: draining ends at once, long before its deadline.
    await gateway.server.drain(600_000);
  }, 30_000);
});
