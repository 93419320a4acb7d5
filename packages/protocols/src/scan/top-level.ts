import { GatewayError } from '@cliproxy/plugin-api';
import { MAX_DEPTH, skipContainer, skipString } from './skip-value.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;
const BRACKET_OPEN = 0x5b;
const BRACKET_CLOSE = 0x5d;

/** Where one key of the top level and its value stand, as byte offsets. */
export interface TopLevelEntry {
  /** Of the key's opening quote. */
  readonly keyStart: number;
  /** Of the value's first byte. */
  readonly start: number;
  /** After the value's last byte. */
  readonly end: number;
}

/** The keys of an object's top level, decoded, in the order in which they stand. */
export type TopLevel = ReadonlyMap<string, TopLevelEntry>;

/**
 * Finds the keys of a JSON object's top level without parsing what is below: its structure is
 * checked, scalars below the top level and the insides of strings are not.
 *
 * @throws GatewayError `CLIENT_BAD_JSON` for malformed structure, too deep nesting, or a repeated
 *   key, naming the byte or the key.
 */
export function scanTopLevel(bytes: Buffer): TopLevel {
  const entries = new Map<string, TopLevelEntry>();
  let at = skipSpace(bytes, 0);
  if (at >= bytes.length) throw badJson('The body is empty; send a JSON object.');
  if (bytes[at] !== BRACE_OPEN) throw bad(at, 'an object must begin with `{`');
  at = skipSpace(bytes, at + 1);
  if (bytes[at] === BRACE_CLOSE) return atEnd(bytes, at, entries);
  for (;;) {
    const keyStart = at;
    if (bytes[at] !== QUOTE) throw bad(at, 'a key in double quotes is missing');
    const keyEnd = endOfKey(bytes, at);
    const key = readKey(bytes, keyStart, keyEnd);
    at = skipSpace(bytes, keyEnd);
    if (bytes[at] !== COLON) throw bad(at, '`:` is missing');
    const start = skipSpace(bytes, at + 1);
    const end = endOfValue(bytes, start);
    if (entries.has(key)) throw repeated(key);
    entries.set(key, { keyStart, start, end });
    at = skipSpace(bytes, end);
    if (bytes[at] === BRACE_CLOSE) return atEnd(bytes, at, entries);
    if (bytes[at] !== COMMA) throw bad(at, '`,` or `}` is missing');
    at = skipSpace(bytes, at + 1);
  }
}

/** A `CLIENT_BAD_JSON`: no instance or account is to blame. */
export function badJson(message: string, cause?: unknown): GatewayError {
  const failure = { kind: 'bad-request', scope: 'request' } as const;
  return new GatewayError('CLIENT_BAD_JSON', message, { failure, cause });
}

function bad(offset: number, what: string): GatewayError {
  return badJson(`The body is not valid JSON: ${what} at byte ${offset}.`);
}

function repeated(key: string): GatewayError {
  const name = key.length > 64 ? `${key.slice(0, 64)}…` : key;
  return badJson(`The body names ${JSON.stringify(name)} twice; send each top-level key once.`);
}

function atEnd(bytes: Buffer, close: number, entries: TopLevel): TopLevel {
  const rest = skipSpace(bytes, close + 1);
  if (rest < bytes.length) throw bad(rest, 'something follows the object');
  return entries;
}

function skipSpace(bytes: Buffer, from: number): number {
  let at = from;
  for (;;) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at;
    at += 1;
  }
}

function endOfKey(bytes: Buffer, quote: number): number {
  const end = skipString(bytes, quote + 1);
  if (end < 0) throw bad(quote, 'a string is not closed');
  return end;
}

function readKey(bytes: Buffer, start: number, end: number): string {
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte !== BACKSLASH && byte >= 0x20) continue;
    const key = parsed(bytes, start, end);
    if (typeof key !== 'string') throw bad(start, 'a key is malformed');
    return key;
  }
  return bytes.toString('utf8', start + 1, end - 1);
}

function endOfValue(bytes: Buffer, start: number): number {
  const first = bytes[start];
  if (first === QUOTE) return endOfKey(bytes, start);
  if (first !== BRACE_OPEN && first !== BRACKET_OPEN) return endOfScalar(bytes, start);
  const end = skipContainer(bytes, start);
  if (typeof end === 'number') return end;
  switch (end) {
    case 'too-deep':
      throw badJson(`The body is nested deeper than ${MAX_DEPTH} levels.`);
    case 'mismatch':
      throw bad(start, 'brackets do not match within the value');
    case 'unterminated':
    case 'unterminated-string':
      throw bad(start, 'the value is not closed that begins');
  }
}

/** Numbers, `true`, `false`, `null`: short, so parsing them is the exact check. */
function endOfScalar(bytes: Buffer, start: number): number {
  let end = start;
  while (end < bytes.length && !endsScalar(bytes[end])) end += 1;
  if (parsed(bytes, start, end) === undefined) throw bad(start, 'a value is missing or malformed');
  return end;
}

function endsScalar(byte: number | undefined): boolean {
  switch (byte) {
    case COMMA:
    case BRACE_CLOSE:
    case BRACKET_CLOSE:
    case 0x20:
    case 0x0a:
    case 0x0d:
    case 0x09:
      return true;
    default:
      return false;
  }
}

function parsed(bytes: Buffer, start: number, end: number): unknown {
  try {
    return JSON.parse(bytes.toString('utf8', start, end)) as unknown;
  } catch {
    return undefined;
  }
}
