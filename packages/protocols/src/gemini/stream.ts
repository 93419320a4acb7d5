import type { StreamCodec } from '../codec/stream-codec.ts';
import { streamDecoder } from './stream-decode.ts';
import { streamEncoder } from './stream-encode.ts';

/** Streams of the dialect. */
export const stream: StreamCodec = {
  decoder: streamDecoder,
  encoder: streamEncoder,
  heartbeat: ': ping\n\n',
  jsonArrays: true,
};
