import type { HeaderMap } from '@cliproxy/plugin-api';

/**
 * When an upstream says that it will take requests again, in milliseconds since 1970. In the order
 * in which OpenAI's SDK reads them: `retry-after-ms`, `retry-after` (seconds or an HTTP date), then
 * the reset of whichever quota is used up.
 *
 * @see https://github.com/openai/openai-node/blob/master/src/client.ts
 * @see https://developers.openai.com/api/docs/guides/rate-limits for `x-ratelimit-*`
 */
export function retryAtMs(headers: HeaderMap, nowMs: number): number | undefined {
  const ms = Number(header(headers, 'retry-after-ms') ?? Number.NaN);
  if (Number.isFinite(ms) && ms >= 0) return nowMs + ms;
  const after = header(headers, 'retry-after');
  if (after !== undefined) {
    const seconds = Number(after);
    if (Number.isFinite(seconds) && seconds >= 0) return nowMs + seconds * 1000;
    const date = Date.parse(after);
    if (Number.isFinite(date)) return Math.max(date, nowMs);
  }
  const resets = ['requests', 'tokens'].flatMap((what) => {
    if (header(headers, `x-ratelimit-remaining-${what}`) !== '0') return [];
    const wait = durationMs(header(headers, `x-ratelimit-reset-${what}`));
    return wait === undefined ? [] : [nowMs + wait];
  });
  return resets.length === 0 ? undefined : Math.max(...resets);
}

function header(headers: HeaderMap, name: string): string | undefined {
  const value = headers[name];
  const first = typeof value === 'string' ? value : value?.[0];
  return first === undefined || first.trim() === '' ? undefined : first.trim();
}

const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** Reads durations such as `6m0s` and `250ms`. */
function durationMs(text: string | undefined): number | undefined {
  if (text === undefined || !/^(?:\d+(?:\.\d+)?(?:ms|[hms]))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[hms])/g)) {
    total += Number(amount) * (UNIT_MS[unit ?? ''] ?? 0);
  }
  return total;
}
