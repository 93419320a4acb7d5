import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import type { Failure } from '@cliproxy/plugin-api';
import type { FakeInstance } from '../../test/fake-instances.ts';
import { fakeInstance, Listener, ManualClock, policy } from '../../test/fake-instances.ts';
import type { StateStore } from '../ports/state-store.ts';
import type { Candidate } from '../routing/plan.ts';
import { AccountBook } from './account-book.ts';
import { readStandings } from './kept-standings.ts';
import { StandingKeeper } from './standing-keeper.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** Keeps text, as a file does. */
class MemoryStore implements StateStore {
  text: string | undefined;
  saves = 0;
  fault: Error | undefined;
  async load(): Promise<unknown> {
    if (this.fault !== undefined) throw this.fault;
    return Promise.resolve(this.text === undefined ? undefined : JSON.parse(this.text));
  }
  async save(state: object): Promise<void> {
    this.saves += 1;
    if (this.fault !== undefined) throw this.fault;
    this.text = JSON.stringify(state);
    return Promise.resolve();
  }
}

/** One process: a book and its keeper over a store that outlives both. */
async function start(store: MemoryStore, clock: ManualClock, instance: FakeInstance) {
  const sink = new Listener();
  const book = new AccountBook({ clock, sink, policy: () => policy, random: () => 0 });
  const warnings: string[] = [];
  const silent = (): void => undefined;
  const logger = {
    debug: silent,
    info: silent,
    warn: (text: string) => warnings.push(text),
    error: silent,
  };
  const keeper = new StandingKeeper({ store, book, clock, logger });
  await keeper.restore();
  book.retain([instance]);
  const candidate: Candidate = {
    instanceId: instance.id,
    instance,
    upstreamModel: 'm',
    dialects: [],
    refuses: [],
    accounts: [],
    usable: true,
  };
  const choices = instance.handles.map((handle) => ({ handle, usable: true, trial: false }));
  const choice = (index: number) => choices[index]!;
  return {
    book,
    keeper,
    sink,
    warnings,
    begin: (index = 0) => book.tryBegin(candidate, choice(index)),
    fail: (failure: Partial<Failure>, index = 0) =>
      book.record(candidate, choice(index), {
        type: 'failed',
        failure: { kind: 'rate-limit', scope: 'account', ...failure },
      }),
    now: (index = 0, model = 'm') =>
      book.availability(instance.id, instance.handles[index]!.account.id, model),
  };
}

const setUp = async (...keys: string[]) => {
  const store = new MemoryStore();
  const clock = new ManualClock();
  const instance = fakeInstance('one', { keys: keys.length === 0 ? ['a', 'b', 'c'] : keys });
  return { store, clock, instance, first: await start(store, clock, instance) };
};

describe('a restart', () => {
  test('forgets nothing that stands against accounts, models and instances', async () => {
    const { store, clock, instance, first } = await setUp();
    first.fail({ resetAtMs: clock.now() + 600_000, message: 'slow down' });
    first.fail({ kind: 'not-found' }, 1);
    first.fail({ kind: 'auth' }, 2);
    const before = [first.now(), first.now(1), first.now(1, 'other'), first.now(2)];
    await first.keeper.stop();
    clock.pass(60_000);
    const second = await start(store, clock, instance);
    expect([second.now(), second.now(1), second.now(1, 'other'), second.now(2)]).toEqual(before);
    expect(second.now()).toMatchObject({ usable: false, kind: 'rate-limit', detail: 'slow down' });
    second.fail({ kind: 'overloaded', scope: 'instance' });
    await second.keeper.stop();
    const third = await start(store, clock, instance);
    expect(third.now(1, 'other')).toMatchObject({ usable: false, kind: 'overloaded' });
  });

  test('while a trial is under way leaves one trial, not none', async () => {
    const { store, clock, instance, first } = await setUp();
    first.fail({ resetAtMs: clock.now() + 5_000 });
    clock.pass(5_000);
    expect(first.begin()).toBe(true);
    await first.keeper.stop();
    const second = await start(store, clock, instance);
    expect(second.now()).toMatchObject({ usable: true, trial: true });
    expect([second.begin(), second.begin()]).toEqual([true, false]);
  });

  test('forgets accounts that are gone, and what was reset', async () => {
    const { store, clock, instance, first } = await setUp();
    first.fail({}, 0);
    first.fail({}, 1);
    first.fail({ kind: 'billing' }, 2);
    instance.handles.splice(0, 1);
    first.book.retain([instance]);
    first.book.reset('one/b');
    await first.keeper.stop();
    expect(store.text).not.toContain('one/a');
    expect(store.text).not.toContain('one/b');
    expect((await start(store, clock, instance)).now(1)).toMatchObject({ kind: 'billing' });
  });

  test('counts failures in a row on', async () => {
    const { store, clock, instance, first } = await setUp();
    for (let n = 0; n < 3; n++) {
      expect(first.begin()).toBe(true);
      first.fail({ kind: 'network' });
      clock.pass(30_000);
    }
    await first.keeper.stop();
    const second = await start(store, clock, instance);
    second.begin();
    second.fail({ kind: 'network' });
    expect(second.now().untilMs).toBe(clock.now() + 8_000);
  });
});

