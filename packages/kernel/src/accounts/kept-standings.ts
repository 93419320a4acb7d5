import { upstreamCodes } from '@cliproxy/plugin-api';
import type { AccountState } from './account-state.ts';

/** Something that stands against an instance, one of its accounts, or one model of an account. */
export interface KeptStanding {
  readonly instance: string;
  /** Account id. */
  readonly account?: string;
  readonly model?: string;
  readonly state: AccountState;
}

/** The form of what is saved; another one is not read. */
const VERSION = 1;
const MAX_STANDINGS = 10_000;
const MAX_TEXT = 500;
const REASONS: ReadonlySet<unknown> = new Set(['cooling', 'needs-login', 'invalid-key']);

/** What is saved. @param nowMs - milliseconds since 1970. */
export function writeStandings(standings: readonly KeptStanding[], nowMs: number): object {
  const kept = standings.slice(0, MAX_STANDINGS).map(({ state, ...place }) => {
    const { reason, kind, untilMs, strikes, detail } = state;
    const said = detail === undefined ? {} : { detail: detail.slice(0, MAX_TEXT) };
    return { ...place, state: { reason, kind, untilMs, strikes, ...said } };
  });
  return { version: VERSION, savedAtMs: nowMs, standings: kept };
}

/**
 * Reads what was saved, leaving out whatever makes no sense. Where the clock was set back meanwhile,
 * what was left of a time then is left now. A trial that was under way has ended with its process.
 *
 * @param nowMs - milliseconds since 1970.
 */
export function readStandings(saved: unknown, nowMs: number): readonly KeptStanding[] {
  const { version, savedAtMs, standings } = membersOf(saved);
  if (version !== VERSION || !isTime(savedAtMs) || !Array.isArray(standings)) return [];
  const shiftMs = Math.min(0, nowMs - savedAtMs);
  return (standings as readonly unknown[])
    .slice(0, MAX_STANDINGS)
    .flatMap((one) => readStanding(one, shiftMs) ?? []);
}

function readStanding(saved: unknown, shiftMs: number): KeptStanding | undefined {
  const { instance, account, model, state } = membersOf(saved);
  const { reason, kind, untilMs, strikes, detail } = membersOf(state);
  const placed = isName(instance) && isNameOrNone(account) && isNameOrNone(model);
  if (!placed || (model !== undefined && account === undefined)) return undefined;
  const known =
    REASONS.has(reason) && typeof kind === 'string' && Object.hasOwn(upstreamCodes, kind);
  if (!known || !isTime(untilMs) || !isCount(strikes)) return undefined;
  return {
    instance,
    ...(account === undefined ? {} : { account }),
    ...(model === undefined ? {} : { model }),
    state: {
      reason: reason as AccountState['reason'],
      kind: kind as AccountState['kind'],
      untilMs: untilMs + shiftMs,
      strikes,
      ...(typeof detail === 'string' ? { detail: detail.slice(0, MAX_TEXT) } : {}),
    },
  };
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_TEXT;
}

function isNameOrNone(value: unknown): value is string | undefined {
  return value === undefined || isName(value);
}
