import type {
  Capability,
  Dialect,
  EmbedReply,
  EmbedRequest,
  Failure,
  FinishReason,
  GatewayError,
  HeaderMap,
  ModelEvent,
  ModelRequest,
  Quota,
  Usage,
} from '@cliproxy/plugin-api';
import type {
  AnswerPipe,
  ClientForm,
  EncodeTarget,
  ErrorAnswer,
  KeptState,
  EventPipe,
} from '@cliproxy/kernel';
import type { Answer } from '../model/answer.ts';
import type { QuotaHeaders } from './quota-headers.ts';
import type { JsonObject } from '../model/json-object.ts';

/** A request body in a dialect, and what must be remembered to read its answer. */
export interface EncodedBody {
  /** Follows the vendor SDK's base URL. */
  readonly path: string;
  readonly body: JsonObject;
  /** Client parameters that could not be expressed, by the client's name for them. */
  readonly ignored: readonly string[];
  /** Tool names that had to be changed: the name sent → the client's name. */
  readonly toolNames: ReadonlyMap<string, string>;
  /** Names, as sent, of free-text tools that had to be sent as functions. */
  readonly customTools?: ReadonlySet<string>;
  /** Names of tools' parameters that had to be changed, likewise. */
  readonly parameterNames?: ReadonlyMap<string, string>;
}

/** What a decoder of answers needs to know about the request. */
export interface DecodeContext {
  /** `<instance>/<model>`: the origin of opaque parts. */
  readonly origin: string;
  readonly toolNames: ReadonlyMap<string, string>;
  /** See {@link EncodedBody.customTools}: their calls are unwrapped. */
  readonly customTools?: ReadonlySet<string> | undefined;
  /** See {@link EncodedBody.parameterNames}: calls come back under the client's. */
  readonly parameterNames?: ReadonlyMap<string, string> | undefined;
}

/** What an answer repeats of the client's request, in dialects that do so. */
export interface RequestEcho {
  /** Members of every answer. */
  readonly fields: JsonObject;
  /** Members by which the client knows a tool in its calls, where the name alone is not enough. */
  readonly calls: ReadonlyMap<string, JsonObject>;
}

/** What an encoder of answers needs to know about the client. */
export interface AnswerContext {
  /** The model's name, as the client asked for it. */
  readonly model: string;
  /** Seconds since 1970. */
  readonly createdS: number;
  /** The dialect's own prefix not included; letters and digits. Used where the upstream gave no id. */
  readonly id: string;
  /** The client asked for a stream's usage (Chat's `stream_options.include_usage`). */
  readonly includeUsage: boolean;
  /** Dialect that the upstream spoke, or undefined for events: whose opaque parts are native. */
  readonly upstream: Dialect | undefined;
  /** See {@link RequestCodec.echo}. */
  readonly echo?: RequestEcho;
  /** Keeps an item, given as JSON, by its id: the client may send it back by reference. */
  readonly keep?: (id: string, item: string) => void;
}

/** Requests of a dialect. */
export interface RequestCodec {
  /**
   * Reads a client's request.
   *
   * @throws GatewayError `CLIENT_BAD_REQUEST`, naming the field.
   */
  decode(
    body: JsonObject,
    hints: { readonly model: string; readonly stream: boolean },
  ): ModelRequest;
  /**
   * Writes a request for an upstream: with the target's model, without what it refuses (and saying
   * so in `ignored`), and with no opaque part of another origin.
   *
   * @throws GatewayError `CLIENT_UNSUPPORTED` for what changes the meaning if left out.
   */
  encode(request: ModelRequest, target: EncodeTarget): EncodedBody;
  /** What a model must be able to do to serve the body. Never throws. */
  needs(body: JsonObject): readonly Capability[];
  /** Groups the requests of one conversation, where the client says so. */
  sessionKey(body: JsonObject, headers: HeaderMap): string | undefined;
  /** What answers repeat; absent in dialects whose answers stand for themselves. Never throws. */
  echo?(body: JsonObject): RequestEcho;
}

