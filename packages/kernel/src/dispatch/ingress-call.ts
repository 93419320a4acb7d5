import type { HeaderMap } from '@cliproxy/plugin-api';
import type { ClientRequest } from '../ports/dialects.ts';

/** Head of the answer to a client, told once, at the commit point. */
export interface AnswerStart {
  readonly status: number;
  readonly contentType: string;
  /** Known where the whole answer is there already. */
  readonly contentLength?: number;
  /** Further headers, lower-case: `x-upstream-request-id`, `x-cliproxy-ignored`, `retry-after`. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Where a client's answer goes. Implemented by the server on the raw response. */
export interface AnswerSink {
  start(head: AnswerStart): void;
  /** @returns false when the client reads slower than we write: wait for {@link AnswerSink.onDrain}. */
  write(bytes: Buffer): boolean;
  /** Calls back once, when the client can take more. */
  onDrain(resume: () => void): void;
  /** The answer is complete. */
  end(): void;
  /** The answer broke and nothing can be said about it: the connection is cut. */
  cut(): void;
  /** Calls back once, when the client has left before the end. At once if it has left already. */
  onClosed(left: () => void): void;
}

/** One client's request on its way through the kernel. */
export interface IngressCall {
  readonly requestId: string;
  readonly request: ClientRequest;
  /** Client headers that may go upstream, lower-case. */
  readonly headers: HeaderMap;
  /** True: a parameter that the target can't honour is an error. */
  readonly strict: boolean;
  /** Masked label of the client key, for the log. */
  readonly client?: string;
  readonly sink: AnswerSink;
}
