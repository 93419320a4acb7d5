import { isGatewayError } from '@cliproxy/plugin-api';
import type { Json } from '@cliproxy/plugin-api';
import type { TokenEndpointResponse } from 'oauth4webapi';

/** What became of a request to the token endpoint. */
export type TokenOutcome =
  | { readonly kind: 'granted'; readonly tokens: TokenEndpointResponse }
  /** The vendor has understood it and did not do it: what it was asked with is still good. */
  | { readonly kind: 'refused'; readonly code: string; readonly retryAfter?: string }
  /** The vendor may have done it, and taken back what it was asked with. */
  | {
      readonly kind: 'unknown';
      readonly reason: string;
      /** Absent: no answer has arrived. */
      readonly status?: number;
      readonly cause?: unknown;
    };

/**
 * Sends a token request and says what became of it. Nothing of the answer gets into a text: it may
 * hold tokens, and so may the errors of oauth4webapi.
 *
 * @param send - one of oauth4webapi's requests.
 * @param read - the one of its functions that reads the answer.
 * @throws what kept it from being sent.
 */
export async function requestTokens(
  send: () => Promise<Response>,
  read: (reply: Response) => Promise<TokenEndpointResponse>,
  idToken: 'checked' | 'ignored',
): Promise<TokenOutcome> {
  let reply: Response;
  try {
    reply = await send();
  } catch (error) {
    if (!mayHaveArrived(error)) throw error;
    return { kind: 'unknown', reason: 'the answer did not arrive', cause: error };
  }
  const { status } = reply;
  const answer = jsonObject(await reply.text());
  if (status === 429) {
    const retryAfter = reply.headers.get('retry-after');
    return { kind: 'refused', code: RATE_LIMIT, ...(retryAfter === null ? {} : { retryAfter }) };
  }
  if (status >= 400 && status < 500) {
    const code = errorCode(answer);
    if (code !== undefined) return { kind: 'refused', code };
  }
  const unknown = { kind: 'unknown', status } as const;
  if (status !== 200) return { ...unknown, reason: `the vendor answered with ${status}` };
  if (answer === undefined) return { ...unknown, reason: 'the answer is not JSON' };
  try {
    const mended = JSON.stringify(mend(answer, idToken));
    const headers = { 'content-type': 'application/json' };
    return { kind: 'granted', tokens: await read(new Response(mended, { headers })) };
  } catch (error) {
    // What the client throws, while keys are fetched, holds nothing of the answer.
    const cause = isGatewayError(error) ? error : undefined;
    return { ...unknown, reason: 'the answer holds no usable tokens', cause };
  }
}

/** The code of an outcome `refused` when the vendor limits the rate. */
export const RATE_LIMIT = 'too_many_requests';

type Fields = Readonly<Record<string, Json>>;

/**
 * What certainly never left: the client says so by the scope `instance` (no connection could be
 * made) or by another code; oauth4webapi by a code of its own.
 */
function mayHaveArrived(error: unknown): boolean {
  if (isGatewayError(error)) {
    const { code, failure } = error;
    if (code === 'UPSTREAM_TOO_LARGE') return true;
    const isBroken = code === 'UPSTREAM_UNREACHABLE' || code === 'UPSTREAM_TIMEOUT';
    return isBroken && failure?.scope !== 'instance';
  }
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : '';
  return !/^(OAUTH_|ERR_INVALID_ARG)/.test(String(code));
}

/** Vendors write `{"error":"…"}` as the standard has it, or an object with a code. */
function errorCode(answer: Fields | undefined): string | undefined {
  const { error } = answer ?? {};
  if (typeof error === 'string') return harmless(error);
  if (typeof error !== 'object' || error === null || Array.isArray(error)) return undefined;
  const { code, type } = error as Fields;
  return harmless(code) ?? harmless(type);
}

/** Codes are small letters; anything else may be a secret that a vendor repeats. */
function harmless(code: unknown): string | undefined {
  return typeof code === 'string' && /^[a-z_]{1,48}$/.test(code) ? code : undefined;
}

/**
 * Takes out what is no use but would have the rest refused: a renewal that comes with an odd
 * `expires_in` has rotated the refresh token all the same.
 */
function mend(answer: Fields, idToken: 'checked' | 'ignored'): Fields {
  const fields = Object.entries(answer).filter(([name, value]) => {
    switch (name) {
      case 'expires_in':
        return lifeSeconds(value) !== undefined;
      case 'id_token':
        return idToken === 'checked' && value !== null;
      case 'refresh_token':
        return typeof value === 'string' && value !== '';
      case 'scope':
      case 'token_type':
        return typeof value === 'string';
      default:
        return true;
    }
  });
  return { token_type: 'bearer', ...Object.fromEntries(fields) };
}

/** How long a token lives; `undefined` where that isn't told, or is told as nothing. */
export function lifeSeconds(value: unknown): number | undefined {
  const seconds = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  const isLife = typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0;
  return isLife ? seconds : undefined;
}

function jsonObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}
