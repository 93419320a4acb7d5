import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { AccountContext, Failure, HealthProbe, HealthReport } from '@cliproxy/plugin-api';
import type { FakeInstance } from '../../test/fake-instances.ts';
import {
  fakeHandle,
  fakeInstance,
  fakeProbe,
  Listener,
  ManualClock,
  policy,
} from '../../test/fake-instances.ts';
import { AccountBook } from '../accounts/account-book.ts';
import { faultBook } from '../../test/fault-book.ts';
import type { AttemptRecord, RequestFinished } from '../ports/event-sink.ts';
import type { Candidate } from '../routing/plan.ts';
import type { ChildHealth } from './health-snapshot.ts';
import { HealthMonitor } from './health-monitor.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

const never = new AbortController().signal;

function setUp(...instances: FakeInstance[]) {
  const clock = new ManualClock();
  const present = [...instances];
  const book = new AccountBook({
    clock,
    sink: new Listener(),
    policy: () => policy,
    random: () => 0,
  });
  const faults = faultBook({ clock, sink: new Listener() });
  const problems = new Map<string, readonly string[]>();
  const askedAgain: string[] = [];
  const retried: string[] = [];
  const children = new Map<string, readonly ChildHealth[]>();
  const monitor = new HealthMonitor({
    instances: () => present,
    book,
    clock,
    random: () => 0.5,
    faults,
    supervisor: { children: (id) => children.get(id) ?? [] },
    catalogue: {
      problems: (id) => problems.get(id) ?? [],
      askAgain: (accountId) => void askedAgain.push(accountId),
      retryFailed: (accountId) => void retried.push(accountId),
    },
  });
  const pass = async (seconds: number): Promise<void> => {
    for (let n = 0; n < seconds; n++) {
      clock.pass(1_000);
      await jest.advanceTimersByTimeAsync(1_000);
    }
  };
  const fail = (instance: FakeInstance, failure: Partial<Failure>, index = 0): void => {
    const handle = instance.handles[index]!;
    const choice = { handle, usable: true, trial: false };
    const candidate: Candidate = {
      instanceId: instance.id,
      instance,
      upstreamModel: 'm',
      dialects: [],
      refuses: [],
      accounts: [],
      usable: true,
    };
    book.record(candidate, choice, {
      type: 'failed',
      failure: { kind: 'network', scope: 'account', ...failure },
    });
  };
  const usable = (id = 'one/a'): boolean => book.availability(id.split('/')[0]!, id, 'm').usable;
  return {
    children,
    clock,
    faults,
    present,
    book,
    problems,
    askedAgain,
    retried,
    monitor,
    pass,
    fail,
    usable,
  };
}

function attempt(instanceId: string, more: Partial<AttemptRecord> = {}): AttemptRecord {
  return {
    instanceId,
    account: `${instanceId}/a`,
    accountLabel: '***',
    model: 'm',
    startedMs: 0,
    durationMs: 10,
    outcome: 'answered',
    ...more,
  };
}

function finished(attempts: readonly AttemptRecord[], firstTokenMs?: number): RequestFinished {
  return {
    type: 'request-finished',
    requestId: 'r',
    dialect: 'openai-chat',
    operation: 'generate',
    model: 'm',
    stream: true,
    outcome: 'answered',
    status: 200,
    attempts,
    durationMs: 10,
    ...(firstTokenMs === undefined ? {} : { firstTokenMs }),
  };
}

