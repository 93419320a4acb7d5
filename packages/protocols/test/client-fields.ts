import type { Dialect } from '@cliproxy/plugin-api';
import type Anthropic from '@anthropic-ai/sdk';
import type { GenerationConfig } from '@google/genai';
import type OpenAI from 'openai';

/** Two requests that differ in one thing. */
export interface Pair {
  readonly dialect: Dialect;
  readonly said: string;
  /** The field that one of them has; absent where they differ somewhere inside. */
  readonly field?: string;
  readonly bare: object;
  readonly told: object;
}

const schema = { type: 'object', properties: { x: { type: 'string' } } };
const cached = { type: 'ephemeral' };

/** Values of every field that the vendor's SDK knows. */
type Values<T> = Readonly<Record<keyof T, readonly unknown[]>>;

type ChatParams = OpenAI.ChatCompletionCreateParamsNonStreaming;
const chatFields: Values<Omit<ChatParams, 'messages' | 'model' | 'stream'>> = {
  audio: [{ voice: 'alloy', format: 'mp3' }],
  frequency_penalty: [0.5],
  function_call: ['none', { name: 'look' }],
  functions: [[{ name: 'look', parameters: schema }]],
  logit_bias: [{ '1': 5 }],
  logprobs: [true],
  max_completion_tokens: [50],
  max_tokens: [50],
  metadata: [{ a: 'b' }],
  modalities: [['text', 'audio']],
  moderation: [{ model: 'omni-moderation-latest' }],
  n: [2],
  parallel_tool_calls: [false],
  prediction: [{ type: 'content', content: 'x' }],
  presence_penalty: [0.5],
  prompt_cache_key: ['k'],
  prompt_cache_options: [{ ttl: '1h' }],
  prompt_cache_retention: ['24h'],
  reasoning_effort: ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'],
  response_format: [
    { type: 'json_object' },
    { type: 'json_schema', json_schema: { name: 'n', schema } },
  ],
  safety_identifier: ['abc'],
  seed: [7],
  service_tier: ['flex', 'priority'],
  stop: ['x', ['a', 'b'], ['1', '2', '3', '4', '5', '6']],
  store: [true],
  stream_options: [{ include_obfuscation: true }],
  temperature: [0.3, 1.7],
  tool_choice: [
    'none',
    'required',
    { type: 'function', function: { name: 'look' } },
    {
      type: 'allowed_tools',
      allowed_tools: {
        mode: 'auto',
        tools: [{ type: 'function', function: { name: 'look' } }],
      },
    },
  ],
  tools: [
    [{ type: 'function', function: { name: 'look', parameters: schema } }],
    [{ type: 'custom', custom: { name: 'say' } }],
  ],
  top_logprobs: [2],
  top_p: [0.5],
  user: ['abc'],
  verbosity: ['low', 'high'],
  web_search_options: [{}, { search_context_size: 'low' }],
};

const responsesFields: Values<
  Omit<OpenAI.Responses.ResponseCreateParamsNonStreaming, 'input' | 'model' | 'stream'>
> = {
  access_programs: [{ cyber: 'x' }],
  background: [true],
  context_management: [[{ type: 'compaction', compact_threshold: 1000 }]],
  conversation: ['conv_1'],
  image: [{ quality: 'low' }],
  include: [['web_search_call.action.sources'], ['message.output_text.logprobs']],
  instructions: ['be brief'],
  max_output_tokens: [50],
  max_tool_calls: [2],
  metadata: [{ a: 'b' }],
  moderation: [{ model: 'omni-moderation-latest' }],
  parallel_tool_calls: [false],
  previous_response_id: ['resp_1'],
  prompt: [{ id: 'pmpt_1' }],
  prompt_cache_key: ['k'],
  prompt_cache_options: [{ ttl: '1h' }],
  prompt_cache_retention: ['24h'],
  reasoning: [
    ...['none', 'minimal', 'low', 'medium', 'high', 'xhigh'].map((effort) => ({ effort })),
    { summary: 'auto' },
    { summary: 'detailed' },
    { generate_summary: 'concise' },
    { context: 'all_turns' },
    { mode: 'pro' },
  ],
  safety_identifier: ['abc'],
  service_tier: ['flex', 'priority'],
  store: [false],
  stream_options: [{ include_obfuscation: true }],
  temperature: [0.3, 1.7],
  text: [
    { format: { type: 'json_object' } },
    { format: { type: 'json_schema', name: 'n', schema } },
    { verbosity: 'low' },
  ],
  tool_choice: [
    'none',
    'required',
    { type: 'function', name: 'look' },
    { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'look' }] },
    { type: 'web_search_preview' },
  ],
  tools: [
    [{ type: 'function', name: 'look', parameters: schema, strict: false }],
    [{ type: 'custom', name: 'say' }],
    [{ type: 'web_search' }],
    [{ type: 'mcp', server_label: 'a', server_url: 'https://mcp.example' }],
  ],
  top_logprobs: [2],
  top_p: [0.5],
  truncation: ['auto'],
  user: ['abc'],
};

