import { GatewayError } from '@cliproxy/plugin-api';
import type { OutgoingRequest, WireReply } from '@cliproxy/plugin-api';
import type { ReplyMark, RequestMark } from '../border.ts';
import { bytesOf } from '../../dispatch/wire-reply.ts';
import type { Parcel } from './peer.ts';

/**
 * A request on its way over the border.
 *
 * @param known - a body that the other side has.
 * @throws GatewayError `PLUGIN_FAULT` for a body that is no bytes.
 */
export function markRequest(
  request: OutgoingRequest,
  known: Buffer | undefined,
): Parcel<RequestMark> {
  // The plugin may be plain JavaScript: whatever it gave is looked at where it is used.
  const { method, url, headers, body } = request as unknown as Readonly<Record<string, unknown>>;
  const mark = { method, url, headers };
  if (body === undefined || body === null) return { value: { ...mark, body: 'none' } };
  const bytes = bytesOf(body);
  if (bytes === undefined) {
    throw new GatewayError('PLUGIN_FAULT', 'the body of a request must be a Buffer');
  }
  if (isSame(bytes, known)) return { value: { ...mark, body: 'same' } };
  return { value: { ...mark, body: 'bytes' }, bytes };
}

/** The request again. @param known - the body that `same` means. */
export function requestOf(
  { value, bytes }: Parcel<RequestMark>,
  known: Buffer | undefined,
): OutgoingRequest {
  const { method, url, headers, body: which } = value;
  const body = which === 'same' ? known : which === 'bytes' ? (bytes ?? EMPTY) : undefined;
  // Whoever takes it looks whether it is one: the plugin may be plain JavaScript.
  const request = { method, url, headers } as OutgoingRequest;
  return body === undefined ? request : { ...request, body };
}

/** A reply without its body. @param body - what the body is lent as. */
export function markReply(reply: WireReply, body: number): ReplyMark {
  const { status, headers, failure, quotas } = reply;
  return {
    status,
    headers,
    body,
    ...(failure === undefined ? {} : { failure }),
    ...(quotas === undefined ? {} : { quotas }),
  };
}

/** The reply again. */
export function replyOf(mark: ReplyMark, body: WireReply['body']): WireReply {
  return { ...mark, body };
}

const EMPTY = Buffer.alloc(0);

/** The very bytes, not equal ones: comparing costs more than sending. */
function isSame(one: Buffer, other: Buffer | undefined): boolean {
  return (
    one === other ||
    (other !== undefined &&
      one.buffer === other.buffer &&
      one.byteOffset === other.byteOffset &&
      one.byteLength === other.byteLength)
  );
}
