import type { AccountContext } from './account.ts';
import type { Dialect, Operation } from './dialect.ts';
import type { EmbedReply, EmbedRequest } from './embed.ts';
import type { HeaderMap, WireReply } from './http.ts';
import type { ModelEvent } from './model-event.ts';
import type { ModelInfo } from './model-info.ts';
import type { ModelRequest } from './model-request.ts';

/** What every call to an executor carries. */
export interface CallContext extends AccountContext {
  /** The client request's id; the same for all attempts. */
  readonly requestId: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** The model's name at the upstream. */
  readonly model: string;
  /** Groups the requests of one conversation, where the client says so. */
  readonly sessionKey?: string;
}

/** One call of a wire executor: bytes in a dialect that it speaks. */
export interface WireCall extends CallContext {
  readonly dialect: Dialect;
  readonly operation: Operation;
  readonly stream: boolean;
  /**
   * Starts with `/` and follows what the vendor's SDK calls base URL; model and query included.
   * For example `/chat/completions` (OpenAI) or `/v1/messages` (Anthropic).
   */
  readonly path: string;
  /** Content type and the client headers that may go upstream. */
  readonly headers: HeaderMap;
  /** The request body; names the upstream's model. */
  readonly body: Buffer;
}

interface ExecutorBase {
  /**
   * The models that one account can use. The kernel caches the answer and never waits for it to
   * start.
   */
  models(context: AccountContext): Promise<readonly ModelInfo[]>;
  /** What holds for models that no list names. Read for each request: it may be a getter. */
  readonly unlisted?: Pick<ModelInfo, 'lacks' | 'refuses'>;
}

/** Dialects, best first, each with the operations that it is spoken for. */
export type Speaks = Readonly<Partial<Record<Dialect, readonly Operation[]>>>;

/** Moves bytes: the upstream speaks one or more of the dialects. */
export interface WireExecutor extends ExecutorBase {
  readonly kind: 'wire';
  /** The dialects and operations of the upstream; {@link ModelInfo.dialects} narrows per model. */
  readonly speaks: Speaks;
  /**
   * What holds in the place of `speaks` for models of certain names, whether any list names them or
   * not: of the entries whose `match` fits the model's name at the upstream, the first. `*` stands
   * for any characters.
   */
  readonly speaksFor?: readonly { readonly match: string; readonly speaks: Speaks }[];
  /** `false`: the upstream's answers need repair, so always decode and encode them. Default `true`. */
  readonly passthrough?: boolean;
  /**
   * Sends the bytes and gives the upstream's reply, whatever its status. Must obey `call.signal`.
   *
   * @throws GatewayError when no reply came; see {@link HttpClient.request}.
   */
  send(call: WireCall): Promise<WireReply>;
}

/** Produces events: for upstreams that speak none of the dialects. */
export interface EventExecutor extends ExecutorBase {
  readonly kind: 'events';
  /**
   * Answers a request by events; see {@link ModelEvent} for their grammar. Must obey `call.signal`.
   *
   * @throws GatewayError with a `failure`.
   */
  run(request: ModelRequest, call: CallContext): AsyncIterable<ModelEvent>;
  /**
   * Counts the tokens of a request. Absent: the gateway estimates, and says so.
   *
   * @throws GatewayError with a `failure`.
   */
  countTokens?(request: ModelRequest, call: CallContext): Promise<number>;
  /**
   * Makes a vector of each input. Absent: requests for embeddings go elsewhere.
   *
   * @throws GatewayError with a `failure`.
   */
  embed?(request: EmbedRequest, call: CallContext): Promise<EmbedReply>;
}

/** The part of a plugin that answers requests. At most one per plugin instance. */
export type Executor = WireExecutor | EventExecutor;
