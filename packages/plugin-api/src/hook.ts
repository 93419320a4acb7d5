import type { Dialect, Operation } from './dialect.ts';
import type { EmbedRequest } from './embed.ts';
import type { FailureKind } from './failure.ts';
import type { HeaderMap } from './http.ts';
import type { FinishReason, ModelEvent } from './model-event.ts';
import type { ModelRequest } from './model-request.ts';
import type { Usage } from './usage.ts';

/**
 * What a hook must see. Everything else is cheaper without it:
 *
 * - `headers`: the client's headers, those that may go upstream.
 * - `body`: the request, decoded. Ends passthrough: what goes upstream is the request as the hooks
 *   left it, encoded anew, and never the client's bytes.
 * - `events`: the events of the answer. Ends passthrough of the answer, and so of the request.
 */
export type HookNeed = 'headers' | 'body' | 'events';

/**
 * What happens when the hook itself fails: it throws, hangs or gives junk. `continue`: the request
 * goes on without it; but an answer breaks off where the hook may hold back some of it: inside a block
 * of which it gave anything but the events themselves. `refuse`: the client gets `PLUGIN_HOOK_FAILED`,
 * and nothing passes unseen. Neither is of use to a plugin that is not there: where its set-up fails and
 * its instance says `required: false`, the gateway starts without it, and requests pass without its
 * hooks.
 */
export type HookFailurePolicy = 'continue' | 'refuse';

/** One client request, as a hook sees it; the same object in all of the hook's functions. */
export interface HookCall {
  readonly requestId: string;
  readonly dialect: Dialect;
  readonly operation: Operation;
  /** As the client wrote it. */
  readonly model: string;
  readonly stream: boolean;
  /** Groups the requests of one conversation, where the client says so. */
  readonly sessionKey?: string;
  /** Masked label of the client key. */
  readonly client?: string;
  /** Only with the need `headers`: lower-case names; never credentials or cookies. */
  readonly headers?: HeaderMap;
  /** Yours for the length of the request; shared by the hooks of one plugin instance. */
  readonly state: Record<string, unknown>;
  /** Aborted when the client has left, the request is over, or the time for a call is up. */
  readonly signal: AbortSignal;
}

/** The request's body, with the need `body`; one of the two, by the operation. */
export interface HookBody {
  /** To `generate` and to `count-tokens`. */
  readonly request?: ModelRequest;
  /**
   * To `embed`. Inputs that are no text (token ids) can't be shown: such a request is refused with
   * `CLIENT_UNSUPPORTED` where a hook with the need `body` applies to it.
   */
  readonly embed?: EmbedRequest;
}

/**
 * What a hook makes of a body: the whole request, changed; absent, it stays as it is. Its `model`
 * and `stream` are not looked at, and an `embed` must have as many inputs as before.
 */
export type HookChange = HookBody;

/** One attempt that is about to be made. */
export interface HookAttempt extends HookBody {
  readonly instanceId: string;
  /** Masked label of the account. */
  readonly accountLabel: string;
  /** The model's name at the upstream. */
  readonly model: string;
  /** 1 for the first attempt. */
  readonly number: number;
}

/** Keeps a request away from a target. */
export interface HookVeto {
  /** Why, for the client and the log; never a secret. The request goes on with the next target. */
  readonly veto: string;
}

/** Changes the events of one answer, one after another. */
export interface EventTransform {
  /**
   * Takes an event and gives those that stand in its place: itself, others, none. At once, never a
   * promise: what it needs to wait for belongs into `onRequest`. Must keep the grammar of
   * {@link ModelEvent}: it may hold a text back, but gives it before the block closes.
   *
   * @throws GatewayError whose failure's scope is `request`, to refuse the answer: before the client
   *   has a byte of it, the client gets that error; later, the answer breaks off.
   */
  push(event: ModelEvent): readonly ModelEvent[];
  /** The answer is complete; gives what is still held back. Not called when it broke off. */
  end?(): readonly ModelEvent[];
}

/** One attempt of a finished request. */
export interface HookAttemptRecord {
  readonly instanceId: string;
  /** Masked label of the account. */
  readonly accountLabel: string;
  /** The model's name at the upstream. */
  readonly model: string;
  /** Milliseconds from the start of the request. */
  readonly startedMs: number;
  readonly durationMs: number;
  /** HTTP status of the upstream, where one came. */
  readonly status?: number;
  readonly outcome: 'answered' | 'failed' | 'client-left';
  readonly failure?: FailureKind;
  readonly code?: string;
}

/** What a request has come to. No content is in it. */
export interface HookRecord {
  readonly requestId: string;
  readonly dialect: string;
  readonly operation: string;
  /** The model that was asked for. */
  readonly model: string;
  readonly stream: boolean;
  /** Masked label of the client key. */
  readonly client?: string;
  readonly outcome: 'answered' | 'failed' | 'broken' | 'client-left';
  /** Status that the client got. */
  readonly status: number;
  /** Error code, where the request failed. */
  readonly code?: string;
  readonly attempts: readonly HookAttemptRecord[];
  readonly durationMs: number;
  /** Milliseconds to the first byte for the client. */
  readonly firstTokenMs?: number;
  readonly usage?: Usage;
  readonly finish?: FinishReason;
}

/**
 * Something that looks at requests on their way, or changes them, whoever answers them. Since 1.1.
 *
 * The functions are called in the order of the requests' way. A hook that has none of them is
 * refused. Of several hooks, the one with the lower `order` is first with what goes upstream, and
 * last with what comes back: they lie around each other like shells.
 */
export interface Hook {
  /** Unique in the plugin, as in the manifest's `provides.hooks`. */
  readonly id: string;
  readonly needs: readonly HookNeed[];
  readonly onFailure: HookFailurePolicy;
  /** Lower is nearer to the client. Default 0; of equal ones, in the order of the configuration. */
  readonly order?: number;
  /**
   * Models that it applies to; `*` stands for any characters. Held against the name that the client
   * wrote, the one after aliases, and those that it has at the plugins and upstreams that may serve
   * it. Default: all.
   */
  readonly match?: readonly string[];
  /** Operations that it applies to. Default: all. */
  readonly operations?: readonly Operation[];
  /**
   * Before anybody is chosen to answer. May change the body, where the hook needs `body`. Refuses
   * the request by a thrown {@link GatewayError} whose failure's scope is `request`: the client gets
   * that, for example with the code `PLUGIN_HOOK_REFUSED`. 5 s.
   */
  onRequest?(
    call: HookCall,
    body: HookBody,
  ): HookChange | undefined | Promise<HookChange | undefined>;
  /**
   * Before each attempt. May keep it away from the target, or change the body for this attempt
   * alone. 5 s.
   */
  onAttempt?(
    attempt: HookAttempt,
    call: HookCall,
  ): HookVeto | HookChange | undefined | Promise<HookVeto | HookChange | undefined>;
  /**
   * An answer begins to arrive; needs `events`. Called once for each attempt to `generate` that is
   * answered.
   *
   * @returns what changes its events; undefined: nothing does.
   */
  onEvents?(call: HookCall): EventTransform | undefined;
  /**
   * The request is over. Nobody waits for it: records stand in a line of 1,000, one after another
   * for each hook, 10 s each, and where the line is full they are dropped.
   */
  onComplete?(record: HookRecord, call: HookCall): void | Promise<void>;
}
