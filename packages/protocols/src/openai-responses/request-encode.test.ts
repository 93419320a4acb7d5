import { describe, expect, test } from '@jest/globals';
import type { ModelRequest, Part, Turn } from '@cliproxy/plugin-api';
import type { EncodeTarget } from '@cliproxy/kernel';
import type OpenAI from 'openai';
import type { JsonObject } from '../model/json-object.ts';
import { count } from './count.ts';
import { request } from './request.ts';

const TARGET: EncodeTarget = {
  dialect: 'openai-responses',
  model: 'gpt-5',
  instanceId: 'up',
  passthrough: true,
  refuses: [],
  usage: 'auto',
  maxAnswerBytes: 1_000_000,
};
const BASE: ModelRequest = {
  model: 'gpt-5',
  stream: false,
  turns: [{ role: 'user', parts: [{ type: 'text', text: 'hi' }] }],
  tools: [],
  extras: { dialect: 'anthropic-messages', fields: {} },
};
const encode = (changes: Partial<ModelRequest>, target: Partial<EncodeTarget> = {}) =>
  request.encode({ ...BASE, ...changes }, { ...TARGET, ...target });
const bodyOf = (changes: Partial<ModelRequest>, target: Partial<EncodeTarget> = {}) =>
  encode(changes, target).body;
const inputOf = (...turns: Turn[]) => bodyOf({ turns }).input as JsonObject[];
const user = (...parts: Part[]): Turn => ({ role: 'user', parts });
const assistant = (...parts: Part[]): Turn => ({ role: 'assistant', parts });
const text = (value: string): Part => ({ type: 'text', text: value });
const call = (id: string, more: object = {}): Part => ({
  type: 'tool-call',
  id,
  name: 'look',
  argumentsJson: '{"x":1}',
  ...more,
});
const result = (callId: string, ...content: Part[]): Part => ({
  type: 'tool-result',
  callId,
  content,
});
const image: Part = { type: 'media', mediaType: 'image/png', source: { base64: 'AAAA' } };

