import { describe, expect, test } from '@jest/globals';
import type { Failure } from '@cliproxy/plugin-api';
import type { FakeInstance } from '../../test/fake-instances.ts';
import {
  fakeHandle,
  fakeInstance,
  Listener,
  ManualClock,
  policy,
} from '../../test/fake-instances.ts';
import type { AccountChoice, Candidate, Plan } from '../routing/plan.ts';
import { AccountBook } from './account-book.ts';

function setUp(keys: readonly string[] = ['a', 'b']) {
  const clock = new ManualClock();
  const sink = new Listener();
  const instance = fakeInstance('one', { keys });
  const book = new AccountBook({ clock, sink, policy: () => policy, random: () => 0 });
  const candidate = candidateOf(instance);
  const choose = (index = 0): AccountChoice => {
    const handle = instance.handles[index]!;
    return { handle, ...book.availability('one', handle.account.id, candidate.upstreamModel) };
  };
  const fail = (failure: Partial<Failure>, index = 0, target = candidate): void => {
    const choice = choose(index);
    book.record(target, choice, {
      type: 'failed',
      failure: { kind: 'network', scope: 'account', ...failure },
    });
  };
  const usable = (key = 'a', model = 'm'): boolean =>
    book.availability('one', `one/${key}`, model).usable;
  return { clock, sink, instance, book, candidate, choose, fail, usable };
}

function candidateOf(instance: FakeInstance, upstreamModel = 'm'): Candidate {
  return {
    instanceId: instance.id,
    instance,
    upstreamModel,
    dialects: ['openai-chat'],
    refuses: [],
    accounts: instance.handles.map((handle) => ({ handle, usable: true, trial: false })),
    usable: true,
  };
}

const planOf = (...candidates: readonly Candidate[]): Plan => ({
  requested: 'm',
  model: 'm',
  alias: false,
  strategy: 'failover',
  candidates,
  near: [],
});

describe('whom a failure puts out', () => {
  test('one account', () => {
    const { fail, usable, sink } = setUp();
    fail({});
    expect([usable('a'), usable('a', 'other'), usable('b')]).toEqual([false, false, true]);
    expect(sink.states()).toEqual(['one/a=cooling']);
  });

  test('one model of one account', () => {
    const { fail, usable, sink, book } = setUp();
    fail({ kind: 'not-found', message: 'no such model' });
    expect([usable('a'), usable('a', 'other'), usable('b')]).toEqual([false, true, true]);
    expect(sink.events).toEqual([
      {
        type: 'account-changed',
        instanceId: 'one',
        account: 'one/a',
        accountLabel: '***a',
        model: 'm',
        state: 'cooling',
        reason: 'no such model',
        untilMs: 1_700_000_600_000,
      },
    ]);
    expect(book.standing('one', 'one/a')).toEqual({
      state: 'usable',
      models: [{ model: 'm', reason: 'no such model', untilMs: 1_700_000_600_000 }],
    });
  });

  test('all accounts of an instance', () => {
    const { fail, usable, sink } = setUp();
    fail({ scope: 'instance' });
    expect([usable('a'), usable('b'), usable('a', 'other')]).toEqual([false, false, false]);
    expect(sink.states()).toEqual(['one/a=cooling', 'one/b=cooling']);
  });

  test('nobody, where the request is at fault', () => {
    const { fail, usable, sink } = setUp();
    fail({ scope: 'request', kind: 'upstream' });
    fail({ kind: 'bad-request' });
    expect(usable()).toBe(true);
    expect(sink.events).toEqual([]);
  });

  test('a refused key or a refused login', () => {
    const { fail, sink, instance, book } = setUp([]);
    instance.handles.push(fakeHandle('one', 'key'), fakeHandle('one', 'person', 'oauth'));
    fail({ kind: 'auth' }, 0);
    fail({ kind: 'auth' }, 1);
    expect(sink.states()).toEqual(['one/key=invalid-key', 'one/person=needs-login']);
    expect(book.availability('one', 'one/person', 'm').reason).toBe('needs-login');
  });
});

