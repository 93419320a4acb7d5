import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ModelRequest, Part, Turn } from '@cliproxy/plugin-api';
import type { EncodeTarget } from '@cliproxy/kernel';
import type OpenAI from 'openai';
import type { JsonObject } from '../model/json-object.ts';
import { request } from './request.ts';

type ChatParams = OpenAI.Chat.ChatCompletionCreateParams;

const target: EncodeTarget = {
  dialect: 'openai-chat',
  model: 'some-model',
  instanceId: 'up',
  passthrough: false,
  refuses: [],
  usage: 'auto',
  maxAnswerBytes: 1_000_000,
};

const decode = (body: object): ModelRequest =>
  request.decode({ model: 'm', ...body }, { model: 'm', stream: false });
const encode = (from: ModelRequest, changes: Partial<EncodeTarget> = {}): JsonObject =>
  request.encode(from, { ...target, ...changes }).body;
const parts = (body: object): readonly Part[] => decode(body).turns.flatMap((turn) => turn.parts);
const user = (content: unknown) => ({ messages: [{ role: 'user', content }] });
const foreign = (changes: Partial<ModelRequest>): ModelRequest => ({
  model: 'm',
  turns: [{ role: 'user', parts: [{ type: 'text', text: 'hi' }] }],
  tools: [],
  stream: false,
  extras: { dialect: 'anthropic-messages', fields: {} },
  ...changes,
});
const foreignTurns = (...turns: Turn[]) => foreign({ turns });

const call = (id: string, name: string, args: string) => ({
  id,
  type: 'function' as const,
  function: { name, arguments: args },
});
const tool = (name: string) => ({ type: 'function' as const, function: { name, parameters: {} } });

/** Deprecated, and sent all the same. */
const OLD = { max_tokens: 100, seed: 7, user: 'u-1' };

/** Everything that this dialect has, typed by the vendor's SDK. */
const FULL = {
  model: 'gpt-4.1',
  stream: true,
  stream_options: { include_usage: true, include_obfuscation: false },
  messages: [
    { role: 'developer', content: 'Be brief.' },
    { role: 'system', content: 'Be kind.', name: 'boss' },
    {
      role: 'user',
      name: 'ann',
      content: [
        { type: 'text', text: 'What is in these?' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'high' } },
        { type: 'image_url', image_url: { url: 'https://x.example/a.jpg' } },
        { type: 'input_audio', input_audio: { data: 'BBBB', format: 'mp3' } },
        {
          type: 'file',
          file: { file_data: 'data:application/pdf;base64,CCCC', filename: 'a.pdf' },
        },
        { type: 'file', file: { file_id: 'file-1' } },
      ],
    },
    {
      role: 'assistant',
      content: null,
      tool_calls: [
        call('call_1', 'look', '{"x":1}'),
        { id: 'call_2', type: 'custom', custom: { name: 'patch', input: '*** Begin' } },
      ],
    },
    { role: 'tool', tool_call_id: 'call_1', content: 'a cat' },
    { role: 'tool', tool_call_id: 'call_2', content: 'done' },
    { role: 'system', content: 'Mind the dog.' },
    { role: 'assistant', content: 'A cat.', refusal: 'No dog.' },
    { role: 'user', content: 'And now?' },
  ],
  tools: [
    {
      type: 'function',
      function: {
        name: 'look',
        description: 'Looks',
        parameters: { type: 'object' },
        strict: true,
      },
    },
    { type: 'custom', custom: { name: 'patch', description: 'Patches', format: { type: 'text' } } },
  ],
  tool_choice: { type: 'function', function: { name: 'look' } },
  parallel_tool_calls: false,
  response_format: {
    type: 'json_schema',
    json_schema: {
      name: 'out',
      description: 'An answer',
      strict: true,
      schema: { type: 'object' },
    },
  },
  reasoning_effort: 'low',
  temperature: 0.5,
  top_p: 0.9,
  stop: ['a', 'b'],
  n: 2,
  logit_bias: { '50256': -100 },
  metadata: { a: 'b' },
  verbosity: 'low',
  ...OLD,
} satisfies ChatParams;

