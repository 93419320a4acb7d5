import type { DecodeContext } from '../codec/answer-context.ts';
import type { StreamDecoder } from '../codec/stream-codec.ts';
import { eventObject } from '../codec/event-object.ts';
import { truncated } from '../model/answer-events.ts';
import { AnswerReader } from './answer-reader.ts';

/**
 * Reads a stream: events without names, each a response with the next parts. Nothing marks its end
 * but `finishReason` in the last one; usage is told anew in each.
 *
 * @see https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent
 */
export function streamDecoder(context: DecodeContext): StreamDecoder {
  const reader = new AnswerReader(context);
  return {
    push(event) {
      const body = eventObject(event);
      return body === undefined ? [] : reader.push(body);
    },
    end() {
      if (!reader.complete) throw truncated();
      return reader.end();
    },
  };
}