describe('trials', () => {
  test('one request tries; its success clears, and everyone is told', () => {
    const { fail, clock, book, candidate, choose, sink, usable } = setUp();
    fail({});
    expect(book.tryBegin(candidate, choose())).toBe(false);
    clock.pass(30_000);
    sink.states();
    const [first, second] = [choose(), choose()];
    expect(first).toMatchObject({ usable: true, trial: true });
    expect(book.tryBegin(candidate, first)).toBe(true);
    expect(book.tryBegin(candidate, second)).toBe(false);
    expect(book.availability('one', 'one/a', 'm').reason).toBe('trial-under-way');
    book.record(candidate, first, { type: 'answered' });
    expect(usable()).toBe(true);
    expect(book.tryBegin(candidate, second)).toBe(true);
    expect(sink.states()).toEqual(['one/a=trial', 'one/a=usable']);
  });

  test('a client that leaves frees the slot', () => {
    const { fail, clock, book, candidate, choose } = setUp();
    fail({});
    clock.pass(30_000);
    const choice = choose();
    expect(book.tryBegin(candidate, choice)).toBe(true);
    book.record(candidate, choice, { type: 'abandoned' });
    expect(book.tryBegin(candidate, choose())).toBe(true);
  });

  test("the client's own fault frees the slot, too", () => {
    const { fail, clock, book, candidate, choose } = setUp();
    fail({});
    clock.pass(30_000);
    const choice = choose();
    book.tryBegin(candidate, choice);
    const failure: Failure = { kind: 'bad-request', scope: 'request' };
    book.record(candidate, choice, { type: 'failed', failure });
    expect(choose().trial).toBe(true);
  });

  test('an account that has gone out since the plan was made is passed over', () => {
    const { fail, book, candidate, choose } = setUp();
    const planned = choose();
    fail({ kind: 'rate-limit' });
    expect(book.tryBegin(candidate, planned)).toBe(false);
  });

  test('a healthy account lets many through', () => {
    const { book, candidate, choose } = setUp();
    expect([1, 2, 3].map(() => book.tryBegin(candidate, choose()))).toEqual([true, true, true]);
  });

  test('one trial serves all levels; a broken model says nothing against the account', () => {
    const { fail, clock, book, candidate, choose, usable } = setUp();
    fail({ scope: 'instance' });
    fail({ kind: 'upstream', scope: 'account' });
    fail({ kind: 'rate-limit', scope: 'model', resetAtMs: clock.now() + 20_000 });
    clock.pass(30_000);
    const choice = choose();
    expect(book.tryBegin(candidate, choice)).toBe(true);
    expect(usable('b')).toBe(false);
    const failure: Failure = { kind: 'not-found', scope: 'model' };
    book.record(candidate, choice, { type: 'failed', failure });
    expect([usable('a'), usable('a', 'other'), usable('b')]).toEqual([false, true, true]);
  });

  test('a trial that fails more widely leaves the narrower state as it was', () => {
    const { fail, clock, book, candidate, choose } = setUp();
    fail({ kind: 'rate-limit', scope: 'account' });
    clock.pass(30_000);
    const choice = choose();
    book.tryBegin(candidate, choice);
    const failure: Failure = { kind: 'network', scope: 'instance' };
    book.record(candidate, choice, { type: 'failed', failure });
    expect(choose().reason).toBe('cooling');
    clock.pass(30_000);
    expect(choose()).toMatchObject({ usable: true, trial: true });
    expect(book.tryBegin(candidate, choose())).toBe(true);
  });

  test('an answer that breaks after its beginning counts as a failure', () => {
    const { book, candidate, choose, usable } = setUp();
    const choice = choose();
    book.tryBegin(candidate, choice);
    book.record(candidate, choice, { type: 'answered' });
    expect(usable()).toBe(true);
    const failure: Failure = { kind: 'upstream', scope: 'account' };
    book.record(candidate, choice, { type: 'failed', failure });
    expect(usable()).toBe(false);
  });
});

test('an upstream that always breaks its answers is asked ever more seldom', () => {
  const { book, candidate, choose, clock } = setUp(['a']);
  const failure: Failure = { kind: 'network', scope: 'account' };
  const seconds = [1, 2, 3, 4, 5, 6, 7].map(() => {
    const choice = choose();
    book.tryBegin(candidate, choice);
    book.record(candidate, choice, { type: 'answered' });
    book.record(candidate, choice, { type: 'failed', failure });
    const waitMs = choose().untilMs! - clock.now();
    clock.pass(waitMs);
    return waitMs / 1_000;
  });
  expect(seconds).toEqual([1, 2, 4, 8, 16, 30, 30]);
  const whole = choose();
  book.tryBegin(candidate, whole);
  book.record(candidate, whole, { type: 'answered' });
  const next = choose();
  book.tryBegin(candidate, next);
  book.record(candidate, next, { type: 'failed', failure });
  expect(choose().untilMs! - clock.now()).toBe(1_000);
});

