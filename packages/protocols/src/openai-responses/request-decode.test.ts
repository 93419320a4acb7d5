import { describe, expect, test } from '@jest/globals';
import type { ModelRequest } from '@cliproxy/plugin-api';
import type { JsonObject } from '../model/json-object.ts';
import { request } from './request.ts';

const decode = (body: object): ModelRequest =>
  request.decode({ model: 'm', ...body }, { model: 'm', stream: false });
const turnsOf = (...input: object[]) => decode({ input }).turns;
const extrasOf = (body: object) => decode({ input: 'hi', ...body }).extras.fields;
const errorOf = (body: object): string => {
  try {
    decode(body);
  } catch (error) {
    expect(error).toMatchObject({ code: 'CLIENT_BAD_REQUEST' });
    return (error as Error).message;
  }
  return 'no error';
};

const hi = { role: 'user', content: 'hi' };
const call = {
  type: 'function_call',
  id: 'fc_1',
  call_id: 'call_1',
  name: 'look',
  arguments: '{"x":1}',
};
const output = { type: 'function_call_output', call_id: 'call_1', output: 'a cat' };

describe('input', () => {
  test('a string, with instructions', () => {
    expect(decode({ input: 'hi', instructions: 'Be brief.' }).turns).toEqual([
      { role: 'system', parts: [{ type: 'text', text: 'Be brief.' }] },
      { role: 'user', parts: [{ type: 'text', text: 'hi' }] },
    ]);
  });

  test('messages in both forms; system and developer text stays where it is', () => {
    expect(
      turnsOf(
        { role: 'developer', content: 'a' },
        {
          type: 'message',
          role: 'user',
          content: [
            { type: 'input_text', text: 'b' },
            { type: 'input_text', text: '' },
          ],
        },
        {
          type: 'message',
          role: 'assistant',
          id: 'msg_1',
          status: 'completed',
          content: [
            { type: 'output_text', text: 'c', annotations: [] },
            { type: 'refusal', refusal: 'd' },
          ],
        },
        { role: 'system', content: [{ type: 'input_text', text: 'e' }] },
      ),
    ).toEqual([
      { role: 'developer', parts: [{ type: 'text', text: 'a' }] },
      { role: 'user', parts: [{ type: 'text', text: 'b' }] },
      {
        role: 'assistant',
        parts: [
          { type: 'text', text: 'c' },
          { type: 'refusal', text: 'd' },
        ],
      },
      { role: 'system', parts: [{ type: 'text', text: 'e' }] },
    ]);
  });

  test('media', () => {
    expect(
      turnsOf({
        role: 'user',
        content: [
          { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'high' },
          { type: 'input_image', image_url: 'https://a.example/b.png' },
          { type: 'input_image', file_id: 'file-1' },
          { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,BBBB' },
          { type: 'input_file', file_url: 'https://a.example/b.pdf' },
          { type: 'input_audio', input_audio: { data: 'CCCC', format: 'wav' } },
        ],
      })[0]?.parts,
    ).toEqual([
      { type: 'media', mediaType: 'image/png', source: { base64: 'AAAA' }, detail: 'high' },
      { type: 'media', mediaType: 'image/*', source: { url: 'https://a.example/b.png' } },
      { type: 'media', mediaType: 'image/*', source: { fileId: 'file-1' } },
      { type: 'media', mediaType: 'application/pdf', source: { base64: 'BBBB' } },
      { type: 'media', mediaType: 'application/pdf', source: { url: 'https://a.example/b.pdf' } },
      { type: 'media', mediaType: 'audio/wav', source: { base64: 'CCCC' } },
    ]);
  });

  test('items of one turn of the assistant make one turn, outputs make one of the user', () => {
    expect(
      turnsOf(
        hi,
        {
          type: 'reasoning',
          id: 'rs_1',
          summary: [
            { type: 'summary_text', text: 'a' },
            { type: 'summary_text', text: 'b' },
          ],
          encrypted_content: 'gAAA',
        },
        { role: 'assistant', content: 'let me look' },
        call,
        { ...call, id: 'fc_2', call_id: 'call_2', arguments: '' },
        output,
        {
          ...output,
          call_id: 'call_2',
          output: [
            { type: 'input_text', text: 'b' },
            { type: 'input_image', image_url: 'data:image/png;base64,AAAA' },
          ],
        },
        { role: 'assistant', content: 'a cat' },
      ),
    ).toEqual([
      { role: 'user', parts: [{ type: 'text', text: 'hi' }] },
      {
        role: 'assistant',
        parts: [
          {
            type: 'reasoning',
            text: 'a\n\nb',
            opaque: { origin: 'openai-responses', value: 'rs_1/1,1:gAAA' },
          },
          { type: 'text', text: 'let me look' },
          { type: 'tool-call', id: 'call_1', name: 'look', argumentsJson: '{"x":1}' },
          { type: 'tool-call', id: 'call_2', name: 'look', argumentsJson: '{}' },
        ],
      },
      {
        role: 'user',
        parts: [
          { type: 'tool-result', callId: 'call_1', content: [{ type: 'text', text: 'a cat' }] },
          {
            type: 'tool-result',
            callId: 'call_2',
            content: [
              { type: 'text', text: 'b' },
              { type: 'media', mediaType: 'image/png', source: { base64: 'AAAA' } },
            ],
          },
        ],
      },
      { role: 'assistant', parts: [{ type: 'text', text: 'a cat' }] },
    ]);
  });

  test('reasoning: without encryption, in full, of another maker, and a signature of a call', () => {
    const tagged = (value: string) => `cpx1.${Buffer.from('g/m').toString('base64url')}.${value}`;
    expect(
      turnsOf(
        {
          type: 'reasoning',
          id: 'rs_1',
          summary: [],
          content: [{ type: 'reasoning_text', text: 'raw' }],
        },
        { type: 'reasoning', id: 'rs_ours', summary: [], encrypted_content: tagged('sig') },
        { type: 'reasoning', id: 'rs_ours', summary: [], encrypted_content: tagged('call:sig') },
        call,
      )[0]?.parts,
    ).toEqual([
      { type: 'reasoning', text: 'raw' },
      { type: 'reasoning', text: '', opaque: { origin: 'g/m', value: 'sig' } },
      {
        type: 'tool-call',
        id: 'call_1',
        name: 'look',
        argumentsJson: '{"x":1}',
        opaque: { origin: 'g/m', value: 'sig' },
      },
    ]);
  });

  test('free text for tools', () => {
    expect(
      turnsOf(
        { type: 'custom_tool_call', call_id: 'c', name: 'n', input: 'free' },
        { type: 'custom_tool_call_output', call_id: 'c', output: 'done' },
      ),
    ).toEqual([
      {
        role: 'assistant',
        parts: [{ type: 'tool-call', kind: 'custom', id: 'c', name: 'n', argumentsJson: 'free' }],
      },
      {
        role: 'user',
        parts: [{ type: 'tool-result', callId: 'c', content: [{ type: 'text', text: 'done' }] }],
      },
    ]);
  });

  test('an output without its call is left out and named, unless the vendor keeps the call', () => {
    const alone = decode({ input: [hi, output] });
    expect(alone.turns).toEqual([{ role: 'user', parts: [{ type: 'text', text: 'hi' }] }]);
    expect(Object.keys(alone.extras.fields)).toEqual(['input[function_call_output]']);
    const kept = decode({ input: [output], previous_response_id: 'resp_1' });
    expect(kept.turns[0]?.parts[0]).toMatchObject({ type: 'tool-result', callId: 'call_1' });
    expect(kept.extras.fields).toEqual({ previous_response_id: 'resp_1' });
  });

  test('of several outputs for one call the last one counts; a call made again gets its own', () => {
    const again = { ...output, output: 'two cats' };
    const request = decode({ input: [call, output, hi, again, call, output] });
    const results = request.turns.flatMap(({ parts }) =>
      parts.flatMap((part) => (part.type === 'tool-result' ? [part.content] : [])),
    );
    expect(results).toEqual([
      [{ type: 'text', text: 'two cats' }],
      [{ type: 'text', text: 'a cat' }],
    ]);
    expect(Object.keys(request.extras.fields)).toEqual(['input[function_call_output]']);
  });

  test('items of tools at the vendor, and what only the vendor knows, are named by their type', () => {
    const { turns, extras } = decode({
      input: [
        hi,
        { type: 'web_search_call', id: 'ws_1', status: 'completed' },
        {
          role: 'assistant',
          content: [{ type: 'output_text', text: 'a', annotations: [{ type: 'url_citation' }] }],
          phase: 'commentary',
        },
        { type: 'item_reference', id: 'msg_1' },
        { type: 'reasoning', id: 'rs_kept', summary: [] },
        { type: 'of_a_new_kind', x: 1 },
      ],
    });
    expect(turns.map(({ role }) => role)).toEqual(['user', 'assistant']);
    expect(Object.keys(extras.fields)).toEqual([
      'input[web_search_call]',
      'input[].phase',
      'input[].content[].annotations',
      'input[item_reference]',
      'input[reasoning]',
      'input[of_a_new_kind]',
    ]);
  });

  test.each<[object, string]>([
    [{}, '`input` must be a string or an array of items, not absent.'],
    [{ input: [] }, '`input` must hold at least one item.'],
    [{ input: '' }, '`input` must not be empty.'],
    [{ input: {} }, '`input` must be an array, not an object.'],
    [{ input: [1] }, '`input[0]` must be an object, not 1.'],
    [{ input: [{}] }, '`input[0].type` must be the type of an item, not absent.'],
    [
      { input: [{ role: 'tool', content: '' }] },
      '`input[0].role` must be user, assistant, system or developer, not "tool".',
    ],
    [
      { input: [{ role: 'user' }] },
      '`input[0].content` must be a string or an array of parts, not absent.',
    ],
    [
      { input: [{ role: 'user', content: [{ type: 'image' }] }] },
      '`input[0].content[0].type` must be one of input_text',
    ],
    [
      { input: [{ role: 'system', content: [{ type: 'input_image', image_url: 'https://a' }] }] },
      '`input[0].content[0].type`',
    ],
    [
      { input: [{ role: 'user', content: [{ type: 'input_image', image_url: 'file:///a' }] }] },
      '`input[0].content[0].image_url` must be an https: or data: URL',
    ],
    [
      { input: [{ ...call, call_id: undefined }] },
      '`input[0].call_id` must be a string, not absent.',
    ],
    [{ input: [{ ...call, name: 7 }] }, '`input[0].name` must be a string, not 7.'],
    [{ input: [{ ...call, call_id: '' }] }, '`input[0].call_id` must not be empty.'],
    [
      { input: [call, { ...output, output: 7 }] },
      '`input[1].output` must be a string or an array of parts, not 7.',
    ],
    [{ input: 'a', instructions: 7 }, '`instructions` must be a string, not 7.'],
    [
      { input: 'a', tools: [{ type: 'function' }] },
      '`tools[0].name` must be a string, not absent.',
    ],
    [
      {
        input: 'a',
        tools: [{ type: 'namespace', name: 'n', tools: [{ type: 'function', name: '' }] }],
      },
      '`tools[0].tools[0].name` must not be empty.',
    ],
    [
      { input: 'a', tool_choice: 'any' },
      '`tool_choice` must be none, auto, required or an object, not "any".',
    ],
    [
      { input: 'a', tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [] } },
      '`tool_choice.tools` must hold at least one tool.',
    ],
    [
      { input: 'a', text: { format: { type: 'xml' } } },
      '`text.format.type` must be text, json_object or json_schema, not "xml".',
    ],
    [
      { input: 'a', text: { format: { type: 'json_schema', name: 'n' } } },
      '`text.format.schema` must be an object, not absent.',
    ],
    [{ input: 'a', reasoning: { effort: 7 } }, '`reasoning.effort` must be a string, not 7.'],
    [
      { input: 'a', max_output_tokens: 0 },
      '`max_output_tokens` must be a whole number above 0, not 0.',
    ],
    [{ input: 'a', include: ['a', 1] }, '`include[1]` must be a string, not 1.'],
    [{ input: 'a', store: 'no' }, '`store` must be true or false, not "no".'],
    [{ input: 'a', 'a.b': 1 }, '`a.b` is no parameter of this API.'],
  ])('%j', (body, message) => {
    expect(errorOf(body)).toContain(message);
  });
});

