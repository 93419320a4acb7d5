/** When a credential is to be renewed, in milliseconds since 1970. */
export interface RenewalTimes {
  /** In the background, from then on. */
  readonly earliestMs: number;
  /** By the next request, from then on. */
  readonly latestMs: number;
}

const AHEAD_MS = 120_000;
/** No more of a life than this is given away, or a short-lived token would always be due. */
const MOST_OF_LIFE = 0.2;

/**
 * Plans the renewal of a credential.
 *
 * @param expiresAtMs - absent: it does not end.
 * @param heldSinceMs - since when it is held here.
 * @param jitter - from 0 to 1; moves the background's renewal ahead by up to a half more.
 * @param aheadMs - how long before its end it is due. Default 2 min.
 */
export function renewalTimes(
  expiresAtMs: number | undefined,
  heldSinceMs: number,
  jitter: number,
  aheadMs = AHEAD_MS,
): RenewalTimes {
  if (expiresAtMs === undefined) return { earliestMs: Infinity, latestMs: Infinity };
  const lifeMs = Math.max(0, expiresAtMs - heldSinceMs);
  const leadMs = Math.min(aheadMs, lifeMs * MOST_OF_LIFE);
  return {
    earliestMs: expiresAtMs - leadMs * (1 + jitter / 2),
    latestMs: expiresAtMs - leadMs,
  };
}
