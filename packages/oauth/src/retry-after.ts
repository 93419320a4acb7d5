import { GatewayError } from '@cliproxy/plugin-api';

/** What is told of a vendor that limits the rate of token requests. */
export function rateLimited(retryAfter: string | undefined, nowMs: number): GatewayError {
  const resetAtMs = retryAfter === undefined ? undefined : resetTime(retryAfter, nowMs);
  const seconds = resetAtMs === undefined ? undefined : Math.ceil((resetAtMs - nowMs) / 1000);
  const when = seconds === undefined ? 'later' : `in ${seconds} s`;
  return new GatewayError(
    'UPSTREAM_RATE_LIMIT',
    `the vendor limits the rate of token requests; try again ${when}`,
    {
      failure: {
        kind: 'rate-limit',
        scope: 'account',
        ...(resetAtMs === undefined ? {} : { resetAtMs }),
      },
    },
  );
}

/** Seconds or a date; what lies in the past says nothing. */
function resetTime(text: string, nowMs: number): number | undefined {
  const timeMs = /^\d{1,9}$/.test(text.trim()) ? nowMs + Number(text) * 1000 : Date.parse(text);
  return timeMs > nowMs ? timeMs : undefined;
}
