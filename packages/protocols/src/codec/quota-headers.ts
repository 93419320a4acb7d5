import type { HeaderMap, Quota } from '@cliproxy/plugin-api';

/** Reads, once somebody asks, what an answer told of an account's limits. */
export type QuotaReader = () => readonly Quota[];

/** How a vendor's headers tell limits. */
export interface QuotaHeaders {
  /** One of these is there where any is: looking them up costs less than a walk over all names. */
  readonly signs: readonly string[];
  /** Takes a header's name apart; nothing where it tells no limit. */
  split(name: string): { readonly quota: string; readonly field: string } | undefined;
  /** A reset in milliseconds since 1970. @param nowMs - when the answer came. */
  resetAtMs(text: string, nowMs: number): number | undefined;
}

/** Names are shown to operators; what is longer or odder is none. */
const QUOTA_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/i;

/**
 * Looks whether an answer tells limits, which costs next to nothing; what they say is read when
 * somebody wants to see it.
 *
 * @param nowMs - when the answer came, in milliseconds since 1970.
 */
export function readQuotaHeaders(
  from: QuotaHeaders,
  headers: HeaderMap,
  nowMs: number,
): QuotaReader | undefined {
  for (const sign of from.signs) {
    if (headers[sign] !== undefined) return () => quotasOf(from, headers, nowMs);
  }
  return undefined;
}

function quotasOf(from: QuotaHeaders, headers: HeaderMap, nowMs: number): readonly Quota[] {
  const quotas = new Map<string, { -readonly [K in keyof Quota]: Quota[K] }>();
  for (const [name, value] of Object.entries(headers)) {
    const { quota, field } = from.split(name) ?? {};
    if (quota === undefined || !QUOTA_NAME.test(quota) || typeof value !== 'string') continue;
    const told = quotas.get(quota) ?? { name: quota };
    const amount = amountOf(value);
    if (field === 'reset') {
      const resetAtMs = from.resetAtMs(value, nowMs);
      if (resetAtMs !== undefined && Number.isFinite(resetAtMs)) told.resetAtMs = resetAtMs;
    } else if (amount === undefined) continue;
    else if (field === 'limit' || field === 'remaining') told[field] = amount;
    else if (field === 'utilization') {
      // A share of something that is not told: in percent.
      told.limit = 100;
      told.remaining = Math.max(0, Math.round(100 - amount * 100));
    }
    quotas.set(quota, told);
  }
  return [...quotas.values()].filter((quota) => Object.keys(quota).length > 1);
}

function amountOf(text: string): number | undefined {
  const amount = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(amount) && amount >= 0 ? amount : undefined;
}
