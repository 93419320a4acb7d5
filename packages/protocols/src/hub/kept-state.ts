import type { Dialect, GatewayError } from '@cliproxy/plugin-api';
import type { EncodeTarget, EventTarget, KeptState } from '@cliproxy/kernel';
import type { JsonObject } from '../model/json-object.ts';
import type { DialectCodec } from '../codec/dialect-codec.ts';
import { unsupported } from './exchange.ts';
import type { RequestBody } from './request-body.ts';

/** The body with items that are kept here in the place of references; undefined: it has none. */
export function recalledBody(
  { state }: DialectCodec,
  body: RequestBody,
  find: (id: string) => JsonObject | undefined,
): JsonObject | undefined {
  if (state?.mayRefer(body.bytes) !== true) return undefined;
  return state.withItems(body.json(), find);
}

/**
 * Only who speaks the dialect can have kept something for it.
 *
 * @throws GatewayError `CLIENT_UNSUPPORTED`
 */
export function checkKeeps(
  { dialect, ...target }: EncodeTarget,
  own: Dialect,
  state: KeptState,
): void {
  if (dialect !== own || target.refuses.includes(state.field)) throw keepsNothing(target, state);
}

/** A `CLIENT_UNSUPPORTED` for a target that does not keep what a request goes on from. */
export function keepsNothing(
  { instanceId, model }: EventTarget,
  { field }: Pick<KeptState, 'field'>,
): GatewayError {
  return unsupported(
    `\`${field}\` goes on from what ${instanceId} does not keep for ${model}; leave it out and send the whole conversation (with \`store: false\`, clients do).`,
  );
}
