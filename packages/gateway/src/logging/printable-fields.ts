const MASK = '***';

/** Field names whose values are never printed; compared in lower case, without `-` and `_`. */
const SECRET_NAME =
  /(?:authorization|cookie|credentials?|passw(?:or)?d|passphrase|secrets?|(?:api|admin|client|private|access|secret)keys?|token|(?:access|refresh|id|auth|api|relay|session|bearer)tokens)$/u;

const MAX_DEPTH = 6;
const MAX_ENTRIES = 500;
/** Longest text of a field or a message, in UTF-16 units. */
const MAX_TEXT = 8192;

/** Takes the known secrets out of a text. */
type Mask = (text: string) => string;

interface Walk {
  readonly mask: Mask;
  entriesLeft: number;
}

/**
 * A copy of a record's fields that JSON can express: what is secret by its name masked, errors as
 * objects, depth and size bounded. Never throws, whatever a plugin hands over.
 */
export function printableFields(fields: object, mask: Mask): Record<string, unknown> {
  const walk: Walk = { mask, entriesLeft: MAX_ENTRIES };
  try {
    // An error instead of fields is a common slip.
    return isError(fields) ? { error: copyError(fields, 0, walk) } : copyObject(fields, 0, walk);
  } catch {
    return { unprintable: true };
  }
}

/** A text of at most 8192 characters. */
export function printableText(text: string, mask: Mask): string {
  // Masked first: half a secret would not be known again.
  return text.length > MAX_TEXT ? `${mask(text).slice(0, MAX_TEXT)}…` : text;
}

function copyObject(value: object, depth: number, walk: Walk): Record<string, unknown> {
  // Without a prototype, so that a key "__proto__" is a key like any other.
  const copy = Object.create(null) as Record<string, unknown>;
  for (const [key, entry] of Object.entries(value)) {
    if ((walk.entriesLeft -= 1) < 0) {
      copy['…'] = 'more';
      break;
    }
    copy[printableText(key, walk.mask)] =
      isSecretName(key) && entry !== undefined ? MASK : copyValue(entry, depth + 1, walk);
  }
  return copy;
}

function isSecretName(key: string): boolean {
  return key.length < 100 && SECRET_NAME.test(key.toLowerCase().replaceAll(/[-_ ]/gu, ''));
}

function copyValue(value: unknown, depth: number, walk: Walk): unknown {
  switch (typeof value) {
    case 'string':
      return printableText(value, walk.mask);
    case 'bigint':
      return value.toString();
    case 'function':
    case 'symbol':
      return `[${typeof value}]`;
    case 'object':
      return value === null ? value : copyAny(value, depth, walk);
    default:
      return value;
  }
}

function copyAny(value: object, depth: number, walk: Walk): unknown {
  if (depth > MAX_DEPTH) return '…';
  if (isError(value)) return copyError(value, depth, walk);
  if (Array.isArray(value)) return copyList(value, depth, walk);
  // Bytes may be anything, a key as well.
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Map)
    return copyObject(Object.fromEntries(value as Map<string, unknown>), depth, walk);
  if (value instanceof Set) return copyList([...value], depth, walk);
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    const shown = (value.toJSON as () => unknown)();
    return shown === value ? '…' : copyValue(shown, depth + 1, walk);
  }
  return copyObject(value, depth, walk);
}

function copyList(list: readonly unknown[], depth: number, walk: Walk): unknown[] {
  const copy: unknown[] = [];
  for (const entry of list) {
    if ((walk.entriesLeft -= 1) < 0) {
      copy.push('…');
      break;
    }
    copy.push(copyValue(entry, depth + 1, walk));
  }
  return copy;
}

function copyError(error: ErrorLike, depth: number, walk: Walk): Record<string, unknown> {
  const { name, message, code, stack, cause, errors } = error;
  return {
    name: copyValue(name, depth + 1, walk),
    message: copyValue(message, depth + 1, walk),
    ...(code !== undefined && { code: copyValue(code, depth + 1, walk) }),
    stack: copyValue(stack, depth + 1, walk),
    ...(cause !== undefined && { cause: copyValue(cause, depth + 1, walk) }),
    ...(Array.isArray(errors) && { errors: copyAny(errors, depth + 1, walk) }),
  };
}

interface ErrorLike {
  readonly name: unknown;
  readonly message: unknown;
  readonly stack?: unknown;
  readonly code?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
}

/** Errors of another realm are not instances of ours. */
function isError(value: object): value is ErrorLike {
  return 'stack' in value && 'message' in value && 'name' in value;
}
