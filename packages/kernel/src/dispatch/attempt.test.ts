import http from 'node:http';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { GatewayError } from '@cliproxy/plugin-api';
import type { ModelEvent, WireExecutor, WireReply } from '@cliproxy/plugin-api';
import {
  answers,
  call,
  errorOf,
  eventExecutor,
  httpExecutor,
  rig,
  until,
  upstream,
  whole,
} from '../../test/dispatch-rig.ts';
import type { Script, TargetSpec, Upstream } from '../../test/dispatch-rig.ts';
import type { AnswerSink } from './ingress-call.ts';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

async function up(...scripts: readonly Script[]): Promise<Upstream> {
  const one = await upstream(...scripts);
  open.push(one);
  return one;
}

async function target(id: string, ...scripts: readonly Script[]): Promise<TargetSpec> {
  return { id, executor: httpExecutor((await up(...scripts)).url) };
}

const good = 'start\ntext hello\ndone\n';

describe('time-outs', () => {
  const times = { firstByteMs: 150, idleMs: 150 };

  test('no first byte: the next target, not the next account', async () => {
    const a = await up(answers.silence);
    const found = rig(
      [
        { id: 'a', executor: httpExecutor(a.url), accounts: 3 },
        await target('b', answers.lines(...whole)),
      ],
      { timeouts: times },
    );
    const client = call();
    await found.dispatcher.handle(client);
    expect(client.got.text).toBe(good);
    expect(a.seen).toHaveLength(1);
    await until(() => a.aborted === 1, 'the abort');
    expect(found.finished()[0]?.attempts[0]).toMatchObject({
      failure: 'timeout',
      code: 'UPSTREAM_TIMEOUT',
      reason: 'a: the upstream sent no byte of its answer within 150 ms',
    });
  });

  test('a head alone is no first byte', async () => {
    const found = rig([await target('a', answers.stalls())], { timeouts: times });
    const error = await errorOf(found.dispatcher.handle(call()));
    expect(error.code).toBe('UPSTREAM_TIMEOUT');
  });

  test('a stall in the middle is told, never finished', async () => {
    const found = rig([await target('a', answers.stalls('start', 'text hel'))], {
      timeouts: times,
    });
    const client = call();
    await found.dispatcher.handle(client);
    expect(client.got.text).toBe('start\ntext hel\nFAILED UPSTREAM_TIMEOUT\n');
    expect(found.finished()[0]?.outcome).toBe('broken');
  });

  test('chunks that come in time hold the idle time-out off', async () => {
    const script: Script = (_, response) => {
      response.writeHead(200);
      let left = 8;
      const next = (): void => {
        if (left-- === 0) response.end('done\n');
        else {
          response.write('text x\n');
          setTimeout(next, 60);
        }
      };
      next();
    };
    const found = rig([await target('a', script)], { timeouts: { idleMs: 400 } });
    const client = call();
    await found.dispatcher.handle(client);
    expect(client.got.text).toBe(`${'text x\n'.repeat(8)}done\n`);
  });

  test('the whole attempt: to the client at once, nobody else waits as long', async () => {
    const b = await up(answers.lines(...whole));
    const found = rig(
      [await target('a', answers.silence), { id: 'b', executor: httpExecutor(b.url) }],
      { timeouts: { totalMs: 100 } },
    );
    const error = await errorOf(found.dispatcher.handle(call()));
    expect(error).toMatchObject({ code: 'UPSTREAM_TIMEOUT', failure: { scope: 'request' } });
    expect(b.seen).toEqual([]);
  });

  test('an executor that never settles and ignores its signal', async () => {
    const found = rig([{ id: 'a', executor: wire(async () => new Promise(() => undefined)) }], {
      timeouts: times,
    });
    expect((await errorOf(found.dispatcher.handle(call()))).code).toBe('UPSTREAM_TIMEOUT');
  });
});