/** Token counts, in dialects that have such an operation. */
export interface CountCodec {
  /**
   * Reads a client's question: a request to generate, but for what only generating needs.
   *
   * @throws GatewayError `CLIENT_BAD_REQUEST`, naming the field.
   */
  decodeRequest(body: JsonObject, hints: { readonly model: string }): ModelRequest;
  /** Writes the question for an upstream; see {@link RequestCodec.encode}. */
  encodeRequest(request: ModelRequest, target: EncodeTarget): EncodedBody;
  /**
   * The input tokens of an upstream's answer.
   *
   * @throws GatewayError `UPSTREAM_BAD_ANSWER`
   */
  decodeAnswer(body: JsonObject): number;
  encodeAnswer(inputTokens: number): JsonObject;
}

/** A client's question for embeddings. */
interface EmbedQuestion {
  readonly request: EmbedRequest;
  /** Client parameters that could not be expressed. */
  readonly ignored: readonly string[];
  /** @param model - as the client asked for it. */
  encodeAnswer(reply: EmbedReply, model: string): JsonObject;
}

/** Embeddings, in dialects that have such an operation. */
export interface EmbedCodec {
  /**
   * @throws GatewayError `CLIENT_BAD_REQUEST`, naming the field; `CLIENT_UNSUPPORTED` for inputs
   *   that are no text.
   */
  decodeRequest(body: JsonObject, hints: { readonly model: string }): EmbedQuestion;
  /** The usage that an answer tells; undefined where it tells none. */
  usageOf(body: JsonObject): Usage | undefined;
}

/** What a dialect's vendor keeps for later requests. */
export interface StateCodec {
  /**
   * What a request goes on from; undefined where it brings everything with it.
   *
   * @param fields - the top level of its body; large values may be missing.
   */
  namedIn(fields: JsonObject): KeptState | undefined;
  /**
   * The name of what a request holds but by reference, so that nobody else can do without it;
   * undefined where it brings everything with it.
   */
  referredIn(request: ModelRequest): string | undefined;
  /** Whether the answer to a request is kept. */
  keeps(fields: JsonObject): boolean;
  /** By which id a whole answer is kept. */
  idOf(body: JsonObject): string | undefined;
  /** The same for a stream: asked of its first frames, until one tells it. */
  idInFrame(frame: Buffer): string | undefined;
  /** Whether a body may refer to items of earlier answers. */
  mayRefer(bytes: Buffer): boolean;
  /**
   * Puts items in the place of references to them; undefined where none is found.
   *
   * @param find - the item of an id; undefined: it is not kept here.
   */
  withItems(body: JsonObject, find: (id: string) => JsonObject | undefined): JsonObject | undefined;
}

/** Answers without stream. */
export interface ResponseCodec {
  /** @throws GatewayError `UPSTREAM_BAD_ANSWER`, or what an error inside the answer means. */
  decode(body: JsonObject, context: DecodeContext): readonly ModelEvent[];
  encode(answer: Answer, context: AnswerContext): JsonObject;
}

/** One server-sent event. */
export interface SseEvent {
  /** Value of `event:`; absent where there was none. */
  readonly event?: string | undefined;
  /** Lines of `data:`, joined by LF. */
  readonly data: string;
}

/** Reads an upstream's stream. */
export interface StreamDecoder {
  /** @throws GatewayError for an error told inside the stream, or a broken event. */
  push(event: SseEvent): readonly ModelEvent[];
  /** @throws GatewayError `UPSTREAM_TRUNCATED` when the answer was not complete. */
  end(): readonly ModelEvent[];
}

/** Writes a client's stream, as SSE text. */
export interface StreamEncoder {
  push(event: ModelEvent): string;
  /** After `finish`: what closes the stream. */
  end(): string;
  /** Tells an error inside a stream that has begun; nothing follows it. */
  failure(error: GatewayError, requestId: string): string;
}

