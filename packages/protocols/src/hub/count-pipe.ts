import type { AnswerPipe } from '@cliproxy/kernel';
import { AnswerBody, answerTooLarge, parseAnswer } from './answer-body.ts';
import { silentTeller } from './client-writer.ts';
import { answerError, contentTypeOf, unsupported } from './exchange.ts';
import type { WireExchangeContext } from './exchange.ts';

/**
 * A token count of an upstream of another dialect, or of one whose answers need repair.
 *
 * @throws GatewayError `CLIENT_UNSUPPORTED` where one of the dialects has no counts.
 */
export function countPipe(exchange: WireExchangeContext): AnswerPipe {
  const { client, upstream, maxAnswerBytes } = exchange;
  const { count: asked } = client;
  const { count: told } = upstream;
  if (asked === undefined || told === undefined) {
    throw unsupported(`${client.id} and ${upstream.id} have no token counts in common.`);
  }
  const body = new AnswerBody(maxAnswerBytes);
  return {
    contentType: contentTypeOf(false),
    streaming: false,
    passthrough: false,
    push(chunk) {
      if (!body.push(chunk)) throw answerTooLarge(maxAnswerBytes);
      return false;
    },
    end(out) {
      try {
        const inputTokens = told.decodeAnswer(parseAnswer(body.take()));
        out.push(Buffer.from(JSON.stringify(asked.encodeAnswer(inputTokens))));
      } catch (thrown) {
        throw answerError(thrown);
      }
    },
    failure: (error) => silentTeller.failure(error),
    heartbeat: () => silentTeller.heartbeat(),
    usage: undefined,
    finish: undefined,
  };
}
