import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { GatewayError } from '@cliproxy/plugin-api';
import { fakeInstance, Listener, ManualClock, policy } from '../../test/fake-instances.ts';
import { faultBook } from '../../test/fault-book.ts';
import { CodeHomes } from './code-homes.ts';
import type { InstanceFault } from './instance-faults.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

const stray = (error: unknown): InstanceFault => ({
  instanceId: 'one',
  where: 'stray',
  error,
});

function setUp() {
  const clock = new ManualClock();
  const listener = new Listener();
  const secrets = { mask: (text: string) => text.replaceAll('s3cret', '***') };
  const homes = new CodeHomes('/own');
  homes.note('left', '/plugins/twin');
  homes.note('right', '/plugins/twin');
  const book = faultBook({ clock, sink: listener, secrets, homes });
  const told = () => listener.events.splice(0);
  const fail = (times: number): void => {
    for (let n = 0; n < times; n += 1) book.note(stray('boom'));
  };
  return { clock, book, told, fail };
}

describe('a fault', () => {
  test.each<readonly [string, unknown, string]>([
    ['a sentence', 'gave junk', 'gave junk'],
    ['an error', new TypeError('x is\n not y'), 'TypeError: x is not y'],
    ['nothing', undefined, 'threw undefined'],
    ['a number', 7, 'threw 7'],
    ['an object', { a: 1 }, 'threw something that is no Error'],
    [
      'a trap',
      new Proxy(
        {},
        {
          get() {
            throw new Error('trap');
          },
        },
      ),
      'threw a hostile value',
    ],
    ['one of ours', new GatewayError('AUTH_NEEDS_LOGIN', 'log in again'), 'log in again'],
    ['what holds a secret', new Error('key s3cret'), 'Error: key ***'],
    ['a long text', 'x'.repeat(5_000), 'x'.repeat(300)],
  ])('that is %s is told in one line', (_what, error, message) => {
    const { book, told } = setUp();
    book.note(stray(error));
    expect(told()).toEqual([
      expect.objectContaining({ type: 'plugin-faulted', instanceId: 'one', count: 1, message }),
    ]);
    expect(book.standing('one')).toMatchObject({ faults: 1, last: { where: 'stray', message } });
  });

  test('a flood of them is summed up: no fault is missed, few are told', async () => {
    const { book, told } = setUp();
    for (let n = 0; n < 10_000; n += 1) {
      book.note({ instanceId: 'one', where: n % 2 === 0 ? 'probe' : 'models', error: `no ${n}` });
    }
    const first = told();
    expect(first).toHaveLength(5);
    await jest.advanceTimersByTimeAsync(10_000);
    const rest = told();
    expect(rest).toEqual([
      expect.objectContaining({ where: 'models', count: 4_998, message: 'no 9999' }),
      expect.objectContaining({ where: 'probe', count: 4_997, message: 'no 9998' }),
    ]);
    book.note(stray('boom'));
    book.note(stray('boom'));
    expect(told()).toHaveLength(2);
  });

  test('what is still to be told at the end is', () => {
    const { book, told } = setUp();
    for (let n = 0; n < 7; n += 1) book.note({ instanceId: 'one', where: 'log', error: 'flood' });
    told();
    book.stop();
    expect(told()).toEqual([expect.objectContaining({ count: 2 })]);
  });
});

describe('what nobody caught', () => {
  const from = (file: string): Error => {
    const error = new Error('late');
    error.stack = `Error: late\n    at f (${file}:1:1)`;
    return error;
  };

  test('is put down to the plugin that it comes from; to all that share the code', () => {
    const { book, told } = setUp();
    expect(book.noteStray(from('/plugins/twin/index.js'))).toBe('plugin');
    expect(told()).toMatchObject([
      { type: 'plugin-faulted', instanceId: 'left', where: 'stray', message: 'Error: late' },
      { type: 'plugin-faulted', instanceId: 'right', where: 'stray', message: 'Error: late' },
    ]);
  });

  test('or to nobody, and a flood of it is summed up as well', () => {
    const { book, told } = setUp();
    for (let n = 0; n < 100; n += 1) expect(book.noteStray('s3cret')).toBe('unknown');
    book.stop();
    const events = told();
    expect(events).toHaveLength(6);
    expect(events.at(-1)).toEqual({
      type: 'stray-error',
      count: 95,
      message: '***',
      cause: 's3cret',
    });
  });

  test('what is the gateway’s own is left to whoever runs it', () => {
    const { book, told } = setUp();
    expect(book.noteStray(from('/own/kernel/dist/x.js'))).toBe('gateway');
    expect(told()).toEqual([]);
  });
});