describe('the conversation', () => {
  test('text alone: nothing is kept, and reasoning can be sent back', () => {
    expect(encode({})).toEqual({
      path: '/responses',
      body: {
        model: 'gpt-5',
        input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hi' }] }],
        include: ['reasoning.encrypted_content'],
        store: false,
      },
      ignored: [],
      toolNames: new Map(),
      customTools: new Set(),
    });
  });

  test('system text that begins it becomes the instructions; later it stays, as developer text', () => {
    const turns: Turn[] = [
      { role: 'system', parts: [text('a'), text('b')] },
      { role: 'system', parts: [text('c')] },
      { role: 'developer', parts: [text('d')] },
      user(text('e')),
      { role: 'system', parts: [text('f')] },
    ];
    const body = bodyOf({ turns });
    expect(body.instructions).toBe('a\n\nb\n\nc');
    expect(body.input).toMatchObject([
      { role: 'developer' },
      { role: 'user' },
      { role: 'developer', content: [{ text: 'f' }] },
    ]);
  });

  test('system text alone is input', () => {
    const body = bodyOf({ turns: [{ role: 'system', parts: [text('a')] }] });
    expect(body).not.toHaveProperty('instructions');
    expect(body.input).toMatchObject([{ role: 'developer', content: [{ text: 'a' }] }]);
  });

  test('calls and what tools answered, with images as parts', () => {
    const items = inputOf(
      user(text('hi')),
      assistant(text('let me'), text(' look'), call('a'), call('b', { argumentsJson: ' ' })),
      user(
        result('a', text('x'), image),
        { ...result('b', text('no file')), isError: true } as Part,
        text('and?'),
      ),
    );
    expect(items.slice(1)).toEqual([
      {
        type: 'message',
        role: 'assistant',
        status: 'completed',
        content: [
          { type: 'output_text', text: 'let me', annotations: [] },
          { type: 'output_text', text: ' look', annotations: [] },
        ],
      },
      { type: 'function_call', call_id: 'a', name: 'look', arguments: '{"x":1}' },
      { type: 'function_call', call_id: 'b', name: 'look', arguments: '{}' },
      {
        type: 'function_call_output',
        call_id: 'a',
        output: [
          { type: 'input_text', text: 'x' },
          { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'auto' },
        ],
      },
      { type: 'function_call_output', call_id: 'b', output: 'Error: no file' },
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'and?' }] },
    ]);
  });

  test('every call gets one output; one without a call is left out and named', () => {
    const { body, ignored } = encode({
      turns: [
        assistant(call('a'), call('b')),
        user(result('a', text('1')), result('a', text('2')), result('gone', text('3'))),
        assistant(call('a')),
        user(result('a', text('4'))),
      ],
    });
    const items = (body.input as JsonObject[]).map(({ type, call_id, output }) =>
      [type, call_id, output].join(' '),
    );
    expect(items).toEqual([
      'function_call a ',
      'function_call b ',
      'function_call_output b The client sent no result for this call.',
      'function_call_output a 2',
      'function_call a_2 ',
      'function_call_output a_2 4',
    ]);
    expect(ignored).toEqual(['tool result a', 'tool result gone']);
  });

  test('ids and names that are too long or hold other characters', () => {
    const long = `toolu.${'x'.repeat(80)}`;
    const name = `mcp__${'server.'.repeat(12)}look`;
    const { body, toolNames } = encode({
      tools: [{ kind: 'function', name }],
      turns: [assistant(call(long, { name })), user(result(long, text('a')))],
    });
    const [called, answered] = body.input as { call_id: string; name: string }[];
    expect(called?.call_id).toMatch(/^[\w-]{1,64}$/);
    expect(answered?.call_id).toBe(called?.call_id);
    expect(called?.name).toMatch(/^[\w-]{1,64}$/);
    expect(toolNames.get(called?.name ?? '')).toBe(name);
    expect(body.tools).toMatchObject([{ name: called?.name }]);
  });

  test('reasoning goes back to its maker alone, as it was, before what it led to', () => {
    const own = (value: string, origin = 'up/gpt-5'): Part => ({
      type: 'reasoning',
      text: 'hm',
      opaque: { origin, value },
    });
    const items = inputOf(
      user(text('hi')),
      assistant(
        own('rs_1:gAAA'),
        own('sig', 'claude/m'),
        { type: 'reasoning', text: 'x' },
        own('bare', 'openai-responses'),
        call('a'),
      ),
      user(result('a', text('1'))),
      assistant(text('b'), own('rs_2:gBBB')),
    );
    const summary = [{ type: 'summary_text', text: 'hm' }];
    expect(items.slice(1, 4)).toMatchObject([
      { type: 'reasoning', id: 'rs_1', summary, encrypted_content: 'gAAA' },
      { type: 'reasoning', summary, encrypted_content: 'bare' },
      { type: 'function_call' },
    ]);
    expect(items[2]).not.toHaveProperty('id');
    expect(items.filter(({ type }) => type === 'reasoning')).toHaveLength(2);
  });

  test('media', () => {
    const parts: Part[] = [
      { type: 'media', mediaType: 'image/*', source: { url: 'https://a.example/b.png' } },
      { type: 'media', mediaType: 'application/pdf', source: { base64: 'BBBB' } },
      { type: 'media', mediaType: 'application/pdf', source: { url: 'https://a.example/b.pdf' } },
      { type: 'media', mediaType: 'audio/mpeg', source: { base64: 'CCCC' } },
      {
        type: 'media',
        mediaType: 'text/plain',
        source: { base64: Buffer.from('plain').toString('base64') },
      },
    ];
    expect(inputOf(user(...parts))[0]?.content).toEqual([
      { type: 'input_image', image_url: 'https://a.example/b.png', detail: 'auto' },
      { type: 'input_file', filename: 'file.pdf', file_data: 'data:application/pdf;base64,BBBB' },
      { type: 'input_file', file_url: 'https://a.example/b.pdf' },
      { type: 'input_audio', input_audio: { data: 'CCCC', format: 'mp3' } },
      { type: 'input_text', text: 'plain' },
    ]);
    const foreign: Part[] = [
      { type: 'media', mediaType: 'image/*', source: { fileId: 'f' } },
      { type: 'media', mediaType: 'video/mp4', source: { base64: '' } },
      { type: 'media', mediaType: 'video/mp4', source: { url: 'https://a' } },
    ];
    for (const part of foreign) {
      expect(() => inputOf(user(part))).toThrow(
        expect.objectContaining({ code: 'CLIENT_UNSUPPORTED' }),
      );
    }
  });
});

