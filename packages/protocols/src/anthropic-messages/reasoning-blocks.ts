import type { Dialect, Opaque, ReasoningPart } from '@cliproxy/plugin-api';
import type { JsonObject } from '../model/json-object.ts';
import { tagOpaque, untagOpaque } from '../model/opaque-tag.ts';

/** The dialect, as the origin of opaque values that nobody tagged. */
const NATIVE: Dialect = 'anthropic-messages';

/**
 * Marks the data of a `redacted_thinking` block among opaque values: a `thinking` block may be
 * empty too, and each must be sent back as what it was. Signatures are base64, so none begins so.
 */
const REDACTED = 'redacted:';

/**
 * Stands where a maker of another dialect signed nothing: clients throw thinking without signature
 * away, and some of those makers want it back.
 */
const UNSIGNED: Opaque = { origin: 'unsigned', value: '' };

/** A `thinking` block as a part. One without signature can't be sent back to its maker. */
export function readThinking(text: string, signature: unknown, origin: string): ReasoningPart {
  if (typeof signature !== 'string' || signature === '') return { type: 'reasoning', text };
  const opaque = untagOpaque(signature, origin);
  const isUnsigned = opaque.origin === UNSIGNED.origin && opaque.value === UNSIGNED.value;
  return isUnsigned ? { type: 'reasoning', text } : { type: 'reasoning', text, opaque };
}

/** A `redacted_thinking` block as a part. */
export function readRedacted(data: string, origin: string): ReasoningPart {
  const opaque = untagOpaque(data, origin);
  return {
    type: 'reasoning',
    text: '',
    opaque: { origin: opaque.origin, value: REDACTED + opaque.value },
  };
}

/** Whether the part was a `redacted_thinking` block. */
export function isRedacted(part: ReasoningPart): boolean {
  return part.text === '' && part.opaque?.value.startsWith(REDACTED) === true;
}

/** The signature of what was thought; empty where its maker, of this dialect, made none. */
export function writeSignature(opaque: Opaque | undefined, native: Dialect | undefined): string {
  if (opaque === undefined && native !== undefined) return '';
  const { origin, value } = opaque ?? UNSIGNED;
  const bare = value.startsWith(REDACTED) ? value.slice(REDACTED.length) : value;
  return tagOpaque({ origin, value: bare }, native);
}

/** A part as the block that it was. */
export function writeReasoning(part: ReasoningPart, native: Dialect | undefined): JsonObject {
  const signature = writeSignature(part.opaque, native);
  return isRedacted(part)
    ? { type: 'redacted_thinking', data: signature }
    : { type: 'thinking', thinking: part.text, signature };
}

/** Whether the target made the part, as far as is known, and will take it back. */
export function fitsTarget(
  part: ReasoningPart,
  target: { readonly instanceId: string; readonly model: string },
): boolean {
  const origin = part.opaque?.origin;
  return origin === NATIVE || origin === `${target.instanceId}/${target.model}`;
}
