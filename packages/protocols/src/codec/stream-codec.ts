import type { GatewayError, ModelEvent } from '@cliproxy/plugin-api';
import type { AnswerContext, DecodeContext } from './answer-context.ts';
import type { SseEvent } from './sse-event.ts';

/** Reads an upstream's stream. */
export interface StreamDecoder {
  /** @throws GatewayError for an error told inside the stream, or a broken event. */
  push(event: SseEvent): readonly ModelEvent[];
  /** @throws GatewayError `UPSTREAM_TRUNCATED` when the answer was not complete. */
  end(): readonly ModelEvent[];
}

/** Writes a client's stream, as SSE text. */
export interface StreamEncoder {
  push(event: ModelEvent): string;
  /** After `finish`: what closes the stream. */
  end(): string;
  /** Tells an error inside a stream that has begun; nothing follows it. */
  failure(error: GatewayError, requestId: string): string;
}

/** Streams of a dialect. */
export interface StreamCodec {
  decoder(context: DecodeContext): StreamDecoder;
  encoder(context: AnswerContext): StreamEncoder;
  /** A whole event or comment that keeps a waiting client connected. */
  readonly heartbeat: string;
  /** Upstreams may send a stream's events as the elements of one JSON array, too. */
  readonly jsonArrays?: boolean;
}
