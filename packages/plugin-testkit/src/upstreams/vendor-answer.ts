/** What to answer, vendor-neutral: each fake says it in its own wire format, streamed or not as asked. */
export type VendorAnswer = VendorMessage | VendorError | VendorCount | VendorVectors;

/** A model's answer. */
export interface VendorMessage {
  readonly parts: readonly VendorPart[];
  /** Default: `tool-calls` where there are calls, else `stop`. */
  readonly finish?: 'stop' | 'length' | 'tool-calls' | 'refusal';
  /** Default: 20 in, 10 out. */
  readonly usage?: VendorUsage;
  /** What goes wrong, or is unusual, on its way. */
  readonly stream?: StreamFaults;
}

/** A piece of a model's answer. Vendors without a place for it (a signature in Chat) leave it out. */
export type VendorPart = VendorText | VendorReasoning | VendorToolCall;

/** Text that is meant for the user. */
export interface VendorText {
  readonly type: 'text';
  readonly text: string;
  /** In how many deltas it is streamed; cut between characters. Default 2. */
  readonly pieces?: number;
}

/** What the model thought. */
export interface VendorReasoning {
  readonly type: 'reasoning';
  /** May be empty: the vendor keeps it to itself, and only the signature is shown. */
  readonly text: string;
  /** Default: one that the fake makes up. It is checked when it is sent back. */
  readonly signature?: string;
  /** Anthropic alone: answered as `redacted_thinking`. */
  readonly redacted?: boolean;
  readonly pieces?: number;
}

/** A call of a tool. */
export interface VendorToolCall {
  readonly type: 'tool-call';
  /** Default: in the vendor's way of writing ids; Gemini sends none. */
  readonly id?: string;
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly pieces?: number;
  /** Gemini alone. Default: made up, for Gemini 3 and the first call of a turn. */
  readonly signature?: string;
}

/** Tokens in the gateway's own arithmetic; each fake converts them into its vendor's. */
export interface VendorUsage {
  /** All of the input, `cached` and `cacheWrite` included. */
  readonly input: number;
  /** All of the output, `reasoning` included. */
  readonly output: number;
  readonly cached?: number;
  readonly cacheWrite?: number;
  readonly reasoning?: number;
}

/** How an answer travels. Faults that name events concern streamed answers alone. */
export interface StreamFaults {
  /** Nothing at all is sent before it is settled. */
  readonly firstByteAfter?: Promise<unknown>;
  /** After the first event with content, nothing is sent before it is settled. */
  readonly pauseAfterFirst?: Promise<unknown>;
  /** The connection is broken after so many bytes of the body. */
  readonly cutAfterBytes?: number;
  /** The body ends regularly, but before the event that tells how the answer ended. */
  readonly cutBeforeFinish?: boolean;
  /** After the first event with content, the vendor reports this and ends the body. */
  readonly errorAfterFirst?: VendorFault;
  /** The first event with content is repeated until the client leaves. */
  readonly endless?: boolean;
  /** The body is written in chunks of so many bytes, also in the midst of a character. */
  readonly chunkBytes?: number;
  /** Ends lines of an event stream; default `\n`. */
  readonly lineEnd?: '\n' | '\r\n';
  /** Comments stand between the events. */
  readonly comments?: boolean;
  /** The data of an event spreads over several `data:` lines. */
  readonly multiLineData?: boolean;
  /** The fragments of parallel calls alternate, as OpenAI's may. */
  readonly interleaved?: boolean;
}

/** A failure in the vendor's own shape. */
export interface VendorFault {
  /** For example 400, 401, 404, 429, 500, 503, or Anthropic's 529. */
  readonly status: number;
  readonly message?: string;
  /** The vendor's own code, where its errors have one: `insufficient_quota`, `API_KEY_INVALID`. */
  readonly code?: string;
  /** As `retry-after`, or Gemini's `RetryInfo`, in seconds. */
  readonly retryAfter?: number;
}

/** The request fails. */
export interface VendorError {
  readonly error: VendorFault & {
    /** In the place of the vendor's error: a web page of a proxy, or what is no JSON. */
    readonly body?: 'html' | 'garbage';
    /** A streamed request is answered with 200, and the error comes as its first event. */
    readonly inStream?: boolean;
  };
}

/** What a token count answers. */
export interface VendorCount {
  readonly tokens: number;
}

/** What an embeddings request is answered with: one vector for each input. */
export interface VendorVectors {
  readonly vectors: readonly (readonly number[])[];
}
