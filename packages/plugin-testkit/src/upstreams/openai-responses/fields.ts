import { effort, metadata, serviceTier, toolName } from '../openai/names.ts';
import {
  anything,
  byField,
  byKind,
  fields,
  flag,
  freeObject,
  integer,
  list,
  nullable,
  nullables,
  number,
  oneOf,
  text,
} from '../shape.ts';
import type { Shape } from '../shape.ts';
import { clientMetadata, inputItem } from './items.ts';

const custom = fields(
  { type: anything, name: toolName },
  { description: text(), format: freeObject, defer_loading: flag, allowed_callers: anything },
);
const functionTool = fields(
  { type: anything, name: toolName },
  {
    ...nullables({ description: text(), parameters: freeObject, strict: flag }),
    defer_loading: flag,
    async: flag,
    output_schema: nullable(freeObject),
    allowed_callers: anything,
  },
);
const hosted = [
  ...['web_search', 'web_search_2025_08_26', 'web_search_preview', 'file_search', 'mcp'],
  ...['code_interpreter', 'image_generation', 'computer', 'computer_use_preview', 'tool_search'],
  ...['shell', 'local_shell', 'apply_patch'],
];
const tool = byField('type', {
  function: functionTool,
  custom,
  namespace: fields({
    type: anything,
    name: toolName,
    description: text(),
    tools: list(byField('type', { function: functionTool, custom }), 1),
  }),
  ...Object.fromEntries(hosted.map((type) => [type, freeObject])),
});
const named = fields({ type: anything, name: toolName });
const toolChoice = byKind({
  string: oneOf('none', 'auto', 'required'),
  object: byField('type', {
    function: named,
    custom: named,
    mcp: fields({ type: anything, server_label: text() }, { name: nullable(text()) }),
    allowed_tools: fields({
      type: anything,
      mode: oneOf('auto', 'required'),
      tools: list(freeObject, 1),
    }),
    ...Object.fromEntries(
      hosted.filter((type) => type !== 'mcp').map((type) => [type, fields({ type: anything })]),
    ),
  }),
});
const format = byField('type', {
  text: fields({ type: anything }),
  json_object: fields({ type: anything }),
  json_schema: fields(
    { type: anything, name: toolName, schema: freeObject },
    { description: text(), strict: nullable(flag) },
  ),
});
const include = oneOf(
  'file_search_call.results',
  'web_search_call.results',
  'web_search_call.action.sources',
  'message.input_image.image_url',
  'computer_call_output.output.image_url',
  'code_interpreter_call.outputs',
  'reasoning.encrypted_content',
  'message.output_text.logprobs',
);

const counted = {
  input: byKind({ string: anything, array: list(inputItem, 1) }),
  parallel_tool_calls: nullable(flag),
  text: fields({}, { format, verbosity: nullable(oneOf('low', 'medium', 'high')) }),
  tool_choice: toolChoice,
  tools: list(tool),
  truncation: nullable(oneOf('auto', 'disabled')),
  ...nullables({
    conversation: byKind({ string: anything, object: fields({ id: text() }) }),
    instructions: text(),
    model: text({ min: 1 }),
    previous_response_id: text({ max: 64, pattern: /^resp/u }),
    reasoning: fields(
      {},
      nullables({
        effort,
        summary: oneOf('auto', 'concise', 'detailed'),
        generate_summary: oneOf('auto', 'concise', 'detailed'),
        context: oneOf('auto', 'current_turn', 'all_turns'),
        mode: text(),
      }),
    ),
  }),
};

/** The body of `/responses`. */
export const responsesBody: Shape = fields(
  {},
  {
    ...counted,
    // Codex sends it along.
    client_metadata: clientMetadata,
    prompt_cache_options: freeObject,
    user: text(),
    ...nullables({
      background: flag,
      context_management: list(freeObject),
      include: list(include),
      max_output_tokens: integer(16),
      max_tool_calls: integer(1),
      metadata,
      moderation: freeObject,
      prompt: freeObject,
      prompt_cache_key: text({ max: 64 }),
      prompt_cache_retention: oneOf('in_memory', '24h'),
      safety_identifier: text({ max: 64 }),
      service_tier: serviceTier,
      store: flag,
      stream: flag,
      stream_options: fields({}, { include_obfuscation: flag }),
      temperature: number(0, 2),
      top_logprobs: integer(0, 20),
      top_p: number(0, 1),
    }),
  },
);

/** The body of `/responses/input_tokens`. */
export const countBody: Shape = fields({}, { ...counted, personality: text() });
