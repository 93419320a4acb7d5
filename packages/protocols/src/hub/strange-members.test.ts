import { expect, test } from '@jest/globals';
import { isGatewayError } from '@cliproxy/plugin-api';
import type { Dialect, Operation } from '@cliproxy/plugin-api';
import type { ClientForm, EncodeTarget } from '@cliproxy/kernel';
import fc from 'fast-check';
import { createDialects } from './dialects.ts';

const schema = {
  type: 'object',
  properties: { x: { type: ['integer', 'null'], enum: [1, 2] }, y: { $ref: '#/$defs/y' } },
  required: ['x'],
  additionalProperties: false,
  $defs: { y: { type: 'array', items: { const: 'z' } } },
};
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk';

const chat = {
  model: 'echo',
  messages: [
    { role: 'system', content: 'be brief' },
    {
      role: 'user',
      name: 'one',
      content: [
        { type: 'text', text: 'look' },
        { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}`, detail: 'low' } },
      ],
    },
    {
      role: 'assistant',
      content: null,
      reasoning_content: 'hm',
      tool_calls: [
        { id: 'c1', type: 'function', function: { name: 'look', arguments: '{"x":1}' } },
        { id: 'c2', type: 'custom', custom: { name: 'say', input: 'x' } },
      ],
    },
    { role: 'tool', tool_call_id: 'c1', content: 'a cat' },
    { role: 'tool', tool_call_id: 'c2', content: [{ type: 'text', text: 'said' }] },
    { role: 'user', content: 'and now' },
  ],
  tools: [
    { type: 'function', function: { name: 'look', description: 'd', parameters: schema } },
    { type: 'custom', custom: { name: 'say' } },
  ],
  tool_choice: { type: 'function', function: { name: 'look' } },
  parallel_tool_calls: false,
  response_format: { type: 'json_schema', json_schema: { name: 'n', schema, strict: true } },
  reasoning_effort: 'low',
  max_completion_tokens: 9,
  temperature: 1,
  top_p: 0.5,
  stop: ['x'],
  metadata: { a: 'b' },
  stream_options: { include_usage: true },
};

const messages = {
  model: 'echo',
  max_tokens: 2000,
  system: [{ type: 'text', text: 'be brief', cache_control: { type: 'ephemeral' } }],
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'look' },
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'hm', signature: 's' },
        { type: 'redacted_thinking', data: 'd' },
        { type: 'tool_use', id: 'c1', name: 'look', input: { x: 1 } },
      ],
    },
    {
      role: 'user',
      content: [
        {
          type: 'tool_result',
          tool_use_id: 'c1',
          is_error: true,
          content: [{ type: 'text', text: 'a cat' }],
        },
        { type: 'text', text: 'and now' },
      ],
    },
  ],
  tools: [{ name: 'look', description: 'd', input_schema: schema }],
  tool_choice: { type: 'tool', name: 'look', disable_parallel_tool_use: true },
  thinking: { type: 'enabled', budget_tokens: 1024 },
  output_config: { format: { type: 'json_schema', schema } },
  stop_sequences: ['x'],
  metadata: { user_id: 'u' },
  temperature: 1,
  top_k: 5,
};

const responses = {
  model: 'echo',
  instructions: 'be brief',
  input: [
    { role: 'developer', content: 'really' },
    {
      type: 'message',
      role: 'user',
      content: [
        { type: 'input_text', text: 'look' },
        { type: 'input_image', image_url: `data:image/png;base64,${PNG}`, detail: 'low' },
      ],
    },
    {
      type: 'reasoning',
      id: 'rs_1',
      summary: [{ type: 'summary_text', text: 'hm' }],
      encrypted_content: 'e',
    },
    { type: 'function_call', id: 'fc_1', call_id: 'c1', name: 'look', arguments: '{"x":1}' },
    { type: 'function_call_output', call_id: 'c1', output: 'a cat' },
    { type: 'custom_tool_call', call_id: 'c2', name: 'say', input: 'x' },
    { type: 'custom_tool_call_output', call_id: 'c2', output: 'said' },
    {
      type: 'message',
      id: 'msg_1',
      role: 'assistant',
      content: [{ type: 'output_text', text: 'so', annotations: [] }],
    },
    { role: 'user', content: 'and now' },
  ],
  tools: [
    { type: 'function', name: 'look', parameters: schema, strict: false },
    { type: 'custom', name: 'say' },
    { type: 'web_search' },
  ],
  tool_choice: { type: 'function', name: 'look' },
  parallel_tool_calls: false,
  reasoning: { effort: 'low', summary: 'auto' },
  text: { format: { type: 'json_schema', name: 'n', schema, strict: true }, verbosity: 'low' },
  include: ['reasoning.encrypted_content'],
  store: false,
  prompt_cache_key: 'k',
  client_metadata: { a: 'b' },
  max_output_tokens: 99,
  temperature: 1,
};

const gemini = {
  systemInstruction: { parts: [{ text: 'be brief' }] },
  contents: [
    {
      role: 'user',
      parts: [{ text: 'look' }, { inlineData: { mimeType: 'image/png', data: PNG } }],
    },
    {
      role: 'model',
      parts: [
        { text: 'hm', thought: true },
        { functionCall: { id: 'c1', name: 'look', args: { x: 1 } }, thoughtSignature: 'c2ln' },
      ],
    },
    {
      role: 'user',
      parts: [{ functionResponse: { id: 'c1', name: 'look', response: { output: 'a cat' } } }],
    },
    { role: 'user', parts: [{ text: 'and now' }] },
  ],
  tools: [
    {
      functionDeclarations: [
        { name: 'look', description: 'd', parametersJsonSchema: schema },
        { name: 'say', parameters: { type: 'OBJECT', properties: { x: { type: 'STRING' } } } },
      ],
    },
    { googleSearch: {} },
  ],
  toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['look'] } },
  safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }],
  generationConfig: {
    maxOutputTokens: 99,
    temperature: 1,
    topK: 3,
    candidateCount: 1,
    stopSequences: ['x'],
    responseMimeType: 'application/json',
    responseSchema: { type: 'OBJECT', properties: { x: { type: 'INTEGER' } } },
    thinkingConfig: { includeThoughts: true, thinkingBudget: 128 },
  },
};

/** A kind of request, and one with much in it. */
interface Kind {
  readonly dialect: Dialect;
  readonly operation: Operation;
  readonly form?: ClientForm;
  readonly body: object;
}

const kinds: readonly Kind[] = [
  { dialect: 'openai-chat', operation: 'generate', body: chat },
  { dialect: 'openai-responses', operation: 'generate', body: responses },
  { dialect: 'openai-responses', operation: 'count-tokens', body: responses },
  { dialect: 'anthropic-messages', operation: 'generate', body: messages },
  { dialect: 'anthropic-messages', operation: 'count-tokens', body: messages },
  { dialect: 'gemini', operation: 'generate', body: gemini },
  { dialect: 'gemini', operation: 'count-tokens', body: { generateContentRequest: gemini } },
  {
    dialect: 'openai-chat',
    operation: 'generate',
    form: 'completions',
    body: { model: 'm', prompt: ['x'], echo: true, n: 1, logprobs: 2, best_of: 2, stop: 'x' },
  },
];
const targets: readonly (Dialect | 'events')[] = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini',
  'events',
];

type Path = readonly (string | number)[];

/** Where every value of a body stands. */
function pathsIn(value: unknown, at: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [at];
  const inner = Object.entries(value).flatMap(([key, one]) =>
    pathsIn(one, [...at, Array.isArray(value) ? Number(key) : key]),
  );
  return at.length === 0 ? inner : [at, ...inner];
}

/** The body with another value at a place; undefined takes it out. */
function withValue(body: unknown, [step, ...rest]: Path, value: unknown): unknown {
  if (step === undefined) return value;
  const copy = (Array.isArray(body) ? [...body] : { ...(body as object) }) as Record<
    string | number,
    unknown
  >;
  copy[step] = withValue(copy[step], rest, value);
  return copy;
}

const strange = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, true, 0, -1, 1.5, 1e308, '', ' ', 'x', [], {}, [[]]),
  fc.constantFrom<unknown>([null], { a: 1 }, '\ud800', '\u0000', '__proto__', '{"x":', [{}, 7]),
  fc.jsonValue({ maxDepth: 2 }),
);

const dialects = createDialects();

/** Writes a request for a target, as bytes or as events. */
function written(
  { dialect, operation, form }: Kind,
  body: unknown,
  to: Dialect | 'events',
): unknown {
  const request = dialects.read({
    dialect,
    operation,
    form,
    body: Buffer.from(JSON.stringify(body)),
    ...(dialect === 'gemini' ? { model: 'm', stream: false } : {}),
    headers: {},
    requestId: 'r',
  });
  request.facts.needs();
  const target: Omit<EncodeTarget, 'dialect' | 'passthrough'> = {
    model: MODELS[to],
    instanceId: 'one',
    refuses: [],
    usage: 'auto',
    maxAnswerBytes: 1e6,
  };
  if (to === 'events') return request.events(target).request;
  const { path, body: bytes } = request.wire({ ...target, dialect: to, passthrough: false });
  expect(path).toMatch(/^\//u);
  return JSON.parse(bytes.toString());
}

const MODELS: Readonly<Record<Dialect | 'events', string>> = {
  'openai-chat': 'gpt-5',
  'openai-responses': 'gpt-5',
  'anthropic-messages': 'claude-sonnet-4-5',
  gemini: 'gemini-2.5-flash',
  events: 'any',
};

// Neither Chat nor executors of events are asked for counts in this way.
const canCount = (to: Dialect | 'events'): boolean => to !== 'openai-chat' && to !== 'events';
const cells = kinds.flatMap((kind) =>
  targets
    .filter((to) => kind.operation === 'generate' || canCount(to))
    .map((to) => ({ ...kind, called: kind.form ?? kind.operation, to })),
);

test.each(cells)(
  '$dialect $called for $to: whatever stands at any place, it is written or refused',
  ({ to, ...kind }) => {
    written(kind, kind.body, to);
    fc.assert(
      fc.property(fc.constantFrom(...pathsIn(kind.body)), strange, (place, value) => {
        try {
          written(kind, withValue(kind.body, place, value), to);
        } catch (error) {
          // Anything else is a fault of ours, and a 500.
          if (!isGatewayError(error)) throw error;
          expect(error.code).toMatch(/^CLIENT_/u);
          expect(error.message.length).toBeGreaterThan(10);
        }
      }),
      { numRuns: 150 },
    );
  },
);
