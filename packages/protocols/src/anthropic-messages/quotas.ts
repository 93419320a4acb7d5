import type { QuotaHeaders } from '../codec/quota-headers.ts';

const NAME = /^anthropic-ratelimit-(.+)-(limit|remaining|reset|utilization)$/;

/**
 * Anthropic's limits: `anthropic-ratelimit-<limit>-{limit,remaining,reset}`. Of a subscription,
 * `unified-*` with a share that is used and a reset in seconds since 1970.
 *
 * @see https://platform.claude.com/docs/en/api/rate-limits#response-headers
 */
export const quotaHeaders: QuotaHeaders = {
  signs: [
    'requests-limit',
    'unified-status',
    'unified-reset',
    'tokens-limit',
    'input-tokens-limit',
    'output-tokens-limit',
  ].map((sign) => `anthropic-ratelimit-${sign}`),
  split(name) {
    const [, quota, field] = NAME.exec(name) ?? [];
    return quota === undefined || field === undefined ? undefined : { quota, field };
  },
  resetAtMs(text) {
    if (/^\d{9,11}$/.test(text)) return Number(text) * 1000;
    const atMs = Date.parse(text);
    return Number.isNaN(atMs) ? undefined : atMs;
  },
};
