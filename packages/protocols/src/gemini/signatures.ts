import type { Dialect, Opaque } from '@cliproxy/plugin-api';
import type { EncodeTarget } from '@cliproxy/kernel';
import { untagOpaque } from '../model/opaque-tag.ts';

/** The dialect, as the origin of signatures that nobody tagged. */
const NATIVE: Dialect = 'gemini';

/**
 * What the API takes in place of a signature that is lost, or was never made because another
 * vendor's model made the call.
 *
 * @see https://ai.google.dev/gemini-api/docs/thought-signatures
 */
export const NO_SIGNATURE = 'skip_thought_signature_validator';

/** Reads a `thoughtSignature`; undefined where there is none, or one that says so. */
export function readSignature(value: unknown, fallbackOrigin: string = NATIVE): Opaque | undefined {
  if (typeof value !== 'string' || value === '' || PLACEHOLDERS.has(value)) return undefined;
  return untagOpaque(value, fallbackOrigin);
}

const PLACEHOLDERS: ReadonlySet<string> = new Set([
  NO_SIGNATURE,
  'context_engineering_is_the_way_to_go',
]);

/** The signature for the target; undefined where another made it. */
export function signatureFor(opaque: Opaque | undefined, target: EncodeTarget): string | undefined {
  if (opaque === undefined) return undefined;
  const { origin, value } = opaque;
  const isOwn = origin === NATIVE || origin === `${target.instanceId}/${target.model}`;
  return isOwn ? value : undefined;
}
