import type { Quota } from '@cliproxy/plugin-api';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';

/** What an error tells of a quota that is used up. */
export interface QuotaReset {
  /** Milliseconds since 1970. */
  readonly resetAtMs?: number;
  /** The quota is one model's: others still answer. */
  readonly perModel?: boolean;
}

/**
 * Reads the details of a `RESOURCE_EXHAUSTED`. A day's quota comes back at midnight where the vendor
 * is; the short delay that is told beside it is of no use. Otherwise the delay counts, of the details
 * or, where there are none, of the message.
 *
 * @see https://ai.google.dev/gemini-api/docs/rate-limits
 */
export function quotaReset(
  details: readonly JsonObject[],
  message: string,
  nowMs: number,
): QuotaReset {
  const ids = violationsIn(details).map(({ quotaId }) =>
    typeof quotaId === 'string' ? quotaId : '',
  );
  const perModel = ids.length > 0 && ids.every((id) => /PerModel/i.test(id));
  const delay = details.find((detail) => typeOf(detail) === 'RetryInfo')?.retryDelay;
  const delayMs = durationMs(delay) ?? durationMs(/retry in ([\d.]+s)\b/i.exec(message)?.[1]);
  const resetAtMs = ids.some((id) => /PerDay/i.test(id))
    ? nextMidnight(nowMs)
    : delayMs === undefined
      ? undefined
      : nowMs + delayMs;
  return {
    ...(resetAtMs === undefined ? {} : { resetAtMs }),
    ...(perModel ? { perModel } : {}),
  };
}

/** The quotas that an error says are used up, for people to see. */
export function usedUpQuotas({ error }: JsonObject, nowMs: number): readonly Quota[] {
  if (!isJsonObject(error) || !Array.isArray(error.details)) return [];
  const details = error.details.filter(isJsonObject);
  const message = typeof error.message === 'string' ? error.message : '';
  const { resetAtMs } = quotaReset(details, message, nowMs);
  return violationsIn(details).flatMap(({ quotaId, quotaValue }): Quota | readonly [] => {
    if (typeof quotaId !== 'string' || !/^[\w.-]{1,128}$/.test(quotaId)) return [];
    const limit = Number(quotaValue ?? Number.NaN);
    return {
      name: quotaId,
      ...(Number.isFinite(limit) ? { limit } : {}),
      remaining: 0,
      ...(resetAtMs === undefined ? {} : { resetAtMs }),
    };
  });
}

function violationsIn(details: readonly JsonObject[]): readonly JsonObject[] {
  return details
    .filter((detail) => typeOf(detail) === 'QuotaFailure')
    .flatMap(({ violations }) =>
      Array.isArray(violations) ? (violations as readonly unknown[]) : [],
    )
    .filter(isJsonObject);
}

/** A delay, as the vendor's clients read it. */
export function retryInfo(delayMs: number): JsonObject {
  const seconds = Math.max(1, Math.ceil(delayMs / 1000));
  return { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${seconds}s` };
}

function typeOf(detail: JsonObject): string | undefined {
  const type = detail['@type'];
  return typeof type === 'string' ? type.slice(type.lastIndexOf('.') + 1) : undefined;
}

/** `17s`, `1.5s`, or the same as an object. */
function durationMs(delay: unknown): number | undefined {
  if (isJsonObject(delay)) {
    const seconds = Number(delay.seconds ?? 0) + Number(delay.nanos ?? 0) / 1e9;
    return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
  }
  const seconds = typeof delay === 'string' ? /^(\d+(?:\.\d+)?)s$/.exec(delay)?.[1] : undefined;
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

const DAY_MS = 86_400_000;

/** The next midnight of California; on the two days when the clock is changed, an hour off. */
function nextMidnight(nowMs: number): number {
  const clock = new Intl.DateTimeFormat('en-US', {
    timeZone: 'America/Los_Angeles',
    hourCycle: 'h23',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const parts = new Map(clock.formatToParts(nowMs).map(({ type, value }) => [type, Number(value)]));
  const [hours = 0, minutes = 0, seconds = 0] = ['hour', 'minute', 'second'].map(
    (name) => parts.get(name as Intl.DateTimeFormatPartTypes) ?? 0,
  );
  const sinceMidnightMs = ((hours * 60 + minutes) * 60 + seconds) * 1000;
  return nowMs - (nowMs % 1000) + DAY_MS - sinceMidnightMs;
}
