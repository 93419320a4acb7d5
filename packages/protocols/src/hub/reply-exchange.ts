import type { EmbedReply, GatewayError, ModelRequest, Usage } from '@cliproxy/plugin-api';
import type { EventTarget, ReplyExchange, ReplyPipe } from '@cliproxy/kernel';
import type { JsonObject } from '../model/json-object.ts';
import { isJsonObject } from '../model/json-object.ts';
import { silentTeller } from './client-writer.ts';
import { contentTypeOf, unsupported } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import { withoutRefusedWishes } from './refused-wishes.ts';

/**
 * A question that an executor of events answers whole.
 *
 * @throws GatewayError `CLIENT_UNSUPPORTED`, `CLIENT_BAD_REQUEST`
 */
export function replyExchange(
  { client, operation, clientModel }: Exchange,
  target: EventTarget,
  decode: () => ModelRequest,
  body: () => JsonObject,
): ReplyExchange {
  const { count, embed } = client;
  if (operation === 'embed' && embed !== undefined) {
    const question = embed.decodeRequest(body(), { model: target.model });
    const { request } = question;
    return {
      operation,
      request,
      ignored: question.ignored,
      answer: () =>
        new WrittenReply((reply) => {
          const { vectors, usage } = checkedVectors(reply, request.inputs.length);
          const told = { vectors, ...(usage === undefined ? {} : { usage }) };
          return { body: question.encodeAnswer(told, clientModel), usage };
        }),
    };
  }
  if (operation === 'count-tokens' && count !== undefined) {
    const { request, ignored } = withoutRefusedWishes(decode(), target.refuses);
    return {
      operation,
      request: { ...request, model: target.model },
      ignored,
      answer: () =>
        new WrittenReply((reply) => ({
          body: count.encodeAnswer(checkedCount(reply)),
          usage: undefined,
        })),
    };
  }
  throw unsupported(`${client.id} has no operation ${operation} with one answer.`);
}

interface Told {
  readonly body: JsonObject;
  readonly usage: Usage | undefined;
}

class WrittenReply implements ReplyPipe {
  readonly contentType = contentTypeOf(false);
  readonly streaming = false;
  readonly passthrough = false;
  readonly finish = undefined;
  usage: Usage | undefined;
  readonly #tell: (reply: unknown) => Told;

  /** @param tell - throws a TypeError for a reply that makes no sense. */
  constructor(tell: (reply: unknown) => Told) {
    this.#tell = tell;
  }

  push(reply: unknown, out: Buffer[]): boolean {
    const { body, usage } = this.#tell(reply);
    this.usage = usage;
    out.push(Buffer.from(JSON.stringify(body)));
    return false;
  }

  end(): void {
    // All was told at once.
  }

  failure(error: GatewayError): Buffer {
    return silentTeller.failure(error);
  }

  heartbeat(): Buffer {
    return silentTeller.heartbeat();
  }
}

function checkedCount(reply: unknown): number {
  if (typeof reply === 'number' && Number.isSafeInteger(reply) && reply >= 0) return reply;
  throw new TypeError(`a count of tokens is a whole number, not ${typeof reply}`);
}

/** One vector of finite numbers for each input. */
function checkedVectors(reply: unknown, inputs: number): EmbedReply {
  const { vectors, usage } = isJsonObject(reply) ? reply : {};
  if (!Array.isArray(vectors) || vectors.length !== inputs) {
    throw new TypeError(`${inputs} inputs need as many vectors`);
  }
  if (!vectors.every(isVector)) throw new TypeError('a vector holds finite numbers');
  return isUsage(usage) ? { vectors, usage } : { vectors };
}

function isVector(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length > 0 && value.every(Number.isFinite);
}

function isUsage(value: unknown): value is Usage {
  return isJsonObject(value) && [value.inputTokens, value.outputTokens].every(Number.isFinite);
}
