import type { Failure } from './failure.ts';

const BRAND = '@cliproxy/gateway-error';

/**
 * The one error type that crosses between the parts. Compare it by `code`, never by class: two
 * copies of this package may be loaded. The codes are listed in {@link errorTable}.
 */
export class GatewayError extends Error {
  /** Brand that survives several copies of this package. */
  readonly $$type = BRAND;
  readonly code: string;
  readonly failure: Failure | undefined;

  constructor(
    code: string,
    message: string,
    options: { readonly failure?: Failure; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'GatewayError';
    this.code = code;
    this.failure = options.failure;
  }
}

/** Whether a caught value is a {@link GatewayError}, of whichever copy of this package. */
export function isGatewayError(value: unknown): value is GatewayError {
  return typeof value === 'object' && value !== null && '$$type' in value && value.$$type === BRAND;
}
