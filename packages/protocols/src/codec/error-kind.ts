import { errorRow, errorTable } from '@cliproxy/plugin-api';
import type { FailureKind, GatewayError, HeaderMap } from '@cliproxy/plugin-api';

/** An upstream's refusal of our credentials must not look like one of the client's key. */
const OURS: ReadonlySet<FailureKind> = new Set(['auth', 'billing', 'forbidden']);

/** What kind of failure an error is to a client. */
export function kindOf(error: GatewayError): FailureKind {
  if (Object.hasOwn(errorTable, error.code)) return errorRow(error.code).kind;
  const kind = error.failure?.kind ?? 'upstream';
  return OURS.has(kind) ? 'upstream' : kind;
}

/** The status of an error whose code is in the table; `undefined` for one that a plugin made up. */
export function tableStatus(error: GatewayError): number | undefined {
  if (!Object.hasOwn(errorTable, error.code)) return undefined;
  const { status } = errorRow(error.code);
  return status === 0 ? 500 : status;
}

/** `Retry-After` in whole seconds, rounded up. */
export function retryAfterHeader(retryAfterMs: number | undefined): HeaderMap {
  if (retryAfterMs === undefined) return {};
  return { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) };
}