describe('tools', () => {
  const tools: ModelRequest['tools'] = [
    {
      kind: 'function',
      name: 'look',
      description: 'Looks.',
      schema: { type: 'object', properties: {} },
    },
    { kind: 'function', name: 'wait', strict: true },
    { kind: 'custom', name: 'patch' },
  ];

  test('are flat; strict only where the client said so', () => {
    expect(bodyOf({ tools, parallelTools: false })).toMatchObject({
      tools: [
        {
          type: 'function',
          name: 'look',
          description: 'Looks.',
          parameters: { type: 'object', properties: {} },
          strict: false,
        },
        {
          type: 'function',
          name: 'wait',
          parameters: { type: 'object', properties: {} },
          strict: true,
        },
        { type: 'custom', name: 'patch' },
      ],
      parallel_tool_calls: false,
    });
  });

  test('of other dialects get the root that the vendor demands', () => {
    const union = { anyOf: [{ type: 'object', properties: { a: {} } }, { type: 'null' }] };
    const odd = [union, { type: 'object' }].map((schema) => ({ ...tools[0]!, schema }));
    expect(bodyOf({ tools: odd }).tools).toMatchObject([
      { parameters: { type: 'object', properties: { a: {} } } },
      { parameters: { type: 'object', properties: {} } },
    ]);
  });

  test('that take free text are functions for servers besides OpenAI’s', () => {
    const { body, customTools } = encode(
      {
        tools,
        turns: [
          assistant(call('a', { kind: 'custom', name: 'patch', argumentsJson: 'free' })),
          user(result('a')),
        ],
      },
      { model: 'qwen3' },
    );
    expect(customTools).toEqual(new Set(['patch']));
    expect(body.tools).toMatchObject([
      {},
      {},
      { type: 'function', name: 'patch', parameters: { required: ['input'] } },
    ]);
    expect(body.input).toMatchObject([
      { type: 'function_call', arguments: '{"input":"free"}' },
      { type: 'function_call_output' },
    ]);
  });

  test.each<[ModelRequest['toolChoice'], string, unknown]>([
    ['none', 'gpt-5', 'none'],
    ['required', 'gpt-5', 'required'],
    [{ names: ['look'] }, 'gpt-5', { type: 'function', name: 'look' }],
    [{ names: ['patch'] }, 'gpt-5', { type: 'custom', name: 'patch' }],
    [{ names: ['patch'] }, 'qwen3', { type: 'function', name: 'patch' }],
    [
      { names: ['look', 'patch'] },
      'gpt-5',
      {
        type: 'allowed_tools',
        mode: 'required',
        tools: [
          { type: 'function', name: 'look' },
          { type: 'custom', name: 'patch' },
        ],
      },
    ],
    [{ names: ['look', 'wait'] }, 'qwen3', 'required'],
  ])('choice %j for %s', (toolChoice, model, expected) => {
    expect(bodyOf({ tools, toolChoice: toolChoice! }, { model }).tool_choice).toEqual(expected);
  });

  test('a choice that can’t be honoured is refused', () => {
    expect(() => encode({ toolChoice: 'required' })).toThrow(/`tool_choice` needs tools/);
    expect(() => encode({ tools, toolChoice: { names: ['look', 'gone'] } })).toThrow(
      /`tool_choice` names gone/,
    );
    expect(encode({ toolChoice: 'auto', parallelTools: false })).toMatchObject({ ignored: [] });
  });
});

