import { isGatewayError } from '@cliproxy/plugin-api';

/**
 * What a failed renewal says of what it was asked with: it is spent for good; it is as good as
 * before; or nobody knows, since the vendor may have taken it back and its answer was lost.
 */
export type RenewalVerdict = 'ended' | 'untouched' | 'unknown';

/** By these the vendor says that it has done nothing, or nothing was asked. */
const UNTOUCHED = new Set([
  'CONFIG_INVALID',
  'PLUGIN_HOST_FORBIDDEN',
  'UPSTREAM_AUTH',
  'UPSTREAM_BAD_REQUEST',
  'UPSTREAM_BILLING',
  'UPSTREAM_FORBIDDEN',
  'UPSTREAM_RATE_LIMIT',
]);

/** Judges what an authenticator's `refresh` threw. In doubt, the outcome is unknown. */
export function verdictOf(thrown: unknown): RenewalVerdict {
  if (!isGatewayError(thrown)) return 'unknown';
  const { code, failure } = thrown;
  if (code === 'AUTH_NEEDS_LOGIN') return 'ended';
  if (UNTOUCHED.has(code)) return 'untouched';
  const noConnection = code === 'UPSTREAM_UNREACHABLE' || code === 'UPSTREAM_TIMEOUT';
  return noConnection && failure?.scope === 'instance' ? 'untouched' : 'unknown';
}