describe('a circuit', () => {
  test('opens after the faults that count, tells it once, and is tried again', () => {
    const { clock, book, told, fail } = setUp();
    fail(policy.pluginFaults - 1);
    expect(book.circuit('one')).toBeUndefined();
    told();
    fail(3);
    const changes = told().filter(({ type }) => type === 'circuit-changed');
    expect(changes).toEqual([
      {
        type: 'circuit-changed',
        instanceId: 'one',
        state: 'open',
        reason: 'out after 5 faults of its own, the last: boom',
        untilMs: clock.time + 1_000,
        openings: 1,
      },
    ]);
    expect(book.circuit('one')).toMatchObject({ phase: 'open', untilMs: clock.time + 1_000 });
    clock.pass(1_000);
    expect(book.circuit('one')?.phase).toBe('half-open');
    book.beginTrial('one');
    expect(book.circuit('one')?.phase).toBe('trial');
    book.attemptEnded('one', {}, true, stray('boom'));
    expect(book.circuit('one')).toMatchObject({
      phase: 'open',
      reason: 'out after 5 faults of its own and 1 failed trial, the last: boom',
    });
    clock.pass(2_000);
    book.beginTrial('one');
    book.attemptEnded('one', {}, true, 'sound');
    expect(book.circuit('one')).toBeUndefined();
    expect(told().at(-1)).toEqual({
      type: 'circuit-changed',
      instanceId: 'one',
      state: 'closed',
    });
  });

  test('what a plugin does beside requests puts it out of nothing', () => {
    const { book } = setUp();
    for (const where of ['models', 'probe', 'login', 'socket', 'accounts', 'log', 'stop'] as const)
      for (let n = 0; n < 50; n += 1) book.note({ instanceId: 'one', where, error: 'x' });
    expect(book.standing('one')).toMatchObject({ phase: 'closed', faults: 350 });
  });

  test('of hooks opens again, for longer each time, while they go on failing', () => {
    const { clock, book } = setUp();
    let asked = 0;
    for (let second = 0; second < 600; second += 1) {
      if (book.outage('one') === undefined) {
        asked += 1;
        book.note({ instanceId: 'one', where: 'hook', error: 'boom' });
      }
      clock.pass(100);
    }
    // Five, then after 1, 2, 4, 8, 16 and 29 of the 60 seconds.
    expect(asked).toBe(policy.pluginFaults + 5);
    clock.pass(60_000);
    book.noteSuccess('one');
    expect(book.standing('one').phase).toBe('closed');
  });

  test('of hooks is another than that of the executor', () => {
    const { book, fail } = setUp();
    fail(policy.pluginFaults - 1);
    for (let n = 0; n < 100; n += 1) book.noteSuccess('one');
    fail(1);
    expect(book.circuit('one')?.phase).toBe('open');
    expect(book.outage('one')).toBeUndefined();
    book.noteSuccess('one');
    expect(book.circuit('one')?.phase).toBe('open');
    for (let n = 0; n < policy.pluginFaults; n += 1) {
      book.note({ instanceId: 'one', where: 'hook', error: 'boom' });
    }
    expect(book.outage('one')).toBeDefined();
  });

  test('begins anew with the instance; a reset lets it be tried at once', () => {
    const { book, fail, told } = setUp();
    const one = fakeInstance('one');
    book.retain([one]);
    fail(5);
    book.retain([one]);
    expect(book.circuit('one')).toBeDefined();
    book.reset('two');
    expect(book.circuit('one')).toBeDefined();
    book.reset('one');
    expect(book.circuit('one')).toBeUndefined();
    fail(5);
    told();
    book.retain([fakeInstance('one')]);
    expect(book.circuit('one')).toBeUndefined();
    expect(told()).toEqual([expect.objectContaining({ state: 'closed' })]);
    // The count goes on: it is of the process.
    expect(book.standing('one').faults).toBe(10);
    book.retain([]);
    expect(book.standing('one').faults).toBe(0);
  });
});
