import { GatewayError, upstreamCodes } from '@cliproxy/plugin-api';
import type { Failure, FailureKind, WireReply } from '@cliproxy/plugin-api';

/** What the API means by a status; what is not named is its own failure. TODO: as your API has it. */
const KINDS: Readonly<Record<number, FailureKind>> = {
  400: 'bad-request',
  401: 'auth',
  402: 'billing',
  403: 'forbidden',
  404: 'not-found',
  413: 'too-large',
  429: 'rate-limit',
  503: 'overloaded',
};

/**
 * The error that an answer's status stands for. Its `failure` is what the gateway goes by: whether to
 * try the next account or to tell the client at once, and how long to leave this one alone.
 */
export function failureOf({
  status,
  headers,
}: Pick<WireReply, 'status' | 'headers'>): GatewayError {
  const kind = KINDS[status] ?? 'upstream';
  const seconds = Number([headers['retry-after']].flat()[0]);
  const message = `«ID» answered ${status}`;
  const failure: Failure = {
    kind,
    scope: scopeOf(kind),
    message,
    ...(seconds > 0 && { resetAtMs: Date.now() + seconds * 1000 }),
  };
  return new GatewayError(upstreamCodes[kind], message, { failure });
}

/** Who is at fault: the request, this account with that model, or the account. */
function scopeOf(kind: FailureKind): Failure['scope'] {
  if (kind === 'bad-request' || kind === 'too-large') return 'request';
  return kind === 'not-found' ? 'model' : 'account';
}
