import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { nextCircuit, phaseOf } from './fault-circuit.ts';
import type { CircuitIncident, CircuitState } from './fault-circuit.ts';

const policy = {
  pluginFaults: 3,
  pluginFaultWindowMs: 10_000,
  pluginFaultMaxMs: 60_000,
  maxCoolingMs: 3_600_000,
};
const T0 = 1_700_000_000_000;

const fault = (more: object = {}): CircuitIncident => ({
  type: 'fault',
  trial: false,
  detail: 'boom',
  ...more,
});
const sound = (trial = false): CircuitIncident => ({ type: 'sound', trial });

/** Steps at their times, in milliseconds from the start. */
function run(...steps: readonly (readonly [number, CircuitIncident])[]): CircuitState | undefined {
  let state: CircuitState | undefined;
  for (const [atMs, incident] of steps) state = nextCircuit(state, incident, T0 + atMs, policy);
  return state;
}
const phase = (state: CircuitState | undefined, atMs: number) => phaseOf(state, T0 + atMs, policy);

describe('in', () => {
  test('so many faults within the window put it out for a second', () => {
    const two = run([0, fault()], [1, fault()]);
    expect(phase(two, 1)).toBe('closed');
    const out = nextCircuit(two, fault(), T0 + 2, policy);
    expect(out).toMatchObject({ openings: 1, untilMs: T0 + 1_002, detail: 'boom' });
    expect([phase(out, 1_001), phase(out, 1_002)]).toEqual(['open', 'half-open']);
  });

  test('what is older than the window does not count, and neither does the future', () => {
    expect(phase(run([0, fault()], [5_000, fault()], [10_000, fault()]), 10_000)).toBe('closed');
    expect(phase(run([0, fault()], [5_000, fault()], [9_999, fault()]), 9_999)).toBe('open');
    // The clock was set back.
    expect(phase(run([9_000, fault()], [9_001, fault()], [0, fault()]), 0)).toBe('closed');
  });

  test('each answer takes one back: who answers more than it fails stays in', () => {
    expect(run([0, fault()], [1, sound()])).toBeUndefined();
    const steps = Array.from({ length: 50 }, (_, n) => [
      [n * 10, fault()] as const,
      [n * 10 + 5, sound()] as const,
    ]).flat();
    expect(phase(run(...steps), 500)).toBe('closed');
    const worse = Array.from({ length: 10 }, (_, n) => [
      [n * 10, fault()] as const,
      [n * 10 + 1, fault()] as const,
      [n * 10 + 5, sound()] as const,
    ]).flat();
    expect(phase(run(...worse), 100)).toBe('open');
  });

  test('an answer that breaks after its beginning takes none back', () => {
    let state: CircuitState | undefined;
    const times = [0, 10, 20, 30];
    for (const atMs of times) {
      const former = state;
      state = nextCircuit(state, sound(), T0 + atMs, policy);
      state = nextCircuit(
        state,
        fault(former === undefined ? {} : { former }),
        T0 + atMs + 5,
        policy,
      );
    }
    expect(phase(state, 30)).toBe('open');
  });
});

describe('out', () => {
  const out = run([0, fault()], [1, fault()], [2, fault()])!;

  test('what was under way when it went out says nothing', () => {
    expect(nextCircuit(out, fault(), T0 + 5, policy)).toBe(out);
    expect(nextCircuit(out, sound(), T0 + 5, policy)).toBe(out);
  });

  test('one trial at a time; it gives its slot back', () => {
    const tried = nextCircuit(out, { type: 'trial-begun' }, T0 + 2_000, policy);
    expect(phase(tried, 2_000)).toBe('trial');
    const free = nextCircuit(tried, { type: 'abandoned', trial: true }, T0 + 2_100, policy);
    expect(phase(free, 2_100)).toBe('half-open');
    // One that nobody ended does not hold it for ever.
    expect(phase(tried, 2_000 + policy.maxCoolingMs)).toBe('half-open');
  });

  test('a trial that fails doubles the time, up to the limit; one that is passed ends it', () => {
    let state: CircuitState | undefined = out;
    const waits = [];
    for (let n = 0; n < 8; n += 1) {
      const atMs: number = state!.untilMs;
      state = nextCircuit(state, { type: 'trial-begun' }, atMs, policy);
      state = nextCircuit(state, fault({ trial: true }), atMs, policy);
      waits.push((state!.untilMs - atMs) / 1_000);
    }
    expect(waits).toEqual([2, 4, 8, 16, 32, 60, 60, 60]);
    expect(state?.openings).toBe(9);
    expect(nextCircuit(state, sound(true), state!.untilMs, policy)).toBeUndefined();
  });

  test('a trial whose answer breaks after its beginning has failed', () => {
    const tried = nextCircuit(out, { type: 'trial-begun' }, T0 + 2_000, policy)!;
    const cleared = nextCircuit(tried, sound(true), T0 + 2_001, policy);
    expect(cleared).toBeUndefined();
    const again = nextCircuit(cleared, fault({ former: tried }), T0 + 2_002, policy);
    expect(again).toMatchObject({ openings: 2, untilMs: T0 + 4_002 });
  });

  test('for longer than the limit it is not, whatever the clock says', () => {
    expect(phase(out, -3_600_000)).toBe('half-open');
  });
});

test('whatever comes: it is bounded, and never out for longer than the limit', () => {
  const incidents = fc.oneof(
    fc.record({ type: fc.constant('fault'), trial: fc.boolean(), detail: fc.constant('x') }),
    fc.record({ type: fc.constantFrom('sound', 'abandoned'), trial: fc.boolean() }),
    fc.constant({ type: 'trial-begun' }),
  ) as fc.Arbitrary<CircuitIncident>;
  fc.assert(
    fc.property(fc.array(fc.tuple(incidents, fc.integer({ min: -2e4, max: 1e5 }))), (steps) => {
      let state: CircuitState | undefined;
      let nowMs = T0;
      for (const [incident, ms] of steps) {
        nowMs += ms;
        state = nextCircuit(state, incident, nowMs, policy);
        expect(state?.faultsAtMs.length ?? 0).toBeLessThanOrEqual(policy.pluginFaults);
        expect(phaseOf(state, nowMs + policy.pluginFaultMaxMs, policy)).not.toBe('open');
      }
    }),
  );
});