describe('probes', () => {
  const probed = (probe: HealthProbe, keys?: readonly string[]): FakeInstance =>
    fakeInstance('one', { probes: [probe], ...(keys === undefined ? {} : { keys }) });

  test('run for each account at their interval', async () => {
    const asked: string[] = [];
    const instance = probed(
      fakeProbe(async ({ account }) => {
        asked.push(account.id);
        return { status: 'up', detail: 'fine' };
      }),
      ['a', 'b'],
    );
    const { monitor, pass, clock } = setUp(instance);
    monitor.start();
    monitor.start();
    await pass(3);
    expect(asked).toEqual(['one/a', 'one/b']);
    await pass(10);
    expect(asked).toHaveLength(4);
    const [plugin] = monitor.snapshot().plugins;
    expect(plugin?.accounts[0]?.probes).toEqual([
      { probe: 'ping', status: 'up', detail: 'fine', checkedAtMs: clock.now() - 1_000 },
    ]);
    monitor.stop();
    await pass(60);
    expect(asked).toHaveLength(4);
  });

  test('down puts the account out until up again', async () => {
    let report: HealthReport = { status: 'down', detail: 'no page' };
    const instance = probed(fakeProbe(() => Promise.resolve(report)));
    const { monitor, pass, usable, book, askedAgain } = setUp(instance);
    monitor.start();
    await pass(3);
    expect(usable()).toBe(false);
    expect(book.isProbeDown('one/a')).toBe(true);
    expect(monitor.snapshot()).toMatchObject({
      status: 'down',
      plugins: [{ status: 'down', accounts: [{ state: 'probe-down', reason: 'no page' }] }],
    });
    expect(instance.warnings).toHaveLength(1);
    expect(askedAgain).toEqual([]);
    report = { status: 'degraded' };
    await pass(10);
    expect(usable()).toBe(true);
    expect(book.isProbeDown('one/a')).toBe(false);
    await pass(10);
    expect(askedAgain).toEqual(['one/a']);
    expect(monitor.snapshot().status).toBe('up');
    monitor.stop();
  });

  test('found up for the first time have failed lists asked again, and a child that is ready', async () => {
    let checks = 0;
    let report: HealthReport = { status: 'up' };
    const probe = fakeProbe(
      () => {
        checks += 1;
        return Promise.resolve(report);
      },
      { intervalMs: 300_000 },
    );
    const { monitor, pass, askedAgain, retried, book } = setUp(probed(probe));
    monitor.start();
    await pass(3);
    expect([checks, retried, askedAgain]).toEqual([1, ['one/a'], []]);
    await pass(300);
    expect([checks, retried]).toEqual([2, ['one/a']]);
    report = { status: 'down' };
    await pass(300);
    expect([checks, book.isProbeDown('one/a')]).toEqual([3, true]);
    report = { status: 'up' };
    const child = { type: 'child-changed', instanceId: 'one', child: 'web', restarts: 0 } as const;
    monitor.emit({ ...child, state: 'starting' });
    monitor.emit({ ...child, instanceId: 'two', state: 'ready' });
    await pass(2);
    expect(checks).toBe(3);
    monitor.emit({ ...child, state: 'ready' });
    await pass(1);
    expect([checks, book.isProbeDown('one/a')]).toEqual([4, false]);
    expect([retried, askedAgain]).toEqual([['one/a', 'one/a'], ['one/a']]);
    monitor.stop();
  });

  test('that only report put nobody out', async () => {
    const instance = probed(
      fakeProbe(async () => ({ status: 'down' }), { affects: 'report-only' }),
    );
    const { monitor, usable } = setUp(instance);
    const snapshot = await monitor.checkNow(never);
    expect(snapshot.plugins[0]?.accounts[0]?.probes).toMatchObject([{ status: 'down' }]);
    expect(usable()).toBe(true);
  });

  test.each<[string, HealthProbe['check'], string]>([
    ['a throw', () => Promise.reject(new Error('boom')), 'plugin "one", probe "ping": boom'],
    [
      'a throw at once',
      () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- plugins do
        throw 'bare';
      },
      'plugin "one", probe "ping": bare',
    ],
    [
      'junk',
      () => Promise.resolve({ status: 'splendid' } as unknown as HealthReport),
      'plugin "one" gave a malformed report for its probe "ping"',
    ],
    [
      'nothing',
      () => Promise.resolve(undefined as unknown as HealthReport),
      'plugin "one" gave a malformed report for its probe "ping"',
    ],
  ])('%s is down, with the plugin named', async (_, check, detail) => {
    const { monitor, usable } = setUp(probed(fakeProbe(check)));
    const { plugins } = await monitor.checkNow(never);
    expect(plugins[0]?.accounts[0]).toMatchObject({ state: 'probe-down', reason: detail });
    expect(usable()).toBe(false);
  });

  test('that hang are cut off, aborted and never run twice at once', async () => {
    const signals: AbortSignal[] = [];
    let running = 0;
    const instance = probed(
      fakeProbe(
        ({ signal }: AccountContext) =>
          new Promise<HealthReport>(() => {
            running += 1;
            signals.push(signal);
          }),
      ),
    );
    const { monitor, pass, usable } = setUp(instance);
    monitor.start();
    await pass(4);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(usable()).toBe(false);
    await pass(30);
    expect(running).toBe(1);
    await monitor.checkNow(never);
    expect(running).toBe(1);
    // Given up: a plugin that hung once must not be out for ever.
    await pass(60);
    expect(running).toBe(2);
    monitor.stop();
  });

  test('leave alone who waits for a person or for a limit; look after who lost the network', async () => {
    const asked: string[] = [];
    const instance = probed(
      fakeProbe(async ({ account }) => {
        asked.push(account.id);
        return { status: 'up' };
      }),
      ['key', 'limit', 'net'],
    );
    instance.handles.push(fakeHandle('one', 'login', 'oauth'));
    const { monitor, fail, book } = setUp(instance);
    fail(instance, { kind: 'auth' }, 0);
    fail(instance, { kind: 'rate-limit' }, 1);
    fail(instance, { kind: 'network' }, 2);
    fail(instance, { kind: 'auth' }, 3);
    const { plugins } = await monitor.checkNow(never);
    expect(asked).toEqual(['one/net']);
    expect(book.availability('one', 'one/net', 'm')).toMatchObject({ usable: true, trial: true });
    expect(plugins[0]?.accounts.map(({ state }) => state)).toEqual([
      'invalid-key',
      'cooling',
      'trial',
      'needs-login',
    ]);
    expect(plugins[0]?.status).toBe('degraded');
  });

  test('of accounts and instances that have gone are forgotten', async () => {
    const instance = probed(
      fakeProbe(async () => ({ status: 'down' })),
      ['a', 'b'],
    );
    const { monitor, present, usable, pass } = setUp(instance);
    await monitor.checkNow(never);
    expect([usable('one/a'), usable('one/b')]).toEqual([false, false]);
    instance.handles.pop();
    await monitor.checkNow(never);
    expect([usable('one/a'), usable('one/b')]).toEqual([false, true]);
    present[0] = probed(fakeProbe(async () => ({ status: 'up' })));
    monitor.start();
    await pass(3);
    expect(usable('one/a')).toBe(true);
    monitor.stop();
  });

  test('checked now: nobody waits longer than they want to', async () => {
    let check: () => Promise<HealthReport> = () => new Promise(() => undefined);
    const { monitor } = setUp(probed(fakeProbe(() => check())));
    const controller = new AbortController();
    const waiting = monitor.checkNow(controller.signal);
    controller.abort();
    expect((await waiting).plugins[0]?.accounts[0]?.probes).toEqual([]);
    expect((await monitor.checkNow(controller.signal)).plugins).toHaveLength(1);
    check = () => Promise.resolve({ status: 'up' });
  });

  test('with nonsense for times still run', async () => {
    let runs = 0;
    const instance = probed(
      fakeProbe(
        async () => {
          runs += 1;
          return { status: 'up' };
        },
        { intervalMs: NaN, timeoutMs: -1 },
      ),
    );
    const { monitor, pass } = setUp(instance);
    monitor.start();
    await pass(3);
    expect(runs).toBe(1);
    await pass(61);
    expect(runs).toBe(2);
    monitor.stop();
  });

  test('calls at the same time share one round', async () => {
    const asked = { fast: 0, slow: 0 };
    let end = (): void => undefined;
    const probes = [
      fakeProbe(async () => {
        asked.fast += 1;
        return { status: 'up' };
      }),
      fakeProbe(
        () =>
          new Promise<HealthReport>((resolve) => {
            asked.slow += 1;
            end = () => resolve({ status: 'up' });
          }),
        { id: 'slow' },
      ),
    ];
    const { monitor } = setUp(fakeInstance('one', { probes }));
    const leaving = new AbortController();
    const left = monitor.checkNow(leaving.signal);
    const waiting: Promise<unknown>[] = [];
    for (let n = 0; n < 20; n++) {
      waiting.push(monitor.checkNow(new AbortController().signal));
      await jest.advanceTimersByTimeAsync(1);
    }
    // Whoever began the round may leave; the others still get its end.
    leaving.abort();
    await left;
    waiting.push(monitor.checkNow(new AbortController().signal));
    expect(asked).toEqual({ fast: 1, slow: 1 });
    end();
    await Promise.all(waiting);
    await Promise.all([
      monitor.checkNow(new AbortController().signal),
      jest.advanceTimersByTimeAsync(1).then(() => end()),
    ]);
    expect(asked).toEqual({ fast: 2, slow: 2 });
  });
});

