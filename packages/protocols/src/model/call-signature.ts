import type { Opaque, Part, ReasoningPart, ToolCallPart } from '@cliproxy/plugin-api';

/**
 * Marks a call's signature among opaque values: reasoning without text may stand before a call too,
 * and must not become a part of it. Signatures are base64, so none begins so.
 */
const OF_CALL = 'call:';

/**
 * What tells a call's signature in dialects that have no place for it on the call: an empty
 * reasoning part, to be written directly before the call. Its opaque value is tagged like any other.
 */
export function callSignature({ opaque }: ToolCallPart): ReasoningPart | undefined {
  if (opaque === undefined) return undefined;
  const { origin, value } = opaque;
  return { type: 'reasoning', text: '', opaque: { origin, value: OF_CALL + value } };
}

/** Parts of an answer, with the signatures of calls before the calls. */
export function withCallSignatures(parts: readonly Part[]): readonly Part[] {
  return parts.flatMap((part) => {
    const signature = part.type === 'tool-call' ? callSignature(part) : undefined;
    return signature === undefined ? [part] : [signature, part];
  });
}

/**
 * Makes a reader for the parts of one conversation, in their order, that puts signatures back onto
 * the calls that follow them. It gives undefined for a part that was a signature and no more.
 */
export function callSigner(): (part: Part) => Part | undefined {
  let carried: Opaque | undefined;
  return (part) => {
    const signature = carriedBy(part);
    const signed =
      carried !== undefined && part.type === 'tool-call' && part.opaque === undefined
        ? { ...part, opaque: carried }
        : part;
    carried = signature;
    return signature === undefined ? signed : undefined;
  };
}

function carriedBy(part: Part): Opaque | undefined {
  if (part.type !== 'reasoning' || part.text !== '') return undefined;
  const { opaque } = part;
  if (opaque?.value.startsWith(OF_CALL) !== true) return undefined;
  return { origin: opaque.origin, value: opaque.value.slice(OF_CALL.length) };
}
