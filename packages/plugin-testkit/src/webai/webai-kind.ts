import type http from 'node:http';
import type { WebaiAnswer, WebaiChat } from './service-answer.ts';

/** A request that a service has read. */
export interface ServiceRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A whole answer. */
export interface ServiceReply {
  readonly status: number;
  /** JSON, unless it is a text. */
  readonly body?: unknown;
  readonly contentType?: string;
}

/** What one kind of service does differently from the others. */
export interface KindOfService {
  /** Its routes besides the chat, as `GET /path`; also what `/openapi.json` tells. */
  readonly routes: Readonly<Record<string, (request: ServiceRequest) => ServiceReply>>;
  /** Whether it says what it is in `/openapi.json`. */
  readonly describesItself: boolean;
  /** What is wrong with a chat, as the kind says it; undefined: nothing. */
  refuse(body: Readonly<Record<string, unknown>>): ServiceReply | undefined;
  /** Its own form of an error; inside a stream, too. */
  error(message: string, model: string): unknown;
  /** An answer in one piece. */
  whole(answer: Told, chat: WebaiChat): unknown;
  /** The data of a stream's events, in order; undefined: it has no streams. */
  events?(answer: Told, chat: WebaiChat): readonly string[];
}

/** An answer that is none of an error. */
export type Told = Extract<WebaiAnswer, { readonly texts: unknown } | { readonly call: unknown }>;