describe('an error’s text', () => {
  test('is read up to a bound', async () => {
    const a = await up((_, response) => {
      response.writeHead(500);
      const more = (): void => {
        if (!response.destroyed) response.write('x'.repeat(16_384), more);
      };
      more();
    });
    const found = rig([{ id: 'a', executor: httpExecutor(a.url) }]);
    const error = await errorOf(found.dispatcher.handle(call()));
    expect(error.message.length).toBeLessThan(3_000);
    expect(found.finished()[0]?.attempts[0]?.reason?.length).toBeLessThanOrEqual(300);
    await until(() => a.aborted === 1, 'the abort');
  });

  test('that breaks off still counts', async () => {
    const found = rig([
      await target('a', (_, response) => {
        response.writeHead(429);
        response.write('slow down');
        setTimeout(() => response.destroy(), 20);
      }),
    ]);
    const error = await errorOf(found.dispatcher.handle(call()));
    expect(error.code).toBe('UPSTREAM_RATE_LIMIT');
    expect(error.message).toMatch(/^a: slow down\. Wait /);
  });

  test('the plugin knows better than the status', async () => {
    const resetAtMs = Date.now() + 90_000;
    const failure = { kind: 'rate-limit', scope: 'account', resetAtMs, message: 'quota' } as const;
    const send = async (): Promise<WireReply> =>
      Promise.resolve({ status: 200, headers: {}, body: Readable.from(['text x']), failure });
    const found = rig([{ id: 'a', executor: wire(send) }]);
    const error = await errorOf(found.dispatcher.handle(call()));
    expect(error.code).toBe('UPSTREAM_RATE_LIMIT');
    expect(error.message).toMatch(/^a: quota\. Wait /);
    expect(error.failure?.resetAtMs).toBe(resetAtMs);
  });
});

test('limits that the plugin tells are kept for the operator', async () => {
  const quotas = [{ name: 'requests', limit: 5, remaining: 4 }];
  const send = async (): Promise<WireReply> =>
    Promise.resolve({ status: 200, headers: {}, body: Readable.from(['done\n']), quotas });
  const found = rig([{ id: 'a', executor: wire(send) }]);
  await found.dispatcher.handle(call());
  expect(found.book.standing('a', 'a/a0').quotas).toEqual(quotas);
});

test('limits that the headers tell are kept, of answers and of errors; silence changes nothing', async () => {
  const replies = [
    { status: 200, headers: { left: '7' }, body: 'done\n' },
    { status: 200, headers: {}, body: 'done\n' },
    { status: 429, headers: { left: '0' }, body: 'slow down' },
  ];
  const left: unknown[] = [];
  const send = async (): Promise<WireReply> => {
    const { body, ...reply } = replies.shift()!;
    return Promise.resolve({ ...reply, body: Readable.from([body]) });
  };
  const found = rig([{ id: 'a', executor: wire(send) }]);
  for (let n = 0; n < 3; n++) {
    await found.dispatcher.handle(call()).catch(() => undefined);
    left.push(found.book.standing('a', 'a/a0').quotas?.[0]?.remaining);
  }
  expect(left).toEqual([7, 7, 0]);
});

