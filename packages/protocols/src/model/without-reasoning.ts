import type { ModelRequest, Part } from '@cliproxy/plugin-api';

/**
 * A request without the reasoning of earlier answers and without the signatures of calls, for an
 * upstream that refuses to take them back. Parts are emptied, not taken out: others are known by
 * their place. Encoders write nothing for reasoning that is neither text nor opaque.
 *
 * @returns undefined where there is none: leaving it out would change nothing.
 */
export function withoutReasoning(request: ModelRequest): ModelRequest | undefined {
  const changed = new Set<Part>();
  const turns = request.turns.map((turn) => {
    const parts = turn.parts.map((part) => {
      const emptied = emptiedOf(part);
      if (emptied !== part) changed.add(emptied);
      return emptied;
    });
    return { ...turn, parts };
  });
  return changed.size > 0 ? { ...request, turns } : undefined;
}

function emptiedOf(part: Part): Part {
  if (part.type === 'reasoning') return { type: 'reasoning', text: '' };
  if (part.type !== 'tool-call' || part.opaque === undefined) return part;
  const { type, kind, id, name, argumentsJson } = part;
  return { type, id, name, argumentsJson, ...(kind === undefined ? {} : { kind }) };
}
