import type {
  Capability,
  Dialect,
  EmbedRequest,
  Failure,
  FinishReason,
  GatewayError,
  HeaderMap,
  HookBody,
  ModelEvent,
  ModelRequest,
  Operation,
  Quota,
  Usage,
} from '@cliproxy/plugin-api';

/** Something that an upstream keeps, named by a request that goes on from it. */
export interface KeptState {
  /** The client's name for the parameter. */
  readonly field: string;
  readonly id: string;
  /** The error that tells a client that nobody knows where it is kept, and what to do. */
  lost(): GatewayError;
}

/** What the top-level pass over a request body found. */
export interface RequestFacts {
  readonly dialect: Dialect;
  readonly operation: Operation;
  /** As the client wrote it. */
  readonly model: string;
  readonly stream: boolean;
  /** Groups the requests of one conversation, where the client says so. */
  readonly sessionKey?: string;
  /** What the request goes on from; absent where it brings everything with it. */
  readonly state?: KeptState;
  /** What a model must be able to do. Computed on first use: most models lack nothing. */
  needs(): readonly Capability[];
}

/** A failure as an upstream tells it, in an error answer or inside one that had begun well. */
export interface ToldFailure extends Failure {
  /** True: it is about reasoning that an earlier answer left in the conversation. */
  readonly refusesReasoning?: boolean;
}

/** Where an encoded request is to go. */
export interface EncodeTarget {
  readonly dialect: Dialect;
  /** The model's name at the upstream. */
  readonly model: string;
  readonly instanceId: string;
  /** False: decode and encode even where the dialects are the same. */
  readonly passthrough: boolean;
  /** Top-level parameters that the model refuses. */
  readonly refuses: readonly string[];
  readonly maxOutputTokens?: number;
  /** `auto`: make sure that the upstream tells the usage of a stream. */
  readonly usage: 'auto' | 'off';
  /** Largest answer that is translated, in bytes. */
  readonly maxAnswerBytes: number;
}

/** The same for an executor that produces events. */
export type EventTarget = Omit<EncodeTarget, 'dialect' | 'passthrough'>;

/** Head of an upstream's 2xx answer. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: HeaderMap;
}

/**
 * Turns one upstream's answer into the client's, chunk by chunk, and watches it: one piece for
 * passthrough and for translation. Never more than one answer goes through it.
 *
 * Every method may throw a {@link GatewayError} with a `failure`: the upstream told an error inside
 * its answer, or broke its dialect.
 */
export interface AnswerPipe {
  /** Content type of the client's answer. */
  readonly contentType: string;
  /** True: the client's answer is a stream of events. */
  readonly streaming: boolean;
  /** True: the upstream's bytes go through, at most with names replaced. */
  readonly passthrough: boolean;
  /**
   * Takes a chunk of the upstream's body and appends the client's bytes to `out`.
   *
   * @returns true once something meaningful (text, reasoning, tool call, finish) has been seen.
   */
  push(chunk: Buffer, out: Buffer[]): boolean;
  /**
   * The upstream's body is at its end.
   *
   * @throws GatewayError `UPSTREAM_TRUNCATED` when the answer is not complete.
   */
  end(out: Buffer[]): void;
  /** What tells a client, inside an answer that has begun, that it broke; empty where nothing can. */
  failure(error: GatewayError): Buffer;
  /** What keeps a waiting client's connection alive; only after the answer has begun. */
  heartbeat(): Buffer;
  readonly usage: Usage | undefined;
  readonly finish: FinishReason | undefined;
  /** By which id the upstream keeps the answer for later requests; known once it was seen. */
  readonly keptAs?: string | undefined;
}

/** The same for executors that produce events. */
export interface EventPipe extends Omit<AnswerPipe, 'push'> {
  push(event: ModelEvent, out: Buffer[]): boolean;
}

/** The same for answers that an executor gives whole: a count, vectors. */
export interface ReplyPipe extends Omit<AnswerPipe, 'push'> {
  /**
   * Takes the one reply; it comes from a plugin, so it may be anything.
   *
   * @throws TypeError where it makes no sense.
   */
  push(reply: unknown, out: Buffer[]): boolean;
}

/** Changes the events of one answer, between reading them and writing them. */
export interface EventStage {
  /** @param tell - takes what stands in the event's place. */
  push(event: ModelEvent, tell: (event: ModelEvent) => void): void;
  /** The answer is at its end, whole or not. */
  end(tell: (event: ModelEvent) => void): void;
}

/** A request made ready for one wire target. */
export interface WireExchange {
  /** See `WireCall.path`. */
  readonly path: string;
  readonly body: Buffer;
  /** Parameters of the client that the target can't honour. */
  readonly ignored: readonly string[];
  /**
   * Called once, for a 2xx answer.
   *
   * @param stage - only for requests that {@link ClientRequest.withBody} made.
   */
  answer(head: AnswerHead, stage?: EventStage): AnswerPipe;
}

/** A request made ready for an executor that produces events. */
export interface EventExchange {
  readonly request: ModelRequest;
  readonly ignored: readonly string[];
  answer(stage?: EventStage): EventPipe;
}

