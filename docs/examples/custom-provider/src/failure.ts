import { GatewayError, readBody, upstreamCodes } from '@cliproxy/plugin-api';
import type { Failure, FailureKind, WireReply } from '@cliproxy/plugin-api';
import type { AcmeApi } from './config.ts';

const MAX_ERROR_BYTES = 64 * 1024;

/**
 * Acme's table of errors: what each code means for routing. A code says more than the status, where two
 * share one: whoever must wait a minute is not out of credit.
 */
export const ERRORS: readonly (readonly [status: number, code: string, kind: FailureKind])[] = [
  [400, 'bad_talk', 'bad-request'],
  [401, 'bad_token', 'auth'],
  [403, 'not_yours', 'forbidden'],
  [404, 'no_engine', 'not-found'],
  [413, 'too_long', 'too-large'],
  [429, 'slow_down', 'rate-limit'],
  [429, 'no_credit', 'billing'],
  [500, 'broken', 'upstream'],
  [503, 'tired', 'overloaded'],
];

/** What Acme says of an error, in a body or in a line of an answer. */
export interface Oops {
  readonly code?: string;
  readonly say?: string;
  readonly wait_s?: number;
}

/** The error that a reply with another status than 200 stands for. Uses up its body. */
export async function refusalOf(reply: WireReply, clock: AcmeApi['clock']): Promise<GatewayError> {
  const bytes = await readBody(reply, MAX_ERROR_BYTES);
  return failureOf(reply.status, oopsIn(bytes), clock);
}

/** The error that Acme's own words stand for; the status decides where they say nothing. */
export function failureOf(
  status: number,
  { code, say, wait_s: seconds }: Oops,
  clock: AcmeApi['clock'],
): GatewayError {
  const row =
    ERRORS.find(([, known]) => known === code) ?? ERRORS.find(([known]) => known === status);
  const kind = row?.[2] ?? 'upstream';
  const message = say ?? `Acme answered ${status}`;
  const failure: Failure = {
    kind,
    scope: scopeOf(kind),
    message,
    // Nobody asks this account before that; without it, the gateway's own times hold.
    ...(typeof seconds === 'number' && { resetAtMs: clock.now() + seconds * 1000 }),
  };
  return new GatewayError(upstreamCodes[kind], message, { failure });
}

/** Who is out: nobody (the request is at fault), this account with that model, or the account. */
function scopeOf(kind: FailureKind): Failure['scope'] {
  if (kind === 'bad-request' || kind === 'too-large') return 'request';
  return kind === 'not-found' ? 'model' : 'account';
}

/** A proxy on the way may answer with a page in the place of JSON. */
function oopsIn(bytes: Buffer): Oops {
  try {
    const { oops } = JSON.parse(bytes.toString()) as { readonly oops?: Oops };
    return oops ?? {};
  } catch {
    return {};
  }
}