describe('from traffic', () => {
  test("what was the request's own fault is no failure of the instance", () => {
    const { monitor } = setUp(fakeInstance('one'));
    const failed = (more: Partial<AttemptRecord>) =>
      monitor.emit(finished([attempt('one', { outcome: 'failed', ...more })]));
    failed({ failure: 'bad-request', scope: 'request', code: 'UPSTREAM_BAD_REQUEST', status: 400 });
    failed({ failure: 'too-large', scope: 'request', code: 'UPSTREAM_REQUEST_TOO_LARGE' });
    failed({ failure: 'overloaded', scope: 'request', code: 'KERNEL_STOPPING' });
    expect(monitor.snapshot().plugins[0]?.requests).toEqual({ answered: 0, failed: 0 });
    failed({ failure: 'not-found', scope: 'model', code: 'UPSTREAM_NOT_FOUND', status: 404 });
    // It gets no second attempt, but it is the upstream that took too long.
    failed({ failure: 'timeout', scope: 'request', code: 'UPSTREAM_TIMEOUT' });
    expect(monitor.snapshot().plugins[0]?.requests).toEqual({ answered: 0, failed: 2 });
    expect(monitor.snapshot().plugins[0]).not.toHaveProperty('faults');
  });

  test("a plugin's own faults are counted by themselves, and put it out", () => {
    const { monitor, faults, clock } = setUp(fakeInstance('one'), fakeInstance('two'));
    faults.note({ instanceId: 'one', where: 'probe', error: 'gave junk' });
    const [first] = monitor.snapshot().plugins;
    expect(first).toMatchObject({
      state: 'ready',
      status: 'up',
      faults: { count: 1, byPlace: { probe: 1 }, last: { where: 'probe', message: 'gave junk' } },
      problems: [expect.stringContaining('1 fault of its own, the last (probe): gave junk')],
    });
    expect(first).not.toHaveProperty('circuit');
    for (let n = 0; n < policy.pluginFaults; n++) {
      faults.note({ instanceId: 'one', where: 'hook', error: new TypeError('x is not y') });
    }
    const [one, two] = monitor.snapshot().plugins;
    expect(one).toMatchObject({
      state: 'sick',
      status: 'down',
      faults: { count: 6, byPlace: { probe: 1, hook: 5 } },
      circuit: { state: 'open', openings: 1, retryInMs: 1_000 },
      problems: [expect.stringMatching(/TypeError: x is not y; .*again in 1 s.*accounts reset/u)],
    });
    expect(two).toMatchObject({ state: 'ready', status: 'up', problems: [] });
    expect(two).not.toHaveProperty('faults');
    clock.pass(1_000);
    expect(monitor.snapshot().plugins[0]).toMatchObject({
      state: 'sick',
      status: 'degraded',
      circuit: { state: 'half-open', openings: 1 },
    });
    faults.noteSuccess('one');
    expect(monitor.snapshot().plugins[0]).toMatchObject({ state: 'ready', status: 'up' });
    expect(monitor.snapshot().plugins[0]?.problems).toHaveLength(1);
    clock.pass(600_000);
    expect(monitor.snapshot().plugins[0]).toMatchObject({ faults: { count: 6 }, problems: [] });
  });

  test('counts answers and failures, and remembers the last success', () => {
    const { monitor, clock } = setUp(fakeInstance('one'), fakeInstance('two'));
    monitor.emit(finished([attempt('one', { outcome: 'failed' }), attempt('two')]));
    monitor.emit(finished([attempt('two', { outcome: 'client-left' })]));
    monitor.emit({ type: 'plugin-changed', instanceId: 'one', state: 'ready' });
    const [one, two] = monitor.snapshot().plugins;
    expect(one).toMatchObject({ requests: { answered: 0, failed: 1 } });
    expect(one).not.toHaveProperty('lastSuccessMs');
    expect(one).not.toHaveProperty('ttftMs');
    expect(two).toMatchObject({
      requests: { answered: 1, failed: 0 },
      lastSuccessMs: clock.now(),
      accounts: [{ id: 'two/a', lastSuccessMs: clock.now() }],
    });
  });

  test('times to the first token: of the last 256 streams, without what attempts before took', () => {
    const { monitor } = setUp(fakeInstance('one'));
    for (let n = 0; n < 300; n++) monitor.emit(finished([attempt('one')], 9_999));
    for (let n = 1; n <= 256; n++) {
      const attempts = [
        attempt('two', { outcome: 'failed' }),
        attempt('one', { startedMs: 1_000 }),
      ];
      monitor.emit(finished(attempts, 1_000 + n));
    }
    monitor.emit({ ...finished([attempt('one')], 77_777), stream: false });
    monitor.emit(finished([], 5));
    expect(monitor.snapshot().plugins[0]?.ttftMs).toEqual({ p50: 128, p95: 244 });
  });

  test('a target is as quick as it was of late', () => {
    const { monitor, clock } = setUp(fakeInstance('one'));
    const told = (ttftMs: number, more: Partial<AttemptRecord> = {}): void =>
      monitor.emit(finished([attempt('one', { startedMs: 50, ...more })], 50 + ttftMs));
    expect(monitor.latencyMs('one', 'm')).toBeUndefined();
    told(100);
    expect(monitor.latencyMs('one', 'm')).toBe(100);
    told(600);
    expect(monitor.latencyMs('one', 'm')).toBe(200);
    told(9_999, { model: 'other' });
    expect(monitor.latencyMs('one', 'm')).toBe(200);
    for (let n = 0; n < 40; n++) told(1_000);
    expect(monitor.latencyMs('one', 'm')).toBeCloseTo(1_000, 0);
    clock.pass(600_001);
    expect(monitor.latencyMs('one', 'm')).toBeUndefined();
    told(40);
    expect(monitor.latencyMs('one', 'm')).toBe(40);
    clock.pass(-3_600_000);
    expect(monitor.latencyMs('one', 'm')).toBeUndefined();
  });

  test('is forgotten with its instance', () => {
    const { monitor, present } = setUp(fakeInstance('one'));
    monitor.emit(finished([attempt('one')]));
    const [one] = present.splice(0);
    expect(monitor.snapshot().plugins).toEqual([]);
    present.push(one!);
    expect(monitor.snapshot().plugins[0]).toMatchObject({ requests: { answered: 0 } });
    expect(monitor.snapshot().plugins[0]?.accounts[0]).not.toHaveProperty('lastSuccessMs');
  });
});

