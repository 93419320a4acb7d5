import { textOf } from '../json-object.ts';
import { badInput, jwtClaims } from './jwt.ts';

const COOKIE = '__client';

/**
 * The value of the cookie `__client`, which stands for a browser that is signed in at cto.new. It is
 * a JWT whose `rotating_token` only the sign-in service reads.
 *
 * @param given - the value itself, or a cookie header that holds it.
 * @param name - what it is called in errors; they never show any of it.
 * @throws GatewayError `CLIENT_BAD_REQUEST` with what is wrong.
 */
export function clientCookie(given: string, name: string): string {
  const text = given.trim();
  const value = /=|;/u.test(text) ? inHeader(text, name) : text;
  if (textOf(jwtClaims(value, name)['rotating_token']) === undefined) {
    throw badInput(
      `${name} is a JWT without rotating_token, so it is not the cookie ${COOKIE}: take that one ` +
        'from clerk.cto.new, not a session token',
    );
  }
  return value;
}

/** The header of requests that are sent with it. */
export function cookieHeader(value: string): string {
  return `${COOKIE}=${value}`;
}

/**
 * The value that an answer sets in the place of the former one. What is no such cookie, is ignored:
 * the former stays.
 *
 * @param header - `set-cookie`, as often as it came.
 */
export function rotatedCookie(header: string | readonly string[] | undefined): string | undefined {
  const lines = header === undefined ? [] : [header].flat();
  for (const line of lines) {
    const [pair = ''] = line.split(';');
    const value = pair.startsWith(`${COOKIE}=`) ? pair.slice(COOKIE.length + 1).trim() : '';
    if (/^[\w-]+\.[\w-]+\.[\w-]+$/u.test(value)) return value;
  }
  return undefined;
}

function inHeader(header: string, name: string): string {
  const pairs = header.replace(/^cookie:\s*/iu, '').split(';');
  const found = pairs.map((pair) => pair.trim()).find((pair) => pair.startsWith(`${COOKIE}=`));
  const value = found?.slice(COOKIE.length + 1).trim();
  if (value !== undefined && value !== '') return value;
  throw badInput(
    `${name} holds no cookie ${COOKIE}: copy the cookie header of a request to clerk.cto.new, ` +
      'where the browser is signed in',
  );
}
