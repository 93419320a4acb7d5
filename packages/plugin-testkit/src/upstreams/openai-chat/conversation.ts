import { demand } from '../refusal.ts';
import type { Json } from '../shape.ts';

/** Each call is answered exactly once, directly after it; nothing else is answered. */
export function checkOrder(messages: readonly Json[]): void {
  let open: unknown[] = [];
  messages.forEach((message, at) => {
    const path = ['messages', at];
    if (message['role'] === 'tool') {
      const id = message['tool_call_id'];
      const stray =
        "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.";
      demand(open.includes(id), [...path, 'role'], stray);
      open = open.filter((other) => other !== id);
      return;
    }
    checkAnswered(open);
    open = message['role'] === 'assistant' ? callsOf(message, at) : [];
  });
  checkAnswered(open);
}

function checkAnswered(open: readonly unknown[]): void {
  const message = `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${open.join(', ')}`;
  demand(open.length === 0, ['messages'], message);
}

function callsOf(message: Json, at: number): unknown[] {
  const calls = message['tool_calls'] as readonly Json[] | undefined;
  const says = [message['content'], message['refusal'], message['audio'], message['function_call']];
  const isEmpty = calls === undefined && says.every((said) => said === undefined || said === null);
  const path = ['messages', at, 'content'];
  demand(!isEmpty, path, "Invalid value for 'content': expected a string, got null.");
  const ids = (calls ?? []).map(({ id }) => id);
  const isUnique = new Set(ids).size === ids.length;
  demand(isUnique, ['messages', at, 'tool_calls'], 'Duplicate tool call ids in one message.');
  return ids;
}