describe('parameters', () => {
  test('sampling, length, format; stop sequences are named', () => {
    const output = { name: 'my schema', schema: { type: 'object' }, strict: true } as const;
    const { body, ignored } = encode(
      {
        maxOutputTokens: 5,
        temperature: 0.5,
        topP: 0.9,
        stop: ['x'],
        stream: true,
        output: { type: 'json-schema', ...output },
      },
      { model: 'gpt-4.1' },
    );
    expect(body).toMatchObject({
      max_output_tokens: 16,
      temperature: 0.5,
      top_p: 0.9,
      stream: true,
      text: {
        format: {
          type: 'json_schema',
          name: 'my_schema',
          schema: { type: 'object' },
          strict: true,
        },
      },
    });
    expect(ignored).toEqual(['max_tokens', 'stop_sequences']);
    expect(encode({ maxOutputTokens: 16 }).ignored).toEqual([]);
    expect(bodyOf({ maxOutputTokens: 900 }, { maxOutputTokens: 800 }).max_output_tokens).toBe(800);
    expect(bodyOf({ output: { type: 'json' } }).text).toEqual({ format: { type: 'json_object' } });
  });

  test.each<[ModelRequest['reasoning'], ModelRequest['extras']['dialect'], string, object]>([
    [{ enabled: true, effort: 'high' }, 'openai-chat', 'gpt-5', { reasoning: { effort: 'high' } }],
    [
      { enabled: true, budgetTokens: 8000 },
      'anthropic-messages',
      'gpt-5',
      { reasoning: { effort: 'medium', summary: 'auto' } },
    ],
    [
      { enabled: true, visible: false, effort: 'max' },
      'anthropic-messages',
      'gpt-5.2',
      { reasoning: { effort: 'xhigh' } },
    ],
    [{ enabled: true, visible: true }, 'gemini', 'gpt-5', { reasoning: { summary: 'auto' } }],
    [{ enabled: false }, 'anthropic-messages', 'gpt-5', { reasoning: { effort: 'minimal' } }],
    [undefined, 'anthropic-messages', 'gpt-5', {}],
  ])('reasoning %j of %s for %s', (reasoning, dialect, model, expected) => {
    const body = bodyOf({ reasoning: reasoning!, extras: { dialect, fields: {} } }, { model });
    expect(body.reasoning).toEqual('reasoning' in expected ? expected.reasoning : undefined);
    expect(body.include).toEqual(['reasoning.encrypted_content']);
  });

  test('a model without reasoning is not asked for it', () => {
    expect(bodyOf({}, { model: 'gpt-4.1' })).not.toHaveProperty('include');
    expect(bodyOf({}, { model: 'qwen3' })).not.toHaveProperty('include');
    expect(bodyOf({ reasoning: { enabled: true } }, { model: 'qwen3' })).toHaveProperty('include');
  });

  test('a model that never thinks is not asked to; the wish is named', () => {
    const thinking = { reasoning: { enabled: true, effort: 'high' } };
    const { body, ignored } = encode(thinking, { model: 'gpt-4.1' });
    expect(body).not.toHaveProperty('reasoning');
    expect(ignored).toEqual(['thinking']);
  });

  test('JSON is spoken of in the input, as the vendor demands', () => {
    const output = { type: 'json' } as const;
    const asked = BASE.turns;
    const system = (value: string): Turn => ({ role: 'system', parts: [text(value)] });
    const firstOf = (turns: readonly Turn[]) => {
      const { input, instructions } = bodyOf({ output, turns });
      expect(instructions).toBeUndefined();
      return (input as { role: string; content: object[] }[])[0];
    };
    const developer = (value: string) => ({
      type: 'message',
      role: 'developer',
      content: [{ type: 'input_text', text: value }],
    });
    expect(firstOf(asked)).toEqual(developer('Answer in JSON.'));
    expect(firstOf([system('Write json.'), ...asked])).toEqual(developer('Write json.'));
    expect(firstOf([system('Be brief.'), ...asked])).toEqual(
      developer('Be brief.\n\nAnswer in JSON.'),
    );
    expect(firstOf([user(text('some JSON'))])).toMatchObject({ role: 'user' });
  });

  test('what the model refuses is taken out and named', () => {
    const { body, ignored } = encode(
      { temperature: 1, extras: { dialect: 'openai-chat', fields: {} } },
      { refuses: ['temperature', 'include', 'input'] },
    );
    expect(body).not.toHaveProperty('temperature');
    expect(body).not.toHaveProperty('include');
    expect(body).toHaveProperty('input');
    expect(ignored).toEqual(['temperature', 'include']);
  });

  test('of Chat’s parameters the shared ones go along, the others are named or refused', () => {
    const fields = { user: 'u', metadata: { a: 'b' }, verbosity: 'low', seed: 1, store: true };
    const { body, ignored } = encode({ extras: { dialect: 'openai-chat', fields } });
    expect(body).toMatchObject({
      user: 'u',
      metadata: { a: 'b' },
      text: { verbosity: 'low' },
      store: true,
    });
    expect(ignored).toEqual(['seed']);
    for (const refused of [{ n: 2 }, { logprobs: true }, { modalities: ['audio'] }]) {
      expect(() => encode({ extras: { dialect: 'openai-chat', fields: refused } })).toThrow(
        expect.objectContaining({ code: 'CLIENT_UNSUPPORTED' }),
      );
    }
  });
});