describe('a clock that jumps', () => {
  test('back: what was left then is left now', async () => {
    const { store, clock, instance, first } = await setUp();
    first.fail({ resetAtMs: clock.now() + 40_000 });
    await first.keeper.stop();
    clock.pass(-86_400_000);
    expect((await start(store, clock, instance)).now().untilMs).toBe(clock.now() + 40_000);
  });

  test('ahead: a trial', async () => {
    const { store, clock, instance, first } = await setUp();
    first.fail({ resetAtMs: clock.now() + 40_000 });
    await first.keeper.stop();
    clock.pass(86_400_000);
    expect((await start(store, clock, instance)).now()).toMatchObject({ trial: true });
  });

  test('whatever was saved, nothing is out beyond the clamp without a trial', async () => {
    const { store, clock, instance, first } = await setUp();
    first.fail({ resetAtMs: clock.now() + 40_000 });
    await first.keeper.stop();
    store.text = store.text!.replace(/"untilMs":\d+/u, `"untilMs":${clock.now() + 1e9}`);
    expect((await start(store, clock, instance)).now()).toMatchObject({ trial: true });
  });
});

describe('saving', () => {
  test('comes soon after a change, once for many', async () => {
    const { store, first } = await setUp();
    await jest.advanceTimersByTimeAsync(5_000);
    expect(store.saves).toBe(0);
    for (let n = 0; n < 50; n++) first.fail({ kind: 'overloaded' }, n % 3);
    expect(store.saves).toBe(0);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(store.saves).toBe(1);
    await jest.advanceTimersByTimeAsync(60_000);
    await first.keeper.stop();
    expect(store.saves).toBe(1);
  });

  test('what the end of all accounts changes is not saved', async () => {
    const { store, first } = await setUp();
    first.fail({});
    await first.keeper.stop();
    first.book.retain([]);
    await jest.advanceTimersByTimeAsync(60_000);
    await first.keeper.stop();
    expect(store.saves).toBe(1);
    expect(store.text).toContain('one/a');
  });

  test('a store that fails is told of once, and tried again with the next change', async () => {
    const { store, first } = await setUp();
    store.fault = new Error('the disk is full');
    for (let n = 0; n < 3; n++) {
      first.fail({}, n);
      await jest.advanceTimersByTimeAsync(1_000);
    }
    expect(first.warnings).toEqual(['could not save what stands against accounts']);
    store.fault = undefined;
    await first.keeper.stop();
    expect(store.text).toContain('one/c');
  });

  test('a store that can’t be read keeps nobody out', async () => {
    const store = new MemoryStore();
    store.fault = new Error('unreadable');
    const { now, warnings } = await start(store, new ManualClock(), fakeInstance('one'));
    expect(now().usable).toBe(true);
    expect(warnings).toHaveLength(1);
  });
});

test('junk is left out, entry by entry', () => {
  const state = { reason: 'cooling', kind: 'rate-limit', untilMs: 9, strikes: 1 };
  const good = { instance: 'one', account: 'one/a', state };
  const bad = [
    null,
    { ...good, instance: 7 },
    { ...good, account: '' },
    { instance: 'one', model: 'm', state },
    { ...good, state: { ...state, kind: 'constructor' } },
    { ...good, state: { ...state, reason: 'fun' } },
    { ...good, state: { ...state, untilMs: '9' } },
    { ...good, state: { ...state, strikes: 0.5 } },
  ];
  const saved = { version: 1, savedAtMs: 5, standings: [...bad, good] };
  expect(readStandings(saved, 6)).toEqual([good]);
  expect(readStandings({ ...saved, version: 2 }, 6)).toEqual([]);
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat(), (value, now) => {
      expect(Array.isArray(readStandings(value, now))).toBe(true);
    }),
  );
});

test('it is bounded, however much is saved', () => {
  const state = { reason: 'cooling', kind: 'not-found', untilMs: 9, strikes: 1 };
  const standings = Array.from({ length: 20_000 }, (_, n) => ({
    instance: 'one',
    account: `one/${n}`,
    state: { ...state, detail: 'd'.repeat(9_000) },
  }));
  const read = readStandings({ version: 1, savedAtMs: 5, standings }, 6);
  expect(read).toHaveLength(10_000);
  expect(read[0]?.state.detail).toHaveLength(500);
});
