import { describe, expect, test } from '@jest/globals';
import type { Failure, FailureKind } from '@cliproxy/plugin-api';
import fc from 'fast-check';
import { policy } from '../../test/fake-instances.ts';
import type { AccountIncident, AccountState } from './account-state.ts';
import { availabilityOf, levelOf, nextAccountState } from './account-state.ts';

const NOW = 1_700_000_000_000;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

function failed(
  kind: FailureKind,
  more: { resetAtMs?: number; trial?: boolean; apiKey?: boolean; random?: number } = {},
): AccountIncident {
  const { resetAtMs, trial = false, apiKey = true, random = 0 } = more;
  const failure: Failure = {
    kind,
    scope: 'account',
    ...(resetAtMs === undefined ? {} : { resetAtMs }),
  };
  return { type: 'failed', failure, trial, apiKey, random };
}

const next = (state: AccountState | undefined, incident: AccountIncident, nowMs = NOW) =>
  nextAccountState(state, incident, nowMs, policy);
const outFor = (incident: AccountIncident, state?: AccountState): number =>
  next(state, incident)!.untilMs - NOW;
const at = (state: AccountState, nowMs: number) => availabilityOf(state, nowMs, policy);

describe('how long', () => {
  test.each<[FailureKind, number]>([
    ['timeout', SECOND],
    ['network', SECOND],
    ['upstream', SECOND],
    ['rate-limit', 30 * SECOND],
    ['overloaded', 5 * SECOND],
    ['forbidden', 30 * MINUTE],
    ['billing', 30 * MINUTE],
    ['not-found', 10 * MINUTE],
    ['auth', 60 * MINUTE],
  ])('%s: %i ms', (kind, ms) => {
    expect(outFor(failed(kind))).toBe(ms);
  });

  test.each<[string, number | undefined, number]>([
    ['3 s', NOW + 3 * SECOND, 3 * SECOND],
    ['far off', NOW + 1e15, 60 * MINUTE],
    ['1e99', 1e102, 60 * MINUTE],
    ['infinite', Infinity, 60 * MINUTE],
    ['not a number', NaN, 30 * SECOND],
    ['not stated', undefined, 30 * SECOND],
    ['now', NOW, SECOND],
    ['10 ms', NOW + 10, SECOND],
    ['past', NOW - 5 * MINUTE, SECOND],
    ['-1', -1, SECOND],
    ['minus infinity', -Infinity, SECOND],
  ])('a stated reset: %s', (_, resetAtMs, ms) => {
    expect(outFor(failed('rate-limit', resetAtMs === undefined ? {} : { resetAtMs }))).toBe(ms);
  });

  test('a time in the past is believed once', () => {
    const first = next(undefined, failed('rate-limit', { resetAtMs: NOW - 1 }))!;
    expect(outFor(failed('rate-limit', { resetAtMs: NOW - 1, trial: true }), first)).toBe(30_000);
  });

  test('not-found doubles up to the clamp, and begins anew after a success', () => {
    let state: AccountState | undefined;
    const minutes: number[] = [];
    for (let n = 0; n < 5; n++) {
      state = next(state, failed('not-found', { trial: n > 0 }))!;
      minutes.push((state.untilMs - NOW) / MINUTE);
    }
    expect(minutes).toEqual([10, 20, 40, 60, 60]);
    expect(next(state, { type: 'answered', trial: true })).toBeUndefined();
  });

  test('an outage doubles from a second up to its limit, and begins anew after a success', () => {
    const secondsOf = (kinds: readonly FailureKind[], limits = policy): number[] => {
      let state: AccountState | undefined;
      return kinds.map((kind, n) => {
        state = nextAccountState(state, failed(kind, { trial: n > 0 }), NOW, limits)!;
        return (state.untilMs - NOW) / SECOND;
      });
    };
    // However the outage shows itself, it is one.
    expect(
      secondsOf(['upstream', 'network', 'timeout', 'upstream', 'network', 'timeout', 'upstream']),
    ).toEqual([1, 2, 4, 8, 16, 30, 30]);
    expect(secondsOf(['upstream', 'rate-limit', 'upstream'])).toEqual([1, 30, 1]);
    const limits = { ...policy, outageMs: 3_000 };
    expect(secondsOf(['network', 'network', 'network', 'network'], limits)).toEqual([1, 2, 3, 3]);
    expect(secondsOf(['network', 'network'], { ...policy, outageMs: 10 })).toEqual([1, 1]);
    const second = next(next(undefined, failed('upstream')), failed('upstream', { trial: true }));
    expect(next(second, { type: 'answered', trial: true })).toBeUndefined();
    expect(outFor(failed('upstream'), undefined)).toBe(SECOND);
  });

  test('a trial whose answer breaks goes on from what its answer had cleared', () => {
    const former = next(next(undefined, failed('upstream')), failed('upstream', { trial: true }))!;
    const broke = { ...failed('network'), former } as AccountIncident;
    expect(next(undefined, broke)).toMatchObject({ strikes: 3, untilMs: NOW + 4 * SECOND });
    const other = { ...former, kind: 'rate-limit' as const };
    expect(next(undefined, { ...broke, former: other } as AccountIncident)?.strikes).toBe(1);
  });

  test('overloaded backs off with jitter', () => {
    expect(outFor(failed('overloaded', { random: 1 }))).toBe(7_500);
    let state = next(undefined, failed('overloaded'))!;
    const seconds: number[] = [];
    for (let n = 0; n < 4; n++) {
      state = next(state, failed('overloaded', { trial: true }))!;
      seconds.push((state.untilMs - NOW) / SECOND);
    }
    expect(seconds).toEqual([10, 20, 30, 30]);
  });

  test('failures side by side are one strike and the longest counts', () => {
    const once = next(undefined, failed('not-found'))!;
    expect(next(once, failed('not-found'))).toBe(once);
    expect(next(once, failed('not-found'), NOW + SECOND)?.strikes).toBe(1);
    const long = next(once, failed('rate-limit', { resetAtMs: NOW + 20 * MINUTE }))!;
    expect(long.kind).toBe('rate-limit');
    expect(next(long, failed('network'))).toBe(long);
  });
});

