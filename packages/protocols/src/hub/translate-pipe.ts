import type { FinishReason, ModelEvent, Usage } from '@cliproxy/plugin-api';
import type { AnswerPipe, EventPipe } from '@cliproxy/kernel';
import { isMeaningful } from '../model/meaningful.ts';
import { bodyWriter, silentTeller, streamTeller, streamWriter } from './client-writer.ts';
import type { EventSource } from './event-source.ts';
import { answerContext, answerError, contentTypeOf } from './exchange.ts';
import type { Exchange, WireExchangeContext } from './exchange.ts';

/** An event pipe's watch over what goes through it. */
interface Watch {
  usage: Usage | undefined;
  finish: FinishReason | undefined;
}

/**
 * The client's answer, from the events of an executor.
 *
 * @param maxAnswerBytes - of an answer that has to be collected.
 */
export function eventPipe(exchange: Exchange, maxAnswerBytes: number): EventPipe {
  return pipeOf(exchange, answerContext(exchange, undefined), maxAnswerBytes);
}

/** The client's answer, from an upstream's in whatever dialect and form. */
export function translatePipe(exchange: WireExchangeContext, source: EventSource): AnswerPipe {
  // What the source lets through is within the limit already.
  const events = pipeOf(exchange, answerContext(exchange, exchange.upstream.id), Infinity);
  const { contentType, streaming } = events;
  const keeps = exchange.keeping !== undefined;
  let keptAs: string | undefined;
  return {
    contentType,
    streaming,
    passthrough: false,
    push(chunk, out) {
      let meaningful = false;
      try {
        source.push(chunk, (event) => {
          if (keeps && event.type === 'start') keptAs = event.id;
          if (events.push(event, out)) meaningful = true;
        });
      } catch (thrown) {
        throw answerError(thrown);
      }
      return meaningful;
    },
    end(out) {
      try {
        source.end((event) => {
          if (keeps && event.type === 'start') keptAs = event.id;
          events.push(event, out);
        });
        events.end(out);
      } catch (thrown) {
        throw answerError(thrown);
      }
    },
    failure: (error) => events.failure(error),
    heartbeat: () => events.heartbeat(),
    get usage() {
      return events.usage;
    },
    get finish() {
      return events.finish;
    },
    get keptAs() {
      return keptAs;
    },
  };
}

function pipeOf(
  exchange: Exchange,
  context: ReturnType<typeof answerContext>,
  maxAnswerBytes: number,
): EventPipe {
  const { client, stream, requestId } = exchange;
  const encoder = stream ? client.stream.encoder(context) : undefined;
  const writer =
    encoder === undefined ? bodyWriter(client, context, maxAnswerBytes) : streamWriter(encoder);
  const teller =
    encoder === undefined ? silentTeller : streamTeller(client, () => encoder, requestId);
  const watch: Watch = { usage: undefined, finish: undefined };
  return {
    contentType: contentTypeOf(stream),
    streaming: stream,
    passthrough: false,
    push(event, out) {
      observe(event, watch);
      writer.push(event, out);
      return isMeaningful(event);
    },
    end: (out) => writer.end(out),
    failure: (error) => teller.failure(error),
    heartbeat: () => teller.heartbeat(),
    get usage() {
      return watch.usage;
    },
    get finish() {
      return watch.finish;
    },
  };
}

function observe(event: ModelEvent, watch: Watch): void {
  if (event.type === 'usage') watch.usage = event.usage;
  else if (event.type === 'finish') watch.finish = event.reason;
}
