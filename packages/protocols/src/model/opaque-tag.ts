import type { Dialect, Opaque } from '@cliproxy/plugin-api';

/** What every tagged opaque value begins with; passthrough looks for it with one `indexOf`. */
export const OPAQUE_TAG = 'cpx1.';

/**
 * Writes an opaque part into a body. One that stays in the dialect it was made in is written as it
 * is; any other is prefixed `cpx1.<base64url(origin)>.`, so that it is known when it comes back.
 *
 * @param native - the dialect that is being written, if the upstream that made the part spoke the
 *   same one; `undefined` otherwise (another dialect, or events): the value is tagged.
 */
export function tagOpaque(opaque: Opaque, native: Dialect | undefined): string {
  if (native !== undefined) return opaque.value;
  return `${OPAQUE_TAG}${Buffer.from(opaque.origin).toString('base64url')}.${opaque.value}`;
}

/**
 * Reads an opaque part out of a body. A value with a malformed tag counts as one without.
 *
 * @param fallbackOrigin - who made a value without a tag: where no more is known, the dialect.
 */
export function untagOpaque(value: string, fallbackOrigin: string): Opaque {
  const native = { origin: fallbackOrigin, value };
  if (!value.startsWith(OPAQUE_TAG)) return native;
  const end = value.indexOf('.', OPAQUE_TAG.length);
  if (end <= OPAQUE_TAG.length) return native;
  const encoded = value.slice(OPAQUE_TAG.length, end);
  const origin = Buffer.from(encoded, 'base64url').toString();
  if (Buffer.from(origin).toString('base64url') !== encoded) return native;
  return { origin, value: value.slice(end + 1) };
}
