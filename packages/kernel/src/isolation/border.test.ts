import { once } from 'node:events';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { GatewayError, secret } from '@cliproxy/plugin-api';
import type { Contributions, HttpClient, OutgoingRequest, WireCall } from '@cliproxy/plugin-api';
import { bothEnds } from '../../test/both-ends.ts';
import { PluginProcess } from './child/plugin-process.ts';
import { fromPlain, toPlain } from './channel/plain-value.ts';
import { errorFromWire, errorToWire } from './channel/wire-error.ts';
import { ProcessSession } from './process-session.ts';
import { standInContributions } from './stand-in.ts';

const CHUNK = Buffer.from('data: {"choices":[]}\n\n');
const manifest = {
  apiVersion: '1.0',
  provides: { executor: true, authenticators: [], probes: [], sockets: [], hooks: [], models: [] },
};
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };

let session: ProcessSession;
let junk: unknown[];
let contributions: Omit<Contributions, 'start' | 'stop'>;

/** A plugin on the other side, whose executor sends as it is told. */
async function open(send: (call: WireCall) => unknown): Promise<void> {
  const [socket, other] = bothEnds();
  junk = [];
  session = new ProcessSession(socket, {
    logger: silent,
    services: () => ({}),
    onPong: nothing,
    onJunk: (error) => junk.push(error),
    onClose: nothing,
  });
  const executor = {
    kind: 'wire',
    speaks: { 'openai-chat': ['generate'] },
    models: async () => [],
    send,
  };
  const setup = () => ({ executor });
  new PluginProcess(other, nothing, async () => ({ schema: {}, deps: undefined, setup }));
  await session.peer.ask('load', { file: '', name: '', limitMs: 1000 });
  const base = { pluginId: 'p', instanceId: 'i', config: {}, deps: [], manifest };
  const wish = { ...base, stopMs: 1000, local: true, nowMs: 0 };
  const { value } = await session.peer.ask('setup', wish);
  const plugin = { instanceId: 'i', serving: () => session, unlisted: () => undefined };
  contributions = standInContributions(value, plugin);
}

function nothing(): void {
  // Nobody is to be told.
}

/** A call whose upstream answers with a body, and what it was asked. */
function callOf(body: Readable) {
  const asked: OutgoingRequest[] = [];
  const http: HttpClient = {
    request: async (request) => {
      asked.push(request);
      return { status: 200, headers: { 'content-type': 'text/event-stream' }, body };
    },
  };
  const aborting = new AbortController();
  const call = {
    account: { id: 'i/default', label: 'default', facts: {} },
    signal: aborting.signal,
    logger: silent,
    http,
    authorize: async (request: OutgoingRequest) => request,
    requestId: 'r',
    attempt: 1,
    model: 'm',
    dialect: 'openai-chat',
    operation: 'generate',
    stream: true,
    path: '/chat/completions',
    headers: {},
    body: Buffer.alloc(100_000, 'x'),
  } satisfies WireCall;
  return { call, asked, aborting };
}

async function send(call: WireCall) {
  const { executor } = contributions;
  if (executor?.kind !== 'wire') throw new Error('no wire executor');
  return executor.send(call);
}

const upstream = async ({ http, path, headers, body, signal }: WireCall) =>
  http.request({ method: 'POST', url: `http://u${path}`, headers, body }, signal);

async function bytesOf(body: Readable): Promise<number> {
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) bytes += chunk.length;
  return bytes;
}

const chunks = (count: number): Readable =>
  Readable.from(Array.from({ length: count }, () => CHUNK));

beforeEach(() => open(upstream));
afterEach(() => session.end(new GatewayError('PLUGIN_PROCESS_DOWN', 'over')));

describe('a body that the plugin leaves alone', () => {
  test('does not cross: it is the upstream’s own, and as many frames for any number of chunks', async () => {
    const counts: number[] = [];
    for (const count of [1, 1_000]) {
      const before = session.peer.frames.sent + session.peer.frames.received;
      const body = chunks(count);
      const { call, asked } = callOf(body);
      const reply = await send(call);
      expect(reply.body).toBe(body);
      // Nor does the request's: what is sent is what was given.
      expect(asked[0]?.body).toBe(call.body);
      expect(await bytesOf(reply.body)).toBe(count * CHUNK.length);
      counts.push(session.peer.frames.sent + session.peer.frames.received - before);
    }
    expect(counts[1]).toBe(counts[0]);
  });

  test('goes on when the process ends', async () => {
    const reply = await send(callOf(chunks(100)).call);
    await session.end(new GatewayError('PLUGIN_PROCESS_DOWN', 'over'));
    expect(await bytesOf(reply.body)).toBe(100 * CHUNK.length);
  });
});

