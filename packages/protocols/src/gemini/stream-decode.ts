import type { DecodeContext, SseEvent, StreamDecoder } from '../hub/dialect-codec.ts';
import { badAnswer } from '../hub/exchange.ts';
import { truncated } from '../model/answer-events.ts';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
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
      const body = parse(event);
      return body === undefined ? [] : reader.push(body);
    },
    end() {
      if (!reader.complete) throw truncated();
      return reader.end();
    },
  };
}

/** @throws GatewayError `UPSTREAM_BAD_ANSWER` for data that is no JSON object. */
function parse({ data }: SseEvent): JsonObject | undefined {
  const text = data.trim();
  // Some look-alikes end their streams as Chat does.
  if (text === '' || text === '[DONE]') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw badAnswer("An event of the upstream's stream is not JSON.", cause);
  }
  if (!isJsonObject(value)) throw badAnswer("An event of the upstream's stream is no JSON object.");
  return value;
}