describe('a new configuration', () => {
  test('of what is gone nothing is left, and what it still tells is not heard', () => {
    const { book, instance, fail, usable, candidate, choose, sink } = setUp();
    book.retain([instance]);
    fail({ kind: 'auth' });
    fail({ kind: 'rate-limit' }, 1);
    const gone = choose();
    const [handle] = instance.handles.splice(0, 1);
    book.retain([instance]);
    expect([usable('a'), usable('b')]).toEqual([true, false]);
    sink.states();
    book.record(candidate, gone, {
      type: 'failed',
      failure: { kind: 'auth', scope: 'account' },
    });
    book.record(candidate, gone, {
      type: 'failed',
      failure: { kind: 'network', scope: 'instance' },
    });
    book.setProbe(handle!, 'p', { status: 'down', detail: 'x' });
    book.setQuotas(handle!, () => [{ name: 'requests' }]);
    expect(sink.states()).toEqual([]);
    instance.handles.push(fakeHandle('one', 'a'));
    book.retain([instance]);
    expect(usable('a')).toBe(true);
    expect(book.standing('one', 'one/a')).toEqual({ state: 'usable', models: [] });
    fail({ scope: 'instance' });
    // Under the same name, with other accounts.
    book.retain([fakeInstance('one', { keys: ['c'] })]);
    expect(usable('c')).toBe(true);
  });

  test('an account that stays begins anew, but for what its vendor has limited', () => {
    const { book, instance, fail, usable, candidate, sink, clock } = setUp(['a', 'b', 'c', 'd']);
    book.retain([instance]);
    fail({ kind: 'network' }, 0);
    fail({ kind: 'rate-limit', resetAtMs: clock.now() + 60_000 }, 1);
    fail({ kind: 'auth' }, 2);
    fail({ kind: 'not-found' }, 3);
    book.setProbe(instance.handles[3]!, 'p', { status: 'down', detail: 'x' });
    fail({ kind: 'upstream', scope: 'instance' }, 0);
    expect(['a', 'b', 'c', 'd'].map((key) => usable(key))).toEqual([false, false, false, false]);
    sink.states();
    book.retain([instance]);
    expect(sink.states()).toEqual([]);
    const former = candidate.accounts;
    const next = fakeInstance('one', { keys: ['a', 'b', 'c', 'd'] });
    book.retain([next]);
    expect(['a', 'b', 'c', 'd'].map((key) => usable(key))).toEqual([true, false, true, true]);
    expect(sink.states().sort()).toEqual([
      'one/a=usable',
      'one/b=cooling',
      'one/c=usable',
      'one/d=usable',
    ]);
    // A request of the former generation ends: what its upstream did says nothing about this one.
    const record = (index: number, kind: Failure['kind'], scope: Failure['scope'] = 'account') =>
      book.record(candidate, former[index]!, { type: 'failed', failure: { kind, scope } });
    record(0, 'network', 'instance');
    record(0, 'upstream');
    book.setProbe(instance.handles[0]!, 'p', { status: 'down', detail: 'x' });
    expect(usable('a')).toBe(true);
    record(0, 'rate-limit');
    expect(usable('a')).toBe(false);
  });

  test('a trial of the former generation frees its slot', () => {
    const { book, instance, fail, candidate, choose, clock } = setUp(['a']);
    book.retain([instance]);
    fail({ kind: 'rate-limit' });
    clock.pass(30_000);
    const trial = choose();
    expect(book.tryBegin(candidate, trial)).toBe(true);
    book.retain([fakeInstance('one', { keys: ['a'] })]);
    expect(choose().reason).toBe('trial-under-way');
    book.record(candidate, trial, {
      type: 'failed',
      failure: { kind: 'network', scope: 'account' },
    });
    expect(choose()).toMatchObject({ usable: true, trial: true });
  });
});

describe('probes', () => {
  test('down: out until it is up again', () => {
    const { book, instance, usable, sink, clock } = setUp();
    const handle = instance.handles[0]!;
    book.setProbe(handle, 'p', { status: 'down', detail: 'no page' });
    book.setProbe(handle, 'p', { status: 'down', detail: 'still none' });
    book.setProbe(handle, 'q', { status: 'down', detail: 'q' });
    clock.pass(1e9);
    expect(book.availability('one', 'one/a', 'm')).toEqual({
      usable: false,
      trial: false,
      reason: 'probe-down',
      detail: 'still none; q',
    });
    book.setProbe(handle, 'q', { status: 'unknown' });
    expect(usable()).toBe(false);
    book.setProbe(handle, 'p', { status: 'up' });
    book.setProbe(handle, 'p', { status: 'up' });
    expect(usable()).toBe(true);
    expect(sink.states()).toEqual([
      'one/a=probe-down',
      'one/a=probe-down',
      'one/a=probe-down',
      'one/a=usable',
    ]);
  });

  test('up: what the network put out is tried at once, a rate limit is not', () => {
    const { book, instance, fail, choose } = setUp();
    fail({ scope: 'instance' });
    book.setProbe(instance.handles[0]!, 'p', { status: 'up' });
    expect(choose()).toMatchObject({ usable: true, trial: true });
    fail({ kind: 'rate-limit' });
    book.setProbe(instance.handles[0]!, 'p', { status: 'up' });
    expect(choose().usable).toBe(false);
  });
});