describe('a body that the plugin has its hands on', () => {
  test('crosses twice, and never more of it than was asked for', async () => {
    await open(async (call) => {
      const reply = await upstream(call);
      const body = Readable.from(reply.body as AsyncIterable<Buffer>, { objectMode: false });
      return { ...reply, body };
    });
    let made = 0;
    const piece = Buffer.alloc(64 * 1024);
    const endless = new Readable({
      read() {
        made += piece.length;
        setImmediate(() => this.push(piece));
      },
    });
    const reply = await send(callOf(endless).call);
    const first = (await once(reply.body, 'data')) as [Buffer];
    reply.body.pause();
    expect(first[0].length).toBeGreaterThan(0);
    for (let last = -1; last !== made;) {
      last = made;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(made).toBeLessThan(2 * 1024 * 1024);
    reply.body.destroy();
    await once(endless, 'close');
  });

  test('breaks as the plugin’s own does', async () => {
    await open(async (call) => {
      const { status, headers } = await upstream(call);
      const body = Readable.from(
        (async function* () {
          yield CHUNK;
          throw new GatewayError('UPSTREAM_TRUNCATED', 'cut', {
            failure: { kind: 'network', scope: 'account' },
          });
        })(),
      );
      return { status, headers, body };
    });
    const reply = await send(callOf(chunks(1)).call);
    await expect(bytesOf(reply.body)).rejects.toMatchObject({
      code: 'UPSTREAM_TRUNCATED',
      failure: { kind: 'network', scope: 'account' },
    });
  });

  test('fails with the process', async () => {
    await open(async (call) => ({
      ...(await upstream(call)),
      body: new Readable({ read: nothing }),
    }));
    const reply = await send(callOf(chunks(1)).call);
    const ended = bytesOf(reply.body);
    await session.end(new GatewayError('PLUGIN_PROCESS_DOWN', 'over'));
    await expect(ended).rejects.toMatchObject({ code: 'PLUGIN_PROCESS_DOWN' });
  });
});

describe('what goes wrong', () => {
  test.each<readonly [string, (call: WireCall) => unknown, object]>([
    ['junk', () => 7, { code: 'PLUGIN_FAULT', message: expect.stringContaining('gave number') }],
    ['a throw', () => Promise.reject(new TypeError('oh')), { name: 'TypeError', message: 'oh' }],
    [
      'a failure',
      () =>
        Promise.reject(
          new GatewayError('UPSTREAM_NOT_FOUND', 'none', {
            failure: { kind: 'not-found', scope: 'model' },
          }),
        ),
      { code: 'UPSTREAM_NOT_FOUND', failure: { kind: 'not-found', scope: 'model' } },
    ],
    [
      'a body that is no Buffer',
      ({ http, signal }) =>
        http.request({ method: 'POST', url: 'http://u', headers: {}, body: 7 as never }, signal),
      { code: 'PLUGIN_FAULT' },
    ],
  ])('%s is told as it is without the border', async (_what, deed, told) => {
    await open(async (call) => deed(call));
    await expect(send(callOf(chunks(1)).call)).rejects.toMatchObject(told);
  });

  test('a body that the plugin leaves with a throw is let go of on both sides', async () => {
    await open(async (call) => {
      await upstream(call);
      throw new GatewayError('UPSTREAM_RATE_LIMIT', 'slow down', {
        failure: { kind: 'rate-limit', scope: 'account' },
      });
    });
    const body = new Readable({ read: nothing });
    await expect(send(callOf(body).call)).rejects.toMatchObject({ code: 'UPSTREAM_RATE_LIMIT' });
    if (!body.closed) await once(body, 'close');
    expect(session.works.get(1)).toBeUndefined();
  });

  test('and so is one that comes when the plugin has given up', async () => {
    let answer: (() => void) | undefined;
    await open((call) => {
      void upstream(call);
      throw new TypeError('oh');
    });
    const body = new Readable({ read: nothing });
    const { call } = callOf(body);
    const late: HttpClient = {
      request: () =>
        new Promise((resolve) => {
          answer = () => resolve({ status: 200, headers: {}, body });
        }),
    };
    await expect(send({ ...call, http: late })).rejects.toThrow('oh');
    answer?.();
    if (!body.closed) await once(body, 'close');
  });

  test('a body that is over before the reply is given leaves nothing behind', async () => {
    const body = chunks(1);
    await open(async (call) => {
      const reply = await upstream(call);
      body.destroy();
      await once(body, 'close');
      return reply;
    });
    const reply = await send(callOf(body).call);
    expect(reply.body).toBe(body);
    await new Promise(setImmediate);
    expect(session.works.get(1)).toBeUndefined();
  });

  test('causes of an error are followed for a while', async () => {
    let cause: object = { message: 'the first' };
    for (let depth = 0; depth < 50_000; depth += 1) cause = { message: 'next', cause };
    const error = errorFromWire(cause);
    expect(error.message).toBe('next');
  });

  test('more of a body than was asked for ends the link', async () => {
    const [socket, other] = bothEnds();
    const junk: unknown[] = [];
    const parts = { logger: silent, services: () => ({}), onPong: nothing, onClose: nothing };
    const { streams } = new ProcessSession(socket, {
      ...parts,
      onJunk: (error) => junk.push(error),
    });
    const body = streams.borrowBody(1, nothing);
    const text = JSON.stringify({ tell: 'chunk', value: { borrowed: 1 } });
    const head = Buffer.alloc(8);
    head.writeUInt32LE(text.length);
    head.writeUInt32LE(1, 4);
    other.write(Buffer.concat([head, Buffer.from(text), Buffer.from('x')]));
    await once(socket, 'close');
    expect(junk).toHaveLength(1);
    body.destroy();
  });

  test('an abort crosses with its reason', async () => {
    await open(
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        }),
    );
    const { call, aborting } = callOf(chunks(1));
    const sent = send(call);
    aborting.abort(new GatewayError('CLIENT_LEFT', 'gone'));
    await expect(sent).rejects.toMatchObject({ code: 'CLIENT_LEFT', message: 'gone' });
  });

  test('the end of the process fails what is under way', async () => {
    await open(() => new Promise(nothing));
    const sent = send(callOf(chunks(1)).call);
    await session.end(new GatewayError('PLUGIN_PROCESS_DOWN', 'over'));
    await expect(sent).rejects.toMatchObject({ code: 'PLUGIN_PROCESS_DOWN' });
  });

  test('what the other side may not say ends the link', async () => {
    const [socket, other] = bothEnds();
    const closed: unknown[] = [];
    const parts = { logger: silent, services: () => ({}), onPong: nothing };
    const onJunk = (error: unknown): void => void closed.push(error);
    new ProcessSession(socket, { ...parts, onJunk, onClose: nothing });
    const text = JSON.stringify({ tell: 'constructor', value: {} });
    const head = Buffer.alloc(8);
    head.writeUInt32LE(text.length);
    other.write(Buffer.concat([head, Buffer.from(text)]));
    await once(socket, 'close');
    expect(closed).toEqual([
      expect.objectContaining({ message: expect.stringContaining('constructor') }),
    ]);
  });
});

