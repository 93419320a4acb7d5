import type { AnswerPipe, ClientForm, EventPipe } from '@cliproxy/kernel';
import type { Dialect } from '@cliproxy/plugin-api';
import type { JsonObject } from '../model/json-object.ts';
import type { CountCodec } from './count-codec.ts';
import type { EmbedCodec } from './embed-codec.ts';
import type { ErrorCodec } from './error-codec.ts';
import type { PassthroughCodec } from './passthrough-codec.ts';
import type { RequestCodec } from './request-codec.ts';
import type { ResponseCodec } from './response-codec.ts';
import type { StateCodec } from './state-codec.ts';
import type { StreamCodec } from './stream-codec.ts';

/** How a client is spoken to that uses a form of a dialect other than its own. */
export interface SpokenForm {
  /** Speaks to the client in the dialect's place: nothing passes through then. */
  readonly client?: DialectCodec;
  /** Parameters that the form has and the dialect has not. */
  readonly ignored?: readonly string[];
  /** Writes an answer in the form. */
  readonly pipe?: <P extends AnswerPipe | EventPipe>(pipe: P) => P;
}

/** One wire dialect. Adding one is adding a folder and a line in `dialects.ts`. */
export interface DialectCodec {
  readonly id: Dialect;
  readonly request: RequestCodec;
  readonly response: ResponseCodec;
  readonly stream: StreamCodec;
  readonly passthrough: PassthroughCodec;
  readonly errors: ErrorCodec;
  /** Absent where the dialect can't ask for a count. */
  readonly count?: CountCodec;
  /** Absent where the vendor keeps nothing. */
  readonly state?: StateCodec;
  /** Absent where the dialect can't ask for embeddings. */
  readonly embed?: EmbedCodec;
  /**
   * Further forms that clients use.
   *
   * @param body - of the request; the function throws GatewayError `CLIENT_BAD_REQUEST` or
   *   `CLIENT_UNSUPPORTED` for one that the form does not take.
   */
  readonly forms?: Readonly<Partial<Record<ClientForm, (body: () => JsonObject) => SpokenForm>>>;
}