describe('the whole', () => {
  test('names what every instance is and what is wrong with it', () => {
    const failed = fakeInstance('bad', {
      state: 'failed',
      keys: [],
      problems: [{ code: 'PLUGIN_SETUP_FAILED', message: 'it threw' }],
    });
    const { monitor, problems } = setUp(fakeInstance('one'), failed);
    problems.set('bad', ['no list']);
    const { plugins, status, ready } = monitor.snapshot();
    expect([status, ready]).toEqual(['degraded', false]);
    expect(plugins[0]).toEqual({
      instanceId: 'one',
      plugin: 'one',
      package: '@fake/one',
      version: '1.0.0',
      state: 'ready',
      status: 'up',
      problems: [],
      accounts: [{ id: 'one/a', label: '***a', state: 'usable', probes: [] }],
      requests: { answered: 0, failed: 0 },
    });
    expect(plugins[1]).toMatchObject({ status: 'down', problems: ['it threw', 'no list'] });
    monitor.start();
    expect(monitor.snapshot().ready).toBe(true);
    monitor.stop();
    expect(monitor.snapshot().ready).toBe(false);
  });

  test('an account that is out is told with its countdown, its models and its quotas', () => {
    const one = fakeInstance('one', { keys: ['a', 'b'] });
    const { monitor, fail, book, clock } = setUp(one);
    fail(one, { kind: 'rate-limit', resetAtMs: clock.now() + 9_000, message: 'slow down' });
    fail(one, { kind: 'not-found' }, 1);
    book.setQuotas(one.handles[1]!, () => [{ name: 'requests', remaining: 3 }]);
    clock.pass(2_000);
    const { plugins, status } = monitor.snapshot();
    expect(status).toBe('degraded');
    expect(plugins[0]?.accounts).toMatchObject([
      { state: 'cooling', reason: 'slow down', retryInMs: 7_000 },
      {
        state: 'usable',
        models: [{ model: 'm', reason: 'not-found' }],
        quotas: [{ name: 'requests', remaining: 3 }],
      },
    ]);
  });

  test('disabled instances do not count; with none at work it is down', () => {
    const off = fakeInstance('off', { state: 'disabled', keys: [] });
    expect(setUp(fakeInstance('one'), off).monitor.snapshot().status).toBe('up');
    expect(setUp(off).monitor.snapshot().status).toBe('down');
    expect(setUp().monitor.snapshot().status).toBe('down');
    const waiting = fakeInstance('one', { state: 'needs-login', keys: [] });
    expect(setUp(waiting).monitor.snapshot().status).toBe('down');
  });
});