/** What only older models take. */
interface OlderModels {
  readonly temperature: number;
  readonly top_k: number;
  readonly top_p: number;
}

type MessagesParams = Anthropic.MessageCreateParamsNonStreaming &
  Omit<
    Anthropic.Beta.MessageCreateParamsNonStreaming,
    keyof Anthropic.MessageCreateParamsNonStreaming
  >;
const messagesFields: Values<
  OlderModels & Omit<MessagesParams, 'max_tokens' | 'messages' | 'model' | 'stream' | 'betas'>
> = {
  billing_policy: [{ type: 'x' }],
  cache_control: [cached],
  compaction: [{ type: 'x' }],
  container: ['c', { skills: [] }],
  context_management: [{ edits: [{ type: 'clear_tool_uses_20250919' }] }],
  diagnostics: [{ previous_message_id: 'msg_1' }],
  fallback_credit_token: ['x'],
  fallbacks: [[{ model: 'm' }]],
  inference_geo: ['us'],
  mcp_servers: [[{ type: 'url', name: 'a', url: 'https://mcp.example' }]],
  metadata: [{ user_id: 'abc' }],
  output_config: [
    ...['low', 'medium', 'high', 'xhigh', 'max'].map((effort) => ({ effort })),
    { format: { type: 'json_schema', schema } },
    { task_budget: { type: 'tokens', total: 20000 } },
  ],
  output_format: [{ type: 'json_schema', schema }],
  service_tier: ['standard_only'],
  speed: ['fast'],
  stop_sequences: [['x'], ['1', '2', '3', '4', '5', '6']],
  system: ['be brief', [{ type: 'text', text: 'be brief', cache_control: cached }]],
  temperature: [0.3],
  thinking: [
    { type: 'enabled', budget_tokens: 1024 },
    { type: 'enabled', budget_tokens: 5000, display: 'omitted' },
    { type: 'adaptive' },
    { type: 'adaptive', display: 'summarized' },
    { type: 'disabled' },
  ],
  thread: [{ id: 't' }],
  tool_choice: [
    { type: 'any' },
    { type: 'none' },
    { type: 'tool', name: 'look' },
    { type: 'auto', disable_parallel_tool_use: true },
  ],
  tools: [
    [{ name: 'look', input_schema: schema }],
    [{ type: 'web_search_20250305', name: 'web_search' }],
  ],
  top_k: [5],
  top_p: [0.5, 0.97],
  user_profile_id: ['u'],
  workspace_id: ['w'],
};

const generationFields: Values<GenerationConfig> = {
  audioTimestamp: [true],
  audioTranscriptionConfig: [{ languageCodes: ['de'] }],
  candidateCount: [2],
  enableAffectiveDialog: [true],
  enableEnhancedCivicAnswers: [true],
  frequencyPenalty: [0.5],
  logprobs: [2],
  maxOutputTokens: [50],
  mediaResolution: ['MEDIA_RESOLUTION_LOW'],
  modelSelectionConfig: [{ featureSelectionPreference: 'BALANCED' }],
  presencePenalty: [0.5],
  responseFormat: [[{ type: 'x' }]],
  responseJsonSchema: [schema],
  responseLogprobs: [true],
  responseMimeType: ['application/json'],
  responseModalities: [['IMAGE']],
  responseSchema: [{ type: 'OBJECT', properties: { x: { type: 'STRING' } } }],
  routingConfig: [{ autoMode: {} }],
  seed: [7],
  speechConfig: [{ languageCode: 'de' }],
  stopSequences: [['x'], ['1', '2', '3', '4', '5', '6']],
  temperature: [0.3, 1.7],
  thinkingConfig: [
    { includeThoughts: true },
    { thinkingBudget: 0 },
    { thinkingBudget: -1 },
    { thinkingBudget: 2000, includeThoughts: true },
    ...['MINIMAL', 'LOW', 'MEDIUM', 'HIGH'].map((thinkingLevel) => ({ thinkingLevel })),
  ],
  topK: [5],
  topP: [0.5],
  translationConfig: [{ targetLanguageCode: 'de' }],
};

