import type { StreamCodec } from '../codec/stream-codec.ts';
import { streamDecoder } from './stream-decode.ts';
import { streamEncoder } from './stream-encode.ts';

/**
 * Streams of the dialect: events that are named and numbered; the last one holds the whole response.
 *
 * @see https://platform.openai.com/docs/api-reference/responses-streaming
 */
export const stream: StreamCodec = {
  decoder: streamDecoder,
  encoder: streamEncoder,
  heartbeat: ': ping\n\n',
};
