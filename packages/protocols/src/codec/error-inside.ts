import { GatewayError, upstreamCodes } from '@cliproxy/plugin-api';
import type { ToldFailure } from '@cliproxy/kernel';
import type { JsonObject } from '../model/json-object.ts';
import type { ErrorCodec } from './error-codec.ts';
import { withReasoningRefusal } from './reasoning-refusal.ts';

/**
 * What an error means that is told inside an answer of status 200: in a stream, or instead of an
 * answer. The upstream states no time there, and a decoder has no clock: no reset is read.
 *
 * @param classify - the dialect's.
 * @param body - what tells the error.
 * @returns a GatewayError of the `UPSTREAM_` family, to be thrown.
 */
export function errorInside(classify: ErrorCodec['classify'], body: JsonObject): GatewayError {
  const { kind, scope, message } = classify({ status: 200, headers: {}, body }, 0);
  const failure: ToldFailure = {
    kind,
    scope,
    ...(message === undefined ? {} : { message }),
  };
  const said = message ?? 'an error without a message';
  return new GatewayError(upstreamCodes[kind], `The upstream's answer holds an error: ${said}`, {
    failure: withReasoningRefusal(failure, JSON.stringify(body.error ?? body)),
  });
}
