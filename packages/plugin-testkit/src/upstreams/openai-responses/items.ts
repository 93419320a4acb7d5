import { fileData, imageDetail, imageUrl, toolName } from '../openai/names.ts';
import {
  anything,
  base64,
  byField,
  byKind,
  fields,
  flag,
  freeObject,
  list,
  mapOf,
  nullable,
  oneOf,
  text,
} from '../shape.ts';
import type { Shape } from '../shape.ts';

const breakpoint = { prompt_cache_breakpoint: fields({ mode: oneOf('explicit') }) };
const inputText = fields({ type: anything, text: text() }, breakpoint);
const inputImage = fields(
  { type: anything },
  { image_url: nullable(imageUrl), file_id: nullable(text()), detail: imageDetail, ...breakpoint },
);
const inputFile = fields(
  { type: anything },
  {
    file_data: fileData,
    file_id: nullable(text()),
    file_url: text({ pattern: /^https?:\/\//u }),
    filename: text(),
    detail: oneOf('auto', 'low', 'high'),
    ...breakpoint,
  },
);
const inputPart = byField('type', {
  input_text: inputText,
  input_image: inputImage,
  input_file: inputFile,
  input_audio: fields({
    type: anything,
    input_audio: fields({ data: base64(), format: oneOf('wav', 'mp3') }),
  }),
});
const outputPart = byField('type', {
  output_text: fields(
    { type: anything, text: text() },
    { annotations: list(freeObject), logprobs: list(freeObject) },
  ),
  refusal: fields({ type: anything, refusal: text() }),
});
/** What a tool gave back; unlike in Chat, with images. */
const output = byKind({
  string: anything,
  array: list(
    byField('type', { input_text: inputText, input_image: inputImage, input_file: inputFile }),
  ),
});

/** An id that the vendor has given: the kind of the item stands before it. */
function itemId(prefix: string): Shape {
  return nullable(text({ max: 64, pattern: new RegExp(`^${prefix}`, 'u') }));
}
const status = nullable(oneOf('in_progress', 'completed', 'incomplete'));
const callId = text({ min: 1, max: 64 });

const said = fields(
  { role: anything, content: byKind({ string: anything, array: list(inputPart) }) },
  { type: anything, id: itemId('msg'), status },
);
const message = byField('role', {
  user: said,
  system: said,
  developer: said,
  assistant: fields(
    { role: anything, content: byKind({ string: anything, array: list(outputPart) }) },
    {
      type: anything,
      id: itemId('msg'),
      status,
      phase: nullable(oneOf('commentary', 'final_answer')),
    },
  ),
});

const items = byField('type', {
  message,
  function_call: fields(
    { type: anything, call_id: callId, name: toolName, arguments: text() },
    { id: itemId('fc'), status, namespace: text(), caller: nullable(freeObject), async: flag },
  ),
  function_call_output: fields(
    { type: anything, call_id: callId, output },
    {
      id: itemId('fc'),
      status,
      name: nullable(text()),
      namespace: nullable(text()),
      caller: nullable(freeObject),
    },
  ),
  custom_tool_call: fields(
    { type: anything, call_id: callId, name: toolName, input: text() },
    { id: itemId('ctc'), status, namespace: text(), caller: nullable(freeObject) },
  ),
  custom_tool_call_output: fields(
    { type: anything, call_id: callId, output },
    { id: itemId('ctc'), status, caller: nullable(freeObject) },
  ),
  reasoning: fields(
    {
      type: anything,
      id: text({ max: 64, pattern: /^rs_/u }),
      summary: list(fields({ type: oneOf('summary_text'), text: text() })),
    },
    {
      content: nullable(list(fields({ type: oneOf('reasoning_text'), text: text() }))),
      encrypted_content: nullable(text()),
      status,
    },
  ),
  item_reference: fields({ type: anything, id: text({ max: 64 }) }),
  ...hosted(),
});

/** Items of tools that the vendor runs; looked into by nobody here. */
function hosted(): Record<string, Shape> {
  const names = [
    ...['compaction', 'web_search_call', 'file_search_call', 'code_interpreter_call'],
    ...['image_generation_call', 'computer_call', 'computer_call_output', 'local_shell_call'],
    ...['local_shell_call_output', 'shell_call', 'shell_call_output', 'apply_patch_call'],
    ...['apply_patch_call_output', 'mcp_call', 'mcp_list_tools', 'mcp_approval_request'],
    ...['mcp_approval_response', 'tool_search_call', 'tool_search_output', 'additional_tools'],
  ];
  return Object.fromEntries(names.map((name) => [name, freeObject]));
}

/** One item of the input; a message need not say its type. */
export const inputItem: Shape = (value, path) => {
  const { type } = (value ?? {}) as { readonly type?: unknown };
  (type === undefined ? message : items)(value, path);
};

export const clientMetadata = mapOf(text());
