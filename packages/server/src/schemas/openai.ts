import { integer, object, objects, optional, string } from './json-schema.ts';
import type { JsonSchema } from './json-schema.ts';

const model: JsonSchema = {
  type: 'string',
  description: 'a model of GET /v1/models, an alias, or INSTANCE/MODEL',
};

const sampling = {
  temperature: optional.number,
  top_p: optional.number,
  stream: optional.boolean,
  metadata: optional.object,
  prompt_cache_key: optional.string,
  user: optional.string,
} as const;

const textLimits = {
  stop: { type: ['string', 'array', 'null'] },
  seed: optional.integer,
  n: optional.integer,
  max_tokens: optional.integer,
  frequency_penalty: optional.number,
  presence_penalty: optional.number,
  logit_bias: optional.object,
  stream_options: optional.object,
} as const satisfies Readonly<Record<string, JsonSchema>>;

const toolUse = {
  tools: optional.array,
  tool_choice: { type: ['string', 'object', 'null'] },
  parallel_tool_calls: optional.boolean,
} as const satisfies Readonly<Record<string, JsonSchema>>;

/** @see https://platform.openai.com/docs/api-reference/chat/create */
export const chatRequest = object(
  'ChatRequest',
  {
    model,
    messages: objects,
    ...sampling,
    ...textLimits,
    ...toolUse,
    max_completion_tokens: optional.integer,
    response_format: optional.object,
    reasoning_effort: optional.string,
  },
  ['model', 'messages'],
);

const usage: JsonSchema = {
  title: 'ChatUsage',
  type: ['object', 'null'],
  properties: { prompt_tokens: integer, completion_tokens: integer, total_tokens: integer },
  required: ['prompt_tokens', 'completion_tokens', 'total_tokens'],
};

const finish = (...reasons: readonly string[]): JsonSchema => ({ enum: [...reasons, null] });
const chatFinish = finish('stop', 'length', 'tool_calls', 'content_filter');
const legacyFinish = finish('stop', 'length', 'content_filter');

const answered = (
  title: string,
  kind: string,
  choice: Readonly<Record<string, JsonSchema>>,
): JsonSchema =>
  object(
    title,
    {
      id: string,
      object: { const: kind },
      created: integer,
      model: string,
      choices: { type: 'array', items: object(`${title}Choice`, { index: integer, ...choice }) },
      usage,
    },
    ['id', 'object', 'created', 'model', 'choices'],
  );

/** @see https://platform.openai.com/docs/api-reference/chat/object */
export const chatAnswer = answered('ChatCompletion', 'chat.completion', {
  message: { type: 'object' },
  finish_reason: chatFinish,
});

/** @see https://platform.openai.com/docs/api-reference/chat-streaming */
export const chatChunk = answered('ChatCompletionChunk', 'chat.completion.chunk', {
  delta: { type: 'object' },
  finish_reason: chatFinish,
});

/** @see https://platform.openai.com/docs/api-reference/completions/create */
export const completionRequest = object(
  'CompletionRequest',
  {
    model,
    prompt: { type: ['string', 'array'], description: 'one prompt, as text' },
    ...sampling,
    ...textLimits,
    echo: optional.boolean,
    suffix: optional.string,
    best_of: optional.integer,
    logprobs: optional.integer,
  },
  ['model', 'prompt'],
);

/** One object for answers and for chunks. */
export const completionAnswer = answered('Completion', 'text_completion', {
  text: string,
  logprobs: optional.object,
  finish_reason: legacyFinish,
});

const responseInput = {
  model,
  input: { type: ['string', 'array', 'null'] },
  instructions: optional.string,
  ...toolUse,
  reasoning: optional.object,
  text: optional.object,
  previous_response_id: optional.string,
  conversation: { type: ['string', 'object', 'null'] },
  truncation: optional.string,
} as const satisfies Readonly<Record<string, JsonSchema>>;

/** @see https://platform.openai.com/docs/api-reference/responses/create */
export const responsesRequest = object(
  'ResponsesRequest',
  {
    ...responseInput,
    ...sampling,
    max_output_tokens: optional.integer,
    include: optional.array,
    store: optional.boolean,
  },
  ['model'],
);

/** @see https://platform.openai.com/docs/api-reference/responses/object */
export const responsesAnswer = object(
  'Response',
  {
    id: string,
    object: { const: 'response' },
    created_at: { type: 'number' },
    status: { enum: ['completed', 'incomplete', 'failed', 'in_progress', 'queued', 'cancelled'] },
    model: string,
    output: objects,
    usage: optional.object,
  },
  ['id', 'object', 'created_at', 'status', 'model', 'output'],
);

/** @see https://platform.openai.com/docs/api-reference/responses-streaming */
export const responsesEvent = object('ResponseEvent', { type: string, sequence_number: integer });

/** @see https://platform.openai.com/docs/api-reference/responses/input-tokens */
export const inputTokensRequest = object('InputTokensRequest', responseInput, ['model']);
export const inputTokensAnswer = object('InputTokens', {
  object: { const: 'response.input_tokens' },
  input_tokens: integer,
});

/** @see https://platform.openai.com/docs/api-reference/embeddings/create */
export const embeddingsRequest = object(
  'EmbeddingsRequest',
  {
    model,
    input: { type: ['string', 'array'] },
    dimensions: optional.integer,
    encoding_format: optional.string,
    user: optional.string,
  },
  ['model', 'input'],
);

/** @see https://platform.openai.com/docs/api-reference/embeddings/object */
export const embeddingsAnswer = object(
  'Embeddings',
  {
    object: { const: 'list' },
    model: string,
    data: {
      type: 'array',
      items: object('Embedding', {
        object: { const: 'embedding' },
        index: integer,
        embedding: { type: ['array', 'string'] },
      }),
    },
    usage: { type: 'object' },
  },
  ['object', 'model', 'data'],
);

/** @see https://platform.openai.com/docs/api-reference/models/object */
export const openaiModel = object('OpenAIModel', {
  id: string,
  object: { const: 'model' },
  created: integer,
  owned_by: string,
});
export const openaiModelList = object('OpenAIModelList', {
  object: { const: 'list' },
  data: { type: 'array', items: openaiModel },
});

/** @see https://developers.openai.com/api/docs/guides/error-codes */
export const openaiError = object('OpenAIError', {
  error: object(
    'OpenAIErrorBody',
    {
      message: string,
      type: string,
      param: optional.string,
      code: optional.string,
      gateway_code: { type: 'string', description: "the gateway's own, stable code" },
    },
    ['message', 'type', 'param', 'code'],
  ),
});
