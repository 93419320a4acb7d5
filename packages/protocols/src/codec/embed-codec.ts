import type { EmbedReply, EmbedRequest, Usage } from '@cliproxy/plugin-api';
import type { JsonObject } from '../model/json-object.ts';

/** A client's question for embeddings. */
interface EmbedQuestion {
  readonly request: EmbedRequest;
  /** Client parameters that could not be expressed. */
  readonly ignored: readonly string[];
  /** @param model - as the client asked for it. */
  encodeAnswer(reply: EmbedReply, model: string): JsonObject;
}

/** Embeddings, in dialects that have such an operation. */
export interface EmbedCodec {
  /**
   * @throws GatewayError `CLIENT_BAD_REQUEST`, naming the field; `CLIENT_UNSUPPORTED` for inputs
   *   that are no text.
   */
  decodeRequest(body: JsonObject, hints: { readonly model: string }): EmbedQuestion;
  /**
   * The body of another request, in the form that the client asked in. Nothing else of the client's
   * body is in it: who changed the request has not seen that.
   */
  withRequest(body: JsonObject, request: EmbedRequest): JsonObject;
  /** The usage that an answer tells; undefined where it tells none. */
  usageOf(body: JsonObject): Usage | undefined;
}
