import { GatewayError } from '@cliproxy/plugin-api';
import type { Json } from '@cliproxy/plugin-api';
import type { KeptState } from '@cliproxy/kernel';
import type { StateCodec } from '../codec/state-codec.ts';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import { mayRefer, withItems } from './item-references.ts';

/** An id stands at the beginning of the event that a stream begins with. */
const HEAD_CHARS = 4096;
const ID = /"id"\s*:\s*"(resp_[\w-]+)"/;

/**
 * What OpenAI keeps: answers, unless `store` is false, and conversations. Both are known to the
 * account that they were made with, and to no other.
 *
 * @see https://platform.openai.com/docs/guides/conversation-state
 */
export const state: StateCodec = {
  namedIn(fields) {
    const previous = idIn(fields.previous_response_id);
    if (previous !== undefined) return keptState('previous_response_id', previous);
    const { conversation } = fields;
    const id = idIn(isJsonObject(conversation) ? conversation.id : conversation);
    return id === undefined ? undefined : keptState('conversation', id);
  },
  referredIn({ extras: { fields } }) {
    if (Object.hasOwn(fields, 'prompt')) return 'prompt';
    return refersToItems(fields[REFERENCES]) ? REFERENCES : undefined;
  },
  keeps: ({ store }) => store !== false,
  idOf: (body: JsonObject) => idIn(body.id),
  idInFrame: (frame) => ID.exec(frame.toString('latin1', 0, HEAD_CHARS))?.[1],
  mayRefer,
  withItems,
};

const REFERENCES = 'input[item_reference]';

/** The answer is as good without earlier reasoning, but not without what was said and called. */
function refersToItems(references: Json | undefined): boolean {
  return (
    Array.isArray(references) &&
    !references.every((entry: Json) => Array.isArray(entry) && isReasoning(entry.at(-1)))
  );
}

function isReasoning(item: unknown): boolean {
  return isJsonObject(item) && typeof item.id === 'string' && item.id.startsWith('rs_');
}

function idIn(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function keptState(field: string, id: string): KeptState {
  return { field, id, lost: () => lost(field) };
}

/** Agents know OpenAI's code, and send the whole conversation then. */
function lost(field: string): GatewayError {
  const message =
    field === 'conversation'
      ? '`conversation` names one that the gateway did not see made, so it can’t tell whose account keeps it; leave it out and send the whole conversation as `input`.'
      : `\`${field}\` names an answer that the gateway does not know: it came by another way, too long ago, or was not stored; leave it out and send the whole conversation as \`input\`.`;
  const vendor = {
    dialect: 'openai-responses',
    type: 'invalid_request_error',
    code: field === 'conversation' ? 'conversation_not_found' : 'previous_response_not_found',
    param: field,
  } as const;
  return new GatewayError('CLIENT_BAD_REQUEST', message, {
    failure: { kind: 'bad-request', scope: 'request', message, vendor },
  });
}
