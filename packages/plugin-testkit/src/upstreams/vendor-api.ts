import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import type { VendorFault, VendorMessage } from './vendor-answer.ts';
import type { VendorOptions } from './vendor.ts';
import type { Refusal } from './refusal.ts';

/** What is asked of a vendor. */
export interface Route {
  readonly operation: 'generate' | 'count' | 'embed' | 'models' | 'model';
  /** Where the address names it. */
  readonly model?: string;
  /** How Gemini's address asks for the answer. */
  readonly framing?: Framing;
}

/** Whether an answer is streamed: as one body, as server-sent events, or as Gemini's array. */
export type Framing = 'whole' | 'sse' | 'json-array';

/** A request as far as the checks look at it. */
export interface Incoming {
  readonly headers: IncomingHttpHeaders;
  readonly query: URLSearchParams;
  /** Parsed JSON. */
  readonly body: unknown;
}

/** A request that was taken. */
export interface Asked {
  readonly model: string;
  readonly framing: Framing;
  readonly body: Readonly<Record<string, unknown>>;
}

/** One event of a streamed answer. */
export interface Frame {
  readonly event?: string;
  /** Written as JSON; text as it is. */
  readonly data: unknown;
  /** Before the first content, content, or what tells how the answer ended. */
  readonly place: 'opening' | 'content' | 'closing';
}

/** A failed answer. */
export interface FaultAnswer {
  readonly headers: OutgoingHttpHeaders;
  readonly body: unknown;
}

/** What may carry a credential, in lower case. */
export type KeyHeader = 'authorization' | 'x-api-key' | 'x-goog-api-key';

/** What differs from vendor to vendor. */
export interface VendorApi {
  /** Stands between the origin and the paths of the vendor's SDK. */
  readonly basePath: string;
  /** The headers that may carry the key, one of them at a time. */
  readonly keyHeaders: readonly KeyHeader[];
  route(method: string, path: string, query: URLSearchParams): Route | undefined;
  /** All that is checked besides the key. @throws Refusal */
  accept(route: Route, incoming: Incoming): Asked;
  whole(message: VendorMessage, asked: Asked): object;
  frames(message: VendorMessage, asked: Asked): readonly Frame[];
  /** An error inside of a stream. @param sent - what came before it. */
  faultFrame(fault: VendorFault, sent: readonly Frame[]): Frame;
  /** Absent: the vendor does not count tokens in this dialect. */
  count?(tokens: number): object;
  /** Absent: the vendor has no embeddings in this dialect. */
  vectors?(vectors: readonly (readonly number[])[], asked: Asked, tokens: number): object;
  models(ids: readonly string[]): object;
  model(id: string): object;
  fault(fault: VendorFault): FaultAnswer;
  /** How the vendor says why. */
  refuse(refusal: Refusal): VendorFault & { readonly param?: string };
}

/** What the parts of one running fake share. */
export interface VendorContext {
  readonly options: VendorOptions;
  /** The next id with this prefix; never the same twice. */
  id(prefix: string): string;
}

/** The numbers of a new fake. */
export function vendorContext(options: VendorOptions): VendorContext {
  let last = 0;
  return {
    options,
    id(prefix) {
      last += 1;
      return `${prefix}${String(last).padStart(12, '0')}`;
    },
  };
}
