/**
 * Orders what can serve a request. All functions are pure; the first of the result is tried first.
 */

/** Begins at the turn's place and goes round. */
export function rotate<T>(items: readonly T[], turn: number): readonly T[] {
  const start = items.length < 2 ? 0 : turn % items.length;
  return start === 0 ? items : [...items.slice(start), ...items.slice(0, start)];
}

/**
 * Orders by a hash of session and item (rendezvous hashing): the same session meets the same item
 * while that is there, and no other session moves when one comes or goes.
 */
export function stick<T>(
  items: readonly T[],
  sessionKey: string,
  idOf: (item: T) => string,
): readonly T[] {
  if (items.length < 2) return items;
  const session = hash(sessionKey, 0x811c9dc5);
  return items
    .map((item) => ({ item, weight: mix(hash(idOf(item), session)) }))
    .sort((a, b) => b.weight - a.weight)
    .map(({ item }) => item);
}

/** Puts the usable ones first; keeps the order otherwise. */
export function usableFirst<T extends { readonly usable: boolean }>(
  items: readonly T[],
): readonly T[] {
  if (items.every(({ usable }) => usable)) return items;
  return [...items.filter(({ usable }) => usable), ...items.filter(({ usable }) => !usable)];
}

/** FNV-1a over UTF-16 units. */
function hash(text: string, seed: number): number {
  let value = seed;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}

/** Spreads a hash over all bits: ids that differ in their last character must not end up near. */
function mix(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
