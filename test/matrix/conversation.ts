import type { Dialect } from '@cliproxy/plugin-api';

/** What a user of some SDK wants, in nobody's words; each client says it in its SDK's own. */
export interface Question {
  /** One string, or blocks where the dialect has them. */
  readonly system?: string | readonly string[];
  readonly turns: readonly Said[];
  readonly tools?: readonly ToolSpec[];
  readonly toolChoice?: ToolChoice;
  /** False: at most one call per answer. */
  readonly parallelTools?: false;
  /** The answer is to be JSON of this form. */
  readonly schema?: JsonSchema;
  readonly thinking?: 'on' | 'off';
  readonly stream?: boolean;
  /** Chat alone leaves usage out of a stream unless it is asked for; default true. */
  readonly usage?: boolean;
  readonly maxTokens?: number;
  /** With the parameter that no other dialect has; see `Client.special`. */
  readonly special?: true;
  /** Extra headers of the request. */
  readonly headers?: Readonly<Record<string, string>>;
}

export type ToolChoice = 'auto' | 'none' | 'required' | { readonly named: string };

export type Said =
  | { readonly by: 'system'; readonly text: string }
  | { readonly by: 'user'; readonly text: string; readonly image?: Image }
  | { readonly by: 'assistant'; readonly text?: string; readonly calls?: readonly Call[] }
  | { readonly by: 'tools'; readonly results: readonly ToolOutput[] }
  /** An answer that was heard before, given back as the SDK handed it out. */
  | { readonly by: 'replay'; readonly heard: Heard };

/** `png`: bytes in base64. */
export type Image = { readonly png: string } | { readonly url: string };

export interface Call {
  readonly id: string;
  readonly name: string;
  readonly arguments: unknown;
  /** In the place of the arguments, where the dialect writes them as text: what a model wrote. */
  readonly json?: string;
}

interface ToolOutput {
  readonly id: string;
  readonly name: string;
  readonly output: string;
}

export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  readonly schema: JsonSchema;
}

export interface JsonSchema {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, object>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
}

/** What an SDK handed out, in nobody's words. */
export interface Heard {
  readonly model: string;
  readonly text: string;
  readonly reasoning: string;
  readonly calls: readonly Call[];
  readonly finish: Finish;
  readonly usage: HeardUsage | undefined;
  /** In how many pieces the text, and the arguments of the calls, came; 1 without stream. */
  readonly pieces: { readonly text: number; readonly arguments: number };
  /** What the SDK's users keep of it for the next turn. */
  readonly native: unknown;
}

export type Finish = 'stop' | 'length' | 'tool-calls' | 'refusal';

/** Undefined: the dialect, or the SDK, has no place for it. */
export interface HeardUsage {
  /** With the cached ones. */
  readonly input: number;
  /** With those of reasoning. */
  readonly output: number;
  readonly total?: number | undefined;
  readonly cached?: number | undefined;
  readonly reasoning?: number | undefined;
}

/** What an SDK threw. */
export interface Complaint {
  /** Name of the SDK's class. */
  readonly type: string;
  readonly status: number | undefined;
  readonly message: string;
  /** In seconds, where the SDK tells it. */
  readonly retryAfterS?: number | undefined;
}

/** Where a client asks, and what else it is told. */
export interface Line {
  /** Of the gateway, without a slash at the end. */
  readonly url: string;
  readonly apiKey: string;
  readonly model: string;
  readonly fetch: typeof fetch;
  readonly signal?: AbortSignal;
  /** Told of each piece of a stream, of whatever kind. */
  readonly onPiece?: () => void;
}

/** One SDK, as its users use it. */
export interface Client {
  /** Name of the package. */
  readonly name: string;
  readonly dialect: Dialect;
  /** Rejects with what the SDK throws. */
  ask(question: Question, line: Line): Promise<Heard>;
  /** The vendor's typed error; undefined for what is none. */
  complaint(error: unknown): Complaint | undefined;
  /** A parameter that no other dialect has, as it travels. */
  readonly special: { readonly name: string; readonly value: unknown };
  /** Name of the class that the SDK has for a status. */
  classOf(status: number): string;
  /** What the SDK makes of a tool's output; default: itself. */
  readonly written?: ((name: string, output: string) => string) | undefined;
  /** Questions that the SDK has no words for, and why. */
  readonly cannot?: (question: Question) => string | undefined;
}

/** As dialects that take addresses alone write it. */
export function addressOf(image: Image): string {
  return 'url' in image ? image.url : `data:image/png;base64,${image.png}`;
}

/** As dialects that write arguments as text do it. */
export function jsonOf({ json, arguments: args }: Call): string {
  return json ?? JSON.stringify(args);
}

/** Why dialects that write arguments as objects can't say what is no JSON; undefined: not asked. */
export function noJson(turns: readonly Said[]): string | undefined {
  const asks = turns.some(
    (said) => said.by === 'assistant' && said.calls?.some(({ json }) => json !== undefined),
  );
  return asks ? 'the dialect writes arguments as objects' : undefined;
}
