import type { FaultStanding } from '../faults/fault-book.ts';
import type { PluginHealth } from './health-snapshot.ts';

/** A fault longer ago is history: it is counted, and no problem any more. */
const RECENT_MS = 600_000;

/** What health says of an instance's own faults, in figures. @param nowMs - milliseconds since 1970. */
export function faultHealth(
  { phase, faults, byPlace, openings, last, untilMs }: FaultStanding,
  nowMs: number,
): Pick<PluginHealth, 'faults' | 'circuit'> {
  return {
    ...(last === undefined ? {} : { faults: { count: faults, byPlace, last } }),
    ...(phase === 'closed'
      ? {}
      : {
          circuit: {
            state: phase,
            openings,
            ...(untilMs === undefined ? {} : { untilMs, retryInMs: Math.max(0, untilMs - nowMs) }),
          },
        }),
  };
}

/** What an operator should know of them, and do about it. @param nowMs - milliseconds since 1970. */
export function faultProblem(
  { phase, faults, last, untilMs = 0 }: FaultStanding,
  nowMs: number,
): readonly string[] {
  if (last === undefined) return [];
  const many = `${faults} ${faults === 1 ? 'fault' : 'faults'} of its own`;
  const what = `${many}, the last (${last.where}): ${last.message}`;
  switch (phase) {
    case 'closed':
      return nowMs - last.atMs < RECENT_MS ? [`${what}; tell its author`] : [];
    case 'open': {
      const seconds = Math.max(1, Math.ceil((untilMs - nowMs) / 1_000));
      return [
        `${what}; it is left alone and tried again in ${seconds} s, or at once after ` +
          '`cliproxy accounts reset`; tell its author',
      ];
    }
    case 'half-open':
    case 'trial':
      return [`${what}; it is left alone but for one request that tries it; tell its author`];
  }
}