const geminiFields = {
  cachedContent: ['cachedContents/1'],
  labels: [{ a: 'b' }],
  safetySettings: [[{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }]],
  serviceTier: ['flex'],
  store: [true],
  systemInstruction: ['be brief', { parts: [{ text: 'be brief' }] }],
  toolConfig: [
    ...['NONE', 'ANY', 'VALIDATED'].map((mode) => ({ functionCallingConfig: { mode } })),
    { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['look'] } },
    { functionCallingConfig: { mode: 'AUTO', streamFunctionCallArguments: true } },
    { retrievalConfig: { languageCode: 'de' } },
  ],
  tools: [
    [{ functionDeclarations: [{ name: 'look', parametersJsonSchema: schema }] }],
    [{ googleSearch: {} }],
    [{ codeExecution: {} }],
    [{ urlContext: {} }],
  ],
} as const;

const chatBase = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };
const chatTools = { tools: [{ type: 'function', function: { name: 'look', parameters: schema } }] };
const responsesTools = { tools: [{ type: 'function', name: 'look', parameters: schema }] };
const messagesTools = { tools: [{ name: 'look', input_schema: schema }] };
const geminiTools = { tools: [{ functionDeclarations: [{ name: 'look', parameters: schema }] }] };

interface Side {
  readonly dialect: Dialect;
  readonly base: object;
  /** What a field makes sense with. */
  readonly given: Readonly<Record<string, object>>;
  readonly fields: Readonly<Record<string, readonly unknown[]>>;
  /** Puts a field into a request. */
  readonly put?: (body: object, field: string, value: unknown) => object;
}

const sides: readonly Side[] = [
  {
    dialect: 'openai-chat',
    base: chatBase,
    given: {
      function_call: { functions: [{ name: 'look', parameters: schema }] },
      parallel_tool_calls: chatTools,
      tool_choice: chatTools,
      stream_options: { stream: true },
    },
    fields: chatFields,
  },
  {
    dialect: 'openai-responses',
    base: { model: 'm', input: 'hi' },
    given: {
      parallel_tool_calls: responsesTools,
      tool_choice: responsesTools,
      stream_options: { stream: true },
    },
    fields: responsesFields,
  },
  {
    dialect: 'anthropic-messages',
    base: { model: 'm', max_tokens: 3000, messages: [{ role: 'user', content: 'hi' }] },
    given: { tool_choice: messagesTools },
    fields: messagesFields,
  },
  {
    dialect: 'gemini',
    base: { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] },
    given: { toolConfig: geminiTools },
    fields: geminiFields,
  },
  {
    dialect: 'gemini',
    base: { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] },
    given: {
      responseSchema: { generationConfig: { responseMimeType: 'application/json' } },
      responseJsonSchema: { generationConfig: { responseMimeType: 'application/json' } },
    },
    fields: generationFields,
    put: (body, field, value) => ({
      ...body,
      generationConfig: {
        ...(body as { readonly generationConfig?: object }).generationConfig,
        [field]: value,
      },
    }),
  },
];

/** Every field, value by value, beside a request that lacks it. */
export const fieldPairs: readonly Pair[] = sides.flatMap(({ dialect, base, given, fields, put }) =>
  Object.entries(fields).flatMap(([field, values]) =>
    values.map((value) => {
      const bare = { ...base, ...given[field] };
      const told = put === undefined ? { ...bare, [field]: value } : put(bare, field, value);
      return { dialect, said: `${field}: ${JSON.stringify(value)}`, field, bare, told };
    }),
  ),
);
