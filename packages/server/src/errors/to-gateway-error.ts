import { GatewayError, isGatewayError } from '@cliproxy/plugin-api';

/** Anything thrown, as an error that may be shown: what is not ours is kept as the cause alone. */
export function toGatewayError(thrown: unknown): GatewayError {
  if (isGatewayError(thrown)) return thrown;
  return new GatewayError(
    'KERNEL_INTERNAL',
    'the gateway itself failed; the request id finds the cause in its log',
    { cause: thrown },
  );
}
