import leven from 'leven';

const MAX_NAME_LENGTH = 128;
const MAX_KNOWN = 2_000;
const MAX_NEAR = 3;
/** Shorter fragments are part of nearly every name. */
const MIN_FRAGMENT_LENGTH = 3;

/**
 * Names that a misspelt one may have meant, the nearest first. The work is bounded: long names and
 * long lists are looked at in part.
 */
export function nearNames(name: string, known: readonly string[]): readonly string[] {
  if (name.length > MAX_NAME_LENGTH) return [];
  const wanted = name.toLowerCase();
  const limit = Math.max(2, Math.floor(wanted.length / 4));
  const found = new Map<string, number>();
  for (const candidate of known.slice(0, MAX_KNOWN)) {
    if (candidate.length > MAX_NAME_LENGTH || found.has(candidate)) continue;
    const distance = distanceOf(wanted, candidate.toLowerCase(), limit);
    if (distance !== undefined) found.set(candidate, distance);
  }
  return [...found]
    .sort((a, b) => a[1] - b[1])
    .slice(0, MAX_NEAR)
    .map(([candidate]) => candidate);
}

/** Edits between two names; a name that holds the other one comes after all that are misspelt. */
function distanceOf(wanted: string, candidate: string, limit: number): number | undefined {
  if (Math.abs(wanted.length - candidate.length) <= limit) {
    const edits = leven(wanted, candidate, { maxDistance: limit + 1 });
    if (edits <= limit) return edits;
  }
  const [short, long] =
    wanted.length < candidate.length ? [wanted, candidate] : [candidate, wanted];
  if (short.length < MIN_FRAGMENT_LENGTH || !long.includes(short)) return undefined;
  return limit + long.length - short.length;
}
