import { secret } from '@cliproxy/plugin-api';
import type { Secret } from '@cliproxy/plugin-api';

const SECRET = '$secret';
const BYTES = '$bytes';
const MAX_DEPTH = 24;

/**
 * A copy that JSON can express, for what may hold secrets: accounts, credentials, what a person
 * typed. Functions and what else JSON has no word for are left out.
 */
export function toPlain(value: unknown, depth = 0): unknown {
  if (depth > MAX_DEPTH) return undefined;
  if (typeof value !== 'object' || value === null) {
    if (typeof value === 'number' && !Number.isFinite(value)) return { $number: String(value) };
    return typeof value === 'function' || typeof value === 'symbol' ? undefined : value;
  }
  if (isSecret(value)) return { [SECRET]: value.reveal() };
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value;
    return { [BYTES]: Buffer.from(buffer, byteOffset, byteLength).toString('base64') };
  }
  if (Array.isArray(value)) return value.map((one: unknown) => toPlain(one, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, one]: [string, unknown]) => [key, toPlain(one, depth + 1)]),
  );
}

/** The value again, with its secrets wrapped. */
export function fromPlain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(fromPlain);
  const { $secret, $bytes, $number } = value as Readonly<Record<string, unknown>>;
  if (typeof $secret === 'string') return secret($secret);
  if (typeof $bytes === 'string') return Buffer.from($bytes, 'base64');
  if (typeof $number === 'string') return Number($number);
  return Object.fromEntries(
    Object.entries(value).map(([key, one]: [string, unknown]) => [key, fromPlain(one)]),
  );
}

function isSecret(value: object): value is Secret {
  return 'reveal' in value && typeof value.reveal === 'function';
}
