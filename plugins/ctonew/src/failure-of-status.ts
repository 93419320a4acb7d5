import { GatewayError, upstreamCodes } from '@cliproxy/plugin-api';
import type { Failure, FailureKind, WireReply } from '@cliproxy/plugin-api';
import type { Clock } from './config.ts';

/** What cto.new's services mean by a status; what is not named is their own failure. */
const KINDS: Readonly<Record<number, FailureKind>> = {
  400: 'bad-request',
  401: 'auth',
  402: 'billing',
  403: 'auth',
  404: 'not-found',
  408: 'timeout',
  413: 'too-large',
  422: 'bad-request',
  429: 'rate-limit',
  503: 'overloaded',
};

/**
 * The error that an answer's status stands for.
 *
 * @param message - says who answered what; shown to clients, so never a secret.
 */
export function failureOfStatus(
  { status, headers }: Pick<WireReply, 'status' | 'headers'>,
  message: string,
  clock: Clock,
): GatewayError {
  const kind = KINDS[status] ?? 'upstream';
  const resetAtMs = resetTime([headers['retry-after']].flat()[0], clock);
  const failure: Failure = {
    kind,
    scope: scopeOf(kind),
    message,
    ...(resetAtMs === undefined ? {} : { resetAtMs }),
  };
  return new GatewayError(upstreamCodes[kind], message, { failure });
}

function scopeOf(kind: FailureKind): Failure['scope'] {
  if (kind === 'bad-request' || kind === 'too-large') return 'request';
  return kind === 'not-found' ? 'model' : 'account';
}

/** `Retry-After` is a number of seconds or a date. */
function resetTime(header: string | undefined, clock: Clock): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/u.test(header)) return clock.now() + Number(header) * 1000;
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? undefined : atMs;
}
