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
