import type { QuotaHeaders } from '../codec/quota-headers.ts';
import { durationMs } from './rate-limit-reset.ts';

const NAME = /^x-ratelimit-(limit|remaining|reset)(?:-(.+))?$/;
const YEAR_2001_S = 1e9;

/**
 * OpenAI's limits: `x-ratelimit-{limit,remaining,reset}-{requests,tokens}`, the reset as a duration
 * such as `6m0s`. Look-alikes leave the last part out, and tell the reset in seconds from now or as a
 * time.
 *
 * @see https://developers.openai.com/api/docs/guides/rate-limits
 */
export const quotaHeaders: QuotaHeaders = {
  signs: [
    'limit-requests',
    'limit-tokens',
    'remaining-requests',
    'remaining-tokens',
    'limit',
    'remaining',
  ].map((sign) => `x-ratelimit-${sign}`),
  split(name) {
    const [, field, quota = 'requests'] = NAME.exec(name) ?? [];
    return field === undefined ? undefined : { quota, field };
  },
  resetAtMs(text, nowMs) {
    const waitMs = durationMs(text);
    if (waitMs !== undefined) return nowMs + waitMs;
    const amount = text.trim() === '' ? Number.NaN : Number(text);
    if (Number.isNaN(amount)) return undefined;
    if (amount < YEAR_2001_S) return nowMs + amount * 1000;
    return amount < YEAR_2001_S * 1000 ? amount * 1000 : amount;
  },
};
