import type { EncodeTarget } from '@cliproxy/kernel';
import type { ModelRequest } from '@cliproxy/plugin-api';
import type { JsonObject } from '../model/json-object.ts';
import type { EncodedBody } from './encoded-body.ts';

/** Token counts, in dialects that have such an operation. */
export interface CountCodec {
  /**
   * Reads a client's question: a request to generate, but for what only generating needs.
   *
   * @throws GatewayError `CLIENT_BAD_REQUEST`, naming the field.
   */
  decodeRequest(body: JsonObject, hints: { readonly model: string }): ModelRequest;
  /** Writes the question for an upstream; see {@link RequestCodec.encode}. */
  encodeRequest(request: ModelRequest, target: EncodeTarget): EncodedBody;
  /**
   * The input tokens of an upstream's answer.
   *
   * @throws GatewayError `UPSTREAM_BAD_ANSWER`
   */
  decodeAnswer(body: JsonObject): number;
  encodeAnswer(inputTokens: number): JsonObject;
}
