/**
 * Orders what can serve a request. All functions are pure; the first of the result is tried first.
 */

/** Begins at the turn's place and goes round. */
export function rotate<T>(items: readonly T[], turn: number): readonly T[] {
  const start = items.length < 2 ? 0 : turn % items.length;
  return start === 0 ? items : [...items.slice(start), ...items.slice(0, start)];
}

/** What an order goes by besides the strategy. */
export interface Rated {
  readonly usable: boolean;
  /** Higher ones are tried first. Default 0. */
  readonly priority?: number;
  /** Share of the requests within its priority. Default 1. */
  readonly weight?: number;
}

/**
 * Usable ones before those that are out, higher priorities before lower ones; `arrange` orders the
 * usable ones of one priority. Those that are out take no part in it: the shares of the others stay
 * as they are weighted.
 */
export function ranked<T extends Rated>(
  items: readonly T[],
  arrange: (peers: readonly T[]) => readonly T[],
): readonly T[] {
  if (items.every(isPlain)) return arrange(items);
  const byPriority = new Map<number, T[]>();
  const out: T[] = [];
  for (const item of items) {
    const { usable, priority = 0 } = item;
    const peers = usable ? (byPriority.get(priority) ?? []) : out;
    peers.push(item);
    if (usable) byPriority.set(priority, peers);
  }
  const priorities = [...byPriority.keys()].sort((a, b) => b - a);
  const usable = priorities.flatMap((priority) => arrange(byPriority.get(priority) ?? []));
  return [...usable, ...out.sort((a, b) => (b.priority ?? 0) - (a.priority ?? 0))];
}

/**
 * Turns by weight, spread evenly (smooth weighted round-robin): with 3 and 1 the turns go A A B A.
 * Of as many turns as the weights' sum, each item begins exactly its weight's number. The first is
 * whose turn it is, then whoever is owed most.
 */
export function inShares<T extends Rated>(items: readonly T[], turn: number): readonly T[] {
  if (items.length < 2) return items;
  const first = weightOf(items[0]);
  if (items.every((item) => weightOf(item) === first)) return rotate(items, turn);
  const total = weightSum(items);
  const owed = items.map((item) => ({ item, weight: weightOf(item), credit: 0 }));
  for (let left = turn % total; ; left--) {
    let next = owed[0];
    for (const one of owed) {
      one.credit += one.weight;
      if (next !== undefined && one.credit > next.credit) next = one;
    }
    if (left === 0) break;
    if (next !== undefined) next.credit -= total;
  }
  return owed.sort((a, b) => b.credit - a.credit).map(({ item }) => item);
}

/** After so many turns {@link inShares} begins anew. */
export function weightSum(items: readonly Pick<Rated, 'weight'>[]): number {
  return items.reduce((sum, item) => sum + weightOf(item), 0);
}

/** One turn in so many goes to somebody of whom nothing is known. */
const TRY_EVERY = 4;

/**
 * The least latency first. Those whose latency is unknown take turns: first of all at every fourth
 * turn, and wherever nothing is known of anybody; after the others otherwise.
 *
 * @param latencyMs - undefined where nothing is known.
 */
export function fastestFirst<T>(
  items: readonly T[],
  latencyMs: (item: T) => number | undefined,
  turn: number,
): readonly T[] {
  if (items.length < 2) return items;
  const known: { readonly item: T; readonly ms: number }[] = [];
  const unknown: T[] = [];
  for (const item of items) {
    const ms = latencyMs(item);
    if (ms === undefined) unknown.push(item);
    else known.push({ item, ms });
  }
  const fast = known.sort((a, b) => a.ms - b.ms).map(({ item }) => item);
  if (fast.length === 0) return rotate(unknown, turn);
  const inTurn = rotate(unknown, Math.floor(turn / TRY_EVERY));
  return turn % TRY_EVERY === 0 ? [...inTurn, ...fast] : [...fast, ...inTurn];
}

/**
 * Orders by a hash of session and item (weighted rendezvous hashing): the same session meets the
 * same item while that is there, no other session moves when one comes or goes, and sessions are
 * shared out by weight.
 */
export function stick<T>(
  items: readonly T[],
  sessionKey: string,
  idOf: (item: T) => string,
  weightOf: (item: T) => number = () => 1,
): readonly T[] {
  if (items.length < 2) return items;
  const session = hash(sessionKey, 0x811c9dc5);
  return items
    .map((item) => ({ item, place: placeOf(mix(hash(idOf(item), session)), weightOf(item)) }))
    .sort((a, b) => b.place - a.place)
    .map(({ item }) => item);
}

/** Priority and weight alone, where they are configured. */
export function ratingOf({
  weight,
  priority,
}: Pick<Rated, 'weight' | 'priority'>): Pick<Rated, 'weight' | 'priority'> {
  return {
    ...(weight === undefined ? {} : { weight }),
    ...(priority === undefined ? {} : { priority }),
  };
}

function isPlain({ usable, priority }: Rated): boolean {
  return usable && priority === undefined;
}

/** Its share of the requests, as configured or by default. */
export function weightOf(item: Pick<Rated, 'weight'> | undefined): number {
  return item?.weight ?? 1;
}

/** @param hashed - 32 bits. */
function placeOf(hashed: number, weight: number): number {
  return Math.log((hashed + 0.5) / 0x1_0000_0000) / weight;
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