describe('a slow client', () => {
  test('pauses the upstream, and the silence is nobody’s fault', async () => {
    const source = new Readable({ read: () => undefined });
    const send = async (): Promise<WireReply> =>
      Promise.resolve({ status: 200, headers: {}, body: source });
    const found = rig([{ id: 'a', executor: wire(send) }], { timeouts: { idleMs: 100 } });
    const client = call();
    client.got.fast = false;
    const handled = found.dispatcher.handle(client);
    source.push('text a\n');
    await until(() => client.got.halted, 'the pause');
    source.push('text b\n');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(client.got.text).toBe('text a\n');
    expect(source.isPaused()).toBe(true);
    client.got.drain();
    source.push('done\n');
    source.push(null);
    await handled;
    expect(client.got).toMatchObject({ text: 'text a\ntext b\ndone\n', state: 'ended', sins: [] });
  });

  test('that leaves while paused ends the upstream', async () => {
    const a = await up(answers.stalls('text a'));
    const found = rig([{ id: 'a', executor: httpExecutor(a.url) }]);
    const client = call();
    client.got.fast = false;
    const handled = found.dispatcher.handle(client);
    await until(() => client.got.halted, 'the pause');
    client.got.leave();
    await handled;
    await until(() => a.aborted === 1, 'the abort');
    client.got.drain();
    expect(client.got.sins).toEqual([]);
  });

  test('pauses events as well', async () => {
    let pulled = 0;
    const found = rig([
      {
        id: 'a',
        executor: eventExecutor(async function* () {
          for (; pulled < 500; pulled++) yield { type: 'delta', index: 0, text: 'x' } as const;
          await Promise.resolve();
          yield { type: 'finish', reason: 'stop' };
        }),
      },
    ]);
    const client = call();
    client.got.fast = false;
    const handled = found.dispatcher.handle(client);
    await until(() => client.got.halted, 'the pause');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(pulled).toBeLessThan(5);
    client.got.drain();
    await handled;
    expect(client.got).toMatchObject({ state: 'ended', sins: [] });
    expect(pulled).toBe(500);
  });

  test('over real sockets: the upstream stops sending and memory stays flat', async () => {
    const chunk = Buffer.from(`text ${'x'.repeat(65_530)}\n`);
    let sent = 0;
    const total = 40 * 1_024 * 1_024;
    const a = await up((_, response) => {
      response.writeHead(200);
      const more = (): void => {
        while (sent < total) {
          sent += chunk.length;
          if (!response.write(chunk)) {
            response.once('drain', more);
            return;
          }
        }
        response.end('done\n');
      };
      more();
    });
    const found = rig([{ id: 'a', executor: httpExecutor(a.url) }]);
    const server = http.createServer((_, response) => {
      void found.dispatcher.handle(call({ sink: responseSink(response) }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    open.push(server);
    const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.pause();
    socket.write('POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
    await until(() => sent > 0, 'the first chunk');
    let before = -1;
    for (let n = 0; n < 100 && before !== sent; n++) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    // What is under way fits the sockets' buffers; the rest was not even sent.
    expect(sent).toBeLessThan(total / 2);
    let got = 0;
    await new Promise<void>((resolve) => {
      socket.on('data', (data: Buffer) => (got += data.length));
      socket.on('end', resolve);
      socket.resume();
    });
    expect(got).toBeGreaterThan(total);
    expect(found.finished()[0]?.outcome).toBe('answered');
  });
});

describe('heartbeats', () => {
  test('come after the commit point only, while nothing else does', async () => {
    const script: Script = (_, response) => {
      response.writeHead(200);
      response.write('start\n');
      setTimeout(() => response.write('text a\n'), 150);
      setTimeout(() => response.end('done\n'), 400);
    };
    const found = rig([await target('a', script)], { heartbeatMs: 60 });
    const client = call();
    await found.dispatcher.handle(client);
    expect(client.got.text).toMatch(/^start\ntext a\n(: beat\n)+done\n$/);
    expect(client.got.sins).toEqual([]);
  });

  test('nor anything else goes out before the upstream’s status is known, for minutes', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    try {
      let answer: ((reply: WireReply) => void) | undefined;
      const executor = wire(async () => new Promise((resolve) => (answer = resolve)));
      const found = rig([{ id: 'a', executor }], {
        heartbeatMs: 15_000,
        timeouts: { firstByteMs: 600_000, idleMs: 600_000, totalMs: 3_600_000 },
        failover: { commitAfterMs: 10_000 },
      });
      const client = call();
      const handled = found.dispatcher.handle(client);
      await jest.advanceTimersByTimeAsync(540_000);
      expect(client.got).toMatchObject({ text: '', state: 'new', head: undefined });
      const body = new PassThrough();
      answer?.({ status: 200, headers: {}, body });
      await jest.advanceTimersByTimeAsync(40_000);
      // The status is known now, and bytes early were asked for.
      expect(client.got.text).toBe(': beat\n'.repeat(2));
      body.end('start\ntext hello\ndone\n');
      await jest.advanceTimersByTimeAsync(1);
      await handled;
      expect(client.got.text).toBe(`${': beat\n'.repeat(2)}${good}`);
      expect(client.got.sins).toEqual([]);
    } finally {
      jest.useRealTimers();
    }
  });

  test('are not for answers without stream', async () => {
    const script: Script = (_, response) => {
      response.writeHead(200);
      response.write('text aaaaaaaaaaaa\n');
      setTimeout(() => response.end('done\n'), 200);
    };
    const found = rig([await target('a', script)], {
      heartbeatMs: 40,
      failover: { holdBodyBytes: 4 },
    });
    const client = call({ stream: false });
    await found.dispatcher.handle(client);
    expect(client.got.text).toBe('text aaaaaaaaaaaa\ndone\n');
  });

  test('halt for a slow client', async () => {
    const found = rig([await target('a', answers.stalls('text a'))], { heartbeatMs: 40 });
    const client = call();
    const handled = found.dispatcher.handle(client);
    await until(() => client.got.text !== '', 'the first bytes');
    client.got.fast = false;
    await until(() => client.got.halted, 'the pause');
    const before = client.got.text;
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(client.got.text).toBe(before);
    client.got.drain();
    await until(() => client.got.text !== before, 'a further beat');
    client.got.leave();
    await handled;
    expect(client.got.sins).toEqual([]);
  });
});

describe('executors that produce events', () => {
  const hello: readonly ModelEvent[] = [
    { type: 'start' },
    { type: 'open', index: 0, part: { type: 'text', text: '' } },
    { type: 'delta', index: 0, text: 'hello' },
    { type: 'close', index: 0 },
    { type: 'usage', usage: { inputTokens: 2, outputTokens: 1 } },
    { type: 'finish', reason: 'stop' },
  ];
  const fine = eventExecutor(async function* () {
    await Promise.resolve();
    yield* hello;
  });

  test('answer', async () => {
    const found = rig([{ id: 'a', executor: fine }]);
    const client = call({ sessionKey: 's' });
    await found.dispatcher.handle(client);
    expect(client.got.text).toBe('start\nopen text\ntext hello\nusage 2 1\ndone\n');
    expect(found.finished()[0]).toMatchObject({
      outcome: 'answered',
      passthrough: false,
      usage: { inputTokens: 2, outputTokens: 1 },
    });
  });

  const hostile: Readonly<Record<string, () => unknown>> = {
    'throws at once': () => {
      throw new Error('boom');
    },
    'throws nothing at all': () => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- that is the case
      throw undefined;
    },
    'gives undefined': () => undefined,
    'gives a string': () => 'text',
    'gives junk for an iterator': () => ({ [Symbol.asyncIterator]: () => 7 }),
    'gives junk for a step': () => ({
      [Symbol.asyncIterator]: () => ({ next: async () => Promise.resolve(undefined) }),
    }),
    'throws in its first step': async function* () {
      await Promise.resolve();
      yield hello[0];
      throw new Error('boom');
    },
    'gives junk events': async function* () {
      await Promise.resolve();
      yield { type: 'banana' };
    },
    'gives no events': async function* () {
      await Promise.resolve();
      yield undefined;
    },
    'gives an event that makes no sense': async function* () {
      await Promise.resolve();
      yield { type: 'open', index: 0 };
    },
  };
  test.each(Object.entries(hostile))('one that %s: named, and another answers', async (_, run) => {
    const executor = eventExecutor(run as () => AsyncIterable<ModelEvent>);
    const found = rig([
      { id: 'bad', executor },
      { id: 'b', executor: fine },
    ]);
    const client = call();
    await found.dispatcher.handle(client);
    expect(client.got).toMatchObject({ state: 'ended', sins: [] });
    expect(client.got.text).toContain('hello');
    const [attempt] = found.finished()[0]?.attempts ?? [];
    expect(attempt).toMatchObject({ code: 'PLUGIN_FAULT', failure: 'upstream' });
    expect(found.faults[0]).toContain('"bad"');
  });

  test('one that throws mid-way', async () => {
    const executor = eventExecutor(async function* () {
      await Promise.resolve();
      yield* hello.slice(0, 3);
      throw new GatewayError('UPSTREAM_OVERLOADED', 'busy');
    });
    const found = rig([
      { id: 'a', executor },
      { id: 'b', executor: fine },
    ]);
    const client = call();
    await found.dispatcher.handle(client);
    expect(client.got.text).toBe('start\nopen text\ntext hello\nFAILED UPSTREAM_OVERLOADED\n');
  });

  test('one without an end', async () => {
    const executor = eventExecutor(async function* () {
      await Promise.resolve();
      yield* hello.slice(0, 3);
    });
    const client = call();
    await rig([{ id: 'a', executor }]).dispatcher.handle(client);
    expect(client.got.text).toContain('FAILED UPSTREAM_TRUNCATED');
  });

  test('one that ignores its signal does not hold the request', async () => {
    const executor = eventExecutor(async function* () {
      yield* hello.slice(0, 3);
      await new Promise(() => undefined);
    });
    const found = rig([{ id: 'a', executor }]);
    const client = call();
    const handled = found.dispatcher.handle(client);
    await until(() => client.got.text.includes('hello'), 'the first events');
    client.got.leave();
    await handled;
    expect(found.finished()[0]).toMatchObject({ outcome: 'client-left' });
  });

  test('one is told when nobody listens any more', async () => {
    let returned = 0;
    let signalled = 0;
    const executor = eventExecutor((signal) => {
      signal.addEventListener('abort', () => (signalled += 1));
      return {
        [Symbol.asyncIterator]: () => ({
          next: async () => new Promise<IteratorResult<ModelEvent>>(() => undefined),
          return: async () => {
            returned += 1;
            return Promise.reject(new Error('never mind'));
          },
        }),
      };
    });
    const found = rig([{ id: 'a', executor }]);
    const client = call();
    const handled = found.dispatcher.handle(client);
    client.got.leave();
    await handled;
    expect([returned, signalled]).toEqual([1, 1]);
  });

  test('one that never ends leaves the timers and sockets their turn', async () => {
    const executor = eventExecutor(async function* () {
      for (;;) yield { type: 'close', index: 0 } as const;
      await Promise.resolve();
    });
    const found = rig([{ id: 'a', executor }], { timeouts: { totalMs: 100 } });
    expect((await errorOf(found.dispatcher.handle(call()))).code).toBe('UPSTREAM_TIMEOUT');
  });
});

describe('wire executors that give junk', () => {
  const body = (): Readable => Readable.from(['text x\n', 'done\n']);
  const hostileReply = new Proxy(
    {},
    {
      get: () => {
        throw new Error('ha');
      },
      has: () => true,
    },
  );
  const junk: Readonly<Record<string, () => unknown>> = {
    'throw at once': () => {
      throw new Error('boom');
    },
    'throw a string': () => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- that is the case
      throw 'boom';
    },
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- that is the case
    'reject with nothing': async () => Promise.reject(),
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- that is the case
    'reject with a trap': async () => Promise.reject(hostileReply),
    'give nothing': () => undefined,
    'give no status': () => ({ headers: {}, body: body() }),
    'give an odd status': () => ({ status: 9_000, headers: {}, body: body() }),
    'give no body': () => ({ status: 200, headers: {} }),
    'give a string for a body': () => ({ status: 200, headers: {}, body: 'text' }),
    'give a body of objects': () => ({ status: 200, headers: {}, body: Readable.from([{}]) }),
    'give a trap': async () => ({ then: undefined, ...Object.create(null), body: hostileReply }),
  };
  test.each(Object.entries(junk))('%s: named, and another answers', async (_, send) => {
    const found = rig([
      { id: 'bad', executor: wire(send as WireExecutor['send']) },
      await target('b', answers.lines(...whole)),
    ]);
    const client = call();
    await found.dispatcher.handle(client);
    expect(client.got).toMatchObject({ text: good, sins: [] });
    expect(found.finished()[0]?.attempts[0]).toMatchObject({ code: 'PLUGIN_FAULT' });
    expect(found.faults[0]).toContain('"bad"');
  });

  test('alone: 502 naming the plugin, without what it threw', async () => {
    const send = async (): Promise<never> => Promise.reject(new Error('key sk-secret'));
    const found = rig([{ id: 'bad', executor: wire(send) }]);
    const error = await errorOf(found.dispatcher.handle(call()));
    expect(error.code).toBe('PLUGIN_FAULT');
    expect(error.message).toContain('"bad"');
    expect(error.message).not.toContain('sk-secret');
    expect(JSON.stringify(found.events)).not.toContain('sk-secret');
  });

  test('what they give is taken where it can be', async () => {
    const pieces = ['text a\n', Buffer.from('text b\n'), new Uint8Array(Buffer.from('done\n'))];
    const send = async (): Promise<unknown> =>
      Promise.resolve({ status: 200, body: Readable.from(pieces) });
    const client = call();
    await rig([{ id: 'a', executor: wire(send as WireExecutor['send']) }]).dispatcher.handle(
      client,
    );
    expect(client.got.text).toBe('text a\ntext b\ndone\n');
  });

  test.each([
    ['ECONNREFUSED', 'UPSTREAM_UNREACHABLE'],
    ['UND_ERR_SOCKET', 'UPSTREAM_UNREACHABLE'],
    ['UND_ERR_HEADERS_TIMEOUT', 'UPSTREAM_TIMEOUT'],
    ['ETIMEDOUT', 'UPSTREAM_TIMEOUT'],
  ])('an own client’s %s is %s', async (code, expected) => {
    const thrown = new TypeError('fetch failed', { cause: Object.assign(new Error(), { code }) });
    const found = rig([{ id: 'a', executor: wire(async () => Promise.reject(thrown)) }]);
    expect((await errorOf(found.dispatcher.handle(call()))).code).toBe(expected);
  });

  test('a reply that comes too late is let go', async () => {
    let give: (reply: WireReply) => void = () => undefined;
    const late = Readable.from(['text x\n']);
    const send = async (): Promise<WireReply> => new Promise((resolve) => (give = resolve));
    const found = rig([{ id: 'a', executor: wire(send) }]);
    const client = call();
    const handled = found.dispatcher.handle(client);
    client.got.leave();
    await handled;
    give({ status: 200, headers: {}, body: late });
    await until(() => late.destroyed, 'the end of the late body');
    expect(client.got.state).toBe('new');
  });

  test('bodies that are over before anybody reads them', async () => {
    const ended = new Readable({ read: () => undefined });
    ended.push(null);
    ended.resume();
    await until(() => ended.readableEnded, 'the end');
    const gone = new Readable({ read: () => undefined });
    gone.destroy();
    for (const dead of [ended, gone]) {
      for (const status of [200, 500]) {
        const send = async (): Promise<WireReply> =>
          Promise.resolve({ status, headers: {}, body: dead });
        const found = rig([{ id: 'a', executor: wire(send) }]);
        const error = await errorOf(found.dispatcher.handle(call()));
        expect(error.code).toBe(status === 200 ? 'UPSTREAM_TRUNCATED' : 'UPSTREAM_FAILED');
      }
    }
  });
});

test('a sink that can not be started is our fault, and nobody else is tried', async () => {
  const b = await up(answers.lines(...whole));
  const found = rig([
    await target('a', answers.lines(...whole)),
    { id: 'b', executor: httpExecutor(b.url) },
  ]);
  const client = call();
  client.got.start = () => {
    throw new TypeError('ERR_INVALID_CHAR');
  };
  const error = await errorOf(found.dispatcher.handle(client));
  expect(error.code).toBe('KERNEL_INTERNAL');
  expect(b.seen).toEqual([]);
});

function wire(send: WireExecutor['send']): WireExecutor {
  return {
    kind: 'wire',
    speaks: { 'openai-chat': ['generate'] },
    models: async () => Promise.resolve([]),
    send,
  };
}

function responseSink(response: http.ServerResponse): AnswerSink {
  return {
    start: ({ status, contentType }) => {
      response.writeHead(status, { 'content-type': contentType });
    },
    write: (bytes) => response.write(bytes),
    onDrain: (resume) => response.once('drain', resume),
    end: () => response.end(),
    cut: () => response.destroy(),
    onClosed: (left) =>
      response.once('close', () => {
        if (!response.writableFinished) left();
      }),
  };
}

describe('pipes, dialects and sinks that stumble', () => {
  test('an answer that is refused by its head: the next target', async () => {
    let asked = 0;
    const found = rig([
      await target('a', answers.lines(...whole)),
      await target('b', answers.lines(...whole)),
    ]);
    const answer = (): void => {
      asked += 1;
      if (asked === 1) throw new GatewayError('UPSTREAM_BAD_ANSWER', 'text/html is no answer');
    };
    const client = call({ answer });
    await found.dispatcher.handle(client);
    expect(client.got.text).toBe(good);
    expect(found.finished()[0]?.attempts[0]).toMatchObject({ code: 'UPSTREAM_BAD_ANSWER' });
  });

  test('a client whose connection throws while it is written to', async () => {
    const found = rig([await target('a', answers.stalls('text a', 'text b'))]);
    const client = call();
    client.got.write = () => {
      throw new Error('write after end');
    };
    await found.dispatcher.handle(client);
    expect(client.got.state).toBe('cut');
    expect(found.finished()[0]).toMatchObject({ outcome: 'broken', code: 'KERNEL_INTERNAL' });
    expect(found.book.availability('a', 'a/a0', 'up').usable).toBe(true);
  });

  test('a sink that can not be started when it is time to commit', async () => {
    const found = rig([await target('a', answers.stalls('start'))], {
      failover: { commitAfterMs: 30 },
    });
    const client = call();
    client.got.start = () => {
      throw new TypeError('ERR_INVALID_CHAR');
    };
    expect((await errorOf(found.dispatcher.handle(client))).code).toBe('KERNEL_INTERNAL');
  });

  test('bytes early to a slow client halt the upstream', async () => {
    const found = rig([await target('a', answers.stalls('start'))], {
      failover: { commitAfterMs: 30 },
    });
    const client = call();
    client.got.fast = false;
    const handled = found.dispatcher.handle(client);
    await until(() => client.got.halted, 'the pause');
    client.got.leave();
    await handled;
    expect(client.got.sins).toEqual([]);
  });

  test('a listener that throws costs nobody an answer', async () => {
    const found = rig([await target('a', answers.lines(...whole))]);
    const push = found.events.push.bind(found.events);
    found.events.push = (...told) => {
      push(...told);
      throw new Error('the log is full');
    };
    const client = call();
    await found.dispatcher.handle(client);
    expect(client.got).toMatchObject({ text: good, state: 'ended' });
    expect(found.finished()).toHaveLength(1);
  });

  test('a body that its plugin had paused flows all the same', async () => {
    for (const status of [200, 429]) {
      const body = Readable.from(status === 200 ? ['text x\n', 'done\n'] : ['slow down']);
      body.pause();
      const send = async (): Promise<WireReply> => Promise.resolve({ status, headers: {}, body });
      const found = rig([{ id: 'a', executor: wire(send) }]);
      const client = call();
      const handled = found.dispatcher.handle(client);
      if (status === 200) await handled;
      else expect((await errorOf(handled)).message).toMatch(/^a: slow down\. Wait /);
    }
  });
});
