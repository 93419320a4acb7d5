import type { SecretRegistry } from '@cliproxy/kernel';

const MASK = '***';

/** Field names whose values are never printed, compared without case, `-` and `_`. */
const SECRET_FIELDS: ReadonlySet<string> = new Set([
  'accesstoken',
  'apikey',
  'apikeys',
  'authorization',
  'clientsecret',
  'cookie',
  'credential',
  'credentials',
  'idtoken',
  'password',
  'proxyauthorization',
  'refreshtoken',
  'secret',
  'secrets',
  'setcookie',
  'token',
  'xapikey',
  'xgoogapikey',
]);

/** Shorter values would mask ordinary words; the configuration refuses keys that short. */
const SHORTEST_SECRET = 8;

/** Takes secrets out of what is about to be printed: by the name of a field, and by value. */
export interface Redactor extends SecretRegistry {
  /** A copy that JSON can express: secret fields masked, errors as objects, depth and size bounded. */
  fields(value: object): Record<string, unknown>;
  /** Masks every known secret within a finished line. */
  line(text: string): string;
}

export function createRedactor(): Redactor {
  const known = new Set<string>();
  return {
    add(value) {
      if (value.length < SHORTEST_SECRET) return;
      known.add(value);
      // As it looks inside a JSON line and inside a URL.
      known.add(JSON.stringify(value).slice(1, -1));
      known.add(encodeURIComponent(value));
    },
    fields: (value) => copyObject(value, 0),
    line(text) {
      let masked = text;
      for (const secret of known) {
        if (masked.includes(secret)) masked = masked.replaceAll(secret, MASK);
      }
      return masked;
    },
  };
}

const MAX_DEPTH = 6;
const MAX_TEXT = 8192;

function copyObject(value: object, depth: number): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries(value)) {
    const name = key.toLowerCase().replaceAll(/[-_]/gu, '');
    copy[key] = SECRET_FIELDS.has(name) ? MASK : copyValue(entry, depth + 1);
  }
  return copy;
}

function copyValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.length > MAX_TEXT ? value.slice(0, MAX_TEXT) : value;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_DEPTH) return '…';
  if (isError(value)) {
    return {
      name: value.name,
      message: value.message,
      ...('code' in value && { code: value.code }),
      stack: value.stack,
      ...(value.cause !== undefined && { cause: copyValue(value.cause, depth + 1) }),
    };
  }
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    return (value.toJSON as () => unknown)();
  }
  if (Array.isArray(value)) return value.slice(0, 100).map((entry) => copyValue(entry, depth + 1));
  return copyObject(value, depth);
}

/** Errors of another realm are not instances of ours. */
function isError(value: object): value is Error & { readonly code?: unknown } {
  return 'stack' in value && 'message' in value && 'name' in value;
}