/** A request of the SDK's type with all that can be told in it. */
const full: OpenAI.Responses.ResponseCreateParamsNonStreaming = {
  model: 'gpt-5',
  instructions: 'Be brief.',
  input: [
    {
      type: 'message',
      role: 'user',
      content: [
        { type: 'input_text', text: 'look' },
        { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'high' },
      ],
    },
    {
      type: 'reasoning',
      id: 'rs_1',
      summary: [{ type: 'summary_text', text: 'hm' }],
      encrypted_content: 'gAAA',
    },
    {
      type: 'web_search_call',
      id: 'ws_1',
      status: 'completed',
      action: { type: 'search', query: 'q', queries: ['q'] },
    },
    {
      type: 'message',
      role: 'assistant',
      content: [{ type: 'output_text', text: 'a', annotations: [] }],
      status: 'completed',
      phase: 'commentary',
    } as never,
    {
      type: 'message',
      role: 'assistant',
      content: [{ type: 'output_text', text: 'b', annotations: [] }],
      status: 'completed',
      phase: 'final_answer',
    } as never,
    { type: 'function_call', call_id: 'c1', name: 'look', arguments: '{"x":1}' },
    { type: 'custom_tool_call', call_id: 'c2', name: 'patch', input: 'free' },
    {
      type: 'function_call_output',
      call_id: 'c1',
      output: [
        { type: 'input_text', text: 'r' },
        { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'low' },
      ],
    },
    { type: 'custom_tool_call_output', call_id: 'c2', output: 'done' },
    { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'Now.' }] },
    { type: 'item_reference', id: 'msg_1' },
  ],
  tools: [
    { type: 'web_search' },
    {
      type: 'function',
      name: 'look',
      parameters: { type: 'object' },
      strict: true,
      defer_loading: true,
    },
    {
      type: 'custom',
      name: 'patch',
      format: { type: 'grammar', syntax: 'lark', definition: 'start: "a"' },
    },
    { type: 'code_interpreter', container: { type: 'auto' } },
  ],
  tool_choice: 'auto',
  parallel_tool_calls: false,
  text: {
    format: {
      type: 'json_schema',
      name: 'n',
      schema: { type: 'object' },
      description: 'd',
      strict: true,
    },
    verbosity: 'low',
  },
  reasoning: { effort: 'high', summary: 'concise', context: 'all_turns' },
  include: ['reasoning.encrypted_content', 'message.output_text.logprobs'],
  max_output_tokens: 100,
  temperature: 0.5,
  top_p: 0.9,
  store: false,
  metadata: { a: 'b' },
  prompt_cache_key: 'k',
  safety_identifier: 's',
  service_tier: 'flex',
};

test('a request of the dialect comes out as it came in', () => {
  const read = request.decode(full as unknown as JsonObject, { model: 'gpt-5', stream: false });
  const { body, ignored } = request.encode(read, TARGET);
  expect(JSON.parse(JSON.stringify(body))).toEqual(full);
  expect(ignored).toEqual([]);
});

test('a conversation that goes on with what the vendor keeps', () => {
  const body = {
    model: 'gpt-5',
    input: [{ type: 'function_call_output', call_id: 'c', output: 'x' }],
    previous_response_id: 'resp_1',
  };
  const read = request.decode(body, { model: 'gpt-5', stream: false });
  expect(request.encode(read, TARGET).body).toEqual(body);
});

describe('counts', () => {
  test('ask with what matters', () => {
    const read = count.decodeRequest(
      { model: 'm', input: 'hi', instructions: 'x' },
      { model: 'm' },
    );
    expect(
      count.encodeRequest({ ...read, maxOutputTokens: 5, temperature: 1 }, TARGET),
    ).toMatchObject({
      path: '/responses/input_tokens',
      body: {
        model: 'gpt-5',
        instructions: 'x',
        input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hi' }] }],
      },
    });
    const { body } = count.encodeRequest({ ...BASE, maxOutputTokens: 50, stream: true }, TARGET);
    expect(Object.keys(body)).toEqual(['model', 'input']);
  });

  test('answers', () => {
    const answer = { object: 'response.input_tokens', input_tokens: 12 };
    expect(count.encodeAnswer(12)).toEqual(answer);
    expect(count.decodeAnswer(answer)).toBe(12);
    expect(() => count.decodeAnswer({})).toThrow(
      expect.objectContaining({ code: 'UPSTREAM_BAD_ANSWER' }),
    );
  });
});
