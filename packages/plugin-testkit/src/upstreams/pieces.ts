/** Cuts a text into so many pieces, between characters; fewer where it has not as many. */
export function piecesOf(text: string, pieces = 2): readonly string[] {
  const characters = Array.from(text);
  const size = Math.max(1, Math.ceil(characters.length / pieces));
  const result: string[] = [];
  for (let from = 0; from < characters.length; from += size) {
    result.push(characters.slice(from, from + size).join(''));
  }
  return result;
}

/** The first of each list, then the second of each, and so on. */
export function alternating<T>(lists: readonly (readonly T[])[]): T[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, at) =>
    lists.flatMap((list) => list.slice(at, at + 1)),
  ).flat();
}
