import type { Failure, HeaderMap } from '@cliproxy/plugin-api';
import type { ToldFailure } from '@cliproxy/kernel';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import type { DialectCodec } from '../codec/dialect-codec.ts';
import { withReasoningRefusal } from '../codec/reasoning-refusal.ts';
import { statusFailure } from '../codec/status-failure.ts';
import { retryAtMs } from '../codec/retry-after.ts';
import { readVendorFault } from '../codec/vendor-words.ts';

/** An upstream's error answer. */
interface ErrorReply {
  readonly status: number;
  readonly headers: HeaderMap;
  readonly body: Buffer;
}

/** No vendor's sentence, and no error's beginning, is longer; what is, is a page. */
const MAX_MESSAGE_CHARS = 1000;

/** See `Dialects.classify`. Never throws, whatever the upstream sent. */
export function classifyReply(
  codec: DialectCodec | undefined,
  reply: ErrorReply,
  nowMs: number,
): ToldFailure {
  const body = jsonOf(reply.body);
  const failure = fromBody(codec, reply, body, nowMs) ?? statusFailure(reply.status);
  const vendor = codec && readVendorFault(codec.id, failure, body);
  const { message, resetAtMs, ...rest } = failure;
  const reset =
    failure.scope === 'request' ? undefined : (resetAtMs ?? retryAtMs(reply.headers, nowMs));
  const told: Failure = {
    ...rest,
    ...(reset !== undefined && Number.isFinite(reset) && { resetAtMs: Math.max(reset, nowMs) }),
    ...(message !== undefined && { message: message.slice(0, MAX_MESSAGE_CHARS) }),
    ...(vendor !== undefined && { vendor }),
  };
  return withReasoningRefusal(told, reply.body.toString('utf8', 0, MAX_MESSAGE_CHARS));
}

function fromBody(
  codec: DialectCodec | undefined,
  { status, headers }: ErrorReply,
  body: JsonObject | undefined,
  nowMs: number,
): Failure | undefined {
  try {
    return codec?.errors.classify({ status, headers, body }, nowMs);
  } catch {
    return undefined;
  }
}

function jsonOf(body: Buffer): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
