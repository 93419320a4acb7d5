import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { WireExecutor, WireReply } from '@cliproxy/plugin-api';
import { call, errorOf, rig, until } from '../../test/dispatch-rig.ts';
import type { Rig } from '../../test/dispatch-rig.ts';
import type { PlaceLimits } from '../accounts/places.ts';

/** One request at the upstream, ended as the test wants. */
interface Running {
  readonly account: string;
  end(how: 'well' | 'refused' | 'broken' | 'fault'): void;
}

/** An upstream that counts who is at work there, and answers when it is told to. */
class Crowd {
  readonly running = new Set<Running>();
  /** Most that were at work at the same time, by account and in all. */
  readonly most = new Map<string, number>();
  readonly executor: WireExecutor = {
    kind: 'wire',
    speaks: { 'openai-chat': ['generate'] },
    models: async () => Promise.resolve([]),
    send: ({ account, signal }) =>
      new Promise<WireReply>((resolve, reject) => {
        const body = new PassThrough();
        const one: Running = {
          account: account.id,
          end: (how) => {
            this.running.delete(one);
            if (how === 'fault') reject(new Error('a fault of the plugin'));
            else resolve({ status: how === 'refused' ? 429 : 200, headers: {}, body });
            if (how === 'broken') {
              body.write('start\ntext half\n');
              setImmediate(() => body.destroy(new Error('broken')));
            } else body.end(how === 'refused' ? 'slow down' : 'start\ntext hello\ndone\n');
          },
        };
        signal.addEventListener('abort', () => {
          this.running.delete(one);
          reject(new Error('aborted'));
        });
        this.running.add(one);
        this.#count(account.id);
      }),
  };

  first(account?: string): Running {
    const found = [...this.running].find((one) => account === undefined || one.account === account);
    if (found === undefined) throw new Error('nobody is at work');
    return found;
  }

  #count(account: string): void {
    const now = [...this.running].filter((one) => one.account === account).length;
    this.most.set(account, Math.max(now, this.most.get(account) ?? 0));
    this.most.set('all', Math.max(this.running.size, this.most.get('all') ?? 0));
  }
}

const limitsOf = (account?: number, instance?: number): PlaceLimits => ({
  account: () => account,
  instance: () => instance,
});

function setUp(
  limits: PlaceLimits | undefined,
  queue: { readonly queueSize?: number; readonly queueMs?: number } = {},
  accounts = 2,
): { readonly crowd: Crowd; readonly found: Rig } {
  const crowd = new Crowd();
  const found = rig([{ id: 'a', executor: crowd.executor, accounts }], {
    ...(limits === undefined ? {} : { limits }),
    failover: { queueMs: 60_000, retryFloor: 10_000, rateLimitMs: 1, overloadedMs: 1, ...queue },
  });
  return { crowd, found };
}

const atWork = (crowd: Crowd): string[] => [...crowd.running].map(({ account }) => account).sort();

describe('an account with all its places taken', () => {
  test('is passed over; then requests wait, and go in the order in which they came', async () => {
    const { crowd, found } = setUp(limitsOf(1));
    const clients = Array.from({ length: 5 }, () => call());
    const done: number[] = [];
    const all = clients.map((client, n) =>
      found.dispatcher.handle(client).then(() => done.push(n)),
    );
    expect(atWork(crowd)).toEqual(['a/a0', 'a/a1']);
    for (let n = 0; n < 5; n++) {
      await until(() => crowd.running.size > 0, 'the next');
      crowd.first().end('well');
      await until(() => done.length > n, 'the answer');
    }
    await Promise.all(all);
    expect(done).toEqual([0, 1, 2, 3, 4]);
    for (const { got } of clients) expect(got.sins).toEqual([]);
    expect(crowd.most).toEqual(
      new Map([
        ['a/a0', 1],
        ['a/a1', 1],
        ['all', 2],
      ]),
    );
    expect(found.places.taken('a')).toBe(0);
  });

  test('may have been free when the request was planned', async () => {
    const { crowd, found } = setUp(limitsOf(1));
    const one = found.dispatcher.handle(call());
    const two = found.dispatcher.handle(call());
    crowd.first('a/a0').end('refused');
    await until(() => !atWork(crowd).includes('a/a0'), 'the refusal');
    for (let n = 0; n < 5; n++) await new Promise((resolve) => setImmediate(resolve));
    expect(atWork(crowd)).toEqual(['a/a1']);
    crowd.first('a/a1').end('well');
    await two;
    await until(() => crowd.running.size === 1, 'its turn');
    crowd.first('a/a1').end('well');
    await one;
    expect(crowd.most.get('a/a1')).toBe(1);
  });

  test('has its place until the last byte of a stream, and until the client has left', async () => {
    const { crowd, found } = setUp(limitsOf(1), {}, 1);
    const first = call();
    const one = found.dispatcher.handle(first);
    const two = found.dispatcher.handle(call());
    await until(() => crowd.running.size === 1, 'the first');
    first.got.leave();
    await one;
    await until(() => crowd.running.size === 1, 'the second');
    crowd.first().end('well');
    await two;
    expect(crowd.most.get('all')).toBe(1);
  });

  test('is told to clients with 503 and a time, once the line is full or the wait is over', async () => {
    const { crowd, found } = setUp(limitsOf(undefined, 1), { queueSize: 1, queueMs: 50 }, 1);
    const held = found.dispatcher.handle(call());
    const waiting = errorOf(found.dispatcher.handle(call()));
    const before = Date.now();
    const turnedAway = await errorOf(found.dispatcher.handle(call()));
    for (const error of [turnedAway, await waiting]) {
      expect(error.code).toBe('ROUTE_NO_ACCOUNT');
      expect(error.message).toContain('as many requests as it may');
      expect(error.failure?.resetAtMs).toBeGreaterThanOrEqual(before + 1_000);
    }
    crowd.first().end('well');
    await held;
    expect(crowd.most.get('all')).toBe(1);
  });
});

