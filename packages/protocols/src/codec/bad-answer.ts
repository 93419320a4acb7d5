import { GatewayError } from '@cliproxy/plugin-api';

/** An `UPSTREAM_BAD_ANSWER`. */
export function badAnswer(message: string, cause?: unknown): GatewayError {
  return new GatewayError('UPSTREAM_BAD_ANSWER', message, {
    failure: { kind: 'upstream', scope: 'instance', message },
    cause,
  });
}