test('values with secrets cross, and hide them again', () => {
  const account = {
    key: 'k',
    credential: { secrets: { apiKey: secret('s3cret-value') }, expiresAtMs: Infinity },
  };
  const back = fromPlain(JSON.parse(JSON.stringify(toPlain(account)))) as typeof account;
  expect(back.credential.secrets.apiKey.reveal()).toBe('s3cret-value');
  expect(JSON.stringify(back)).not.toContain('s3cret');
  expect(back.credential.expiresAtMs).toBe(Infinity);
});

test.each<readonly [string, unknown, object]>([
  ['text', 'oops', { message: 'oops' }],
  ['nothing', undefined, { message: 'undefined' }],
  [
    'an error with a code',
    Object.assign(new Error('reset'), { code: 'ECONNRESET' }),
    { message: 'reset', code: 'ECONNRESET' },
  ],
  [
    'a cause',
    new Error('outer', { cause: new TypeError('inner') }),
    { cause: expect.objectContaining({ name: 'TypeError' }) },
  ],
  [
    'a trap',
    new Proxy(
      {},
      {
        get: () => {
          throw new Error('trap');
        },
      },
    ),
    { message: expect.stringContaining('throws when') },
  ],
])('an error that is %s crosses', (_what, thrown, told) => {
  expect(errorFromWire(JSON.parse(JSON.stringify(errorToWire(thrown))))).toMatchObject(told);
});