describe('tools', () => {
  const look = {
    type: 'function',
    name: 'look',
    description: 'Looks.',
    parameters: { type: 'object' },
    strict: true,
  };

  test('functions, free-text tools, namespaces unfolded, those that an item adds', () => {
    expect(
      decode({
        input: [
          hi,
          {
            type: 'additional_tools',
            role: 'developer',
            tools: [{ type: 'function', name: 'more' }],
          },
          {
            type: 'function_call',
            call_id: 'c',
            namespace: 'mcp__files__',
            name: 'read',
            arguments: '',
          },
          { type: 'function_call', call_id: 'd', namespace: 'gone', name: 'read', arguments: '' },
        ],
        tools: [
          look,
          {
            type: 'custom',
            name: 'patch',
            format: { type: 'grammar', syntax: 'lark', definition: '' },
          },
          {
            type: 'namespace',
            name: 'mcp__files__',
            description: 'Files.',
            tools: [
              { type: 'function', name: 'read', description: 'Reads.' },
              { type: 'custom', name: 'write' },
            ],
          },
        ],
      }),
    ).toMatchObject({
      tools: [
        {
          kind: 'function',
          name: 'look',
          description: 'Looks.',
          schema: { type: 'object' },
          strict: true,
        },
        { kind: 'custom', name: 'patch' },
        { kind: 'function', name: 'mcp__files__read', description: 'Files.\n\nReads.' },
        { kind: 'custom', name: 'mcp__files__write' },
        { kind: 'function', name: 'more' },
      ],
      turns: [{}, { parts: [{ name: 'mcp__files__read' }, { name: 'gone__read' }] }],
    });
  });

  test('tools that run at the vendor are named by their type', () => {
    const fields = extrasOf({
      tools: [{ type: 'web_search' }, look, { type: 'mcp', server_label: 'x' }],
    });
    expect(fields).toEqual({
      'tools[web_search]': [[0, 0, 0, { type: 'web_search' }]],
      'tools[mcp]': [[0, 1, 0, { type: 'mcp', server_label: 'x' }]],
    });
  });

  test.each<[unknown, unknown, readonly string[]]>([
    ['auto', 'auto', ['a', 'b']],
    ['none', 'none', ['a', 'b']],
    ['required', 'required', ['a', 'b']],
    [null, undefined, ['a', 'b']],
    [{ type: 'function', name: 'b' }, { names: ['b'] }, ['a', 'b']],
    [{ type: 'custom', name: 'b' }, { names: ['b'] }, ['a', 'b']],
    [
      { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'a' }] },
      { names: ['a'] },
      ['a'],
    ],
    [
      { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'a' }] },
      'auto',
      ['a'],
    ],
  ])('choice %j', (tool_choice, toolChoice, names) => {
    const tools = ['a', 'b'].map((name) => ({ type: 'function', name }));
    const { tools: read, ...request } = decode({ input: 'hi', tools, tool_choice });
    expect(request.toolChoice).toEqual(toolChoice);
    const isAuto = toolChoice === 'auto' && names.length === 1;
    expect(read.map(({ name }) => name)).toEqual(isAuto ? names : ['a', 'b']);
    expect(request.extras.fields).toEqual({});
  });

  test('a choice of a tool at the vendor is named', () => {
    const choice = { type: 'web_search' };
    expect(extrasOf({ tool_choice: choice })).toEqual({ tool_choice: choice });
  });
});

