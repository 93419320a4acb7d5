import type { Dialect } from '@cliproxy/plugin-api';
import type { Pair } from './client-fields.ts';

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk';
const schema = { type: 'object', properties: { x: { type: 'string' } } };
const cached = { type: 'ephemeral' };
const image = { image_url: `data:image/png;base64,${PNG}` };

const chatBase = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };

/** Pairs that differ in a member somewhere inside: the one added to `holder`. */
function inner(
  dialect: Dialect,
  of: string,
  members: object,
  body: (added: object) => object,
): readonly Pair[] {
  return Object.entries(members).map(([name, value]) => ({
    dialect,
    said: `${of}.${name}`,
    bare: body({}),
    told: body({ [name]: value as unknown }),
  }));
}

/** Pairs that differ in a piece of a list. */
function piece(dialect: Dialect, items: object, body: (added: readonly unknown[]) => object) {
  return Object.entries(items).map(([said, item]) => ({
    dialect,
    said,
    bare: body([]),
    told: body([item]),
  }));
}

const chatMessages = (...messages: readonly object[]): object => ({
  ...chatBase,
  messages: [{ role: 'user', content: 'hi' }, ...messages, { role: 'user', content: 'so?' }],
});
const chatCall = { id: 'c1', type: 'function', function: { name: 'look', arguments: '{}' } };
const chatPairs: readonly Pair[] = [
  ...inner('openai-chat', 'user', { name: 'bob' }, (added) =>
    chatMessages({ role: 'user', content: 'a', ...added }),
  ),
  ...inner('openai-chat', 'system', { name: 'bob' }, (added) =>
    chatMessages({ role: 'system', content: 'a', ...added }),
  ),
  ...inner(
    'openai-chat',
    'assistant',
    {
      name: 'bob',
      refusal: 'no',
      audio: { id: 'audio_1' },
      reasoning_content: 'hm',
      tool_calls: [chatCall],
      function_call: { name: 'look', arguments: '{}' },
    },
    (added) => chatMessages({ role: 'assistant', content: 'a', ...added }),
  ),
  ...inner('openai-chat', 'text', { cache_control: cached }, (added) =>
    chatMessages({ role: 'user', content: [{ type: 'text', text: 'a', ...added }] }),
  ),
  ...inner('openai-chat', 'image_url', { detail: 'low' }, (added) =>
    chatMessages({
      role: 'user',
      content: [{ type: 'image_url', image_url: { url: image.image_url, ...added } }],
    }),
  ),
  ...inner('openai-chat', 'function', { description: 'd', strict: true }, (added) => ({
    ...chatBase,
    tools: [{ type: 'function', function: { name: 'look', parameters: schema, ...added } }],
  })),
  ...inner(
    'openai-chat',
    'custom',
    { description: 'd', format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'x' } } },
    (added) => ({ ...chatBase, tools: [{ type: 'custom', custom: { name: 'say', ...added } }] }),
  ),
  ...inner('openai-chat', 'json_schema', { strict: true, description: 'd' }, (added) => ({
    ...chatBase,
    response_format: { type: 'json_schema', json_schema: { name: 'n', schema, ...added } },
  })),
  ...piece(
    'openai-chat',
    {
      'an image': { type: 'image_url', image_url: { url: image.image_url } },
      'the address of an image': { type: 'image_url', image_url: { url: 'https://a.example/x' } },
      sound: { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } },
      'a file': {
        type: 'file',
        file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AAAA' },
      },
      'the id of a file': { type: 'file', file: { file_id: 'file-1' } },
    },
    (added) => chatMessages({ role: 'user', content: [{ type: 'text', text: 'a' }, ...added] }),
  ),
  ...piece(
    'openai-chat',
    {
      'a developer’s word': { role: 'developer', content: 'a' },
      'a late system’s word': { role: 'system', content: 'a' },
    },
    (added) => chatMessages(...(added as readonly object[])),
  ),
];

