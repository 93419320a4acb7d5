import { isObject } from '../json-object.ts';
import type { JsonObject } from '../json-object.ts';
import { unsupported } from './unsupported.ts';

const SPEAKERS: Readonly<Record<string, string>> = {
  system: 'System',
  developer: 'System',
  user: 'User',
  assistant: 'Assistant',
};

/**
 * A conversation as one text: the older WebAI-to-API reads the first message of a user and no other.
 * A single question goes as it is.
 *
 * @throws GatewayError `CLIENT_UNSUPPORTED` for what no text can say.
 */
export function flattened(messages: readonly JsonObject[]): string {
  const said = messages
    .map((message) => ({ role: message['role'], text: textOf(message) }))
    .filter(({ text }) => text !== '');
  const [only] = said;
  if (said.length === 1 && only?.role === 'user') return only.text;
  return said
    .map(({ role, text }) => `${SPEAKERS[String(role)] ?? 'Tool result'}: ${text}`)
    .join('\n\n');
}

function textOf({ content, refusal, tool_calls: calls }: JsonObject): string {
  const words = [...piecesOf(content), ...piecesOf(refusal)];
  for (const call of Array.isArray(calls) ? (calls as readonly unknown[]) : []) {
    const spec = isObject(call) ? (call['function'] ?? call['custom']) : undefined;
    if (!isObject(spec)) continue;
    words.push(`[called ${String(spec['name'])}(${String(spec['arguments'] ?? spec['input'])})]`);
  }
  return words.filter((text) => text !== '').join('\n');
}

function piecesOf(content: unknown): string[] {
  if (typeof content === 'string') return [content];
  if (!Array.isArray(content)) return [];
  return (content as readonly unknown[]).map((part) => {
    if (isObject(part) && typeof part['text'] === 'string') return part['text'];
    const type = isObject(part) ? String(part['type']) : 'a part that is none';
    throw unsupported(`this kind of WebAI-to-API takes text alone, but a message holds ${type}`);
  });
}
