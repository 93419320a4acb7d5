import { isGatewayError } from '@cliproxy/plugin-api';
import type { ModelEvent } from '@cliproxy/plugin-api';
import { eventReader } from '../sse/event-reader.ts';
import { AnswerBody, answerTooLarge, parseAnswer } from './answer-body.ts';
import type { SseEvent } from './dialect-codec.ts';
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
export function streamSource(exchange: WireExchangeContext, maxBytes?: number): EventSource {
  const reader = eventReader();
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
