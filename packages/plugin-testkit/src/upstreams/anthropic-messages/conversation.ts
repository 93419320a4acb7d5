import { Refusal, demand } from '../refusal.ts';
import type { Json } from '../shape.ts';

/** A block as the checks of fields have let it pass. */
export interface Block extends Json {
  readonly type: string;
}

/** A turn with its content as blocks. */
export interface Turn {
  readonly role: 'user' | 'assistant';
  readonly blocks: readonly Block[];
}

/**
 * The turns of a conversation of which the fields were checked. Instructions stand between turns,
 * and are none.
 */
export function turnsOf(messages: unknown): readonly Turn[] {
  const turns = (messages as readonly Json[]).filter(({ role }) => role !== 'system');
  return turns.map(({ role, content }) => ({
    role: role as Turn['role'],
    blocks:
      typeof content === 'string'
        ? [{ type: 'text', text: content }]
        : (content as readonly Block[]),
  }));
}

/** Whether a turn gives results of tools and nothing else. */
export function isResultsOnly(turn: Turn): boolean {
  return turn.role === 'user' && turn.blocks.every(({ type }) => type === 'tool_result');
}

/** The first turn is the user's; every call is answered once, at the beginning of the next turn. */
export function checkOrder(turns: readonly Turn[]): void {
  demand(turns[0]?.role === 'user', ['messages'], 'first message must use the "user" role');
  const seen = new Set<unknown>();
  turns.forEach((turn, at) => {
    const calls = turn.role === 'assistant' ? ofType(turn, 'tool_use').map(({ id }) => id) : [];
    for (const id of calls) {
      demand(!seen.has(id), ['messages', at], '`tool_use` ids must be unique');
      seen.add(id);
    }
    checkResults(turn, at, turns[at - 1]);
    if (calls.length > 0) checkAnswered(calls, turns[at + 1], at);
  });
}

function checkResults(turn: Turn, at: number, before: Turn | undefined): void {
  const results = turn.blocks.flatMap(({ type, tool_use_id: id }, index) =>
    type === 'tool_result' ? [{ id, index }] : [],
  );
  const calls = before === undefined ? [] : ofType(before, 'tool_use').map(({ id }) => id);
  results.forEach(({ id, index }, position) => {
    const path = ['messages', at, 'content', index];
    if (!calls.includes(id)) {
      const message = `unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${String(id)}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`;
      throw new Refusal('rule', path, message);
    }
    const isFirst = results.findIndex((other) => other.id === id) === position;
    demand(isFirst, path, 'each `tool_use` must have a single result');
    demand(index === position, path, '`tool_result` blocks must come before other content');
  });
}

function checkAnswered(calls: readonly unknown[], next: Turn | undefined, at: number): void {
  const answered = next?.role === 'user' ? ofType(next, 'tool_result') : [];
  const left = calls.filter((id) => !answered.some(({ tool_use_id: other }) => other === id));
  const message = `\`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${left.join(', ')}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`;
  demand(left.length === 0, ['messages', at], message);
}

function ofType({ blocks }: Turn, wanted: string): readonly Block[] {
  return blocks.filter(({ type }) => type === wanted);
}
