import type {
  Account,
  Authenticator,
  EmbedReply,
  EmbedRequest,
  HealthProbe,
  ModelInfo,
  ModelRequest,
  Speaks,
  WireCall,
  WireReply,
} from '@cliproxy/plugin-api';
import type { PluginManifest } from '../plugins/manifest.ts';
import type { Ask } from './channel/peer.ts';
import type { StreamNews } from './channel/stream-news.ts';

/**
 * Work that the gateway has asked for is known on both sides by a number. With it the process says on
 * whose behalf it asks for something, and is told that the work's signal was aborted.
 */
interface Work {
  readonly work: number;
}

/** Work for an account. */
interface AccountWork extends Work {
  readonly account: Account;
}

/** What every call carries. */
export interface CallWork extends AccountWork {
  readonly requestId: string;
  readonly attempt: number;
  readonly model: string;
  readonly sessionKey?: string | undefined;
}

/** A call of a wire executor; its body comes as bytes. */
interface WireWork
  extends CallWork, Pick<WireCall, 'dialect' | 'operation' | 'stream' | 'path' | 'headers'> {}

/** A request as it crosses: its body comes as bytes, or is one that the other side has. */
export interface RequestMark {
  readonly method: unknown;
  readonly url: unknown;
  readonly headers: unknown;
  /** `same`: the body of the work's call; where a request is authorized, the one that it came with. */
  readonly body: 'none' | 'same' | 'bytes';
}

/** A reply as it crosses: its body stays where it is. */
export interface ReplyMark extends Omit<WireReply, 'body'> {
  /** The body as a stream that is lent; see {@link Streams}. */
  readonly body: number;
}

/** What an executor gave back. */
export type SentMark =
  /** The body is one of the gateway's own, which nobody has read: it goes on as it is. */
  | { readonly kind: 'returned'; readonly reply: ReplyMark; readonly listens: boolean }
  /** The body is the plugin's. */
  | { readonly kind: 'lent'; readonly reply: ReplyMark }
  /** It is no reply; what it is, to be said after the plugin's name. */
  | { readonly kind: 'junk'; readonly what: string };

/** What `setup` returned, without what can't cross. */
export interface Described {
  readonly executor?: {
    readonly kind: 'wire' | 'events';
    readonly speaks?: Speaks;
    readonly speaksFor?: readonly { readonly match: string; readonly speaks: Speaks }[];
    readonly passthrough?: boolean;
    readonly unlisted?: Pick<ModelInfo, 'lacks' | 'refuses'>;
    readonly countTokens: boolean;
    readonly embed: boolean;
  };
  readonly authenticators: readonly (Pick<
    Authenticator,
    'id' | 'method' | 'refreshWhen' | 'refreshAheadMs'
  > & {
    readonly login: boolean;
    readonly refresh: boolean;
    readonly refreshSpends: boolean;
    readonly revoke: boolean;
  })[];
  /** As plain values; checked when they are taken. */
  readonly accounts?: readonly unknown[];
  readonly probes: readonly Omit<HealthProbe, 'check'>[];
  readonly start: boolean;
  readonly stop: boolean;
}

/** What the process must know of the gateway; told again and again. */
export interface Surroundings {
  /** The gateway's clock, in milliseconds since 1970. */
  readonly nowMs: number;
  readonly address?: string | undefined;
}

type On<T> = Work & T;
type Plain = unknown;

/** What the gateway asks the process. Credentials, accounts and inputs cross as plain values. */
export interface ProcessAsks {
  readonly load: Ask<
    { readonly file: string; readonly name: string; readonly limitMs: number },
    { readonly schema: object; readonly deps: unknown }
  >;
  readonly setup: Ask<
    {
      readonly pluginId: string;
      readonly instanceId: string;
      readonly config: unknown;
      readonly deps: readonly (readonly [name: string, id: string])[];
      readonly manifest: Pick<PluginManifest, 'provides' | 'apiVersion'>;
      readonly stopMs: number;
      readonly local: boolean;
    } & Surroundings,
    Described
  >;
  readonly start: Ask<Work, true>;
  readonly stop: Ask<Work, true>;
  /** Releases what the plugin has registered. */
  readonly dispose: Ask<Record<string, never>, true>;
  readonly models: Ask<AccountWork, readonly ModelInfo[]>;
  readonly send: Ask<WireWork, SentMark>;
  /** @returns the id of the events, which are lent; undefined: none that can be asked for. */
  readonly run: Ask<CallWork & { readonly request: ModelRequest }, number | undefined>;
  readonly countTokens: Ask<CallWork & { readonly request: ModelRequest }, number>;
  readonly embed: Ask<CallWork & { readonly request: EmbedRequest }, EmbedReply>;
  readonly probe: Ask<AccountWork & { readonly probe: string }, unknown>;
  readonly authorize: Ask<
    On<{
      readonly authenticator: string;
      readonly credential: Plain;
      readonly request: Omit<RequestMark, 'body'>;
      /** The question of the process that the request came with: it has the body. */
      readonly of?: number | undefined;
    }>,
    RequestMark | undefined
  >;
  readonly login: Ask<
    On<{
      readonly authenticator: string;
      readonly input: Plain;
      readonly state: string;
      readonly previous?: Account | undefined;
    }>,
    Plain
  >;
  readonly refresh: Ask<On<{ readonly authenticator: string; readonly credential: Plain }>, Plain>;
  readonly refreshSpends: Ask<
    { readonly authenticator: string; readonly credential: Plain },
    boolean
  >;
  readonly revoke: Ask<On<{ readonly authenticator: string; readonly credential: Plain }>, true>;
}

/** What the gateway tells the process. */
export interface ProcessNews extends StreamNews {
  readonly ping: Surroundings;
  /** The work's signal was aborted. */
  readonly abort: On<{ readonly error: unknown }>;
  /** Nothing of the work is needed any more. */
  readonly close: Work;
  /** The instance is to end. */
  readonly ending: { readonly error: unknown };
  /** A body that was given back has been read to its end, or was closed before. */
  readonly finished: { readonly lent: number; readonly whole: boolean };
}

/** What the process asks the gateway. */
export interface GatewayAsks {
  /** By the door of a work; 0: the plugin's own. `own`: by the signal of the work. */
  readonly http: Ask<On<{ readonly request: RequestMark; readonly own: boolean }>, ReplyMark>;
  readonly authorize: Ask<On<{ readonly request: Omit<RequestMark, 'body'> }>, RequestMark>;
  readonly attach: Ask<{ readonly account: Plain }, Account>;
  readonly detach: Ask<{ readonly accountId: string; readonly reason: string }, true>;
  readonly redirectUri: Ask<
    On<{ readonly wish: { readonly port?: number; readonly path: string } }>,
    string
  >;
  readonly callback: Ask<Work, Readonly<Record<string, string>>>;
}

/** What the process tells the gateway. */
export interface GatewayNews extends StreamNews {
  readonly pong: { readonly unlisted?: Pick<ModelInfo, 'lacks' | 'refuses'> };
  readonly log: {
    readonly level: 'debug' | 'info' | 'warn' | 'error';
    readonly message: string;
    readonly fields?: unknown;
  };
  /** The signal of an `http` question was aborted. */
  readonly cancel: { readonly question: number };
  readonly open: On<{ readonly url: string }>;
  readonly showCode: On<{ readonly url: string; readonly code: string }>;
  readonly progress: On<{ readonly text: string }>;
}
