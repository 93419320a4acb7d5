import type { ModelEvent } from '@cliproxy/plugin-api';
import type { Answer } from '../model/answer.ts';
import type { JsonObject } from '../model/json-object.ts';
import type { AnswerContext, DecodeContext } from './answer-context.ts';

/** Answers without stream. */
export interface ResponseCodec {
  /** @throws GatewayError `UPSTREAM_BAD_ANSWER`, or what an error inside the answer means. */
  decode(body: JsonObject, context: DecodeContext): readonly ModelEvent[];
  encode(answer: Answer, context: AnswerContext): JsonObject;
}
