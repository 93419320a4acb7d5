import type { Dialect, Opaque } from '@cliproxy/plugin-api';
import type { JsonObject } from '../model/json-object.ts';
import { tagOpaque, untagOpaque } from '../model/opaque-tag.ts';

/** The dialect, as the origin of encrypted reasoning that nobody tagged. */
export const NATIVE: Dialect = 'openai-responses';

/**
 * Encrypted reasoning is bound to its item's id: sent back under another, it is refused; without
 * any, it is taken. So the two travel as one value, `rs_…:gAAAA…`.
 *
 * @see https://github.com/BerriAI/litellm/pull/15782
 */
const WITH_ID = /^(rs_[\w-]+):(.*)$/s;

/** The opaque part of a `reasoning` item; undefined where it has none. */
export function readEncrypted(item: JsonObject, origin: string): Opaque | undefined {
  const { encrypted_content: value, id } = item;
  if (typeof value !== 'string' || value === '') return undefined;
  const opaque = untagOpaque(value, origin);
  // A tagged value came from here, under an id of ours: it holds its own.
  if (opaque.value !== value || typeof id !== 'string') return opaque;
  return WITH_ID.test(`${id}:`) ? { origin, value: `${id}:${value}` } : opaque;
}

/** An item's `encrypted_content`, and its id where it must have that one. */
export interface Encrypted {
  readonly id?: string;
  readonly encrypted_content: string;
}

/** What a maker gets back, exactly as it made it. */
export function nativeEncrypted({ value }: Opaque): Encrypted {
  const [, id, content] = WITH_ID.exec(value) ?? [];
  if (id === undefined || content === undefined) return { encrypted_content: value };
  return { id, encrypted_content: content };
}

/**
 * What a client gets. One that is native keeps its id; without an id it is tagged, so that the id
 * which it gets here is not sent back with it.
 *
 * @param native - see `tagOpaque`.
 * @param id - the item's, where it was told before the opaque part was known.
 */
export function clientEncrypted(
  opaque: Opaque,
  native: Dialect | undefined,
  id: string | undefined,
): Encrypted {
  if (native !== undefined) {
    const told = nativeEncrypted(opaque);
    if (told.id !== undefined && (id === undefined || id === told.id)) return told;
  }
  return { encrypted_content: tagOpaque(opaque, undefined) };
}