describe('round trip', () => {
  test('all that the dialect has comes back', () => {
    const decoded = request.decode(FULL, { model: 'm', stream: true });
    const encoded = request.encode(decoded, { ...target, model: FULL.model });
    expect(encoded.body).toEqual(FULL);
    expect(encoded).toMatchObject({ path: '/chat/completions', ignored: [] });
  });

  test('extras are kept under names without indexes, places beside them', () => {
    const { extras } = request.decode(FULL, { model: 'm', stream: true });
    expect(Object.keys(extras.fields).sort()).toEqual([
      'logit_bias',
      'messages[].content[].file.filename',
      'messages[].name',
      'metadata',
      'n',
      'response_format.json_schema.description',
      'seed',
      'stream_options.include_obfuscation',
      'tools[].custom.format',
      'user',
      'verbosity',
    ]);
    expect(extras.fields['messages[].name']).toEqual([
      [['messages', 1, 'name'], 'boss'],
      [['messages', 2, 'name'], 'ann'],
    ]);
  });

  test('a part of a string content gets its extra back', () => {
    const body = user([{ type: 'text', text: 'a', cache_control: { type: 'ephemeral' } }]);
    expect(encode(decode(body)).messages).toEqual(body.messages);
  });

  test('hosted tools keep their place, and an empty list that held only one', () => {
    const body = { ...user('x'), tools: [{ type: 'web_search', size: 1 }, tool('f')] };
    expect(encode(decode(body)).tools).toEqual(body.tools);
    const only = { ...user('x'), tools: [{ type: 'web_search' }] };
    expect(encode(decode(only)).tools).toEqual(only.tools);
  });

  test('what can no longer be placed is named', () => {
    const decoded = decode({ messages: [{ role: 'user', name: 'ann', content: 'x' }] });
    expect(request.encode({ ...decoded, turns: [] }, target).ignored).toEqual(['messages[].name']);
    const broken = { dialect: 'openai-chat', fields: { 'a[]': 1, 'b[]': [1] } } as const;
    expect(request.encode({ ...decoded, extras: broken }, target).ignored).toEqual(['a[]', 'b[]']);
  });

  test('keys that reach for the prototype do nothing', () => {
    const body = JSON.parse(
      '{"model":"m","__proto__":{"a":1},"messages":[{"role":"user","content":"x","__proto__":{"b":1}}]}',
    ) as JsonObject;
    const encoded = encode(request.decode(body, { model: 'm', stream: false }));
    expect(JSON.stringify(encoded)).toBe(
      '{"model":"some-model","messages":[{"role":"user","content":"x"}]}',
    );
    expect(({} as { a?: number }).a).toBeUndefined();
  });

  test('histories of any text stay in order', () => {
    const turn = fc.record({
      role: fc.constantFrom('system', 'developer', 'user', 'assistant'),
      content: fc.string({ unit: 'grapheme', minLength: 1 }),
    });
    fc.assert(
      fc.property(fc.array(turn, { minLength: 1, maxLength: 40 }), (messages) => {
        expect(encode(decode({ messages })).messages).toEqual(messages);
      }),
    );
  });
});

