import type { Dialect } from './dialect.ts';
import type { Json } from './json.ts';

/**
 * Something only its maker can read: a reasoning signature or encrypted reasoning. It is sent back
 * to the same origin or to nobody.
 */
export interface Opaque {
  /** `<instance>/<model>`, or a dialect where no more is known. */
  readonly origin: string;
  readonly value: string;
}

/** A page of the web that a piece of an answer's text rests on. */
export interface Citation {
  readonly url: string;
  readonly title?: string;
  /** The piece, in characters (UTF-16) of its part's text; `end` is the first one after it. */
  readonly start: number;
  readonly end: number;
}

/** Text that is the answer or the question; `refusal` is the model declining. */
export interface TextPart {
  readonly type: 'text' | 'refusal';
  readonly text: string;
  /** In answers alone. */
  readonly citations?: readonly Citation[];
}

/** What the model thought. `text` may be empty where only the opaque part is given. */
export interface ReasoningPart {
  readonly type: 'reasoning';
  readonly text: string;
  readonly opaque?: Opaque;
}

/** An image, a document or a sound. */
export interface MediaPart {
  readonly type: 'media';
  /** IANA media type; `image/*` where only the kind is known. */
  readonly mediaType: string;
  readonly source:
    { readonly base64: string } | { readonly url: string } | { readonly fileId: string };
  /** How closely to look at an image, in OpenAI's words (`low`, `high`); absent: the vendor's choice. */
  readonly detail?: string;
}

/** The model asks for a tool to be called. */
export interface ToolCallPart {
  readonly type: 'tool-call';
  /** Of which kind of {@link Tool}; absent: `function`. */
  readonly kind?: 'custom';
  readonly id: string;
  readonly name: string;
  /** As the model wrote it; `{}` when empty; may be invalid JSON. Free text for a `custom` tool. */
  readonly argumentsJson: string;
  /**
   * The signature that stands on the call itself, as Gemini makes them. In an answer it is known
   * with the `open` of the call. Dialects that have no place for it on a call tell it as an empty
   * reasoning part directly before the call, and take it from there again; so it comes back to its
   * origin, whatever the client speaks.
   */
  readonly opaque?: Opaque;
}

/** What a tool answered. */
export interface ToolResultPart {
  readonly type: 'tool-result';
  readonly callId: string;
  readonly content: readonly Part[];
  readonly isError?: boolean;
}

/** One piece of a turn. */
export type Part = TextPart | ReasoningPart | MediaPart | ToolCallPart | ToolResultPart;

/** One turn of a conversation. Tool results stand in `user` turns. */
export interface Turn {
  readonly role: 'system' | 'developer' | 'user' | 'assistant';
  readonly parts: readonly Part[];
}

/** A tool that the model may call. */
export interface Tool {
  /** `function` takes JSON by `schema`; `custom` takes free text. */
  readonly kind: 'function' | 'custom';
  readonly name: string;
  readonly description?: string;
  /** JSON Schema of the arguments. */
  readonly schema?: Json;
  readonly strict?: boolean;
}

/** How the model may use the tools; `names`: it must call one of these. */
export type ToolChoice = 'auto' | 'none' | 'required' | { readonly names: readonly string[] };

/** The form that the answer's text must have. */
export type OutputFormat =
  | { readonly type: 'json' }
  | {
      readonly type: 'json-schema';
      readonly name: string;
      readonly schema: Json;
      readonly strict?: boolean;
    };

/** How much the model should think, and whether the client wants to see it. */
export interface ReasoningWish {
  readonly enabled: boolean;
  /** `none` to `max`, as the client wrote it. */
  readonly effort?: string;
  readonly budgetTokens?: number;
  readonly visible?: boolean;
}

/** A request to generate, independent of any vendor's format. */
export interface ModelRequest {
  /** The model's name at the upstream. */
  readonly model: string;
  readonly turns: readonly Turn[];
  readonly tools: readonly Tool[];
  readonly stream: boolean;
  readonly toolChoice?: ToolChoice;
  readonly parallelTools?: boolean;
  readonly output?: OutputFormat;
  readonly reasoning?: ReasoningWish;
  readonly maxOutputTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly stop?: readonly string[];
  /** What has no common name; kept for the dialect it came in, dropped loudly elsewhere. */
  readonly extras: { readonly dialect: Dialect; readonly fields: Readonly<Record<string, Json>> };
}
