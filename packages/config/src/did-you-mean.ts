import leven from 'leven';

const MAX_WORD = 64;

/**
 * The candidate nearest to a misspelt word, or undefined when none is near: at most one change per
 * three characters begun.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  // The distance costs time by length squared, and nobody misspells a name that long.
  if (word.length > MAX_WORD) return undefined;
  let best: { candidate: string; distance: number } | undefined;
  for (const candidate of candidates) {
    if (candidate.length > MAX_WORD) continue;
    const distance = leven(word.toLowerCase(), candidate.toLowerCase());
    if (distance > Math.max(1, Math.ceil(word.length / 3))) continue;
    if (best === undefined || distance < best.distance) best = { candidate, distance };
  }
  return best?.candidate;
}

/** ` Did you mean x?`, or nothing. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const found = nearest(word, candidates);
  return found === undefined ? '' : ` Did you mean ${found}?`;
}
