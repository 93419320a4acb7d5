import {
  effort,
  fileData,
  imageDetail,
  imageUrl,
  metadata,
  serviceTier,
  toolName,
} from '../openai/names.ts';
import {
  anything,
  base64,
  byField,
  byKind,
  fields,
  flag,
  freeObject,
  integer,
  list,
  mapOf,
  nullable,
  nullables,
  number,
  oneOf,
  text,
} from '../shape.ts';
import type { Shape } from '../shape.ts';

const breakpoint = { prompt_cache_breakpoint: fields({ mode: oneOf('explicit') }) };
const textPart = fields({ type: anything, text: text() }, breakpoint);
const refusalPart = fields({ type: anything, refusal: text() });
const texts = byKind({ string: anything, array: list(byField('type', { text: textPart }), 1) });
const userParts = byField('type', {
  text: textPart,
  image_url: fields(
    { type: anything, image_url: fields({ url: imageUrl }, { detail: imageDetail }) },
    breakpoint,
  ),
  input_audio: fields(
    { type: anything, input_audio: fields({ data: base64(), format: oneOf('wav', 'mp3') }) },
    breakpoint,
  ),
  file: fields(
    {
      type: anything,
      file: fields({}, { file_data: fileData, filename: text(), file_id: text() }),
    },
    breakpoint,
  ),
});
const callId = text({ min: 1, max: 40 });
const functionCall = fields({ name: toolName, arguments: text() });

function assistant(takesReasoning: boolean): Shape {
  const call = takesReasoning ? { extra_content: freeObject } : {};
  return fields(
    { role: anything },
    {
      content: nullable(
        byKind({
          string: anything,
          array: list(byField('type', { text: textPart, refusal: refusalPart }), 1),
        }),
      ),
      refusal: nullable(text()),
      name: text(),
      audio: nullable(fields({ id: text() })),
      // Users give answers back as they came, and those hold it.
      annotations: nullable(list(freeObject)),
      function_call: nullable(functionCall),
      tool_calls: list(
        byField('type', {
          function: fields({ type: anything, id: callId, function: functionCall }, call),
          custom: fields({
            type: anything,
            id: callId,
            custom: fields({ name: toolName, input: text() }),
          }),
        }),
        1,
      ),
      ...(takesReasoning && {
        reasoning_content: nullable(text()),
        reasoning_details: list(freeObject),
      }),
    },
  );
}

function message(takesReasoning: boolean): Shape {
  const named = { name: text() };
  return byField('role', {
    developer: fields({ role: anything, content: texts }, named),
    system: fields({ role: anything, content: texts }, named),
    user: fields(
      { role: anything, content: byKind({ string: anything, array: list(userParts, 1) }) },
      named,
    ),
    assistant: assistant(takesReasoning),
    tool: fields({ role: anything, content: texts, tool_call_id: callId }),
    function: fields({ role: anything, content: nullable(text()), name: toolName }),
  });
}

const declaration = fields(
  { name: toolName },
  { description: text(), parameters: freeObject, strict: nullable(flag) },
);
const grammar = fields({ syntax: oneOf('lark', 'regex'), definition: text({ min: 1 }) });
const tool = byField('type', {
  function: fields({ type: anything, function: declaration }),
  custom: fields({
    type: anything,
    custom: fields(
      { name: toolName },
      {
        description: text(),
        format: byField('type', {
          text: fields({ type: anything }),
          grammar: fields({ type: anything, grammar }),
        }),
      },
    ),
  }),
});
const reference = byField('type', {
  function: fields({ type: anything, function: fields({ name: toolName }) }),
  custom: fields({ type: anything, custom: fields({ name: toolName }) }),
});
const allowed = fields({ mode: oneOf('auto', 'required'), tools: list(reference, 1) });
const toolChoice = byKind({
  string: oneOf('none', 'auto', 'required'),
  object: (value, path) => {
    const isAllowed = (value as { type?: unknown }).type === 'allowed_tools';
    (isAllowed ? fields({ type: anything, allowed_tools: allowed }) : reference)(value, path);
  },
});
const responseFormat = byField('type', {
  text: fields({ type: anything }),
  json_object: fields({ type: anything }),
  json_schema: fields({
    type: anything,
    json_schema: fields(
      { name: toolName },
      { description: text(), schema: freeObject, strict: nullable(flag) },
    ),
  }),
});

/** The body of `/chat/completions`. @param takesReasoning - whether history may hold reasoning. */
export function chatBody(takesReasoning: boolean): Shape {
  return fields(
    { model: text({ min: 1 }), messages: list(message(takesReasoning), 1) },
    {
      ...nullables({
        audio: freeObject,
        frequency_penalty: number(-2, 2),
        logit_bias: mapOf(number(-100, 100)),
        logprobs: flag,
        max_completion_tokens: integer(1),
        max_tokens: integer(1),
        metadata,
        modalities: list(oneOf('text', 'audio')),
        moderation: freeObject,
        n: integer(1, 128),
        prediction: fields({ type: oneOf('content'), content: texts }),
        presence_penalty: number(-2, 2),
        prompt_cache_key: text(),
        prompt_cache_retention: oneOf('in_memory', '24h'),
        reasoning_effort: effort,
        safety_identifier: text({ max: 64 }),
        seed: integer(),
        service_tier: serviceTier,
        stop: byKind({ string: anything, array: list(text(), 1, 4) }),
        store: flag,
        stream: flag,
        stream_options: fields({}, { include_usage: flag, include_obfuscation: flag }),
        temperature: number(0, 2),
        top_logprobs: integer(0, 20),
        top_p: number(0, 1),
        verbosity: oneOf('low', 'medium', 'high'),
      }),
      function_call: byKind({
        string: oneOf('none', 'auto'),
        object: fields({ name: toolName }),
      }),
      functions: list(declaration, 1, 128),
      parallel_tool_calls: flag,
      prompt_cache_options: freeObject,
      response_format: responseFormat,
      tool_choice: toolChoice,
      tools: list(tool, 1, 128),
      user: text(),
      web_search_options: freeObject,
    },
  );
}

/** The body of `/embeddings`. */
export const embeddingsBody = fields(
  {
    model: text({ min: 1 }),
    input: byKind({
      string: text({ min: 1 }),
      array: list(
        (value, path) => {
          if (typeof value === 'number') integer(0)(value, path);
          else byKind({ string: text({ min: 1 }), array: list(integer(0), 1, 2048) })(value, path);
        },
        1,
        2048,
      ),
    }),
  },
  { dimensions: integer(1), encoding_format: oneOf('float', 'base64'), user: text() },
);