/** A question that an executor of events answers whole, made ready for it. */
export type ReplyExchange = {
  readonly ignored: readonly string[];
  answer(): ReplyPipe;
} & (
  | { readonly operation: 'count-tokens'; readonly request: ModelRequest }
  | { readonly operation: 'embed'; readonly request: EmbedRequest }
);

/** A whole answer that the gateway gives by itself, where no target can. */
export interface EstimatedAnswer {
  readonly contentType: string;
  readonly body: Buffer;
  /** What of it is no more than an estimate; told in `x-cliproxy-estimated`. */
  readonly estimated: string;
}

/** One client's request, read once; its bytes are kept. */
export interface ClientRequest {
  readonly facts: RequestFacts;
  /** @throws GatewayError `CLIENT_UNSUPPORTED` when the target's dialect can't express it. */
  wire(target: EncodeTarget): WireExchange;
  /** To generate. @throws GatewayError `CLIENT_UNSUPPORTED` */
  events(target: EventTarget): EventExchange;
  /** Every other operation. @throws GatewayError `CLIENT_UNSUPPORTED`, `CLIENT_BAD_REQUEST` */
  reply(target: EventTarget): ReplyExchange;
  /**
   * The same request without the reasoning of earlier answers; undefined where that changes nothing.
   * Its bytes are never the client's.
   */
  withoutReasoning(): ClientRequest | undefined;
  /**
   * The request, decoded.
   *
   * @throws GatewayError `CLIENT_UNSUPPORTED`, `CLIENT_BAD_REQUEST`
   */
  body(): HookBody;
  /**
   * The same request with another body, or with its own, encoded anew in any case: its bytes are
   * never the client's. What {@link ClientRequest.body} does not show of it is left out, and ignored.
   */
  withBody(body?: HookBody): ClientRequest;
  /**
   * An answer made from the request alone; undefined where there can be none.
   *
   * @throws GatewayError `CLIENT_BAD_REQUEST`
   */
  estimate(): EstimatedAnswer | undefined;
}

/** An answer in full, in the shape of a dialect. */
export interface ErrorAnswer {
  readonly status: number;
  readonly headers: HeaderMap;
  readonly body: Buffer;
}

/**
 * A form of a dialect other than its own: OpenAI's older Completions, a dialect of Chat; or, with
 * Gemini, a stream as one JSON array in the place of server-sent events.
 */
export type ClientForm = 'completions' | 'json-array';

/** What a value of JSON is. */
export type JsonKind = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null';

/**
 * Checks a body's top level.
 *
 * @param kindOf - what the value of a key is; undefined: the body has no such key.
 * @throws GatewayError `CLIENT_BAD_REQUEST`
 */
export type BodyCheck = (kindOf: (key: string) => JsonKind | undefined) => void;

/** The wire formats. Implemented by the protocols package. */
export interface Dialects {
  /**
   * Reads a client's request: one pass over the body's top level.
   *
   * @param source - for dialects that name model and stream in the path, those are given.
   * @throws GatewayError `CLIENT_BAD_JSON`, `CLIENT_BAD_REQUEST`
   */
  read(source: {
    readonly dialect: Dialect;
    readonly operation: Operation;
    readonly body: Buffer;
    readonly model?: string | undefined;
    readonly stream?: boolean | undefined;
    /** Absent: the dialect's own. */
    readonly form?: ClientForm | undefined;
    /** Checks the body's top level, once it is known to name a model. */
    readonly check?: BodyCheck;
    /** Client headers, lower-case, for session ids. */
    readonly headers: HeaderMap;
    /** Told in errors inside an answer that has begun, where the dialect has a place for it. */
    readonly requestId: string;
    /** Tells clients apart: what is kept of one's answers is no other's. Absent: nobody in particular. */
    readonly client?: string | undefined;
  }): ClientRequest;
  /** Whether requests for an operation can be written in a dialect. */
  has(dialect: Dialect, operation: Operation): boolean;
  /**
   * Says what an upstream's error answer means: from the dialect's error body, not the status alone.
   *
   * @param nowMs - for `Retry-After`, milliseconds since 1970.
   */
  classify(
    dialect: Dialect,
    answer: { readonly status: number; readonly headers: HeaderMap; readonly body: Buffer },
    nowMs: number,
  ): ToldFailure;
  /**
   * What an upstream's answer tells of the account's limits; read only when somebody asks.
   *
   * @param answer - its body only where it is an error.
   * @param nowMs - for resets that are durations, milliseconds since 1970.
   * @returns undefined where it tells none.
   */
  quotas(
    dialect: Dialect,
    answer: { readonly headers: HeaderMap; readonly body?: Buffer },
    nowMs: number,
  ): (() => readonly Quota[]) | undefined;
  /**
   * An error in a client's shape.
   *
   * @param retryAfterMs - told as `Retry-After`, rounded up to a second.
   */
  error(
    dialect: Dialect,
    error: GatewayError,
    context: { readonly requestId: string; readonly retryAfterMs?: number },
  ): ErrorAnswer;
}
