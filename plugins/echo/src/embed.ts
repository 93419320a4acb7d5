import type { EmbedReply, EmbedRequest } from '@cliproxy/plugin-api';

const DEFAULT_DIMENSIONS = 64;

/**
 * Vectors of length 1 that depend on the words alone: texts that share words are near each other,
 * and the same text always has the same vector.
 *
 * @param countWords - words stand for tokens.
 */
export function embed(
  { inputs, dimensions = DEFAULT_DIMENSIONS }: EmbedRequest,
  countWords: (text: string) => number,
): EmbedReply {
  return {
    vectors: inputs.map((text) => vectorOf(text, dimensions)),
    usage: {
      inputTokens: inputs.reduce((sum, text) => sum + countWords(text), 0),
      outputTokens: 0,
      estimated: true,
    },
  };
}

function vectorOf(text: string, dimensions: number): readonly number[] {
  const vector = new Array<number>(dimensions).fill(0);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? ['']) {
    const hash = hashOf(word);
    const at = (hash >>> 1) % dimensions;
    vector[at] = (vector[at] ?? 0) + (hash % 2 === 0 ? 1 : -1);
  }
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((value) => value / length);
}

/** FNV-1a, 32 bits. */
function hashOf(word: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(word)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