const responsesInput = (...input: readonly unknown[]): object => ({
  model: 'm',
  input: [{ role: 'user', content: 'hi' }, ...input, { role: 'user', content: 'so?' }],
});
const responsesPairs: readonly Pair[] = [
  ...inner('openai-responses', 'input_image', { detail: 'low' }, (added) =>
    responsesInput({ role: 'user', content: [{ type: 'input_image', ...image, ...added }] }),
  ),
  ...inner('openai-responses', 'message', { phase: 'commentary' }, (added) =>
    responsesInput({ role: 'assistant', content: 'a', ...added }),
  ),
  ...inner(
    'openai-responses',
    'output_text',
    { annotations: [{ type: 'url_citation', url: 'https://a.example', title: 'a' }] },
    (added) =>
      responsesInput({
        type: 'message',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'a', ...added }],
      }),
  ),
  ...inner('openai-responses', 'function', { description: 'd', strict: true }, (added) => ({
    ...responsesInput(),
    tools: [{ type: 'function', name: 'look', parameters: schema, ...added }],
  })),
  ...inner(
    'openai-responses',
    'custom',
    { description: 'd', format: { type: 'grammar', syntax: 'lark', definition: 'x' } },
    (added) => ({ ...responsesInput(), tools: [{ type: 'custom', name: 'say', ...added }] }),
  ),
  ...inner('openai-responses', 'format', { strict: true, description: 'd' }, (added) => ({
    ...responsesInput(),
    text: { format: { type: 'json_schema', name: 'n', schema, ...added } },
  })),
  ...piece(
    'openai-responses',
    {
      'an image': { type: 'input_image', ...image },
      'a file': {
        type: 'input_file',
        filename: 'a.pdf',
        file_data: 'data:application/pdf;base64,AA',
      },
      'the address of a file': { type: 'input_file', file_url: 'https://a.example/a.pdf' },
      'the id of a file': { type: 'input_file', file_id: 'file-1' },
    },
    (added) =>
      responsesInput({ role: 'user', content: [{ type: 'input_text', text: 'a' }, ...added] }),
  ),
  ...piece(
    'openai-responses',
    {
      'a call': { type: 'function_call', call_id: 'c1', name: 'look', arguments: '{}' },
      'a custom call': { type: 'custom_tool_call', call_id: 'c1', name: 'say', input: 'x' },
      'reasoning with a summary': {
        type: 'reasoning',
        id: 'rs_1',
        summary: [{ type: 'summary_text', text: 'hm' }],
      },
      'a search': { type: 'web_search_call', id: 'ws_1', status: 'completed' },
      'a reference': { type: 'item_reference', id: 'msg_1' },
      'a result without its call': { type: 'function_call_output', call_id: 'c9', output: 'a' },
      'a developer’s word': { role: 'developer', content: 'a' },
      'a refusal': { role: 'assistant', content: [{ type: 'refusal', refusal: 'no' }] },
    },
    (added) => responsesInput(...added),
  ),
];

const messagesWith = (...messages: readonly unknown[]): object => ({
  model: 'm',
  max_tokens: 3000,
  messages: [{ role: 'user', content: 'hi' }, ...messages, { role: 'user', content: 'so?' }],
});
const use = { type: 'tool_use', id: 'toolu_1', name: 'look', input: {} };
const source = { type: 'base64', media_type: 'image/png', data: PNG };
const pdf = { type: 'base64', media_type: 'application/pdf', data: 'AAAA' };
const messagesPairs: readonly Pair[] = [
  ...inner('anthropic-messages', 'text', { cache_control: cached }, (added) =>
    messagesWith({ role: 'user', content: [{ type: 'text', text: 'a', ...added }] }),
  ),
  ...inner(
    'anthropic-messages',
    'assistant’s text',
    { citations: [{ type: 'char_location', cited_text: 'a', document_index: 0 }] },
    (added) =>
      messagesWith({ role: 'assistant', content: [{ type: 'text', text: 'a', ...added }] }),
  ),
  ...inner(
    'anthropic-messages',
    'document',
    { title: 'a', context: 'b', citations: { enabled: true }, cache_control: cached },
    (added) =>
      messagesWith({ role: 'user', content: [{ type: 'document', source: pdf, ...added }] }),
  ),
  ...inner(
    'anthropic-messages',
    'tool',
    {
      description: 'd',
      strict: true,
      cache_control: cached,
      defer_loading: true,
      input_examples: [{ x: 'a' }],
      eager_input_streaming: true,
      allowed_callers: ['direct'],
    },
    (added) => ({
      ...messagesWith(),
      tools: [{ name: 'look', input_schema: schema, ...added }],
    }),
  ),
  ...inner(
    'anthropic-messages',
    'tool_result',
    { is_error: true, cache_control: cached },
    (added) =>
      messagesWith(
        { role: 'assistant', content: [use] },
        {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'a', ...added }],
        },
      ),
  ),
  ...piece(
    'anthropic-messages',
    {
      'an image': { type: 'image', source },
      'the address of an image': {
        type: 'image',
        source: { type: 'url', url: 'https://a.example/x' },
      },
      'a document': { type: 'document', source: pdf },
      'the id of a file': { type: 'document', source: { type: 'file', file_id: 'file_1' } },
      'a search result': {
        type: 'search_result',
        source: 'https://a.example',
        title: 'a',
        content: [{ type: 'text', text: 'b' }],
      },
      'an upload': { type: 'container_upload', file_id: 'file_1' },
      'a result without its call': { type: 'tool_result', tool_use_id: 'toolu_9', content: 'a' },
    },
    (added) => messagesWith({ role: 'user', content: [{ type: 'text', text: 'a' }, ...added] }),
  ),
  ...piece(
    'anthropic-messages',
    {
      'a call': use,
      'a search': {
        type: 'server_tool_use',
        id: 'srvtoolu_1',
        name: 'web_search',
        input: { query: 'a' },
      },
      'the result of a search': {
        type: 'web_search_tool_result',
        tool_use_id: 'srvtoolu_1',
        content: [],
      },
    },
    (added) =>
      messagesWith({ role: 'assistant', content: [{ type: 'text', text: 'a' }, ...added] }),
  ),
];

