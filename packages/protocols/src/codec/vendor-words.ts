import type { Dialect, Failure, GatewayError, VendorFault } from '@cliproxy/plugin-api';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';

/** Names of errors and paths of parameters; whatever else stands there is no name. */
const NAME = /^[\w.[\]$/:-]{1,200}$/;

/** Only these are the request's own faults, whose names help a client to mend it. */
const OF_REQUEST: ReadonlySet<Failure['kind']> = new Set(['bad-request', 'too-large']);

/** Reads how a vendor names a fault of the request, in `{"error":{"type","code","status","param"}}`. */
export function readVendorFault(
  dialect: Dialect,
  failure: Failure,
  body: JsonObject | undefined,
): VendorFault | undefined {
  const { kind, scope, message } = failure;
  if (scope !== 'request' || !OF_REQUEST.has(kind) || message === undefined) return undefined;
  const error = isJsonObject(body?.error) ? body.error : {};
  const type = name(error.type);
  // Google's `code` repeats the HTTP status; its `status` is the name.
  const code = name(error.code) ?? name(error.status);
  const param = name(error.param);
  return {
    dialect,
    ...(type === undefined ? {} : { type }),
    ...(code === undefined ? {} : { code }),
    ...(param === undefined ? {} : { param }),
  };
}

/** A fault in the vendor's words, for a client that speaks its dialect. */
export interface VendorWords {
  readonly message: string;
  readonly type: string | undefined;
  readonly code: string | undefined;
  readonly param: string | undefined;
  /** The very dialect, not one of the same vendor: parameters have the same names. */
  readonly same: boolean;
}

/**
 * The vendor's own words for an error; undefined where it spoke another vendor's dialect, or where
 * the words are not its own. They may come from a plugin, so they are looked at again.
 *
 * @param dialects - the client's, and those of the same vendor.
 */
export function vendorWords(
  { failure }: GatewayError,
  dialects: readonly [Dialect, ...Dialect[]],
): VendorWords | undefined {
  const vendor: unknown = failure?.vendor;
  const message = failure?.message;
  if (message === undefined || !isJsonObject(vendor)) return undefined;
  const spoken = dialects.find((dialect) => dialect === vendor.dialect);
  if (spoken === undefined) return undefined;
  return {
    message,
    type: name(vendor.type),
    code: name(vendor.code),
    param: name(vendor.param),
    same: spoken === dialects[0],
  };
}

function name(value: unknown): string | undefined {
  return typeof value === 'string' && NAME.test(value) ? value : undefined;
}
