import type { Readable } from 'node:stream';
import type { Failure, Quota } from './failure.ts';

/** HTTP headers by lower-case name; an array where a header repeats. */
export type HeaderMap = Readonly<Record<string, string | readonly string[]>>;

/**
 * A request to an upstream. It can be sent again as it is, for example after a token was
 * refreshed: the body is bytes, never a stream.
 */
export interface OutgoingRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute `http:` or `https:` URL; its host must be within the manifest's `permissions.hosts`. */
  readonly url: string;
  readonly headers: HeaderMap;
  readonly body?: Buffer;
}

/**
 * An upstream's answer. Any status counts: 4xx and 5xx are replies, not throws.
 *
 * `failure` and `quotas` say only what the status, `Retry-After` and the dialect's error body do
 * not say already.
 */
export interface WireReply {
  readonly status: number;
  readonly headers: HeaderMap;
  /** Decoded bytes (no content encoding). Read it to the end or destroy it. */
  readonly body: Readable;
  readonly failure?: Failure;
  readonly quotas?: readonly Quota[];
}

/** Sends HTTP requests to the hosts that the plugin's manifest declares. */
export interface HttpClient {
  /**
   * Resolves as soon as the response head is there.
   *
   * @throws GatewayError `PLUGIN_HOST_FORBIDDEN` when the host is not declared,
   *   `UPSTREAM_UNREACHABLE` when no connection could be made or it broke,
   *   `UPSTREAM_TIMEOUT` when connecting took too long. Where their `failure.scope` is `instance`,
   *   no connection was made, so that nothing was sent. An aborted `signal` rejects.
   */
  request(request: OutgoingRequest, signal: AbortSignal): Promise<WireReply>;
}