describe('which state', () => {
  test('a refused API key is to be replaced, a refused login to be made again', () => {
    expect(next(undefined, failed('auth'))?.reason).toBe('invalid-key');
    expect(next(undefined, failed('auth', { apiKey: false }))?.reason).toBe('needs-login');
    expect(next(undefined, failed('auth', { resetAtMs: NOW + 1 }))?.untilMs).toBe(
      NOW + 60 * MINUTE,
    );
  });

  test('keeps the sentence that came with the failure', () => {
    const failure: Failure = { kind: 'billing', scope: 'account', message: 'no credit' };
    const state = next(undefined, {
      type: 'failed',
      failure,
      trial: false,
      apiKey: true,
      random: 0,
    })!;
    expect(at(state, NOW)).toEqual({
      usable: false,
      trial: false,
      reason: 'cooling',
      kind: 'billing',
      untilMs: NOW + 30 * MINUTE,
      detail: 'no credit',
    });
  });

  test('exactly one trial; an abandoned one frees the slot, a failed one begins again', () => {
    const out = next(undefined, failed('network'))!;
    expect(at(out, NOW + 999).usable).toBe(false);
    expect(at(out, NOW + 1_000)).toMatchObject({ usable: true, trial: true });
    const trying = next(out, { type: 'trial-begun' }, NOW + 1_000)!;
    expect(at(trying, NOW + 2_000)).toMatchObject({ usable: false, reason: 'trial-under-way' });
    const free = next(trying, { type: 'abandoned', trial: true }, NOW + 2_000)!;
    expect(at(free, NOW + 2_000)).toMatchObject({ usable: true, trial: true });
    const again = next(trying, failed('network', { trial: true }), NOW + 2_000)!;
    expect(again).toMatchObject({ untilMs: NOW + 4_000, strikes: 2 });
    expect(again.trialSinceMs).toBeUndefined();
    expect(at(again, NOW + 4_000).trial).toBe(true);
  });

  test('a failure of another request does not free the slot of the trial', () => {
    const out = next(undefined, failed('network'))!;
    const trying = next(out, { type: 'trial-begun' }, NOW + 1_000)!;
    const other = next(trying, failed('network'), NOW + 2_000)!;
    expect(other).toMatchObject({ untilMs: NOW + 3_000, strikes: 1 });
    expect(at(other, NOW + 61_000)).toMatchObject({ usable: false, reason: 'trial-under-way' });
    expect(next(other, { type: 'abandoned', trial: false })).toBe(other);
  });

  test('a trial that is never ended holds its slot no longer than the clamp', () => {
    const trying = next(next(undefined, failed('network')), { type: 'trial-begun' }, NOW)!;
    expect(at(trying, NOW + 59 * MINUTE).usable).toBe(false);
    expect(at(trying, NOW + 60 * MINUTE).trial).toBe(true);
  });

  test('an answer to an earlier request proves the connection, not the quota', () => {
    const earlier: AccountIncident = { type: 'answered', trial: false };
    for (const kind of ['network', 'timeout', 'upstream'] as const) {
      expect(next(next(undefined, failed(kind)), earlier)).toBeUndefined();
    }
    for (const kind of ['rate-limit', 'auth', 'billing', 'overloaded'] as const) {
      const out = next(undefined, failed(kind));
      expect(next(out, earlier)).toBe(out);
      expect(next(out, { type: 'answered', trial: true })).toBeUndefined();
    }
  });

  test('a probe that is up brings what the network put out to a trial at once', () => {
    const up: AccountIncident = { type: 'probe-up' };
    const network = next(next(undefined, failed('network')), up, NOW + 1)!;
    expect(at(network, NOW + 1)).toMatchObject({ usable: true, trial: true });
    expect(next(network, up, NOW + 2)).toBe(network);
    const limited = next(undefined, failed('rate-limit'));
    expect(next(limited, up)).toBe(limited);
    expect(next(undefined, up)).toBeUndefined();
  });

  test('nothing happens to what nothing stands against', () => {
    for (const type of ['answered', 'abandoned'] as const) {
      expect(next(undefined, { type, trial: true })).toBeUndefined();
    }
    expect(next(undefined, { type: 'trial-begun' })).toBeUndefined();
  });
});

