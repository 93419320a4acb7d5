import type { Json } from '../shape.ts';

/** The answer to a request for embeddings; where there are more inputs than vectors, the last repeats. */
export function embeddings(
  vectors: readonly (readonly number[])[],
  body: Json,
  tokens: number,
): object {
  const { input, encoding_format: format, model } = body;
  const count = Array.isArray(input) && typeof input[0] !== 'number' ? input.length : 1;
  return {
    object: 'list',
    data: Array.from({ length: count }, (_, index) => ({
      object: 'embedding',
      index,
      embedding: encoded(vectors[index] ?? vectors.at(-1) ?? [], format === 'base64'),
    })),
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

/** As numbers, or as the bytes of 32-bit floats, which OpenAI's SDKs ask for by default. */
function encoded(vector: readonly number[], isBase64: boolean): readonly number[] | string {
  if (!isBase64) return vector;
  return Buffer.from(Float32Array.from(vector).buffer).toString('base64');
}
