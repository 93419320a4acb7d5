import type { GatewayError, ModelEvent } from '@cliproxy/plugin-api';
import { answerCollector, truncated } from '../model/answer-events.ts';
import { answerTooLarge } from './answer-body.ts';
import type { AnswerContext } from '../codec/answer-context.ts';
import type { DialectCodec } from '../codec/dialect-codec.ts';
import type { StreamEncoder } from '../codec/stream-codec.ts';

const NOTHING = Buffer.alloc(0);

/** Writes a client's answer from events. */
export interface ClientWriter {
  push(event: ModelEvent, out: Buffer[]): void;
  /** @throws GatewayError `UPSTREAM_TRUNCATED` without a `finish`. */
  end(out: Buffer[]): void;
}

/** What a client that waits, or waited in vain, can be told. */
export interface ClientTeller {
  failure(error: GatewayError): Buffer;
  heartbeat(): Buffer;
}

/** For a client that asked for a stream. */
export function streamWriter(encoder: StreamEncoder): ClientWriter {
  let finished = false;
  return {
    push(event, out) {
      if (event.type === 'finish') finished = true;
      write(encoder.push(event), out);
    },
    end(out) {
      if (!finished) throw truncated();
      write(encoder.end(), out);
    },
  };
}

/** What an event that brings no text takes in memory, about. */
const EVENT_BYTES = 64;

/**
 * For a client that asked for a whole answer.
 *
 * @param maxBytes - of what is collected: its texts, and something for every event.
 */
export function bodyWriter(
  codec: DialectCodec,
  context: AnswerContext,
  maxBytes: number,
): ClientWriter {
  const collector = answerCollector();
  let bytes = 0;
  return {
    push(event) {
      bytes += event.type === 'delta' ? event.text.length : EVENT_BYTES;
      if (bytes > maxBytes) throw answerTooLarge(maxBytes);
      collector.push(event);
    },
    end(out) {
      out.push(Buffer.from(JSON.stringify(codec.response.encode(collector.end(), context))));
    },
  };
}

/**
 * Errors and heartbeats of a stream.
 *
 * @param encoder - is asked for only when there is an error.
 */
export function streamTeller(
  codec: DialectCodec,
  encoder: () => Pick<StreamEncoder, 'failure'>,
  requestId: string,
): ClientTeller {
  return {
    failure: (error) => Buffer.from(encoder().failure(error, requestId)),
    heartbeat: () => Buffer.from(codec.stream.heartbeat),
  };
}

/** An answer without stream has no place for either. */
export const silentTeller: ClientTeller = Object.freeze({
  failure: () => NOTHING,
  heartbeat: () => NOTHING,
});

function write(text: string, out: Buffer[]): void {
  if (text !== '') out.push(Buffer.from(text));
}
