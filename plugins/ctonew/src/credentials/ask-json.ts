import { GatewayError, readBody } from '@cliproxy/plugin-api';
import type { AuthContext, HeaderMap, OutgoingRequest } from '@cliproxy/plugin-api';
import type { Clock } from '../config.ts';
import { failureOfStatus } from '../failure-of-status.ts';
import type { JsonObject } from '../json-object.ts';
import { listOf, objectOf, parseObject, textOf } from '../json-object.ts';

const MAX_BYTES = 1024 * 1024;
/** Billing, time and rate. */
const KNOWN = [402, 408, 429];

/** What a refusal of the credential looks like, and what to do then. */
interface Refusal {
  /** Statuses that say that the credential has ended. */
  readonly refused: readonly number[];
  readonly remedy: string;
  readonly clock: Clock;
}

/**
 * Asks a service that gives out tokens. Its errors tell no more than their code: the rest may repeat
 * what was sent.
 *
 * @throws GatewayError `AUTH_NEEDS_LOGIN` where the credential is refused, else `UPSTREAM_*`.
 */
export async function askJson(
  request: OutgoingRequest,
  { http, signal }: Pick<AuthContext, 'http' | 'signal'>,
  { refused, remedy, clock }: Refusal,
): Promise<{ readonly headers: HeaderMap; readonly body: JsonObject }> {
  const reply = await http.request(request, signal);
  const what = `${request.method} ${new URL(request.url).pathname}`;
  const body = parseObject((await readBody(reply, MAX_BYTES)).toString());
  if (reply.status >= 200 && reply.status <= 299) {
    if (body === undefined) throw badAnswer(what, 'JSON object');
    return { headers: reply.headers, body };
  }
  const code = codeIn(body);
  const told = `${what} answered ${reply.status}${code === undefined ? '' : ` (${code})`}`;
  if (refused.includes(reply.status)) {
    throw new GatewayError('AUTH_NEEDS_LOGIN', `${told}: ${remedy}`, {
      failure: { kind: 'auth', scope: 'account', message: told },
    });
  }
  const { status, headers } = reply;
  // Whoever asks for a model has no part in it: a request that is refused here is our own fault.
  const ours = status < 500 && !KNOWN.includes(status);
  throw failureOfStatus({ status: ours ? 500 : status, headers }, told, clock);
}

/** An answer of success that is none. */
export function badAnswer(what: string, missing: string): GatewayError {
  const message = `${what} answered without ${missing}; check the addresses in the configuration`;
  return new GatewayError('UPSTREAM_BAD_ANSWER', message, {
    failure: { kind: 'upstream', scope: 'account', message },
  });
}

/** Clerk has a list of errors, OAuth one. A code is one word. */
function codeIn(body: JsonObject | undefined): string | undefined {
  const code = textOf(objectOf(listOf(body?.['errors'])[0])?.['code']) ?? textOf(body?.['error']);
  return code !== undefined && /^[a-z0-9_]{1,60}$/u.test(code) ? code : undefined;
}
