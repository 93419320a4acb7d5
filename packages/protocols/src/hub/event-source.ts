import { isGatewayError } from '@cliproxy/plugin-api';
import type { ModelEvent } from '@cliproxy/plugin-api';
import { arrayReader } from '../sse/array-reader.ts';
import { eventReader } from '../sse/event-reader.ts';
import type { EventReader } from '../sse/event-reader.ts';
import { AnswerBody, answerTooLarge, parseAnswer } from './answer-body.ts';
import type { SseEvent } from '../codec/sse-event.ts';
import type { WireExchangeContext } from './exchange.ts';

/** Reads an upstream's answer as events. Events before an error are told before it is thrown. */
export interface EventSource {
  push(chunk: Buffer, tell: (event: ModelEvent) => void): void;
  end(tell: (event: ModelEvent) => void): void;
}

/**
 * An answer that is a stream.
 *
 * @param maxBytes - largest answer, where it is going to be collected.
 */
export function streamSource(
  exchange: WireExchangeContext,
  maxBytes?: number,
  reader: EventReader = eventReader(),
): EventSource {
  const decoder = exchange.upstream.stream.decoder(exchange.decoding);
  let bytes = 0;
  const decode = (event: SseEvent, tell: (event: ModelEvent) => void): void => {
    for (const told of decoder.push(event)) tell(told);
  };
  return {
    push(chunk, tell) {
      bytes += chunk.length;
      if (maxBytes !== undefined && bytes > maxBytes) throw answerTooLarge(maxBytes);
      for (const event of reader.push(chunk)) decode(event, tell);
    },
    end(tell) {
      try {
        for (const event of reader.end()) decode(event, tell);
      } catch (error) {
        // Half an event is no bad answer but a truncated one, unless all was told before it.
        if (!isGatewayError(error) || error.code !== 'UPSTREAM_BAD_ANSWER') throw error;
      }
      for (const told of decoder.end()) tell(told);
    },
  };
}

/** An answer in one piece. */
export function bodySource(exchange: WireExchangeContext): EventSource {
  const { upstream, decoding, maxAnswerBytes } = exchange;
  const body = new AnswerBody(maxAnswerBytes);
  return {
    push(chunk) {
      if (!body.push(chunk)) throw answerTooLarge(maxAnswerBytes);
    },
    end(tell) {
      for (const event of upstream.response.decode(parseAnswer(body.take()), decoding)) tell(event);
    },
  };
}

/** JSON, of a dialect that has streams as an array: its first character tells which it is. */
export function jsonSource(exchange: WireExchangeContext): EventSource {
  let source: EventSource | undefined;
  const begin = (chunk: Buffer): EventSource | undefined => {
    const [first] = chunk.toString('latin1').trimStart();
    if (first === undefined) return undefined;
    if (first !== '[') return bodySource(exchange);
    // A stream for a client that wants none is collected.
    const maxBytes = exchange.stream ? undefined : exchange.maxAnswerBytes;
    return streamSource(exchange, maxBytes, arrayReader());
  };
  return {
    push(chunk, tell) {
      source ??= begin(chunk);
      source?.push(chunk, tell);
    },
    end(tell) {
      (source ?? bodySource(exchange)).end(tell);
    },
  };
}
