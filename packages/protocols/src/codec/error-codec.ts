import type { ErrorAnswer } from '@cliproxy/kernel';
import type { Failure, GatewayError, HeaderMap, Quota } from '@cliproxy/plugin-api';
import type { JsonObject } from '../model/json-object.ts';
import type { QuotaHeaders } from './quota-headers.ts';

/** Errors of a dialect. */
export interface ErrorCodec {
  /** See `Dialects.classify`. `body` is undefined where it was not a JSON object. */
  classify(
    answer: {
      readonly status: number;
      readonly headers: HeaderMap;
      readonly body: JsonObject | undefined;
    },
    nowMs: number,
  ): Failure;
  /** How the vendor's headers tell limits. */
  readonly quotaHeaders?: QuotaHeaders;
  /** The limits that an error of the vendor says are used up. */
  quotas?(body: JsonObject, nowMs: number): readonly Quota[];
  /** See `Dialects.error`. */
  encode(
    error: GatewayError,
    context: { readonly requestId: string; readonly retryAfterMs?: number },
  ): ErrorAnswer;
}
