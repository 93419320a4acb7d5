import type { HeaderMap } from '@cliproxy/plugin-api';
import { retryAtMs } from '../codec/retry-after.ts';

/**
 * When an upstream will take requests again, in milliseconds since 1970: as it says, else the reset
 * of whichever quota is used up.
 *
 * @see https://developers.openai.com/api/docs/guides/rate-limits
 */
export function resetAtMs(headers: HeaderMap, nowMs: number): number | undefined {
  const said = retryAtMs(headers, nowMs);
  if (said !== undefined) return said;
  const resets = ['requests', 'tokens'].flatMap((what) => {
    if (headers[`x-ratelimit-remaining-${what}`] !== '0') return [];
    const wait = durationMs(headers[`x-ratelimit-reset-${what}`]);
    return wait === undefined ? [] : [nowMs + wait];
  });
  return resets.length === 0 ? undefined : Math.max(...resets);
}

const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** Reads durations such as `6m0s` and `250ms`. */
export function durationMs(text: HeaderMap[string] | undefined): number | undefined {
  if (typeof text !== 'string' || !/^(?:\d+(?:\.\d+)?(?:ms|[hms])){1,4}$/.test(text)) {
    return undefined;
  }
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[hms])/g)) {
    total += Number(amount) * (UNIT_MS[unit ?? ''] ?? 0);
  }
  return total;
}
