import type { HeaderMap } from '@cliproxy/plugin-api';

/**
 * When an upstream says that it may be asked again, in milliseconds since 1970. The past counts as
 * now; junk counts as silence; how far ahead is too far is for the kernel to say.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after, and the SDKs of OpenAI and
 *   Anthropic for `retry-after-ms`
 */
export function retryAtMs(headers: HeaderMap, nowMs: number): number | undefined {
  const waitMs = numberOf(headers['retry-after-ms']);
  if (waitMs !== undefined) return inFuture(nowMs + waitMs, nowMs);
  const after = headers['retry-after'];
  const waitS = numberOf(after);
  if (waitS !== undefined) return inFuture(nowMs + waitS * 1000, nowMs);
  const date = Date.parse(textOf(after));
  return Number.isNaN(date) ? undefined : inFuture(date, nowMs);
}

function inFuture(atMs: number, nowMs: number): number | undefined {
  return Number.isFinite(atMs) ? Math.max(atMs, nowMs) : undefined;
}

function numberOf(value: HeaderMap[string] | undefined): number | undefined {
  const text = textOf(value).trim();
  const number = text === '' ? Number.NaN : Number(text);
  return Number.isFinite(number) ? number : undefined;
}

function textOf(value: HeaderMap[string] | undefined): string {
  return typeof value === 'string' ? value : (value?.[0] ?? '');
}
