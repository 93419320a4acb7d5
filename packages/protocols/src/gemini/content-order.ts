import type { Dialect } from '@cliproxy/plugin-api';
import { GO_ON, NUDGE, OPENING } from '../anthropic-messages/message-order.ts';
import type { JsonObject } from '../model/json-object.ts';
import { nothingSaid } from '../openai-chat/refusals.ts';
import { NO_SIGNATURE } from './signatures.ts';

/** One content of the API. */
export interface Content {
  readonly role: 'user' | 'model';
  readonly parts: readonly JsonObject[];
}

/**
 * The contents alternating, a user's first and last. A conversation that ends with the model, which
 * other vendors take as the beginning of its answer, is asked to go on.
 *
 * @param from - the client's dialect.
 * @throws GatewayError `CLIENT_UNSUPPORTED` when nobody says anything, not even the system.
 */
export function inOrder(
  contents: readonly Content[],
  hasSystem: boolean,
  from: Dialect,
): readonly Content[] {
  const joined = joinedContents(contents);
  const first = joined[0];
  if (first === undefined) {
    if (!hasSystem) throw nothingSaid(from);
    return [userSays(NUDGE)];
  }
  return [
    ...(first.role === 'user' ? [] : [userSays(OPENING)]),
    ...joined,
    ...(joined.at(-1)?.role === 'model' ? [userSays(GO_ON)] : []),
  ];
}

/**
 * Says of the calls of the turn under way that their signatures are lost: newer models refuse calls
 * without one. The API looks at the first call of each content, and at nothing before the user's
 * last own words.
 */
export function withPlaceholders(contents: readonly Content[]): readonly Content[] {
  const begin = contents.findLastIndex(
    ({ role, parts }) => role === 'user' && !parts.some((part) => 'functionResponse' in part),
  );
  return contents.map((content, i) => {
    if (i < begin || content.role === 'user') return content;
    const at = content.parts.findIndex((part) => 'functionCall' in part);
    const call = content.parts[at];
    if (call === undefined || 'thoughtSignature' in call) return content;
    const parts = content.parts.with(at, { ...call, thoughtSignature: NO_SIGNATURE });
    return { role: content.role, parts };
  });
}

/** Leaves out contents without parts and joins neighbours of the same role. */
function joinedContents(contents: readonly Content[]): readonly Content[] {
  const result: { role: Content['role']; parts: JsonObject[] }[] = [];
  for (const { role, parts } of contents) {
    if (parts.length === 0) continue;
    const last = result.at(-1);
    if (last?.role === role) last.parts.push(...parts);
    else result.push({ role, parts: [...parts] });
  }
  return result;
}

function userSays(text: string): Content {
  return { role: 'user', parts: [{ text }] };
}
