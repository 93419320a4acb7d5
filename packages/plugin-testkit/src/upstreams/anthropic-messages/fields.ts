import {
  anything,
  base64,
  byField,
  byKind,
  every,
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

const toolId = text({ pattern: /^[a-zA-Z0-9_-]+$/u });
const toolName = text({ min: 1, max: 64, pattern: /^[a-zA-Z0-9_-]{1,64}$/u });
const cacheControl = nullable(fields({ type: oneOf('ephemeral') }, { ttl: oneOf('5m', '1h') }));
const cached = { cache_control: cacheControl };
/** Text of which something is to be seen. */
const visible = every(text(), (value, path) => text({ min: 1 })((value as string).trim(), path));

const textBlock = fields(
  { type: oneOf('text'), text: visible },
  { ...cached, citations: nullable(list(freeObject)) },
);
const imageBlock = fields(
  {
    type: oneOf('image'),
    source: byField('type', {
      base64: fields({
        type: anything,
        media_type: oneOf('image/jpeg', 'image/png', 'image/gif', 'image/webp'),
        data: base64(),
      }),
      url: fields({ type: anything, url: text({ pattern: /^https?:\/\//u }) }),
      file: fields({ type: anything, file_id: text({ min: 1 }) }),
    }),
  },
  cached,
);
const documentBlock = fields(
  {
    type: oneOf('document'),
    source: byField('type', {
      base64: fields({ type: anything, media_type: oneOf('application/pdf'), data: base64() }),
      text: fields({ type: anything, media_type: oneOf('text/plain'), data: text({ min: 1 }) }),
      content: fields({ type: anything, content: anything }),
      url: fields({ type: anything, url: text({ pattern: /^https?:\/\//u }) }),
      file: fields({ type: anything, file_id: text({ min: 1 }) }),
    }),
  },
  {
    ...cached,
    title: nullable(text()),
    context: nullable(text()),
    citations: nullable(fields({}, { enabled: flag })),
  },
);
const resultContent = byKind({
  string: anything,
  array: list(
    byField('type', {
      text: textBlock,
      image: imageBlock,
      document: documentBlock,
      search_result: freeObject,
      tool_reference: freeObject,
    }),
  ),
});
const serverBlocks: Record<string, Shape> = {
  search_result: freeObject,
  server_tool_use: freeObject,
  web_search_tool_result: freeObject,
  web_fetch_tool_result: freeObject,
  code_execution_tool_result: freeObject,
  bash_code_execution_tool_result: freeObject,
  text_editor_code_execution_tool_result: freeObject,
  tool_search_tool_result: freeObject,
  container_upload: freeObject,
};

const userBlock = byField('type', {
  text: textBlock,
  image: imageBlock,
  document: documentBlock,
  tool_result: fields(
    { type: anything, tool_use_id: toolId },
    { ...cached, content: resultContent, is_error: flag },
  ),
  ...serverBlocks,
});
const assistantBlock = byField('type', {
  text: textBlock,
  // Taken by the first version of the API alone.
  document: documentBlock,
  tool_use: fields(
    { type: anything, id: toolId, name: toolName, input: freeObject },
    { ...cached, caller: freeObject },
  ),
  thinking: fields({ type: anything, thinking: text(), signature: text() }),
  redacted_thinking: fields({ type: anything, data: text({ min: 1 }) }),
  ...serverBlocks,
});
const message = byField('role', {
  // Since the SDK has a type for it: instructions in the midst of a conversation.
  system: fields({
    role: anything,
    content: byKind({ string: visible, array: list(textBlock, 1) }),
  }),
  user: fields({
    role: anything,
    content: byKind({ string: visible, array: list(userBlock, 1) }),
  }),
  assistant: fields({
    role: anything,
    content: byKind({ string: visible, array: list(assistantBlock, 1) }),
  }),
});

/** A tool of the client's own, or one that the vendor runs. */
const tool: Shape = (value, path) => {
  const type = (value as { readonly type?: unknown } | null)?.type;
  const isServerTool = typeof type === 'string' && type !== 'custom';
  if (isServerTool) text({ pattern: SERVER_TOOL })(type, [...path, 'type']);
  else clientTool(value, path);
};
const SERVER_TOOL =
  /^(web_search|web_fetch|code_execution|bash|text_editor|memory|computer|tool_search_tool_(bm25|regex))_\d{8}$/u;
const clientTool = fields(
  { name: toolName, input_schema: freeObject },
  {
    ...cached,
    type: nullable(oneOf('custom')),
    description: text(),
    strict: flag,
    eager_input_streaming: nullable(flag),
    defer_loading: flag,
    input_examples: list(freeObject),
    allowed_callers: list(text()),
  },
);

const oneCall = { disable_parallel_tool_use: flag };
const thinkingDisplay = { display: nullable(oneOf('summarized', 'omitted')) };
const counted = {
  model: text({ min: 1 }),
  messages: list(message, 1, 100_000),
};
const countedToo = {
  ...cached,
  system: byKind({ string: anything, array: list(textBlock) }),
  tools: list(tool, 1),
  tool_choice: byField('type', {
    auto: fields({ type: anything }, oneCall),
    any: fields({ type: anything }, oneCall),
    none: fields({ type: anything }),
    tool: fields({ type: anything, name: toolName }, oneCall),
  }),
  thinking: byField('type', {
    enabled: fields({ type: anything, budget_tokens: integer(1024) }, thinkingDisplay),
    adaptive: fields({ type: anything }, thinkingDisplay),
    disabled: fields({ type: anything }),
  }),
  output_config: fields(
    {},
    {
      effort: nullable(oneOf('low', 'medium', 'high', 'xhigh', 'max')),
      format: nullable(fields({ type: oneOf('json_schema'), schema: freeObject })),
    },
  ),
};
/** Known only where a beta is asked for. */
const beta = { context_management: freeObject, mcp_servers: list(freeObject) };

/** The body of `/v1/messages`. @param isBeta - whether `anthropic-beta` was sent. */
export function messagesBody(isBeta: boolean): Shape {
  return fields(
    { ...counted, max_tokens: integer(1) },
    {
      ...countedToo,
      ...(isBeta && beta),
      stream: flag,
      stop_sequences: list(visible),
      temperature: number(0, 1),
      top_p: number(0, 1),
      top_k: integer(0),
      metadata: fields({}, nullables({ user_id: text({ max: 512 }) })),
      service_tier: oneOf('auto', 'standard_only'),
      container: nullable(byKind({ string: anything, object: anything })),
      inference_geo: nullable(text()),
    },
  );
}

/** The body of `/v1/messages/count_tokens`. */
export function countBody(isBeta: boolean): Shape {
  return fields(counted, { ...countedToo, ...(isBeta && beta) });
}

/** A map of properties, and nothing that makes the root of a schema a union. */
export const rootSchema: Shape = every(
  (value, path) => oneOf('object')((value as { type?: unknown }).type, [...path, 'type']),
  (value, path) => {
    const { properties } = value as { properties?: unknown };
    if (properties !== undefined) mapOf(anything)(properties, [...path, 'properties']);
  },
);
