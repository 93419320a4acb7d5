import type { AnswerContext } from '../codec/answer-context.ts';
import type { DialectCodec, SpokenForm } from '../codec/dialect-codec.ts';
import type { StreamEncoder } from '../codec/stream-codec.ts';
import type { Answer } from '../model/answer.ts';
import type { JsonObject } from '../model/json-object.ts';
import { errors } from './errors.ts';
import { writeFinish } from './finish-reason.ts';
import { readCompletion } from './legacy-prompt.ts';
import { LegacyStreamEncoder, completionId } from './legacy-stream.ts';
import { passthrough } from './passthrough.ts';
import { request } from './request.ts';
import { decodeRequest } from './request-decode.ts';
import { response } from './response.ts';
import { stream } from './stream.ts';
import { writeUsage } from './usage.ts';

/**
 * OpenAI's older Completions, a form of Chat: a prompt is a user's message, and the answer its
 * continuation. What is thought is left out: the form has no place for it.
 *
 * @throws GatewayError `CLIENT_BAD_REQUEST`, `CLIENT_UNSUPPORTED`, naming the field.
 * @see https://platform.openai.com/docs/api-reference/completions/create
 */
export function legacyCompletions(body: () => JsonObject): SpokenForm {
  const { chat, echoed, ignored } = readCompletion(body());
  const client: DialectCodec = {
    id: 'openai-chat',
    errors,
    passthrough,
    request: { ...request, decode: (_body, hints) => decodeRequest(chat, hints), needs: () => [] },
    response: { ...response, encode: (answer, context) => writeAnswer(answer, context, echoed) },
    stream: {
      ...stream,
      encoder: (context): StreamEncoder => new LegacyStreamEncoder(context, echoed),
    },
  };
  return { client, ignored };
}

function writeAnswer(answer: Answer, context: AnswerContext, echoed: string): JsonObject {
  const said = answer.parts.map((part) =>
    part.type === 'text' || part.type === 'refusal' ? part.text : '',
  );
  return {
    id: completionId(answer.id, context),
    object: 'text_completion',
    created: context.createdS,
    model: context.model,
    choices: [
      {
        text: echoed + said.join(''),
        index: 0,
        logprobs: null,
        finish_reason: writeFinish(answer.finish, false),
      },
    ],
    ...(answer.usage === undefined ? {} : { usage: writeUsage(answer.usage) }),
  };
}
