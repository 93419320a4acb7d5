import type { EncodeTarget } from '@cliproxy/kernel';
import type { Capability, HeaderMap, ModelRequest } from '@cliproxy/plugin-api';
import type { JsonObject } from '../model/json-object.ts';
import type { EncodedBody } from './encoded-body.ts';
import type { RequestEcho } from './request-echo.ts';

/** Requests of a dialect. */
export interface RequestCodec {
  /**
   * Reads a client's request.
   *
   * @throws GatewayError `CLIENT_BAD_REQUEST`, naming the field.
   */
  decode(
    body: JsonObject,
    hints: { readonly model: string; readonly stream: boolean },
  ): ModelRequest;
  /**
   * Writes a request for an upstream: with the target's model, without what it refuses (and saying
   * so in `ignored`), and with no opaque part of another origin.
   *
   * @throws GatewayError `CLIENT_UNSUPPORTED` for what changes the meaning if left out.
   */
  encode(request: ModelRequest, target: EncodeTarget): EncodedBody;
  /** What a model must be able to do to serve the body. Never throws. */
  needs(body: JsonObject): readonly Capability[];
  /** Groups the requests of one conversation, where the client says so. */
  sessionKey(body: JsonObject, headers: HeaderMap): string | undefined;
  /** What answers repeat; absent in dialects whose answers stand for themselves. Never throws. */
  echo?(body: JsonObject): RequestEcho;
}