describe('children', () => {
  const child = (state: ChildHealth['state'], more: Partial<ChildHealth> = {}): ChildHealth => ({
    name: 'service',
    state,
    sinceMs: 0,
    restarts: 0,
    ...more,
  });

  test.each([
    ['ready', 'up'],
    ['stopped', 'up'],
    ['starting', 'degraded'],
    ['waiting', 'degraded'],
    ['backing-off', 'degraded'],
    ['crash-loop', 'degraded'],
  ] as const)('one that is %s leaves its instance %s', (state, status) => {
    const { children, monitor } = setUp(fakeInstance('one', { keys: ['a'] }));
    children.set('one', [child(state)]);
    expect(monitor.snapshot().plugins[0]).toMatchObject({ status, children: [{ state }] });
  });

  test('what fails is told with its end, the next try and where to look', () => {
    const { children, monitor } = setUp(fakeInstance('one', { keys: ['a'] }));
    const lastExit = { atMs: 0, code: 3, reason: 'exited with code 3' };
    children.set('one', [child('crash-loop', { lastExit, retryInMs: 599_001, log: '/x/y.log' })]);
    expect(monitor.snapshot().plugins[0]?.problems).toEqual([
      'child service failed again and again: exited with code 3; started again in 600 s, or at ' +
        'once after `cliproxy restart`; what it prints is in /x/y.log',
    ]);
  });

  test('an instance without any says nothing of them', () => {
    const { monitor } = setUp(fakeInstance('one', { keys: ['a'] }));
    expect(monitor.snapshot().plugins[0]).not.toHaveProperty('children');
  });
});
