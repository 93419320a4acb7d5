import { GatewayError } from '@cliproxy/plugin-api';
import { isObject } from '../json-object.ts';
import type { Cookie } from './cookie.ts';

const DOMAIN = '.google.com';
const MAX_COOKIES = 200;
const MAX_BYTES = 64 * 1024;
const A_DOMAIN = /^\.?[a-z0-9-]+(\.[a-z0-9-]+)+$/iu;
/** As RFC 6265 has it, and more leniently of values: browsers keep what sites set. */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/u;
const VALUE = /^[\x20-\x3a\x3c-\x7e]*$/u;

/**
 * Cookies as a person copies them: a cookie header (`a=b; c=d`), an object of names and values, or
 * the list that browser extensions export (`domain`, `name`, `value`). Those that name no domain are
 * Google's.
 *
 * @throws GatewayError `CLIENT_BAD_REQUEST` that says what is wrong and shows none of them.
 */
export function parseCookies(text: string): readonly Cookie[] {
  if (text.length > MAX_BYTES) throw badCookies(`are larger than ${MAX_BYTES} bytes`);
  const cookies = /^\s*[[{]/u.test(text) ? fromJson(text) : fromHeader(text);
  if (cookies.length === 0) throw badCookies('hold no cookie');
  if (cookies.length > MAX_COOKIES) throw badCookies(`are more than ${MAX_COOKIES}`);
  for (const [index, cookie] of cookies.entries()) check(cookie, index);
  return cookies;
}

/** An input that is no cookies. @param what - after the name of the input. */
export function badCookies(what: string): GatewayError {
  return new GatewayError('CLIENT_BAD_REQUEST', `cookies ${what}`);
}

function fromHeader(text: string): Cookie[] {
  return text
    .trim()
    .replace(/^cookie:\s*/iu, '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '')
    .map((pair) => {
      const at = pair.indexOf('=');
      return at < 0
        ? { domain: DOMAIN, name: '', value: '' }
        : { domain: DOMAIN, name: pair.slice(0, at), value: pair.slice(at + 1) };
    });
}

function fromJson(text: string): Cookie[] {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw badCookies('are no JSON, though they begin like it');
  }
  const entries = Array.isArray(given)
    ? (given as readonly unknown[])
    : Object.entries(isObject(given) ? given : {}).map(([name, value]) => ({ name, value }));
  return entries.map((entry) => {
    const fields = isObject(entry) ? entry : {};
    return {
      domain: typeof fields['domain'] === 'string' ? fields['domain'] : DOMAIN,
      name: textOf(fields['name']),
      value: textOf(fields['value']),
    };
  });
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function check({ domain, name, value }: Cookie, index: number): void {
  if (!NAME.test(name)) throw badCookies(`[${index}] has no name that a cookie can have`);
  if (!VALUE.test(value)) throw badCookies(`[${index}] has a value that no cookie can have`);
  if (!A_DOMAIN.test(domain)) throw badCookies(`[${index}] has no domain such as .google.com`);
}
