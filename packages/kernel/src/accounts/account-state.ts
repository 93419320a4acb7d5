import type { Failure, FailureKind } from '@cliproxy/plugin-api';
import type { FailoverSettings } from '../ports/settings.ts';
import type { OutReason } from '../routing/plan.ts';

/**
 * What stands against an account, a whole instance, or one model of an account. No state at all
 * means that nothing does.
 */
export interface AccountState {
  readonly reason: 'cooling' | 'needs-login' | 'invalid-key';
  readonly kind: FailureKind;
  /** From then on one trial request may pass. Milliseconds since 1970. */
  readonly untilMs: number;
  /** Failures of the same sort without a success between them. */
  readonly strikes: number;
  /** The sentence that came with the failure. */
  readonly detail?: string;
  /** When the trial that is under way began. Milliseconds since 1970. */
  readonly trialSinceMs?: number;
}

/** What happens to an {@link AccountState}. `trial`: by the request that holds its trial slot. */
export type AccountIncident =
  | { readonly type: 'trial-begun' }
  | { readonly type: 'answered'; readonly trial: boolean }
  | { readonly type: 'abandoned'; readonly trial: boolean }
  | {
      readonly type: 'failed';
      readonly trial: boolean;
      readonly failure: Failure;
      /** True: nobody can log in to it; a refused key has to be replaced. */
      readonly apiKey: boolean;
      /** Jitter, from 0 to 1. */
      readonly random: number;
      /** What the beginning of the same answer had cleared before it broke. */
      readonly former?: AccountState;
    }
  /** A probe found the network in order again: the trial may come at once. */
  | { readonly type: 'probe-up' };

/** Whether something can be used now. */
export interface Availability {
  readonly usable: boolean;
  /** True: usable for exactly one request. */
  readonly trial: boolean;
  readonly reason?: OutReason;
  /** What kind of failure put it out. */
  readonly kind?: FailureKind;
  /** Until when it is out, in milliseconds since 1970; absent where no time is known. */
  readonly untilMs?: number;
  readonly detail?: string;
}

/** First cooling of an outage: most of what looks like one is a hiccup. */
const FIRST_OUTAGE_MS = 1_000;
/** Shortest cooling, so that a vendor whose clock is behind is not asked in a loop. */
const MIN_COOLING_MS = 1_000;

/** The pure step from one state to the next. Gives back the same object where nothing changes. */
export function nextAccountState(
  state: AccountState | undefined,
  incident: AccountIncident,
  nowMs: number,
  policy: FailoverSettings,
): AccountState | undefined {
  switch (incident.type) {
    case 'trial-begun':
      return state === undefined ? undefined : { ...state, trialSinceMs: nowMs };
    case 'answered':
      return afterAnswer(state, incident.trial);
    case 'abandoned':
      return incident.trial && state !== undefined ? withoutTrial(state) : state;
    case 'failed':
      return afterFailure(state, incident, nowMs, policy);
    case 'probe-up':
      if (state === undefined || !isReachFailure(state.kind)) return state;
      return state.untilMs > nowMs ? { ...state, untilMs: nowMs } : state;
  }
}

/** Whether a state lets a request pass now. */
export function availabilityOf(
  state: AccountState,
  nowMs: number,
  policy: FailoverSettings,
): Availability {
  const { kind, reason, detail, untilMs } = state;
  const told = detail === undefined ? { kind } : { kind, detail };
  if (remainingMs(state, nowMs, policy) > 0) {
    return { usable: false, trial: false, reason, untilMs, ...told };
  }
  if (trialUnderWay(state, nowMs, policy)) {
    return { usable: false, trial: false, reason: 'trial-under-way', ...told };
  }
  return { usable: true, trial: true, ...told };
}

/** Whom a failure puts out; nothing for what is the request's fault. */
export function levelOf(failure: Failure): 'model' | 'account' | 'instance' | undefined {
  if (failure.scope === 'request') return undefined;
  if (failure.kind === 'bad-request' || failure.kind === 'too-large') return undefined;
  return failure.kind === 'not-found' ? 'model' : failure.scope;
}

/**
 * An answer to the trial clears everything. Another one may have been asked for long before the
 * failure, so it only proves that the upstream can be reached and works.
 */
function afterAnswer(state: AccountState | undefined, trial: boolean): AccountState | undefined {
  if (state === undefined || trial) return undefined;
  return isOutage(state.kind) ? undefined : state;
}

