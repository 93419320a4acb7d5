import type { IncomingHttpHeaders } from 'node:http';
import type { Fault } from '../fault.ts';
import type { VendorAnswer } from './vendor-answer.ts';

/**
 * A strict fake of a vendor's API: a real HTTP server on loopback that checks what it receives as
 * the vendor does, and answers in the vendor's documented wire format.
 */
export interface Vendor {
  /** What the vendor's own SDK calls base URL: with `/v1` for OpenAI, without a version for others. */
  readonly url: string;
  /** All that arrived, in their order. */
  readonly requests: readonly VendorRequest[];
  /** In words, every request that the vendor would have refused. Each was answered with its 4xx. */
  readonly violations: readonly string[];
  /**
   * What the next requests get, in turn; the last one repeats. Until told otherwise, a short text.
   * A request takes the next answer only where it fits: a count takes `tokens` and errors, and is
   * worked out from the body otherwise. Model lists take none.
   */
  script(...answers: readonly VendorAnswer[]): void;
  /** What befalls all that is asked from now on; nothing given: nothing any more. */
  fault(fault?: Fault): void;
  /** Breaks what is open and frees the port. Closing twice is no error. */
  close(): Promise<void>;
}

/** One request as the vendor received it. */
export interface VendorRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Parsed; undefined where there was none, or where it is no JSON. */
  readonly body: unknown;
  /** True once the client left before the answer was complete. */
  readonly aborted: boolean;
  /** Bytes of the answer's body that were written so far. */
  readonly writtenBytes: number;
  /** Resolves once the answer is complete or the client left. */
  readonly closed: Promise<void>;
}

/** How a vendor differs from the default. */
export interface VendorOptions {
  /** The one key that is taken; any other is the vendor's 401. Default: any key. */
  readonly apiKey?: string;
  /** The models that exist; any other is the vendor's 404. Default: any model, one is listed. */
  readonly models?: readonly string[];
  /** What must never arrive, in no header, query or body: the credentials of the gateway's clients. */
  readonly secrets?: readonly string[];
  /**
   * `openai-chat` alone: reasoning is answered as `reasoning_content`, and taken back in assistant
   * messages, as DeepSeek and many compatible servers do. OpenAI itself does neither.
   * Default: true for models whose name is none of OpenAI's.
   */
  readonly reasoningContent?: boolean;
}