const geminiWith = (...contents: readonly unknown[]): object => ({
  contents: [
    { role: 'user', parts: [{ text: 'hi' }] },
    ...contents,
    { role: 'user', parts: [{ text: 'so?' }] },
  ],
});
const geminiPairs: readonly Pair[] = [
  ...inner(
    'gemini',
    'video',
    {
      videoMetadata: { fps: 2 },
      mediaResolution: { level: 'MEDIA_RESOLUTION_LOW' },
      partMetadata: { a: 'b' },
    },
    (added) =>
      geminiWith({
        role: 'user',
        parts: [{ inlineData: { mimeType: 'image/png', data: PNG }, ...added }],
      }),
  ),
  ...inner('gemini', 'inlineData', { displayName: 'a' }, (added) =>
    geminiWith({
      role: 'user',
      parts: [{ inlineData: { mimeType: 'image/png', data: PNG, ...added } }],
    }),
  ),
  ...inner(
    'gemini',
    'function',
    { description: 'd', behavior: 'NON_BLOCKING', response: { type: 'STRING' } },
    (added) => ({
      ...geminiWith(),
      tools: [{ functionDeclarations: [{ name: 'look', parametersJsonSchema: schema, ...added }] }],
    }),
  ),
  ...inner(
    'gemini',
    'functionResponse',
    {
      willContinue: true,
      scheduling: 'SILENT',
      parts: [{ inlineData: { mimeType: 'image/png', data: PNG } }],
    },
    (added) =>
      geminiWith(
        { role: 'model', parts: [{ functionCall: { name: 'look', args: {} } }] },
        {
          role: 'user',
          parts: [{ functionResponse: { name: 'look', response: { output: 'a' }, ...added } }],
        },
      ),
  ),
  ...piece(
    'gemini',
    {
      'an image': { inlineData: { mimeType: 'image/png', data: PNG } },
      sound: { inlineData: { mimeType: 'audio/wav', data: 'AAAA' } },
      'a video': { inlineData: { mimeType: 'video/mp4', data: 'AAAA' } },
      'a file': { fileData: { mimeType: 'image/png', fileUri: 'https://a.example/files/1' } },
      'a result without its call': {
        functionResponse: { name: 'nope', response: { output: 'a' } },
      },
    },
    (added) => geminiWith({ role: 'user', parts: [{ text: 'a' }, ...added] }),
  ),
  ...piece(
    'gemini',
    {
      'a call': { functionCall: { name: 'look', args: {} } },
      code: { executableCode: { language: 'PYTHON', code: '1' } },
      'the result of code': { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '1' } },
    },
    (added) => geminiWith({ role: 'model', parts: [{ text: 'a' }, ...added] }),
  ),
];

/** Every piece of conversations, tools and formats, beside a request that lacks it. */
export const piecePairs = [...chatPairs, ...responsesPairs, ...messagesPairs, ...geminiPairs];
