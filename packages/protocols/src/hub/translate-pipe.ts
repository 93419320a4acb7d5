import type { FinishReason, GatewayError, ModelEvent, Usage } from '@cliproxy/plugin-api';
import type { AnswerPipe, EventPipe, EventStage } from '@cliproxy/kernel';
import { isMeaningful } from '../model/meaningful.ts';
import { bodyWriter, silentTeller, streamTeller, streamWriter } from './client-writer.ts';
import type { ClientTeller, ClientWriter } from './client-writer.ts';
import type { AnswerContext } from '../codec/answer-context.ts';
import type { EventSource } from './event-source.ts';
import { answerContext, answerError, contentTypeOf } from './exchange.ts';
import type { Exchange, WireExchangeContext } from './exchange.ts';

/**
 * The client's answer, from the events of an executor.
 *
 * @param maxAnswerBytes - of an answer that has to be collected.
 * @param stage - changes the events on the way.
 */
export function eventPipe(
  exchange: Exchange,
  maxAnswerBytes: number,
  stage?: EventStage,
): EventPipe {
  return writtenAnswer(exchange, answerContext(exchange, undefined), maxAnswerBytes, stage);
}

/** The client's answer, from an upstream's in whatever dialect and form. */
export function translatePipe(
  exchange: WireExchangeContext,
  source: EventSource,
  stage?: EventStage,
): AnswerPipe {
  return new TranslatedAnswer(exchange, source, stage);
}

function writtenAnswer(
  exchange: Exchange,
  context: AnswerContext,
  maxAnswerBytes: number,
  stage: EventStage | undefined,
): EventPipe {
  const answer = new WrittenAnswer(exchange, context, maxAnswerBytes);
  return stage === undefined ? answer : new StagedAnswer(answer, stage);
}

// Classes: an object literal with `get` costs a hidden class of its own, which keeps all that its
// closures see from dying young.

/** Writes events in the client's dialect, watching what they tell. */
class WrittenAnswer implements EventPipe {
  readonly contentType: string;
  readonly streaming: boolean;
  readonly passthrough = false;
  usage: Usage | undefined;
  finish: FinishReason | undefined;
  readonly #writer: ClientWriter;
  readonly #teller: ClientTeller;

  constructor(exchange: Exchange, context: AnswerContext, maxAnswerBytes: number) {
    const { client, stream, requestId } = exchange;
    this.contentType = contentTypeOf(stream);
    this.streaming = stream;
    const encoder = stream ? client.stream.encoder(context) : undefined;
    this.#writer =
      encoder === undefined ? bodyWriter(client, context, maxAnswerBytes) : streamWriter(encoder);
    this.#teller =
      encoder === undefined ? silentTeller : streamTeller(client, () => encoder, requestId);
  }

  push(event: ModelEvent, out: Buffer[]): boolean {
    if (event.type === 'usage') this.usage = event.usage;
    else if (event.type === 'finish') this.finish = event.reason;
    this.#writer.push(event, out);
    return isMeaningful(event);
  }

  end(out: Buffer[]): void {
    this.#writer.end(out);
  }

  failure(error: GatewayError): Buffer {
    return this.#teller.failure(error);
  }

  heartbeat(): Buffer {
    return this.#teller.heartbeat();
  }
}

/** Writes what a stage makes of the events. Usage and finish are those of the upstream. */
class StagedAnswer implements EventPipe {
  readonly contentType: string;
  readonly streaming: boolean;
  readonly passthrough = false;
  usage: Usage | undefined;
  finish: FinishReason | undefined;
  readonly #answer: WrittenAnswer;
  readonly #stage: EventStage;
  #out: Buffer[] = [];
  #meaningful = false;

  constructor(answer: WrittenAnswer, stage: EventStage) {
    this.#answer = answer;
    this.#stage = stage;
    this.contentType = answer.contentType;
    this.streaming = answer.streaming;
  }

  push(event: ModelEvent, out: Buffer[]): boolean {
    if (event.type === 'usage') this.usage = event.usage;
    else if (event.type === 'finish') this.finish = event.reason;
    this.#out = out;
    this.#meaningful = false;
    this.#stage.push(event, this.#tell);
    return this.#meaningful;
  }

  end(out: Buffer[]): void {
    this.#out = out;
    this.#stage.end(this.#tell);
    this.#answer.end(out);
  }

  failure(error: GatewayError): Buffer {
    return this.#answer.failure(error);
  }

  heartbeat(): Buffer {
    return this.#answer.heartbeat();
  }

  readonly #tell = (event: ModelEvent): void => {
    if (this.#answer.push(event, this.#out)) this.#meaningful = true;
  };
}

/** Reads an upstream's bytes as events, and writes those. */
class TranslatedAnswer implements AnswerPipe {
  readonly contentType: string;
  readonly streaming: boolean;
  readonly passthrough = false;
  keptAs: string | undefined;
  readonly #source: EventSource;
  readonly #answer: EventPipe;
  readonly #keeps: boolean;
  #out: Buffer[] = [];
  #meaningful = false;

  constructor(exchange: WireExchangeContext, source: EventSource, stage: EventStage | undefined) {
    this.#source = source;
    this.#keeps = exchange.keeping !== undefined;
    const context = answerContext(exchange, exchange.upstream.id);
    // What the source lets through is within the limit already.
    this.#answer = writtenAnswer(exchange, context, Infinity, stage);
    this.contentType = this.#answer.contentType;
    this.streaming = this.#answer.streaming;
  }

  get usage(): Usage | undefined {
    return this.#answer.usage;
  }

  get finish(): FinishReason | undefined {
    return this.#answer.finish;
  }

  push(chunk: Buffer, out: Buffer[]): boolean {
    this.#out = out;
    this.#meaningful = false;
    try {
      this.#source.push(chunk, this.#tell);
    } catch (thrown) {
      throw answerError(thrown);
    }
    return this.#meaningful;
  }

  end(out: Buffer[]): void {
    this.#out = out;
    try {
      this.#source.end(this.#tell);
      this.#answer.end(out);
    } catch (thrown) {
      throw answerError(thrown);
    }
  }

  failure(error: GatewayError): Buffer {
    return this.#answer.failure(error);
  }

  heartbeat(): Buffer {
    return this.#answer.heartbeat();
  }

  readonly #tell = (event: ModelEvent): void => {
    if (this.#keeps && event.type === 'start') this.keptAs = event.id;
    if (this.#answer.push(event, this.#out)) this.#meaningful = true;
  };
}
