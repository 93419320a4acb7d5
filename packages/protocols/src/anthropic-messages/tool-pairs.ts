import type { ToolCallPart, ToolResultPart, Turn } from '@cliproxy/plugin-api';

/** Which result answers which call. */
export interface ToolPairs {
  /** Calls that nobody answered are absent. */
  readonly resultOf: ReadonlyMap<ToolCallPart, ToolResultPart>;
  /** Results without a call, and all but the last of several for one call. */
  readonly left: readonly ToolResultPart[];
}

/**
 * Pairs calls and results by id. An id may come back in later turns, and some upstreams repeat one
 * within a turn: a result answers the most recent turn that called under its id, in it the first
 * call not yet answered; when all are, it replaces the last answer (clients send a result again).
 */
export function pairTools(turns: readonly Turn[]): ToolPairs {
  const resultOf = new Map<ToolCallPart, ToolResultPart>();
  const left: ToolResultPart[] = [];
  const calls = new Map<string, { readonly round: number; readonly calls: ToolCallPart[] }>();
  let round = 0;
  for (const turn of turns) {
    for (const part of turn.parts) {
      if (part.type === 'tool-call') {
        const known = calls.get(part.id);
        if (known?.round === round) known.calls.push(part);
        else calls.set(part.id, { round, calls: [part] });
      } else if (part.type === 'tool-result') {
        const found = calls.get(part.callId)?.calls;
        const call = found?.find((one) => !resultOf.has(one)) ?? found?.at(-1);
        if (call === undefined) {
          left.push(part);
          continue;
        }
        const replaced = resultOf.get(call);
        if (replaced !== undefined) left.push(replaced);
        resultOf.set(call, part);
      }
    }
    if (turn.role === 'user') round += 1;
  }
  return { resultOf, left };
}

/**
 * An id for every call. Some upstreams count theirs anew in each turn; most vendors want them to
 * differ.
 *
 * @param legal - makes an id that the vendor takes; the same for the same id.
 */
export function uniqueIds(
  turns: readonly Turn[],
  legal: (id: string) => string,
): ReadonlyMap<ToolCallPart, string> {
  const idOf = new Map<ToolCallPart, string>();
  const used = new Set<string>();
  for (const part of turns.flatMap(({ parts }) => parts)) {
    if (part.type !== 'tool-call') continue;
    const first = legal(part.id);
    let id = first;
    for (let n = 2; used.has(id); n += 1) id = legal(`${first}_${n}`);
    used.add(id);
    idOf.set(part, id);
  }
  return idOf;
}
