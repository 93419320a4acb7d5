import type { FailoverSettings } from '../ports/settings.ts';

/** What a plugin's faults have come to for one instance. No state at all: nothing stands against it. */
export interface CircuitState {
  /** When the faults that count came, in milliseconds since 1970; at most as many as put it out. */
  readonly faultsAtMs: readonly number[];
  /** How often in a row it was put out; 0: it is in. */
  readonly openings: number;
  /** From then on one trial request may pass, in milliseconds since 1970; 0 while it is in. */
  readonly untilMs: number;
  /** What the last fault was. */
  readonly detail: string;
  /** When the trial that is under way began, in milliseconds since 1970. */
  readonly trialSinceMs?: number;
}

/** What happens to a {@link CircuitState}. `trial`: by the request that holds its trial slot. */
export type CircuitIncident =
  | {
      readonly type: 'fault';
      readonly trial: boolean;
      readonly detail: string;
      /** What the beginning of the same answer had changed before it broke. */
      readonly former?: CircuitState;
    }
  /** The plugin's code did what it should; whether its upstream did is not asked. */
  | { readonly type: 'sound'; readonly trial: boolean }
  | { readonly type: 'trial-begun' }
  /** Nothing was learnt. */
  | { readonly type: 'abandoned'; readonly trial: boolean };

/** The numbers that a circuit goes by. */
export type CircuitPolicy = Pick<
  FailoverSettings,
  'pluginFaults' | 'pluginFaultWindowMs' | 'pluginFaultMaxMs' | 'maxCoolingMs'
>;

/** Whether an instance can be used as far as its own faults are concerned. */
export type CircuitPhase = 'closed' | 'open' | 'half-open' | 'trial';

/** First time out; doubles with each trial that fails. */
const FIRST_MS = 1_000;

/** The pure step from one state to the next. Gives back the same object where nothing changes. */
export function nextCircuit(
  state: CircuitState | undefined,
  incident: CircuitIncident,
  nowMs: number,
  policy: CircuitPolicy,
): CircuitState | undefined {
  switch (incident.type) {
    case 'fault':
      return afterFault(state, incident, nowMs, policy);
    case 'sound':
      return afterSound(state, incident.trial);
    case 'trial-begun':
      return state === undefined || state.openings === 0
        ? state
        : { ...state, trialSinceMs: nowMs };
    case 'abandoned':
      return incident.trial && state !== undefined ? withoutTrial(state) : state;
  }
}

/** `half-open`: one trial may pass; `trial`: it is under way. */
export function phaseOf(
  state: CircuitState | undefined,
  nowMs: number,
  policy: CircuitPolicy,
): CircuitPhase {
  if (state === undefined || state.openings === 0) return 'closed';
  const leftMs = state.untilMs - nowMs;
  // More than the longest time out is not believed: the clock was set back, or the limit lowered.
  if (leftMs > 0 && leftMs <= policy.pluginFaultMaxMs) return 'open';
  const { trialSinceMs } = state;
  if (trialSinceMs === undefined) return 'half-open';
  const ageMs = nowMs - trialSinceMs;
  return ageMs >= 0 && ageMs < policy.maxCoolingMs ? 'trial' : 'half-open';
}

function afterFault(
  state: CircuitState | undefined,
  { trial, detail, former }: Extract<CircuitIncident, { type: 'fault' }>,
  nowMs: number,
  policy: CircuitPolicy,
): CircuitState {
  // An answer that broke after its beginning has passed no trial.
  const tried = former !== undefined && former.openings > 0;
  const from = tried ? former : state;
  if (from !== undefined && from.openings > 0) {
    // Requests that were under way when it was put out say nothing new.
    if (!trial && !tried) return from;
    return opened(from.openings + 1, from.faultsAtMs, detail, nowMs, policy);
  }
  const { pluginFaults, pluginFaultWindowMs } = policy;
  const recent = (from?.faultsAtMs ?? []).filter(
    (atMs) => atMs <= nowMs && nowMs - atMs < pluginFaultWindowMs,
  );
  // The beginning of the same answer forgave one.
  const forgiven = former !== undefined && former.faultsAtMs.length > recent.length ? [nowMs] : [];
  const faultsAtMs = [...recent, ...forgiven, nowMs].slice(-pluginFaults);
  if (faultsAtMs.length < pluginFaults) return { faultsAtMs, openings: 0, untilMs: 0, detail };
  return opened(1, faultsAtMs, detail, nowMs, policy);
}

function opened(
  openings: number,
  faultsAtMs: readonly number[],
  detail: string,
  nowMs: number,
  { pluginFaultMaxMs }: CircuitPolicy,
): CircuitState {
  const forMs = Math.min(FIRST_MS * 2 ** Math.min(openings - 1, 30), pluginFaultMaxMs);
  return { faultsAtMs, openings, untilMs: nowMs + forMs, detail };
}

/** An instance that answers more than it fails is left in. */
function afterSound(state: CircuitState | undefined, trial: boolean): CircuitState | undefined {
  if (state === undefined) return undefined;
  if (state.openings > 0) return trial ? undefined : state;
  const faultsAtMs = state.faultsAtMs.slice(1);
  return faultsAtMs.length === 0 ? undefined : { ...state, faultsAtMs };
}

function withoutTrial(state: CircuitState): CircuitState {
  const free: { -readonly [K in keyof CircuitState]: CircuitState[K] } = { ...state };
  delete free.trialSinceMs;
  return free;
}