function afterFailure(
  state: AccountState | undefined,
  incident: Extract<AccountIncident, { type: 'failed' }>,
  nowMs: number,
  policy: FailoverSettings,
): AccountState {
  const { failure, trial, apiKey, random } = incident;
  const strikes = strikesAfter(state, incident);
  const forMs = coolingMs(failure, strikes, random, nowMs, policy);
  if (state !== undefined && !trial && remainingMs(state, nowMs, policy) >= forMs) return state;
  return {
    reason: failure.kind !== 'auth' ? 'cooling' : apiKey ? 'invalid-key' : 'needs-login',
    kind: failure.kind,
    untilMs: nowMs + forMs,
    strikes,
    ...(failure.message === undefined ? {} : { detail: failure.message }),
    ...(trial || state?.trialSinceMs === undefined ? {} : { trialSinceMs: state.trialSinceMs }),
  };
}

/** Requests that failed side by side are one strike, not many; a trial that failed is one more. */
function strikesAfter(
  state: AccountState | undefined,
  { failure, trial, former }: Extract<AccountIncident, { type: 'failed' }>,
): number {
  const of = (one: AccountState | undefined): number =>
    one !== undefined && sameSort(one.kind, failure.kind) ? one.strikes : 0;
  // An answer that broke after its beginning was no success.
  return Math.max(1, of(state) + (trial ? 1 : 0), former === undefined ? 0 : of(former) + 1);
}

function coolingMs(
  failure: Failure,
  strikes: number,
  random: number,
  nowMs: number,
  policy: FailoverSettings,
): number {
  const ownMs = ownCoolingMs(failure.kind, strikes, random, policy);
  // A credential that was refused does not mend itself at a time the vendor could state.
  const statedMs = failure.kind === 'auth' ? undefined : statedCoolingMs(failure, strikes, nowMs);
  return Math.min(policy.maxCoolingMs, Math.max(MIN_COOLING_MS, statedMs ?? ownMs));
}

/** What the vendor asks for. A time that has passed already is believed once, not again and again. */
function statedCoolingMs(failure: Failure, strikes: number, nowMs: number): number | undefined {
  const { resetAtMs } = failure;
  if (resetAtMs === undefined || Number.isNaN(resetAtMs)) return undefined;
  if (resetAtMs > nowMs) return resetAtMs - nowMs;
  return strikes > 1 ? undefined : MIN_COOLING_MS;
}

function ownCoolingMs(
  kind: FailureKind,
  strikes: number,
  random: number,
  policy: FailoverSettings,
): number {
  switch (kind) {
    case 'auth':
      return policy.maxCoolingMs;
    case 'forbidden':
    case 'billing':
      return policy.deniedMs;
    case 'not-found':
      return policy.notFoundMs * 2 ** Math.min(strikes - 1, 30);
    case 'rate-limit':
      return policy.rateLimitMs;
    case 'overloaded': {
      const backOffMs = policy.overloadedMs * 2 ** Math.min(strikes - 1, 30);
      return Math.min(backOffMs, Math.max(policy.outageMs, policy.overloadedMs)) * (1 + random / 2);
    }
    case 'timeout':
    case 'network':
    case 'upstream':
    case 'bad-request':
    case 'too-large':
      return Math.min(FIRST_OUTAGE_MS * 2 ** Math.min(strikes - 1, 30), policy.outageMs);
  }
}

/**
 * How much longer it is out. More than the clamp is not believed: the clock was set back, or the
 * clamp was lowered.
 */
function remainingMs(state: AccountState, nowMs: number, policy: FailoverSettings): number {
  const leftMs = state.untilMs - nowMs;
  return leftMs > 0 && leftMs <= policy.maxCoolingMs ? leftMs : 0;
}

/** A trial that nobody ended, for whatever reason, does not hold its slot beyond the clamp. */
function trialUnderWay(state: AccountState, nowMs: number, policy: FailoverSettings): boolean {
  if (state.trialSinceMs === undefined) return false;
  const ageMs = nowMs - state.trialSinceMs;
  return ageMs >= 0 && ageMs < policy.maxCoolingMs;
}

function withoutTrial(state: AccountState): AccountState {
  const free: { -readonly [K in keyof AccountState]: AccountState[K] } = { ...state };
  delete free.trialSinceMs;
  return free;
}

/** However an outage shows itself, it is the same one. */
function sameSort(one: FailureKind, other: FailureKind): boolean {
  return one === other || (isOutage(one) && isOutage(other));
}

function isOutage(kind: FailureKind): boolean {
  return isReachFailure(kind) || kind === 'upstream';
}

function isReachFailure(kind: FailureKind): boolean {
  return kind === 'network' || kind === 'timeout';
}