/** Streams of a dialect. */
export interface StreamCodec {
  decoder(context: DecodeContext): StreamDecoder;
  encoder(context: AnswerContext): StreamEncoder;
  /** A whole event or comment that keeps a waiting client connected. */
  readonly heartbeat: string;
  /** Upstreams may send a stream's events as the elements of one JSON array, too. */
  readonly jsonArrays?: boolean;
}

/**
 * Watches a stream that passes through unchanged: one call per SSE frame, on bytes, without parsing
 * those that can't matter.
 */
export interface FrameTap {
  /**
   * @param frame - one whole frame, its blank line included.
   * @returns whether it holds something meaningful (text, reasoning, tool call, finish).
   * @throws GatewayError for an error told inside the stream.
   */
  see(frame: Buffer): boolean;
  /** @throws GatewayError `UPSTREAM_TRUNCATED` when the answer was not complete. */
  end(): void;
  /** Another object whenever a frame told it. */
  readonly usage: Usage | undefined;
  readonly finish: FinishReason | undefined;
  /**
   * Tells an error after the frames seen so far, in dialects where that depends on them; see
   * {@link StreamEncoder.failure}.
   */
  failure?(error: GatewayError, requestId: string): string;
}

/** What passthrough has to know of a dialect. */
export interface PassthroughCodec {
  tap(): FrameTap;
  /** Usage and finish of a whole answer; throws as {@link ResponseCodec.decode} on an error inside. */
  inspect(body: JsonObject): {
    readonly usage?: Usage | undefined;
    readonly finish?: FinishReason | undefined;
  };
  /** Paths of the keys that name the model in answers, for example `['message', 'model']`. */
  readonly modelPaths: readonly (readonly string[])[];
  /**
   * Whether a request holds what the model refuses elsewhere than at its top level: it can't pass
   * through then. Absent where the dialect has its parameters at the top.
   */
  holdsRefused?(body: JsonObject, refuses: readonly string[]): boolean;
}

/** Errors of a dialect. */
export interface ErrorCodec {
  /** See `Dialects.classify`. `body` is undefined where it was not a JSON object. */
  classify(
    answer: {
      readonly status: number;
      readonly headers: HeaderMap;
      readonly body: JsonObject | undefined;
    },
    nowMs: number,
  ): Failure;
  /** How the vendor's headers tell limits. */
  readonly quotaHeaders?: QuotaHeaders;
  /** The limits that an error of the vendor says are used up. */
  quotas?(body: JsonObject, nowMs: number): readonly Quota[];
  /** See `Dialects.error`. */
  encode(
    error: GatewayError,
    context: { readonly requestId: string; readonly retryAfterMs?: number },
  ): ErrorAnswer;
}

/** How a client is spoken to that uses a form of a dialect other than its own. */
export interface SpokenForm {
  /** Speaks to the client in the dialect's place: nothing passes through then. */
  readonly client?: DialectCodec;
  /** Parameters that the form has and the dialect has not. */
  readonly ignored?: readonly string[];
  /** Writes an answer in the form. */
  readonly pipe?: <P extends AnswerPipe | EventPipe>(pipe: P) => P;
}

/** One wire dialect. Adding one is adding a folder and a line in `dialects.ts`. */
export interface DialectCodec {
  readonly id: Dialect;
  readonly request: RequestCodec;
  readonly response: ResponseCodec;
  readonly stream: StreamCodec;
  readonly passthrough: PassthroughCodec;
  readonly errors: ErrorCodec;
  /** Absent where the dialect can't ask for a count. */
  readonly count?: CountCodec;
  /** Absent where the vendor keeps nothing. */
  readonly state?: StateCodec;
  /** Absent where the dialect can't ask for embeddings. */
  readonly embed?: EmbedCodec;
  /**
   * Further forms that clients use.
   *
   * @param body - of the request; the function throws GatewayError `CLIENT_BAD_REQUEST` or
   *   `CLIENT_UNSUPPORTED` for one that the form does not take.
   */
  readonly forms?: Readonly<Partial<Record<ClientForm, (body: () => JsonObject) => SpokenForm>>>;
}
