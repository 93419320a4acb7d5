/**
 * A model name in which `*` stands for any characters, `/` included; nothing else is special.
 *
 * Matching works on the pieces between the stars, from left to right, and never goes back over a
 * piece that was found: its time grows with the name's length, whoever wrote the pattern.
 */
export interface ModelPattern {
  readonly text: string;
  /** True: there is no `*`; the pattern is one name. */
  readonly literal: boolean;
  /** Characters that are not `*`; the more, the more specific. */
  readonly literalLength: number;
  readonly starCount: number;
  matches(name: string): boolean;
  /** What each `*` stood for, from left to right; undefined where the name does not match. */
  capture(name: string): readonly string[] | undefined;
}

/** Compiles a pattern. Neighbouring stars count as one. */
export function compilePattern(text: string): ModelPattern {
  const pieces = text.replaceAll(/\*+/g, '*').split('*');
  const literalLength = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return Object.freeze({
    text,
    literal: pieces.length === 1,
    literalLength,
    starCount: pieces.length - 1,
    matches: (name: string) => walk(pieces, literalLength, name),
    capture: (name: string) => {
      const captured: string[] = [];
      return walk(pieces, literalLength, name, captured) ? captured : undefined;
    },
  });
}

/**
 * Puts what the stars stood for into the stars of another text. A star that nothing was captured
 * for is left out.
 */
export function substitute(text: string, captured: readonly string[]): string {
  let next = 0;
  return text.replaceAll(/\*+/g, () => captured[next++] ?? '');
}

/** Orders patterns: the more specific one first. */
export function bySpecificity(a: ModelPattern, b: ModelPattern): number {
  if (a.literal !== b.literal) return a.literal ? -1 : 1;
  return b.literalLength - a.literalLength || a.starCount - b.starCount;
}

function walk(
  pieces: readonly string[],
  literalLength: number,
  name: string,
  captured?: string[],
): boolean {
  const first = pieces[0] as string;
  if (pieces.length === 1) return name === first;
  const last = pieces[pieces.length - 1] as string;
  if (name.length < literalLength || !name.startsWith(first) || !name.endsWith(last)) return false;
  const end = name.length - last.length;
  let at = first.length;
  for (let index = 1; index < pieces.length - 1; index++) {
    const piece = pieces[index] as string;
    const found = name.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    captured?.push(name.slice(at, found));
    at = found + piece.length;
  }
  captured?.push(name.slice(at, end));
  return at <= end;
}
