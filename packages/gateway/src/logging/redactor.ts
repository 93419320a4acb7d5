import type { SecretRegistry } from '@cliproxy/kernel';

const MASK = '***';

/** Shorter values would mask ordinary words; the configuration refuses keys that short. */
const SHORTEST_SECRET = 8;

/** Secrets of one kind begin alike; a line that lacks the beginning is done with all of them. */
const PREFIX_LENGTH = 6;

/** Takes secrets out of what is about to be printed, by their values. */
export interface Redactor extends SecretRegistry {
  /** Masks every known secret in a text, and what can be nothing but a secret. */
  readonly mask: (text: string) => string;
  /** The JSON of a value that JSON can express, with every secret masked in it. */
  json(value: object): string;
}

/** Makes a redactor that knows no value yet. */
export function createRedactor(): Redactor {
  const byPrefix = new Map<string, Set<string>>();

  const learn = (form: string): void => {
    const prefix = form.slice(0, PREFIX_LENGTH);
    const forms = byPrefix.get(prefix);
    if (forms === undefined) byPrefix.set(prefix, new Set([form]));
    else forms.add(form);
  };
  /** The known secrets within a text, the longest first: one may be a part of another. */
  const knownIn = (text: string): string[] => {
    const found: string[] = [];
    for (const [prefix, forms] of byPrefix) {
      if (!text.includes(prefix)) continue;
      for (const form of forms) if (text.includes(form)) found.push(form);
    }
    return found.length > 1 ? found.sort((a, b) => b.length - a.length) : found;
  };
  const mask = (shown: string): string => {
    let masked = shown;
    for (const form of knownIn(shown)) masked = masked.replaceAll(form, MASK);
    return withoutTellTales(masked);
  };
  return {
    add(value) {
      if (value.length < SHORTEST_SECRET) return;
      for (const form of writtenForms(value)) {
        learn(form);
        learn(asInJson(form));
      }
    },
    mask,
    json(value) {
      const line = JSON.stringify(value);
      if (knownIn(line).length === 0 && !hasTellTale(line)) return line;
      // Rare, so it may cost: a mask put into the line itself could break its grammar.
      return JSON.stringify(maskedCopy(JSON.parse(line), mask));
    },
  };
}

/** A secret as it is, as it stands in JSON, and as it stands in URLs. */
function writtenForms(value: string): ReadonlySet<string> {
  // Half a pair of surrogates can't be written into a URL, and would throw.
  const wellFormed = Buffer.from(value).toString();
  const escaped = encodeURIComponent(wellFormed);
  return new Set([
    value,
    asInJson(value),
    escaped,
    escaped.replaceAll(/%[\dA-F]{2}/gu, (code) => code.toLowerCase()),
    new URLSearchParams([['', wellFormed]]).toString().slice(1),
  ]);
}

function asInJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** What is a secret by its surroundings, even if nobody has told its value. */
const BEARER = /\b(bearer\s+)[\w.~+/-]{8,}=*/giu;
const KEY_IN_QUERY = /([?&](?:api_?)?key=)[^&\s"'\\]+/giu;
const USER_IN_URL = /(:\/\/)[^/\s"'\\@]+(?=@)/gu;

function hasTellTale(text: string): boolean {
  return text.includes('earer ') || text.includes('key=') || text.includes('@');
}

function withoutTellTales(text: string): string {
  if (!hasTellTale(text)) return text;
  return text
    .replaceAll(BEARER, `$1${MASK}`)
    .replaceAll(KEY_IN_QUERY, `$1${MASK}`)
    .replaceAll(USER_IN_URL, `$1${MASK}`);
}

function maskedCopy(value: unknown, mask: (text: string) => string): unknown {
  if (typeof value === 'string') return mask(value);
  if (typeof value === 'number') return mask(String(value)) === String(value) ? value : MASK;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((entry) => maskedCopy(entry, mask));
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [mask(key), maskedCopy(entry, mask)]),
  );
}
