import type { FailureKind, Quota } from '@cliproxy/plugin-api';
import type { FaultBook } from '../faults/fault-book.ts';
import type { AccountChanged } from '../ports/event-sink.ts';
import type { FailoverSettings } from '../ports/settings.ts';
import type { AccountState, Availability } from './account-state.ts';
import { availabilityOf } from './account-state.ts';

/** As many limits as are shown of one account. */
const MAX_QUOTAS = 32;

/** How an account stands, for people. Times are milliseconds since 1970. */
export interface AccountStanding {
  readonly state: AccountChanged['state'];
  readonly kind?: FailureKind;
  readonly reason?: string;
  readonly untilMs?: number;
  /** Models that are out for this account alone. */
  readonly models: readonly {
    readonly model: string;
    readonly reason?: string;
    readonly untilMs?: number;
  }[];
  readonly quotas?: readonly Quota[];
}

/** Nothing stands against it. */
export const USABLE: Availability = Object.freeze({ usable: true, trial: false });

/**
 * What several states and probes together mean; of several obstacles the one that lasts longest
 * counts.
 *
 * @param nowMs - milliseconds since 1970.
 */
export function mergeStates(
  states: readonly (AccountState | undefined)[],
  downProbes: ReadonlyMap<string, string> | undefined,
  nowMs: number,
  policy: FailoverSettings,
): Availability {
  let worst = USABLE;
  for (const state of states) {
    if (state === undefined) continue;
    const found = availabilityOf(state, nowMs, policy);
    if (rank(found) > rank(worst)) worst = found;
  }
  if (!worst.usable || downProbes === undefined || downProbes.size === 0) return worst;
  const detail = [...downProbes.values()].join('; ');
  return { usable: false, trial: false, reason: 'probe-down', detail };
}

/**
 * The same where the whole instance was put out because of its plugin's own faults; what keeps an
 * account out longer than that still counts.
 */
export function withCircuit(
  own: Availability,
  { phase, untilMs, reason }: NonNullable<ReturnType<FaultBook['circuit']>>,
): Availability {
  switch (phase) {
    case 'closed':
      return own;
    case 'half-open':
      return own.usable ? { ...own, trial: true } : own;
    case 'trial':
      return own.usable ? { usable: false, trial: false, reason: 'trial-under-way' } : own;
    case 'open':
      if (!own.usable && (own.untilMs ?? Infinity) > untilMs) return own;
      return { usable: false, trial: false, reason: 'sick', untilMs, detail: reason };
  }
}

/** An availability in the words of events and health. */
export function describeState(
  found: Availability,
): Pick<AccountChanged, 'state'> & { reason?: string; untilMs?: number } {
  const reason = found.detail ?? found.kind;
  return {
    state: stateName(found),
    ...(reason === undefined ? {} : { reason }),
    ...(found.untilMs === undefined ? {} : { untilMs: found.untilMs }),
  };
}

/** Usable, then a trial, then a trial of another, then by the time that is left. */
function rank({ usable, trial, untilMs }: Availability): number {
  if (usable) return trial ? 0 : -1;
  return untilMs ?? 1;
}

function stateName({ usable, trial, reason }: Availability): AccountChanged['state'] {
  if (usable) return trial ? 'trial' : 'usable';
  switch (reason) {
    case 'needs-login':
    case 'invalid-key':
    case 'probe-down':
      return reason;
    case 'trial-under-way':
      return 'trial';
    default:
      return 'cooling';
  }
}

/** What a vendor told of limits, as it is now: what has been given anew since is not known any more. */
export function quotasAt(nowMs: number, told: readonly Quota[]): readonly Quota[] {
  return told.slice(0, MAX_QUOTAS).map((quota) => {
    const { name, limit, resetAtMs } = quota;
    if (resetAtMs === undefined || resetAtMs > nowMs) return quota;
    return limit === undefined ? { name } : { name, limit };
  });
}
