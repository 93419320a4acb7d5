import { boolean, integer, object, objects, optional, string } from './json-schema.ts';
import type { JsonSchema } from './json-schema.ts';

const prompt = {
  model: string,
  messages: objects,
  system: { type: ['string', 'array', 'null'] },
  tools: optional.array,
  tool_choice: optional.object,
  thinking: optional.object,
} as const satisfies Readonly<Record<string, JsonSchema>>;

/** @see https://platform.claude.com/docs/en/api/messages */
export const messagesRequest = object(
  'MessagesRequest',
  {
    ...prompt,
    max_tokens: optional.integer,
    stream: optional.boolean,
    stop_sequences: optional.array,
    temperature: optional.number,
    top_p: optional.number,
    top_k: optional.integer,
    metadata: optional.object,
  },
  ['model', 'messages'],
);

export const messagesAnswer = object('Message', {
  id: string,
  type: { const: 'message' },
  role: { const: 'assistant' },
  model: string,
  content: objects,
  stop_reason: optional.string,
  stop_sequence: optional.string,
  usage: { type: 'object' },
});

/** @see https://platform.claude.com/docs/en/build-with-claude/streaming */
export const messagesEvent = object('MessageEvent', {
  type: {
    enum: [
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
      'ping',
      'error',
    ],
  },
});

/** @see https://platform.claude.com/docs/en/api/messages-count-tokens */
export const countTokensRequest = object('CountTokensRequest', prompt, ['model', 'messages']);
export const countTokensAnswer = object('TokenCount', { input_tokens: integer });

/** @see https://platform.claude.com/docs/en/api/models-list */
export const anthropicModel = object(
  'AnthropicModel',
  {
    type: { const: 'model' },
    id: string,
    display_name: string,
    created_at: string,
    max_input_tokens: integer,
    max_tokens: integer,
  },
  ['type', 'id', 'display_name', 'created_at'],
);
export const anthropicModelList = object('AnthropicModelList', {
  data: { type: 'array', items: anthropicModel },
  has_more: boolean,
  first_id: optional.string,
  last_id: optional.string,
});

/** @see https://platform.claude.com/docs/en/api/errors */
export const anthropicError = object(
  'AnthropicError',
  {
    type: { const: 'error' },
    error: object('AnthropicErrorBody', { type: string, message: string }),
    request_id: optional.string,
  },
  ['type', 'error'],
);
