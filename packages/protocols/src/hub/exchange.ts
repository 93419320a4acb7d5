import { randomUUID } from 'node:crypto';
import { GatewayError } from '@cliproxy/plugin-api';
import { badAnswer } from '../codec/bad-answer.ts';
import type { Dialect, Operation } from '@cliproxy/plugin-api';
import type { AnswerContext, DecodeContext } from '../codec/answer-context.ts';
import type { DialectCodec } from '../codec/dialect-codec.ts';
import type { RequestEcho } from '../codec/request-echo.ts';
import type { StateCodec } from '../codec/state-codec.ts';

/** What the answer of one exchange must be read and written by. */
export interface Exchange {
  readonly client: DialectCodec;
  readonly operation: Operation;
  /** As the client asked for it. */
  readonly clientModel: string;
  /** The client asked for a stream. */
  readonly stream: boolean;
  /** The client asked for its stream's usage. */
  readonly includeUsage: boolean;
  readonly requestId: string;
  /** Finds the id of an answer that its upstream keeps; undefined where it keeps none. */
  readonly keeping: StateCodec | undefined;
  /** See {@link AnswerContext.keep}; undefined where the client wants nothing to be kept. */
  readonly keep?: AnswerContext['keep'] | undefined;
  /** What the client's answer repeats of the request; made where the answer is written here. */
  readonly echo?: RequestEcho | undefined;
}

/** The same, for an upstream that speaks a dialect. */
export interface WireExchangeContext extends Exchange {
  readonly upstream: DialectCodec;
  /** The model's name at the upstream. */
  readonly upstreamModel: string;
  /** The client's bytes were sent, and the upstream's are to go back. */
  readonly passthrough: boolean;
  /** The upstream was asked for a usage chunk that the client did not ask for. */
  readonly hidesUsageChunk: boolean;
  readonly maxAnswerBytes: number;
  readonly decoding: DecodeContext;
}

/** What an encoder of the answer needs. */
export function answerContext(exchange: Exchange, upstream: Dialect | undefined): AnswerContext {
  const uuid = randomUUID();
  return {
    model: exchange.clientModel,
    createdS: Math.floor(Date.now() / 1000),
    // Node makes these in stock; 12 random bytes of our own would cost more than the rest of this.
    id: uuid.slice(24) + uuid.slice(19, 23) + uuid.slice(0, 8),
    includeUsage: exchange.includeUsage,
    upstream,
    ...(exchange.echo === undefined ? {} : { echo: exchange.echo }),
    ...(exchange.keep === undefined ? {} : { keep: exchange.keep }),
  };
}

/** Content type of the client's answer. */
export function contentTypeOf(stream: boolean): string {
  return stream ? 'text/event-stream; charset=utf-8' : 'application/json';
}

/** A `CLIENT_UNSUPPORTED`. */
export function unsupported(message: string): GatewayError {
  const failure = { kind: 'bad-request', scope: 'request' } as const;
  return new GatewayError('CLIENT_UNSUPPORTED', message, { failure });
}

/**
 * What it means that reading an answer threw. JSON that parses may still be nested too deeply to be
 * walked or written: that is the upstream's doing. Everything else stays what it is.
 */
export function answerError(thrown: unknown): unknown {
  const isStackOverflow =
    typeof thrown === 'object' &&
    thrown !== null &&
    'name' in thrown &&
    thrown.name === 'RangeError' &&
    // Node's own range errors, which are faults of ours, have a code.
    !('code' in thrown);
  return isStackOverflow
    ? badAnswer("The upstream's answer is nested too deeply.", thrown)
    : thrown;
}
