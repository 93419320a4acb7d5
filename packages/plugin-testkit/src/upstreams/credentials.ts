import type { IncomingHttpHeaders } from 'node:http';
import { Refusal, demand } from './refusal.ts';
import type { KeyHeader } from './vendor-api.ts';

const KEY_HEADERS: readonly KeyHeader[] = ['authorization', 'x-api-key', 'x-goog-api-key'];
/** What belongs to the way between a client and its gateway alone. */
const PRIVATE = ['cookie', 'proxy-authorization', 'x-cliproxy-strict', 'x-forwarded-for'];

/**
 * Checks that a key arrives in the one place where the vendor looks for it, and no other credential
 * beside it: one that was passed on from a client would stand there.
 *
 * @param own - the vendor's headers for a key.
 * @param wanted - the one key that is taken; undefined for any.
 * @throws Refusal
 */
export function checkKey(
  headers: IncomingHttpHeaders,
  query: URLSearchParams,
  own: readonly KeyHeader[],
  wanted: string | undefined,
): void {
  const names = own.join(' or ');
  const strangers = [...KEY_HEADERS.filter((name) => !own.includes(name)), ...PRIVATE];
  const stranger = strangers.find((name) => headers[name] !== undefined);
  demand(stranger === undefined, [], `the header ${stranger} is none of this vendor's`);
  demand(!query.has('key'), [], `the key belongs in the header ${names}, never in the address`);
  const [name, second] = own.filter((header) => headers[header] !== undefined);
  demand(second === undefined, [], `the key is sent twice: as ${name} and as ${second}`);
  const given = name === undefined ? '' : String(headers[name]);
  const key = name === 'authorization' ? /^Bearer (\S+)$/u.exec(given)?.[1] : given;
  if (key === undefined || key === '') {
    throw new Refusal('key', [], `no API key was provided: set the header ${names}`);
  }
  if (wanted !== undefined && key !== wanted) {
    throw new Refusal('key', [], 'incorrect API key provided');
  }
}
