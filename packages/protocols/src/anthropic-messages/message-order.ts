import type { Dialect } from '@cliproxy/plugin-api';
import type { JsonObject } from '../model/json-object.ts';
import { nothingSaid } from '../openai-chat/refusals.ts';

/** One message of the API. */
export interface Message {
  readonly role: 'user' | 'assistant';
  readonly content: readonly JsonObject[];
}

/** The API refuses a conversation that the assistant begins. */
export const OPENING = '(The assistant speaks first.)';
/** The user's message where the client sent system text alone. */
export const NUDGE = 'Follow your instructions.';
/** The user's message where a model refuses a conversation that ends with the assistant. */
export const GO_ON = 'Continue.';

/** Leaves out messages without content and joins neighbours of the same role. */
export function joined(messages: readonly Message[]): readonly Message[] {
  const result: { role: Message['role']; content: JsonObject[] }[] = [];
  for (const { role, content } of messages) {
    if (content.length === 0) continue;
    const last = result.at(-1);
    if (last?.role === role) last.content.push(...content);
    else result.push({ role, content: [...content] });
  }
  return result;
}

/** The API refuses an assistant's message that ends in a thought. */
export function withoutLastThoughts({ role, content }: Message): Message {
  let length = content.length;
  while (role === 'assistant' && length > 0 && isThought(content[length - 1])) length -= 1;
  return { role, content: content.slice(0, length) };
}

/**
 * A conversation that a user begins.
 *
 * @param from - the client's dialect.
 * @throws GatewayError `CLIENT_UNSUPPORTED` when nobody says anything, not even the system.
 */
export function opened(
  messages: readonly Message[],
  hasSystem: boolean,
  from: Dialect,
): readonly Message[] {
  const first = messages[0];
  if (first === undefined) {
    if (!hasSystem) throw nothingSaid(from);
    return [userSays(NUDGE)];
  }
  return first.role === 'user' ? messages : [userSays(OPENING), ...messages];
}

/**
 * A conversation that ends with the assistant: older models take it as the beginning of their
 * answer, which must not end in blanks; newer ones refuse it and are asked to go on.
 */
export function closed(messages: readonly Message[], prefill: boolean): readonly Message[] {
  const last = messages.at(-1);
  if (last?.role !== 'assistant') return messages;
  if (!prefill) return [...messages, userSays(GO_ON)];
  const block = last.content.at(-1);
  if (typeof block?.text !== 'string') return messages;
  const content = [...last.content.slice(0, -1), { ...block, text: block.text.trimEnd() }];
  return [...messages.slice(0, -1), { role: 'assistant', content }];
}

/**
 * Whether the model is in the midst of its own turn, having called tools, and the turn does not
 * begin with a thought that it can check: then thinking must be off.
 */
export function lacksThought(messages: readonly Message[]): boolean {
  const calls = messages.at(-2);
  const isToolTurn =
    messages.at(-1)?.content.some(({ type }) => type === 'tool_result') === true &&
    calls?.content.some(({ type }) => type === 'tool_use') === true;
  return isToolTurn && !isThought(calls.content[0]);
}

/** Whether a block is `thinking` or `redacted_thinking`. */
function isThought(block: JsonObject | undefined): boolean {
  return block?.type === 'thinking' || block?.type === 'redacted_thinking';
}

function userSays(text: string): Message {
  return { role: 'user', content: [{ type: 'text', text }] };
}
