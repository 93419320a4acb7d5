import type { FinishReason, GatewayError, HeaderMap, Usage } from '@cliproxy/plugin-api';
import type { AnswerHead, AnswerPipe, EventStage } from '@cliproxy/kernel';
import { BodyPassthrough } from './body-passthrough.ts';
import { silentTeller } from './client-writer.ts';
import { countPipe } from './count-pipe.ts';
import { bodySource, jsonSource, streamSource } from './event-source.ts';
import { badAnswer } from '../codec/bad-answer.ts';
import { contentTypeOf } from './exchange.ts';
import type { WireExchangeContext } from './exchange.ts';
import { StreamPassthrough } from './stream-passthrough.ts';
import { translatePipe } from './translate-pipe.ts';

/** The form of an answer: a stream of events, or one JSON document. */
type Form = 'events' | 'json';

/** Declared types under which servers send either form. */
const VAGUE_TYPES: readonly string[] = ['', 'text/plain', 'application/octet-stream'];

/**
 * Chooses the pipe for an upstream's 2xx answer, by its form and by what the client asked for.
 *
 * @throws GatewayError `UPSTREAM_BAD_ANSWER` for what is neither, such as a login page.
 */
export function answerPipe(
  exchange: WireExchangeContext,
  head: AnswerHead,
  stage?: EventStage,
): AnswerPipe {
  const declared = headerOf(head.headers, 'content-type');
  const type = mediaType(declared);
  if (type === 'text/event-stream') return pipeFor(exchange, 'events', declared, stage);
  if (type.endsWith('json')) return pipeFor(exchange, 'json', declared, stage);
  if (VAGUE_TYPES.includes(type)) return new SniffingPipe(exchange, stage);
  throw badAnswer(
    `The upstream answered with ${type.slice(0, 100)}, which is neither JSON nor an event stream.`,
  );
}

function pipeFor(
  exchange: WireExchangeContext,
  form: Form,
  contentType: string,
  stage: EventStage | undefined,
): AnswerPipe {
  const { stream, passthrough, operation, maxAnswerBytes } = exchange;
  if (operation !== 'generate') return wholePipe(exchange, form, contentType);
  if (form === 'events') {
    if (!stream) return translatePipe(exchange, streamSource(exchange, maxAnswerBytes), stage);
    if (passthrough) return new StreamPassthrough(exchange, contentType);
    return translatePipe(exchange, streamSource(exchange), stage);
  }
  if (passthrough && !stream) return new BodyPassthrough(exchange, contentType);
  const { jsonArrays } = exchange.upstream.stream;
  const source = jsonArrays === true ? jsonSource(exchange) : bodySource(exchange);
  return translatePipe(exchange, source, stage);
}

/** For the operations whose answers are one document in every dialect. */
function wholePipe(exchange: WireExchangeContext, form: Form, contentType: string): AnswerPipe {
  if (form === 'events') {
    throw badAnswer(`The upstream answered ${exchange.operation} with an event stream.`);
  }
  return exchange.passthrough ? new BodyPassthrough(exchange, contentType) : countPipe(exchange);
}

function mediaType(declared: string): string {
  const end = declared.indexOf(';');
  return (end < 0 ? declared : declared.slice(0, end)).trim().toLowerCase();
}

function headerOf(headers: HeaderMap, name: string): string {
  const value = headers[name];
  return typeof value === 'string' ? value : (value?.[0] ?? '');
}

/** Waits for an answer's first bytes where its head does not say what it is. */
class SniffingPipe implements AnswerPipe {
  readonly contentType: string;
  readonly streaming: boolean;
  readonly passthrough: boolean;
  readonly #exchange: WireExchangeContext;
  readonly #stage: EventStage | undefined;
  #pipe: AnswerPipe | undefined;
  #space: Buffer = Buffer.alloc(0);

  constructor(exchange: WireExchangeContext, stage: EventStage | undefined) {
    this.contentType = contentTypeOf(exchange.stream);
    this.streaming = exchange.stream;
    this.passthrough = exchange.passthrough;
    this.#exchange = exchange;
    this.#stage = stage;
  }

  push(chunk: Buffer, out: Buffer[]): boolean {
    if (this.#pipe !== undefined) return this.#pipe.push(chunk, out);
    const start = this.#space.length === 0 ? chunk : Buffer.concat([this.#space, chunk]);
    const form = formOf(start, this.#exchange.upstream.stream.jsonArrays === true);
    if (form === undefined) {
      this.#space = start;
      return false;
    }
    this.#pipe = pipeFor(this.#exchange, form, this.contentType, this.#stage);
    return this.#pipe.push(start, out);
  }

  end(out: Buffer[]): void {
    if (this.#pipe === undefined) throw badAnswer("The upstream's answer is empty.");
    this.#pipe.end(out);
  }

  failure(error: GatewayError): Buffer {
    return (this.#pipe ?? silentTeller).failure(error);
  }

  heartbeat(): Buffer {
    return (this.#pipe ?? silentTeller).heartbeat();
  }

  get usage(): Usage | undefined {
    return this.#pipe?.usage;
  }

  get finish(): FinishReason | undefined {
    return this.#pipe?.finish;
  }

  get keptAs(): string | undefined {
    return this.#pipe?.keptAs;
  }
}

/** Space that an answer may begin with. */
const MAX_SPACE_BYTES = 1024;

/** A JSON answer begins with a brace, an event stream with a field's name or a colon. */
function formOf(start: Buffer, jsonArrays: boolean): Form | undefined {
  const text = start.toString('utf8', 0, MAX_SPACE_BYTES).trimStart();
  if (text === '' && start.length < MAX_SPACE_BYTES) return undefined;
  if (text.startsWith('{') || (jsonArrays && text.startsWith('['))) return 'json';
  if (/^[:deir]/.test(text)) return 'events';
  throw badAnswer("The upstream's answer is neither JSON nor an event stream.");
}
