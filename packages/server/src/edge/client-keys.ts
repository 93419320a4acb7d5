import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** Who a request may act as. */
export interface Grant {
  /** `open`: no client keys are configured; `nobody`: no key was shown where none is needed. */
  readonly role: 'admin' | 'client' | 'open' | 'nobody';
  /** The key's end, masked, for the log. */
  readonly label?: string;
  /** Tells keys apart; never told to anybody. */
  readonly client?: string;
}

/** A key as a client showed it. */
export interface PresentedKey {
  readonly bytes: Buffer;
  /** Query strings end up in logs and histories: no admin key is taken from there. */
  readonly inQuery: boolean;
}

/** The configured keys, by digest alone. */
export interface KeyRing {
  /** False: client routes are open. */
  readonly clientsNeedKey: boolean;
  /** False: operator routes are refused. */
  readonly hasAdmins: boolean;
  /** @returns the strongest grant that one of the keys gives; undefined: none is right. */
  find(presented: readonly PresentedKey[]): Grant | undefined;
}

interface KnownKey {
  readonly digest: Buffer;
  readonly grant: Grant;
}

/** Keeps the digests of the configured keys. An empty key never fits, and opens nothing. */
export function createKeyRing(keys: {
  readonly apiKeys: readonly string[];
  readonly adminKeys: readonly string[];
}): KeyRing {
  const known = [
    ...keys.adminKeys.map((key) => knownKey('admin', key)),
    ...keys.apiKeys.map((key) => knownKey('client', key)),
  ].filter((key) => key !== undefined);
  return {
    clientsNeedKey: keys.apiKeys.length > 0,
    hasAdmins: known.some((key) => key.grant.role === 'admin'),
    find(presented) {
      let best: Grant | undefined;
      for (const { bytes, inQuery } of presented) {
        const digest = sha256(bytes);
        for (const { digest: right, grant } of known) {
          // Every key is compared, whether one has fitted or not: the time tells nothing.
          const fits = timingSafeEqual(digest, right);
          if (fits && !(inQuery && grant.role === 'admin') && best?.role !== 'admin') best = grant;
        }
      }
      return best;
    },
  };
}

/** The keys that a request shows, in any of the forms that vendors' SDKs use. */
export function presentedKeys(headers: IncomingHttpHeaders, query: string): PresentedKey[] {
  const found: PresentedKey[] = [];
  const { authorization } = headers;
  if (authorization !== undefined && authorization.slice(0, 7).toLowerCase() === 'bearer ') {
    addHeader(found, authorization.slice(7).trim());
  }
  addHeader(found, headers['x-api-key']);
  addHeader(found, headers['x-goog-api-key']);
  if (query.includes('key=')) {
    const value = new URLSearchParams(query).get('key');
    if (value) found.push({ bytes: Buffer.from(value), inQuery: true });
  }
  return found;
}

function addHeader(found: PresentedKey[], value: string | string[] | undefined): void {
  // Node gives header bytes as Latin-1; taken back to bytes, a key in UTF-8 fits as configured.
  if (typeof value === 'string' && value !== '') {
    found.push({ bytes: Buffer.from(value, 'latin1'), inQuery: false });
  }
}

function knownKey(role: 'admin' | 'client', key: string): KnownKey | undefined {
  if (key === '') return undefined;
  const label = key.length >= 16 ? `***${key.slice(-4)}` : '***';
  const digest = sha256(Buffer.from(key));
  return { digest, grant: Object.freeze({ role, label, client: digest.toString('base64') }) };
}

function sha256(bytes: Buffer): Buffer {
  return hash('sha256', bytes, 'buffer');
}
