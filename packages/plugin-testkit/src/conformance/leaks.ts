/** A secret that was found where it must not be. */
export interface Leak {
  /** What of it. */
  readonly form: string;
  /** The text about it, with the secret left out. */
  readonly around: string;
}

/** So many characters of a secret in a row are one. */
const PART = 8;

/** Looks for secrets in values of whatever kind: whole, in part, encoded. */
export function leakOf(values: unknown, secrets: readonly string[]): Leak | undefined {
  const text = textOf(values);
  for (const secret of secrets) {
    if (secret.length < PART) continue;
    const forms: readonly (readonly [string, string])[] = [
      ['a secret', secret],
      ['a secret in base64', Buffer.from(secret).toString('base64').replace(/=+$/u, '')],
      ['a secret in hexadecimal', Buffer.from(secret).toString('hex')],
      ['a secret in an address', encodeURIComponent(secret)],
      ...Array.from(
        { length: secret.length - PART + 1 },
        (_, at) => [`${PART} characters of a secret`, secret.slice(at, at + PART)] as const,
      ),
    ];
    const found = forms.find(([, form]) => text.includes(form));
    if (found === undefined) continue;
    const [form, written] = found;
    const at = text.indexOf(written);
    const around = `${text.slice(Math.max(0, at - 60), at)}[…]`;
    return { form, around: around.replaceAll('\n', ' ') };
  }
  return undefined;
}

/** Every text within a value, whether it shows or not. */
function textOf(value: unknown, seen = new Set<unknown>()): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || seen.has(value)) return '';
  seen.add(value);
  // A secret shows itself to nobody who does not ask.
  if ('reveal' in value) return '';
  if (Buffer.isBuffer(value)) return value.toString();
  return [
    ...Object.getOwnPropertyNames(value),
    ...Object.getOwnPropertyNames(value).map((name) =>
      textOf((value as Readonly<Record<string, unknown>>)[name], seen),
    ),
  ].join('\n');
}