describe('decode', () => {
  test('content parts become canonical parts', () => {
    expect(parts({ messages: [FULL.messages[2]] })).toEqual([
      { type: 'text', text: 'What is in these?' },
      { type: 'media', mediaType: 'image/png', source: { base64: 'AAAA' }, detail: 'high' },
      { type: 'media', mediaType: 'image/*', source: { url: 'https://x.example/a.jpg' } },
      { type: 'media', mediaType: 'audio/mpeg', source: { base64: 'BBBB' } },
      { type: 'media', mediaType: 'application/pdf', source: { base64: 'CCCC' } },
      { type: 'media', mediaType: 'application/octet-stream', source: { fileId: 'file-1' } },
    ]);
  });

  test.each([
    [{ image_url: 'data:image/gif;base64,AA' }, 'image/gif', 'AA'],
    [{ image_url: { url: 'data:image/svg+xml,%3Csvg/%3E' } }, 'image/svg+xml', 'PHN2Zy8+'],
    [{ image_url: { url: 'data:,a' } }, 'text/plain', 'YQ=='],
  ])('image %j', (part, mediaType, base64) => {
    expect(parts(user([{ type: 'image_url', ...part }]))).toEqual([
      { type: 'media', mediaType, source: { base64 } },
    ]);
  });

  test.each([
    [{ file_data: 'AA', filename: 'x.PDF' }, 'application/pdf'],
    [{ file_data: 'AA' }, 'application/octet-stream'],
  ])('file %j', (file, mediaType) => {
    expect(parts(user([{ type: 'file', file }]))).toEqual([
      { type: 'media', mediaType, source: { base64: 'AA' } },
    ]);
  });

  test('empty texts make no parts', () => {
    expect(parts(user(''))).toEqual([]);
    expect(parts(user([{ type: 'text', text: '' }]))).toEqual([]);
  });

  test('an assistant turn: reasoning first, then text, refusal, calls', () => {
    const message = {
      role: 'assistant',
      reasoning_content: 'hm',
      content: [
        { type: 'text', text: 'a' },
        { type: 'refusal', refusal: 'b' },
      ],
      refusal: 'c',
      tool_calls: [
        call('1', 'f', ''),
        call('2', 'g', '{"a":'),
        { id: '3', function: { name: 'h', arguments: { b: 1 } } },
      ],
      annotations: [],
      audio: null,
    };
    const decoded = decode({ messages: [message] });
    expect(decoded.turns[0]?.parts).toEqual([
      { type: 'reasoning', text: 'hm' },
      { type: 'text', text: 'a' },
      { type: 'refusal', text: 'b' },
      { type: 'refusal', text: 'c' },
      { type: 'tool-call', id: '1', name: 'f', argumentsJson: '{}' },
      { type: 'tool-call', id: '2', name: 'g', argumentsJson: '{"a":' },
      { type: 'tool-call', id: '3', name: 'h', argumentsJson: '{"b":1}' },
    ]);
    expect(decoded.extras.fields).toEqual({});
  });

  test('signatures come back to their maker, per block', () => {
    const tag = `cpx1.${Buffer.from('claude/m').toString('base64url')}.SIG`;
    const message = {
      role: 'assistant',
      content: 'x',
      reasoning_content: 'onetwo',
      reasoning_details: [
        { type: 'reasoning.text', text: 'one', index: 0 },
        { type: 'reasoning.text', signature: tag, index: 0 },
        { type: 'reasoning.text', text: 'two', signature: 'own', index: 1 },
        'junk',
      ],
      tool_calls: [
        { ...call('1', 'f', '{}'), extra_content: { google: { thought_signature: tag } } },
      ],
    };
    const opaque = { origin: 'claude/m', value: 'SIG' };
    expect(parts({ messages: [message] })).toEqual([
      { type: 'reasoning', text: 'one', opaque },
      { type: 'reasoning', text: 'two', opaque: { origin: 'openai-chat', value: 'own' } },
      { type: 'text', text: 'x' },
      { type: 'tool-call', id: '1', name: 'f', argumentsJson: '{}', opaque },
    ]);
    const other = { ...message, reasoning_content: 'else' };
    expect(parts({ messages: [other] })[0]).toEqual({ type: 'reasoning', text: 'else', opaque });
    const sealed = { role: 'assistant', reasoning_details: [{ data: 'E' }, { summary: 's' }] };
    expect(parts({ messages: [sealed] })).toEqual([
      { type: 'reasoning', text: '', opaque: { origin: 'openai-chat', value: 'E' } },
      { type: 'reasoning', text: 's' },
    ]);
  });

  test('the legacy forms are tools', () => {
    const decoded = decode({
      messages: [
        { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{"a":1}' } },
        { role: 'function', name: 'f', content: null },
      ],
      functions: [{ name: 'f', parameters: { type: 'object' } }],
      function_call: { name: 'f' },
    });
    expect(decoded).toMatchObject({
      tools: [{ kind: 'function', name: 'f', schema: { type: 'object' } }],
      toolChoice: { names: ['f'] },
      turns: [
        {
          parts: [{ type: 'tool-call', id: 'call_message_0', name: 'f', argumentsJson: '{"a":1}' }],
        },
        { role: 'user', parts: [{ type: 'tool-result', callId: 'call_message_0', content: [] }] },
      ],
    });
    expect(decode({ ...user('x'), function_call: 'none' }).toolChoice).toBe('none');
  });

  test.each([
    ['none', 'none'],
    ['auto', 'auto'],
    ['required', 'required'],
    [{ type: 'function', function: { name: 'a' } }, { names: ['a'] }],
    [{ type: 'custom', custom: { name: 'a' } }, { names: ['a'] }],
    [
      {
        type: 'allowed_tools',
        allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'b' } }] },
      },
      { names: ['b'] },
    ],
  ])('tool_choice %j', (tool_choice, expected) => {
    const decoded = decode({ ...user('x'), tools: [tool('a'), tool('b')], tool_choice });
    expect(decoded.toolChoice).toEqual(expected);
    expect(decoded.tools).toHaveLength(2);
  });

  test('allowed tools with auto are the only ones left', () => {
    const decoded = decode({
      ...user('x'),
      tools: [tool('a'), tool('b')],
      tool_choice: {
        type: 'allowed_tools',
        allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'b' } }] },
      },
    });
    expect(decoded.toolChoice).toBe('auto');
    expect(decoded.tools.map(({ name }) => name)).toEqual(['b']);
  });

  test('plain fields', () => {
    expect(
      decode({
        ...user('x'),
        max_tokens: 5,
        max_completion_tokens: 6,
        stop: 'END',
        response_format: { type: 'json_object' },
        reasoning_effort: 'none',
        n: 1,
        logprobs: false,
        seed: null,
        temperature: null,
      }),
    ).toMatchObject({
      maxOutputTokens: 6,
      stop: ['END'],
      output: { type: 'json' },
      reasoning: { enabled: false, effort: 'none' },
      extras: { dialect: 'openai-chat', fields: {} },
    });
    const text = decode({ ...user('x'), response_format: { type: 'text' }, stop: [] });
    expect(text).not.toHaveProperty('output');
    expect(text).not.toHaveProperty('stop');
  });

  const message = (content: object) => ({ messages: [content] });
  test.each<[string, object]>([
    ['messages', {}],
    ['messages', { messages: [] }],
    ['messages', { messages: 'x' }],
    ['messages[0]', { messages: [null] }],
    ['messages[0].role', message({ role: 'bot', content: 'x' })],
    ['messages[0].role', message({ role: 'constructor', content: 'x' })],
    ['messages[0].content', message({ role: 'user' })],
    ['messages[0].content', user(5)],
    ['messages[0].content[1]', user([{ type: 'text', text: 'a' }, 'b'])],
    ['messages[0].content[0].type', user([{ text: 'a' }])],
    ['messages[0].content[0].type', user([{ type: 'video_url' }])],
    ['messages[0].content[0].type', user([{ type: 'toString' }])],
    ['messages[0].content[0].text', user([{ type: 'text', text: 1 }])],
    ['messages[0].content[0].image_url', user([{ type: 'image_url' }])],
    ['messages[0].content[0].image_url.url', user([{ type: 'image_url', image_url: {} }])],
    [
      'messages[0].content[0].image_url.url',
      user([{ type: 'image_url', image_url: { url: 'file:///etc/passwd' } }]),
    ],
    [
      'messages[0].content[0].image_url.url',
      user([{ type: 'image_url', image_url: { url: 'data:x' } }]),
    ],
    [
      'messages[0].content[0].image_url.url',
      user([{ type: 'image_url', image_url: { url: 'data:x,%E0' } }]),
    ],
    ['messages[0].content[0].input_audio.data', user([{ type: 'input_audio', input_audio: {} }])],
    [
      'messages[0].content[0].input_audio.format',
      user([{ type: 'input_audio', input_audio: { data: '', format: 'a/b' } }]),
    ],
    ['messages[0].content[0].file', user([{ type: 'file' }])],
    ['messages[0].content[0].file.file_data', user([{ type: 'file', file: {} }])],
    ['messages[0].content[0].type', message({ role: 'system', content: [{ type: 'image_url' }] })],
    ['messages[0].tool_call_id', message({ role: 'tool', content: 'x' })],
    ['messages[0].name', message({ role: 'function', name: 'f', content: 'x' })],
    ['messages[0].tool_calls', message({ role: 'assistant', tool_calls: {} })],
    [
      'messages[0].tool_calls[0].id',
      message({ role: 'assistant', tool_calls: [{ function: {} }] }),
    ],
    [
      'messages[0].tool_calls[0].type',
      message({ role: 'assistant', tool_calls: [{ id: '1', type: 'x' }] }),
    ],
    [
      'messages[0].tool_calls[0].function',
      message({ role: 'assistant', tool_calls: [{ id: '1' }] }),
    ],
    [
      'messages[0].tool_calls[0].function.name',
      message({ role: 'assistant', tool_calls: [{ id: '1', function: {} }] }),
    ],
    [
      'messages[0].tool_calls[0].function.arguments',
      message({
        role: 'assistant',
        tool_calls: [{ id: '1', function: { name: 'f', arguments: 1 } }],
      }),
    ],
    ['tools', { ...user('x'), tools: {} }],
    ['tools[0].type', { ...user('x'), tools: [{}] }],
    ['tools[0].function', { ...user('x'), tools: [{ type: 'function' }] }],
    [
      'tools[0].function.name',
      { ...user('x'), tools: [{ type: 'function', function: { name: '' } }] },
    ],
    [
      'tools[0].function.parameters',
      { ...user('x'), tools: [{ type: 'function', function: { name: 'f', parameters: 'x' } }] },
    ],
    ['tool_choice', { ...user('x'), tool_choice: 'any' }],
    ['tool_choice', { ...user('x'), tool_choice: 3 }],
    ['tool_choice.type', { ...user('x'), tool_choice: { type: 'tool' } }],
    [
      'tool_choice.allowed_tools.mode',
      {
        ...user('x'),
        tool_choice: {
          type: 'allowed_tools',
          allowed_tools: { tools: [{ type: 'function', function: { name: 'f' } }] },
        },
      },
    ],
    [
      'tool_choice.allowed_tools.tools',
      {
        ...user('x'),
        tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [] } },
      },
    ],
    ['function_call', { ...user('x'), function_call: 'required' }],
    ['parallel_tool_calls', { ...user('x'), parallel_tool_calls: 'no' }],
    ['response_format', { ...user('x'), response_format: 'json' }],
    ['response_format.type', { ...user('x'), response_format: {} }],
    [
      'response_format.json_schema.name',
      { ...user('x'), response_format: { type: 'json_schema', json_schema: {} } },
    ],
    ['reasoning_effort', { ...user('x'), reasoning_effort: 3 }],
    ['max_tokens', { ...user('x'), max_tokens: 0 }],
    ['max_completion_tokens', { ...user('x'), max_completion_tokens: 1.5 }],
    ['temperature', { ...user('x'), temperature: 3 }],
    ['top_p', { ...user('x'), top_p: 'x' }],
    ['stop', { ...user('x'), stop: 1 }],
    ['stop[1]', { ...user('x'), stop: ['a', 1] }],
    ['stream_options.include_usage', { ...user('x'), stream_options: { include_usage: 1 } }],
    ['n', { ...user('x'), n: 0 }],
    ['metadata', { ...user('x'), metadata: [] }],
    ['messages[].name', { ...user('x'), 'messages[].name': [] }],
  ])('%s is named when it is wrong (%#)', (path, body) => {
    expect(() => decode(body)).toThrow(
      expect.objectContaining({
        code: 'CLIENT_BAD_REQUEST',
        message: expect.stringMatching(/^`[^`]+` .+\.$/),
        failure: { kind: 'bad-request', scope: 'request' },
      }),
    );
    expect(() => decode(body)).toThrow(`\`${path}\` `);
  });

  test('no body whatever makes it throw anything else', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom('messages', 'tools', 'stop', 'x', 'tool_choice', 'stream_options'),
          fc.jsonValue(),
        ),
        (body) => {
          expect(Array.isArray(request.needs(body))).toBe(true);
          try {
            decode(body);
          } catch (error) {
            expect(error).toMatchObject({ code: 'CLIENT_BAD_REQUEST' });
          }
        },
      ),
    );
  });
});