describe('when to come back', () => {
  test('the soonest of all accounts', () => {
    const { book, candidate, fail, clock } = setUp(['a', 'b', 'c']);
    fail({ kind: 'rate-limit', resetAtMs: clock.now() + 90_000 }, 0);
    fail({ kind: 'rate-limit', resetAtMs: clock.now() + 20_000 }, 1);
    fail({ kind: 'auth' }, 2);
    expect(book.soonestResetMs(planOf(candidate))).toBe(clock.now() + 20_000);
    book.reset('one/c');
    expect(book.soonestResetMs(planOf(candidate))).toBe(clock.now());
    expect(book.soonestResetMs(planOf())).toBeUndefined();
  });

  test('a second where another request tries; unknown where only a probe knows', () => {
    const { book, candidate, fail, clock, choose, instance } = setUp(['a']);
    fail({});
    clock.pass(30_000);
    book.tryBegin(candidate, choose());
    expect(book.soonestResetMs(planOf(candidate))).toBe(clock.now() + 1_000);
    book.reset();
    book.setProbe(instance.handles[0]!, 'p', { status: 'down', detail: 'x' });
    expect(book.soonestResetMs(planOf(candidate))).toBeUndefined();
  });
});

test('reset forgets one account or all, and tells', () => {
  const { book, fail, usable, sink, clock, candidate, choose } = setUp();
  fail({});
  fail({ kind: 'not-found' }, 1);
  fail({ scope: 'instance' });
  sink.states();
  book.reset('one/a');
  expect([usable('a'), usable('b'), usable('b', 'other')]).toEqual([true, false, true]);
  expect(sink.states()).toEqual(['one/a=usable', 'one/b=usable']);
  book.reset('one/nobody');
  book.reset();
  expect(usable('b')).toBe(true);
  expect(sink.states()).toEqual(['one/b=usable']);
  book.reset();
  expect(sink.states()).toEqual([]);
  fail({ scope: 'instance' });
  expect(sink.states()).toHaveLength(2);
  book.reset();
  expect(sink.states()).toEqual(['one/a=usable', 'one/b=usable']);
  fail({});
  clock.pass(30_000);
  const trial = choose();
  book.tryBegin(candidate, trial);
  book.reset();
  book.record(candidate, trial, { type: 'abandoned' });
  expect(usable()).toBe(true);
});

test('quotas are kept for show, within bounds', () => {
  const { book, instance } = setUp();
  const quotas = Array.from({ length: 100 }, (_, n) => ({ name: `limit-${n}`, remaining: n }));
  book.setQuotas(instance.handles[0]!, () => quotas);
  expect(book.standing('one', 'one/a').quotas).toHaveLength(32);
  expect(book.standing('one', 'one/unknown')).toEqual({ state: 'usable', models: [] });
});

test('what a limit has left is not known any more once it was given anew', () => {
  const { book, instance, clock } = setUp();
  const resetAtMs = clock.now() + 60_000;
  const told = [
    { name: 'tokens', limit: 9, remaining: 1, resetAtMs },
    { name: 'share', remaining: 2, resetAtMs },
    { name: 'open', remaining: 3 },
  ];
  book.setQuotas(instance.handles[0]!, () => told);
  expect(book.standing('one', 'one/a').quotas).toEqual(told);
  clock.pass(60_000);
  expect(book.standing('one', 'one/a').quotas).toEqual([
    { name: 'tokens', limit: 9 },
    { name: 'share' },
    { name: 'open', remaining: 3 },
  ]);
});

test('models that clients make up do not fill the memory', () => {
  const { book, instance, fail } = setUp();
  for (let n = 0; n < 3_000; n++) {
    fail({ kind: 'not-found' }, 0, candidateOf(instance, `made-up-${n}`));
  }
  const { models } = book.standing('one', 'one/a');
  expect(models.length).toBeLessThanOrEqual(500);
  expect(models.at(-1)?.model).toBe('made-up-2999');
});

test('a limit that is reached: no request until the stated time, then exactly one', () => {
  const { book, candidate, choose, fail, clock } = setUp(['a']);
  fail({ kind: 'rate-limit', resetAtMs: clock.now() + 3_000 });
  let sent = 0;
  for (let ms = 0; ms < 2_999; ms += 10) {
    if (book.tryBegin(candidate, choose())) sent += 1;
    clock.pass(10);
  }
  expect(sent).toBe(0);
  clock.pass(10);
  const together = Array.from({ length: 100 }, () => book.tryBegin(candidate, choose()));
  expect(together.filter(Boolean)).toHaveLength(1);
});