describe('one who waits', () => {
  test('and leaves gives the position up', async () => {
    const { crowd, found } = setUp(limitsOf(1), { queueSize: 1 }, 1);
    const held = found.dispatcher.handle(call());
    const leaving = call();
    const left = found.dispatcher.handle(leaving);
    leaving.got.leave();
    await left;
    const next = found.dispatcher.handle(call());
    crowd.first().end('well');
    await held;
    await until(() => crowd.running.size === 1, 'the next');
    crowd.first().end('well');
    await next;
    expect(
      found
        .finished()
        .map(({ outcome }) => outcome)
        .sort(),
    ).toEqual(['answered', 'answered', 'client-left']);
  });

  test('is told when the gateway stops', async () => {
    const { crowd, found } = setUp(limitsOf(1), {}, 1);
    const held = errorOf(found.dispatcher.handle(call()));
    const waiting = errorOf(found.dispatcher.handle(call()));
    await until(() => crowd.running.size === 1, 'the first');
    found.dispatcher.stop();
    expect((await waiting).code).toBe('KERNEL_STOPPING');
    expect((await held).code).toBe('KERNEL_STOPPING');
    expect(found.places.taken('a')).toBe(0);
  });
});

test('without limits nothing is counted', async () => {
  const { crowd, found } = setUp(undefined);
  const all = Array.from({ length: 20 }, () => found.dispatcher.handle(call()));
  expect(crowd.running.size).toBe(20);
  expect(found.places.taken('a')).toBe(0);
  for (const one of [...crowd.running]) one.end('well');
  await Promise.all(all);
});

test('whatever becomes of requests: never more than the limits, and no place is lost', async () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.constant('come' as const) },
    fc.constantFrom('well', 'refused', 'broken', 'fault', 'leave'),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(step, fc.nat(20)), { maxLength: 40 }),
      fc.integer({ min: 1, max: 3 }),
      fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
      fc.integer({ min: 0, max: 8 }),
      async (steps, perAccount, perInstance, queueSize) => {
        const { crowd, found } = setUp(limitsOf(perAccount, perInstance), { queueSize }, 3);
        const clients: ReturnType<typeof call>[] = [];
        const ends: Promise<unknown>[] = [];
        const calm = async () => {
          for (let n = 0; n < 4; n++) await new Promise((resolve) => setImmediate(resolve));
        };
        for (const [what, which] of steps) {
          const running = [...crowd.running];
          if (what === 'come') {
            const client = call();
            clients.push(client);
            ends.push(found.dispatcher.handle(client).catch(() => undefined));
          } else if (what === 'leave') clients[which % Math.max(1, clients.length)]?.got.leave();
          else running[which % Math.max(1, running.length)]?.end(what);
          await calm();
        }
        // Whoever waits now is served, or told that nobody can: nobody is forgotten.
        const line = { over: false };
        void Promise.all(ends).then(() => (line.over = true));
        for (let n = 0; n < 200 && !line.over; n++) {
          for (const one of crowd.running) one.end('well');
          await calm();
        }
        expect(line.over).toBe(true);
        for (const id of ['a/a0', 'a/a1', 'a/a2']) {
          expect(crowd.most.get(id) ?? 0).toBeLessThanOrEqual(perAccount);
          expect(found.places.taken(id)).toBe(0);
        }
        expect(crowd.most.get('all') ?? 0).toBeLessThanOrEqual(perInstance ?? Infinity);
        expect(found.places.taken('a')).toBe(0);
      },
    ),
    { numRuns: 60 },
  );
});