describe('parameters', () => {
  test('what has a canonical name', () => {
    const schema = { type: 'object' };
    expect(
      decode({
        input: 'hi',
        parallel_tool_calls: false,
        text: { format: { type: 'json_schema', name: 'n', schema, strict: true } },
        reasoning: { effort: 'high', summary: 'auto' },
        max_output_tokens: 100,
        temperature: 0.5,
        top_p: 0.9,
        include: ['reasoning.encrypted_content'],
        store: true,
        truncation: 'disabled',
        background: false,
        stream_options: { include_obfuscation: false },
      }),
    ).toEqual({
      model: 'm',
      stream: false,
      turns: [{ role: 'user', parts: [{ type: 'text', text: 'hi' }] }],
      tools: [],
      parallelTools: false,
      output: { type: 'json-schema', name: 'n', schema, strict: true },
      reasoning: { enabled: true, effort: 'high', visible: true },
      maxOutputTokens: 100,
      temperature: 0.5,
      topP: 0.9,
      extras: { dialect: 'openai-responses', fields: {} },
    });
  });

  test.each<[object, object | undefined]>([
    [{ effort: 'none' }, { enabled: false, effort: 'none' }],
    [{ effort: null, summary: null }, undefined],
    [{ summary: 'detailed' }, { enabled: true, visible: true }],
    [{ generate_summary: 'auto' }, { enabled: true, visible: true }],
  ])('reasoning %j', (reasoning, wish) => {
    expect(decode({ input: 'hi', reasoning }).reasoning).toEqual(wish);
  });

  test('everything else is kept by name', () => {
    const body = {
      store: false,
      include: ['reasoning.encrypted_content', 'web_search_call.action.sources'],
      metadata: { a: 'b' },
      prompt_cache_key: 'k',
      client_metadata: { x: 1 },
      truncation: 'auto',
      service_tier: 'flex',
      user: 'u',
      of_a_new_kind: [1],
    };
    expect(
      extrasOf({
        ...body,
        text: { format: { type: 'text' }, verbosity: 'low' },
        reasoning: { effort: 'low', summary: 'concise', context: 'all_turns' },
        stream_options: { include_obfuscation: true },
      }),
    ).toEqual({
      ...body,
      include: ['web_search_call.action.sources'],
      'text.verbosity': 'low',
      'reasoning.summary': 'concise',
      'reasoning.context': 'all_turns',
      'stream_options.include_obfuscation': true,
    });
  });
});

describe('what a model must be able to do', () => {
  test.each<[object, readonly string[]]>([
    [{ input: 'hi' }, []],
    [
      {
        instructions: 'x',
        input: [{ role: 'user', content: [{ type: 'input_image' }] }, call],
        tools: [{ type: 'function' }],
        text: { format: { type: 'json_schema' } },
        reasoning: { effort: 'low' },
      },
      ['tools', 'images', 'json-schema', 'reasoning', 'system', 'multi-turn'],
    ],
    [{ input: [call, { ...output, output: [{ type: 'input_image' }] }] }, ['images', 'multi-turn']],
    [{ input: 7, text: 7, reasoning: 7, tools: 7 }, []],
  ])('%j', (body, needs) => {
    expect(request.needs(body as JsonObject)).toEqual(needs);
  });

  test('the session', () => {
    expect(request.sessionKey({ prompt_cache_key: 'k' }, { 'session-id': 's' })).toBe('k');
    expect(request.sessionKey({}, { session_id: 's' })).toBe('s');
    expect(request.sessionKey({}, {})).toBeUndefined();
  });
});
