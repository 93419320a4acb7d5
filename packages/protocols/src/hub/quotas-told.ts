import type { HeaderMap } from '@cliproxy/plugin-api';
import { isJsonObject } from '../model/json-object.ts';
import type { ErrorCodec } from '../codec/error-codec.ts';
import { readQuotaHeaders } from '../codec/quota-headers.ts';
import type { QuotaReader } from '../codec/quota-headers.ts';

/** See `Dialects.quotas`. */
export function quotasTold(
  codec: ErrorCodec | undefined,
  { headers, body }: { readonly headers: HeaderMap; readonly body?: Buffer },
  nowMs: number,
): QuotaReader | undefined {
  if (codec === undefined) return undefined;
  if (body !== undefined && codec.quotas !== undefined) {
    const told = quotasInside(codec, body, nowMs);
    if (told.length > 0) return () => told;
  }
  return codec.quotaHeaders && readQuotaHeaders(codec.quotaHeaders, headers, nowMs);
}

function quotasInside(codec: ErrorCodec, body: Buffer, nowMs: number): ReturnType<QuotaReader> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return (isJsonObject(value) && codec.quotas?.(value, nowMs)) || [];
  } catch {
    return [];
  }
}