describe('encode', () => {
  test.each([
    ['gpt-5', 'max_completion_tokens'],
    ['openai/gpt-5.1-mini', 'max_completion_tokens'],
    ['o3-mini', 'max_completion_tokens'],
    ['codex-mini', 'max_completion_tokens'],
    ['gpt-4o', 'max_tokens'],
    ['llama-3', 'max_tokens'],
  ])('the length limit of %s is %s, and that alone', (model, field) => {
    const body = encode(decode({ ...user('x'), max_tokens: 9 }), { model });
    expect(body).toMatchObject({ [field]: 9 });
    expect(Object.keys(body).filter((key) => key.startsWith('max_'))).toEqual([field]);
  });

  test('a refused length field gives way, both refused are named', () => {
    const from = decode({ ...user('x'), max_tokens: 9 });
    expect(encode(from, { refuses: ['max_tokens'] })).toMatchObject({ max_completion_tokens: 9 });
    const none = request.encode(from, {
      ...target,
      refuses: ['max_tokens', 'max_completion_tokens'],
    });
    expect(none.ignored).toEqual(['max_tokens']);
    expect(encode(from, { maxOutputTokens: 4 })).toMatchObject({ max_tokens: 4 });
  });

  test('refused parameters are stripped and named; what a request is made of never', () => {
    const from = decode({ ...user('x'), temperature: 1, seed: 3 });
    const { body, ignored } = request.encode(from, {
      ...target,
      refuses: ['temperature', 'seed', 'top_p', 'messages'],
    });
    expect(body).toEqual({ model: 'some-model', messages: [{ role: 'user', content: 'x' }] });
    expect(ignored).toEqual(['temperature', 'seed']);
  });

  test('usage is asked for in streams, unless it is off or refused', () => {
    const from = foreign({ stream: true });
    expect(encode(from)).toMatchObject({ stream: true, stream_options: { include_usage: true } });
    expect(encode(from, { usage: 'off' })).not.toHaveProperty('stream_options');
    expect(encode(from, { refuses: ['stream_options'] })).not.toHaveProperty('stream_options');
    expect(encode(foreign({}))).not.toHaveProperty('stream');
  });

  test('what the model is known to refuse is left out and named, for clients of other dialects', () => {
    const from = foreign({
      temperature: 0.5,
      topP: 1,
      stop: ['a', 'b', 'c', 'd', 'e'],
      reasoning: { enabled: true, effort: 'high' },
    });
    const ask = (model: string) => request.encode(from, { ...target, model });
    expect(ask('gpt-4o')).toMatchObject({
      body: { temperature: 0.5, top_p: 1, stop: ['a', 'b', 'c', 'd'] },
      ignored: ['thinking', 'stop_sequences'],
    });
    expect(ask('gpt-4o').body).not.toHaveProperty('reasoning_effort');
    for (const model of ['gpt-5', 'gpt-5.1']) {
      const { body, ignored } = ask(model);
      expect(body).toMatchObject({ reasoning_effort: 'high' });
      expect(Object.keys(body)).not.toEqual(expect.arrayContaining(['temperature']));
      expect(Object.keys(body)).not.toEqual(expect.arrayContaining(['stop']));
      expect(ignored).toEqual(['temperature', 'stop_sequences']);
    }
    const calm = { ...from, reasoning: { enabled: false } };
    expect(encode(calm, { model: 'gpt-5.1' })).toMatchObject({ temperature: 0.5 });
  });

  test('schemas of other dialects name their properties and what their lists hold', () => {
    const list = { type: 'array' };
    const schema = {
      type: 'object',
      properties: { items: list, deep: { anyOf: [{ type: 'array', items: list }] } },
    };
    const tools = [schema, { type: 'object' }].map((declared, at) => ({
      kind: 'function' as const,
      name: `tool${at}`,
      schema: declared,
    }));
    const parametersOf = (from: ModelRequest) =>
      (encode(from).tools as { function: { parameters: unknown } }[]).map(
        ({ function: { parameters } }) => parameters,
      );
    const whole = { type: 'array', items: {} };
    expect(parametersOf(foreign({ tools }))).toEqual([
      {
        type: 'object',
        properties: { items: whole, deep: { anyOf: [{ type: 'array', items: whole }] } },
      },
      { type: 'object', properties: {} },
    ]);
    const own = { ...foreign({ tools }), extras: { dialect: 'openai-chat' as const, fields: {} } };
    expect(parametersOf(own)).toEqual([schema, { type: 'object' }]);
  });

  test('stream options do not outlive the stream', () => {
    const from = decode({ ...user('x'), stream_options: { include_obfuscation: false } });
    expect(encode(from)).not.toHaveProperty('stream_options');
  });

  test('foreign extras are named; what the two dialects of OpenAI share is sent', () => {
    const fields = { top_k: 1, user: 'u', metadata: { a: 'b' } };
    const from = foreign({ extras: { dialect: 'openai-responses', fields } });
    expect(request.encode(from, target)).toMatchObject({
      ignored: ['top_k'],
      body: { user: 'u', metadata: { a: 'b' } },
    });
    const anthropic = foreign({ extras: { dialect: 'anthropic-messages', fields } });
    expect(request.encode(anthropic, target).ignored).toEqual(['top_k', 'user', 'metadata']);
  });

  test('tool results first, their images after all of them, then the rest', () => {
    const result = (id: string, ...content: Part[]): Part => ({
      type: 'tool-result',
      callId: id,
      content,
    });
    const image: Part = { type: 'media', mediaType: 'image/png', source: { base64: 'AA' } };
    const from = foreignTurns(
      {
        role: 'assistant',
        parts: [
          { type: 'tool-call', id: '1', name: 'f', argumentsJson: '{}' },
          { type: 'tool-call', id: '2', name: 'f', argumentsJson: ' ' },
        ],
      },
      {
        role: 'user',
        parts: [{ type: 'text', text: 'first' }, result('1', { type: 'text', text: 'see' }, image)],
      },
      { role: 'user', parts: [{ type: 'tool-result', callId: '2', content: [], isError: true }] },
      { role: 'assistant', parts: [{ type: 'text', text: 'ok' }] },
      { role: 'user', parts: [result('3', image)] },
    );
    const messages = encode(from).messages as JsonObject[];
    expect(messages.map(({ role }) => role)).toEqual([
      'assistant',
      'tool',
      'user',
      'tool',
      'assistant',
      'tool',
      'user',
    ]);
    expect(messages[1]).toMatchObject({
      tool_call_id: '1',
      content: expect.stringMatching(/^see\n\n/),
    });
    expect(messages[3]).toEqual({ role: 'tool', tool_call_id: '2', content: 'Error' });
    expect(messages.at(-1)).toMatchObject({
      content: [
        { type: 'text', text: expect.stringContaining('3') },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } },
      ],
    });
  });

  test('images of one batch wait for the whole batch', () => {
    const image: Part = {
      type: 'media',
      mediaType: 'image/*',
      source: { url: 'https://x.example/a' },
    };
    const from = foreignTurns(
      { role: 'user', parts: [{ type: 'tool-result', callId: '1', content: [image] }] },
      {
        role: 'user',
        parts: [
          { type: 'tool-result', callId: '2', content: [image] },
          { type: 'text', text: 'go' },
        ],
      },
    );
    const messages = encode(from).messages as JsonObject[];
    expect(messages.map(({ role }) => role)).toEqual(['tool', 'tool', 'user']);
    expect(messages[2]?.content).toHaveLength(5);
  });

  test.each([
    [{ isError: true }, 'boom', 'Error: boom'],
    [{ isError: true }, 'Error: x', 'Error: x'],
    [{}, 'fine', 'fine'],
  ])('a failed tool says so %j %s', (flag, text, content) => {
    const part: Part = {
      type: 'tool-result',
      callId: '1',
      content: [{ type: 'text', text }],
      ...flag,
    };
    expect(encode(foreignTurns({ role: 'user', parts: [part] })).messages).toEqual([
      { role: 'tool', tool_call_id: '1', content },
    ]);
  });

  test('reasoning goes to those who take it, signatures to their maker', () => {
    const reasoning = (origin: string): Part => ({
      type: 'reasoning',
      text: 'hm',
      opaque: { origin, value: 'S' },
    });
    const turn = (origin: string): Turn => ({
      role: 'assistant',
      parts: [
        reasoning(origin),
        {
          type: 'tool-call',
          id: '1',
          name: 'f',
          argumentsJson: '{}',
          opaque: { origin, value: 'S' },
        },
      ],
    });
    const own = encode(foreignTurns(turn('up/some-model'))).messages;
    expect(own).toMatchObject([
      {
        reasoning_content: 'hm',
        reasoning_details: [{ text: 'hm', signature: 'S' }],
        tool_calls: [{ extra_content: { google: { thought_signature: 'S' } } }],
      },
    ]);
    const other = JSON.stringify(encode(foreignTurns(turn('claude/m'))).messages);
    expect(other).toContain('"reasoning_content":"hm"');
    expect(other).not.toContain('"S"');
    const gpt = JSON.stringify(encode(foreignTurns(turn('up/gpt-5')), { model: 'gpt-5' }).messages);
    expect(gpt).not.toContain('hm');
    expect(gpt).not.toContain('extra_content');
  });

  test('long names and ids are made legal and found again', () => {
    const name = `mcp__${'x'.repeat(80)}`;
    const id = 'toolu_'.repeat(10);
    const from = foreign({
      tools: [{ kind: 'function', name }],
      toolChoice: { names: [name] },
      turns: [
        { role: 'assistant', parts: [{ type: 'tool-call', id, name, argumentsJson: '{}' }] },
        { role: 'user', parts: [{ type: 'tool-result', callId: id, content: [] }] },
      ],
    });
    const { body, toolNames } = request.encode(from, target);
    const [sent] = [...toolNames.keys()];
    expect(sent).toMatch(/^[\w-]{1,64}$/);
    expect(toolNames.get(sent!)).toBe(name);
    const messages = body.messages as {
      tool_calls: { id: string; function: { name: string } }[];
      tool_call_id: string;
    }[];
    expect(messages[0]!.tool_calls[0]!.function.name).toBe(sent);
    expect(messages[0]!.tool_calls[0]!.id.length).toBeLessThanOrEqual(40);
    expect(messages[1]!.tool_call_id).toBe(messages[0]!.tool_calls[0]!.id);
    expect(body.tool_choice).toEqual({ type: 'function', function: { name: sent } });
  });

  test('several named tools: OpenAI knows a list, others get only those', () => {
    const named = (name: string) => ({ kind: 'function' as const, name });
    const from = foreign({
      tools: [named('a'), named('b'), named('c')],
      toolChoice: { names: ['a', 'b'] },
    });
    expect(encode(from, { model: 'gpt-5' })).toMatchObject({
      tools: { length: 3 },
      tool_choice: {
        type: 'allowed_tools',
        allowed_tools: { mode: 'required', tools: { length: 2 } },
      },
    });
    expect(encode(from)).toMatchObject({ tools: { length: 2 }, tool_choice: 'required' });
    expect(() => request.encode({ ...from, toolChoice: { names: ['z'] } }, target)).toThrow(
      '`tool_choice` names z, which is none of the tools that the target has.',
    );
  });

  test('tools of free text are functions for those who know no others', () => {
    const from = foreign({
      tools: [{ kind: 'custom', name: 'apply.patch', description: 'Patches' }],
      toolChoice: { names: ['apply.patch'] },
      turns: [
        {
          role: 'assistant',
          parts: [
            {
              type: 'tool-call',
              kind: 'custom',
              id: '1',
              name: 'apply.patch',
              argumentsJson: 'free',
            },
          ],
        },
      ],
    });
    const { body, customTools } = request.encode(from, target);
    const [name] = [...customTools!];
    expect(body).toMatchObject({
      tools: [
        {
          type: 'function',
          function: { name, description: 'Patches', parameters: { required: ['input'] } },
        },
      ],
      tool_choice: { type: 'function', function: { name } },
      messages: [
        { tool_calls: [{ type: 'function', function: { name, arguments: '{"input":"free"}' } }] },
      ],
    });
    const native = request.encode(from, { ...target, model: 'gpt-5' });
    expect(native.customTools?.size).toBe(0);
    expect(native.body).toMatchObject({
      tools: [{ type: 'custom', custom: { description: 'Patches' } }],
      tool_choice: { type: 'custom' },
      messages: [{ tool_calls: [{ type: 'custom', custom: { input: 'free' } }] }],
    });
  });

  test('no choice without tools', () => {
    const with_ = (toolChoice: 'none' | 'required') =>
      request.encode(foreign({ toolChoice, parallelTools: false }), target);
    expect(with_('none')).toMatchObject({ ignored: [] });
    expect(() => with_('required')).toThrow('`tool_choice` needs tools');
    expect(Object.keys(with_('none').body)).toEqual(['model', 'messages']);
    const tools = [{ kind: 'function' as const, name: 'f' }];
    expect(encode(foreign({ tools, toolChoice: 'none', parallelTools: false }))).toMatchObject({
      tool_choice: 'none',
      parallel_tool_calls: false,
    });
  });

  test.each<[string, ModelRequest['reasoning'], unknown]>([
    ['x', { enabled: true, effort: 'medium' }, 'medium'],
    ['x', { enabled: true, effort: 'max' }, 'high'],
    ['gpt-5.2', { enabled: true, effort: 'max' }, 'xhigh'],
    ['x', { enabled: true, effort: 'minimal' }, 'low'],
    ['gpt-5', { enabled: true, effort: 'minimal' }, 'minimal'],
    ['x', { enabled: true, budgetTokens: 1024 }, 'low'],
    ['x', { enabled: true, budgetTokens: 8000 }, 'medium'],
    ['x', { enabled: true, budgetTokens: 32000 }, 'high'],
    ['x', { enabled: true }, undefined],
    ['x', { enabled: false }, undefined],
    ['gpt-5', { enabled: false }, 'minimal'],
    ['gpt-5.1', { enabled: false }, 'none'],
    ['o3', { enabled: false, effort: 'none' }, 'low'],
  ])('a foreign wish to think, for %s: %j → %s', (model, reasoning, effort) => {
    expect(
      encode(foreign(reasoning === undefined ? {} : { reasoning }), { model }).reasoning_effort,
    ).toBe(effort);
  });

  test('an effort in its own words is sent as written', () => {
    expect(encode(decode({ ...user('x'), reasoning_effort: 'max' }))).toMatchObject({
      reasoning_effort: 'max',
    });
  });

  test('media: text becomes text, wav stays, the rest is refused', () => {
    const media = (mediaType: string, source: object) =>
      foreignTurns({ role: 'user', parts: [{ type: 'media', mediaType, source } as Part] });
    const first = (from: ModelRequest) =>
      (encode(from).messages as { content: unknown[] }[])[0]?.content[0];
    expect(first(media('text/plain', { base64: 'aGk=' }))).toEqual({ type: 'text', text: 'hi' });
    expect(first(media('audio/wav', { base64: 'AA' }))).toMatchObject({
      input_audio: { format: 'wav' },
    });
    expect(first(media('application/pdf', { base64: 'AA' }))).toMatchObject({
      file: { filename: 'file.pdf' },
    });
    expect(first(media('application/octet-stream', { base64: 'AA' }))).toMatchObject({
      file: { filename: 'file.bin' },
    });
    const refused = [
      media('application/pdf', { url: 'https://x.example/a.pdf' }),
      media('audio/ogg', { base64: 'AA' }),
      media('video/mp4', { base64: 'AA' }),
      media('image/png', { fileId: 'file-1' }),
      foreignTurns({
        role: 'assistant',
        parts: [{ type: 'media', mediaType: 'image/png', source: { base64: 'A' } }],
      }),
      foreignTurns({
        role: 'system',
        parts: [{ type: 'media', mediaType: 'image/png', source: { base64: 'A' } }],
      }),
      foreignTurns({ role: 'user', parts: [{ type: 'reasoning', text: 'x' }] }),
    ];
    for (const from of refused) {
      expect(() => encode(from)).toThrow(expect.objectContaining({ code: 'CLIENT_UNSUPPORTED' }));
    }
  });

  test('a schema without a legal name gets one', () => {
    const output = { type: 'json-schema', name: 'a b!', schema: {} } as const;
    expect(encode(foreign({ output }))).toMatchObject({
      response_format: { json_schema: { name: 'a_b_' } },
    });
    expect(encode(foreign({ output: { type: 'json' } }))).toMatchObject({
      response_format: { type: 'json_object' },
    });
  });

  test('JSON is spoken of, as OpenAI demands, unless the client is OpenAI’s own', () => {
    const output = { type: 'json' } as const;
    const messages = (...turns: Turn[]) => encode(foreign({ output, turns })).messages;
    const said = (role: Turn['role'], text: string): Turn => ({
      role,
      parts: [{ type: 'text', text }],
    });
    const hi = { role: 'user', content: 'hi' };
    expect(messages(said('user', 'hi'))).toEqual([
      { role: 'system', content: 'Answer in JSON.' },
      hi,
    ]);
    expect(messages(said('system', 'Be brief.'), said('user', 'hi'))).toEqual([
      { role: 'system', content: 'Be brief.\n\nAnswer in JSON.' },
      hi,
    ]);
    expect(messages(said('user', 'some Json'))).toEqual([{ role: 'user', content: 'some Json' }]);
    const image = { type: 'media', mediaType: 'image/png', source: { base64: 'AJSON' } } as const;
    expect(messages({ role: 'user', parts: [image] })).toHaveLength(2);
    const own = decode({ ...user('hi'), response_format: { type: 'json_object' } });
    expect(encode(own).messages).toEqual([hi]);
  });

  test('texts of a turn stay apart, of an answer run on', () => {
    const text = (...texts: string[]): Part[] => texts.map((t) => ({ type: 'text', text: t }));
    const from = foreignTurns(
      { role: 'system', parts: text('a', 'b') },
      { role: 'assistant', parts: text('c', 'd') },
      { role: 'assistant', parts: [] },
      { role: 'user', parts: [] },
    );
    expect(encode(from).messages).toEqual([
      { role: 'system', content: 'a\n\nb' },
      { role: 'assistant', content: 'cd' },
      { role: 'assistant', content: '' },
      { role: 'user', content: '' },
    ]);
  });
});

describe('needs and session', () => {
  test('needs', () => {
    expect(request.needs(FULL as unknown as JsonObject)).toEqual([
      'tools',
      'images',
      'json-schema',
      'reasoning',
      'system',
      'multi-turn',
    ]);
    expect(request.needs({ ...user('x'), functions: [{}], reasoning_effort: 'none' })).toEqual([
      'tools',
    ]);
    expect(request.needs({ messages: [null, { content: [null] }] })).toEqual([]);
  });

  test('session', () => {
    const headers = { 'x-session-affinity': 'a', 'session-id': ['b', 'c'] };
    expect(request.sessionKey({ prompt_cache_key: 'k' }, headers)).toBe('k');
    expect(request.sessionKey({ prompt_cache_key: '' }, headers)).toBe('a');
    expect(request.sessionKey({}, { 'session-id': ['b'] })).toBe('b');
    expect(request.sessionKey({}, { 'session-id': '' })).toBeUndefined();
  });
});