test('whom a failure puts out', () => {
  const of = (kind: FailureKind, scope: Failure['scope']) => levelOf({ kind, scope });
  expect(of('rate-limit', 'request')).toBeUndefined();
  expect(of('bad-request', 'account')).toBeUndefined();
  expect(of('too-large', 'model')).toBeUndefined();
  expect(of('not-found', 'account')).toBe('model');
  expect(of('rate-limit', 'model')).toBe('model');
  expect(of('network', 'instance')).toBe('instance');
  expect(of('billing', 'account')).toBe('account');
});

describe('whatever happens', () => {
  const kinds = fc.constantFrom<FailureKind>(
    'auth',
    'billing',
    'forbidden',
    'not-found',
    'rate-limit',
    'overloaded',
    'timeout',
    'network',
    'upstream',
  );
  const reset = fc.oneof(
    fc.constant(undefined),
    fc.double(),
    fc.integer({ min: NOW - 1e9, max: NOW + 1e10 }),
  );
  const step = fc.record({
    afterMs: fc.integer({ min: 0, max: 90 * MINUTE }),
    event: fc.constantFrom('ask', 'fail', 'answer', 'leave', 'other-fails', 'probe-up'),
    kind: kinds,
    resetAtMs: reset,
    random: fc.double({ min: 0, max: 1, noNaN: true }),
  });

  test('never out beyond the clamp without a trial, never two trials at a time', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let state: AccountState | undefined;
        let nowMs = NOW;
        /** The trial under way, and since when. */
        let trialSinceMs: number | undefined;
        for (const { afterMs, event, kind, resetAtMs, random } of steps) {
          nowMs += afterMs;
          const more = { random, ...(resetAtMs === undefined ? {} : { resetAtMs }) };
          const trial = trialSinceMs !== undefined;
          if (event === 'ask') {
            const found = state === undefined ? undefined : availabilityOf(state, nowMs, policy);
            if (found?.trial === true) {
              // A slot is only given again when its holder has had it for the length of the clamp.
              if (trialSinceMs !== undefined) {
                expect(nowMs - trialSinceMs).toBeGreaterThanOrEqual(policy.maxCoolingMs);
              }
              state = nextAccountState(state, { type: 'trial-begun' }, nowMs, policy);
              trialSinceMs = nowMs;
            }
          } else if (event === 'fail' && trial) {
            state = nextAccountState(state, failed(kind, { ...more, trial }), nowMs, policy);
            trialSinceMs = undefined;
          } else if (event === 'answer' && trial) {
            state = nextAccountState(state, { type: 'answered', trial }, nowMs, policy);
            expect(state).toBeUndefined();
            trialSinceMs = undefined;
          } else if (event === 'leave' && trial) {
            state = nextAccountState(state, { type: 'abandoned', trial }, nowMs, policy);
            trialSinceMs = undefined;
          } else if (event === 'other-fails') {
            state = nextAccountState(state, failed(kind, more), nowMs, policy);
          } else if (event === 'probe-up') {
            state = nextAccountState(state, { type: 'probe-up' }, nowMs, policy);
          }
          if (state === undefined) continue;
          expect(Number.isFinite(state.untilMs)).toBe(true);
          const later = nowMs + policy.maxCoolingMs;
          expect(availabilityOf(state, later, policy)).toMatchObject({ usable: true, trial: true });
          // The clock is set back, or the clamp lowered: still not out for longer.
          const before = availabilityOf(state, nowMs - 1e9, policy);
          if (!before.usable) {
            expect(before.untilMs! - (nowMs - 1e9)).toBeLessThanOrEqual(policy.maxCoolingMs);
          }
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test('an outage is over within 35 s of its end, with one request per trial', () => {
    const outage = fc.constantFrom<FailureKind>('timeout', 'network', 'upstream');
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 600 * SECOND }),
        fc.array(outage, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 4 * SECOND }),
        (outageMs, kinds, everyMs) => {
          let state = next(undefined, failed(kinds[0]!));
          let trials = 0;
          let nowMs = NOW;
          for (; state !== undefined; nowMs += everyMs) {
            if (!availabilityOf(state, nowMs, policy).trial) continue;
            trials += 1;
            const kind = kinds[trials % kinds.length]!;
            const trying = nextAccountState(state, { type: 'trial-begun' }, nowMs, policy);
            state = nextAccountState(
              trying,
              nowMs - NOW < outageMs
                ? failed(kind, { trial: true })
                : { type: 'answered', trial: true },
              nowMs,
              policy,
            );
          }
          // Requests come every so often; the trial is the first of them after the cooling.
          expect(nowMs - NOW - outageMs).toBeLessThanOrEqual(30 * SECOND + 2 * everyMs);
          expect(nowMs - everyMs - NOW - outageMs).toBeLessThanOrEqual(35 * SECOND);
          expect(trials).toBeLessThanOrEqual(Math.ceil(outageMs / 30_000) + 6);
        },
      ),
    );
  });

  test('a hiccup costs a second, however often hiccups come', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 100 }), { maxLength: 50 }), (pauses) => {
        let nowMs = NOW;
        for (const pause of pauses) {
          nowMs += pause * SECOND;
          const out = next(undefined, failed('upstream'), nowMs)!;
          expect(at(out, nowMs + SECOND).trial).toBe(true);
          const trying = next(out, { type: 'trial-begun' }, nowMs + SECOND);
          expect(next(trying, { type: 'answered', trial: true }, nowMs + SECOND)).toBeUndefined();
        }
      }),
    );
  });
});
