import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isGatewayError } from '@cliproxy/plugin-api';
import type { EncodeTarget } from '@cliproxy/kernel';
import { request as codec } from './request.ts';

const HINTS = { model: 'claude-sonnet-4-5', stream: true };
const TARGET: EncodeTarget = {
  dialect: 'anthropic-messages',
  model: 'claude-sonnet-4-5',
  instanceId: 'claude',
  passthrough: false,
  refuses: [],
  usage: 'auto',
  maxAnswerBytes: 1000,
};
const hi = { role: 'user', content: 'hi' };
const decode = (body: object) =>
  codec.decode({ model: 'claude-sonnet-4-5', max_tokens: 10, messages: [hi], ...body }, HINTS);
const partsOf = (content: unknown) =>
  decode({ messages: [{ role: 'user', content }] }).turns[0]?.parts;

describe('decode', () => {
  test('a plain question', () => {
    expect(decode({})).toEqual({
      model: 'claude-sonnet-4-5',
      stream: true,
      maxOutputTokens: 10,
      turns: [{ role: 'user', parts: [{ type: 'text', text: 'hi' }] }],
      tools: [],
      extras: { dialect: 'anthropic-messages', fields: {} },
    });
  });

  test('system as a string, as blocks, and in mid-conversation', () => {
    expect(decode({ system: 's' }).turns[0]).toEqual({
      role: 'system',
      parts: [{ type: 'text', text: 's' }],
    });
    const { turns } = decode({
      system: [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ],
      messages: [hi, { role: 'system', content: 'c' }],
    });
    expect(turns.map(({ role, parts }) => [role, parts.length])).toEqual([
      ['system', 2],
      ['user', 1],
      ['system', 1],
    ]);
  });

  test('every kind of block', () => {
    const source = { type: 'base64', media_type: 'image/png', data: 'AAAA' };
    expect(
      partsOf([
        { type: 'text', text: 't' },
        { type: 'image', source },
        { type: 'image', source: { type: 'url', url: 'https://a.example/b' } },
        { type: 'image', source: { type: 'file', file_id: 'f' } },
        { type: 'document', source: { ...source, media_type: 'application/pdf' }, title: 'T' },
        { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'D' } },
        { type: 'document', source: { type: 'content', content: [{ type: 'text', text: 'C' }] } },
        { type: 'search_result', title: 'T', source: 'S', content: [{ type: 'text', text: 'R' }] },
        {
          type: 'tool_result',
          tool_use_id: 'a',
          is_error: true,
          content: [
            { type: 'text', text: 'x' },
            { type: 'image', source },
            { type: 'new', y: 1 },
          ],
        },
        { type: 'tool_result', tool_use_id: 'b', content: 'str' },
        { type: 'tool_result', tool_use_id: 'c' },
      ]),
    ).toEqual([
      { type: 'text', text: 't' },
      { type: 'media', mediaType: 'image/png', source: { base64: 'AAAA' } },
      { type: 'media', mediaType: 'image/*', source: { url: 'https://a.example/b' } },
      { type: 'media', mediaType: 'image/*', source: { fileId: 'f' } },
      { type: 'media', mediaType: 'application/pdf', source: { base64: 'AAAA' } },
      { type: 'text', text: 'D' },
      { type: 'text', text: 'C' },
      { type: 'text', text: 'T\nS\nR' },
      {
        type: 'tool-result',
        callId: 'a',
        isError: true,
        content: [
          { type: 'text', text: 'x' },
          { type: 'media', mediaType: 'image/png', source: { base64: 'AAAA' } },
          { type: 'text', text: '{"type":"new","y":1}' },
        ],
      },
      { type: 'tool-result', callId: 'b', content: [{ type: 'text', text: 'str' }] },
      { type: 'tool-result', callId: 'c', content: [] },
    ]);
    const { turns } = decode({
      messages: [
        hi,
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'a', signature: 'sig' },
            { type: 'thinking', thinking: '', signature: 'cpx1.Z3B0L281.enc' },
            { type: 'thinking', thinking: 'b', signature: '' },
            { type: 'redacted_thinking', data: 'blob' },
            { type: 'tool_use', id: 'a', name: 'n', input: { x: [1] } },
            { type: 'thinking', thinking: '', signature: 'cpx1.Z3B0L281.call:sig' },
            { type: 'tool_use', id: 'b', name: 'n', input: {} },
          ],
        },
      ],
    });
    expect(turns[1]?.parts).toEqual([
      { type: 'reasoning', text: 'a', opaque: { origin: 'anthropic-messages', value: 'sig' } },
      { type: 'reasoning', text: '', opaque: { origin: 'gpt/o5', value: 'enc' } },
      { type: 'reasoning', text: 'b' },
      {
        type: 'reasoning',
        text: '',
        opaque: { origin: 'anthropic-messages', value: 'redacted:blob' },
      },
      { type: 'tool-call', id: 'a', name: 'n', argumentsJson: '{"x":[1]}' },
      {
        type: 'tool-call',
        id: 'b',
        name: 'n',
        argumentsJson: '{}',
        opaque: { origin: 'gpt/o5', value: 'sig' },
      },
    ]);
  });

  test.each([
    [{ type: 'disabled' }, undefined, { enabled: false }],
    [{ type: 'adaptive' }, 'high', { enabled: true, effort: 'high' }],
    [{ type: 'adaptive', display: 'omitted' }, undefined, { enabled: true, visible: false }],
    [{ type: 'enabled', budget_tokens: 2000 }, undefined, { enabled: true, budgetTokens: 2000 }],
    [undefined, 'low', { enabled: true, effort: 'low' }],
    [undefined, undefined, undefined],
  ])('thinking %j with effort %s', (thinking, effort, expected) => {
    expect(decode({ thinking, output_config: { effort } }).reasoning).toEqual(expected);
  });

  test('tools, choice, format, sampling', () => {
    const schema = { type: 'object', properties: {} };
    const read = decode({
      tools: [
        { name: 'a', description: 'd', input_schema: schema, strict: true },
        { type: 'custom', name: 'b', input_schema: schema },
      ],
      tool_choice: { type: 'any', disable_parallel_tool_use: true },
      output_config: { format: { type: 'json_schema', schema } },
      temperature: 0.5,
      top_p: 0.9,
      stop_sequences: ['x'],
    });
    expect(read).toMatchObject({
      tools: [
        { kind: 'function', name: 'a', description: 'd', schema, strict: true },
        { kind: 'function', name: 'b', schema },
      ],
      toolChoice: 'required',
      parallelTools: false,
      output: { type: 'json-schema', schema },
      temperature: 0.5,
      topP: 0.9,
      stop: ['x'],
    });
    const choice = (tool_choice: object) => decode({ tool_choice }).toolChoice;
    expect(choice({ type: 'auto' })).toBe('auto');
    expect(choice({ type: 'none' })).toBe('none');
    expect(choice({ type: 'tool', name: 'a' })).toEqual({ names: ['a'] });
    expect(decode({ output_format: { type: 'json_schema', schema } }).output?.type).toBe(
      'json-schema',
    );
  });

  test('what has no canonical name is named, and finds its way back', () => {
    const ephemeral = { type: 'ephemeral' };
    const body = {
      system: [{ type: 'text', text: 's', cache_control: ephemeral }],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'q', cache_control: ephemeral },
            { type: 'document', title: 'T', source: { type: 'text', data: 'D' } },
          ],
        },
        {
          role: 'assistant',
          content: [
            { type: 'server_tool_use', id: 's', name: 'web_search', input: {} },
            { type: 'text', text: 'a', citations: [{ type: 'x' }] },
            { type: 'web_search_tool_result', tool_use_id: 's', content: [] },
            { type: 'tool_use', id: 'c', name: 'n', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'c', content: 'r', cache_control: ephemeral },
          ],
        },
      ],
      tools: [
        { type: 'web_search_20250305', name: 'web_search', max_uses: 2 },
        { name: 'n', input_schema: { type: 'object', properties: {} }, cache_control: ephemeral },
      ],
      tool_choice: { type: 'tool', name: 'web_search' },
      metadata: { user_id: 'u' },
      top_k: 5,
      output_config: { task_budget: { total: 1 } },
    };
    const read = decode(body);
    expect(Object.keys(read.extras.fields).toSorted()).toEqual([
      'messages[].content[].cache_control',
      'messages[].content[].citations',
      'messages[].content[].title',
      'messages[].content[server_tool_use]',
      'messages[].content[web_search_tool_result]',
      'metadata',
      'output_config.task_budget',
      'system[].cache_control',
      'tools[].cache_control',
      'tools[web_search_20250305]',
      'top_k',
    ]);
    const { body: back, ignored } = codec.encode(read, TARGET);
    expect(back).toEqual({
      model: 'claude-sonnet-4-5',
      max_tokens: 10,
      stream: true,
      ...body,
      messages: [
        {
          role: 'user',
          // A document of text has become text, and text takes no title.
          content: [body.messages[0]?.content[0], { type: 'text', text: 'D' }],
        },
        ...body.messages.slice(1),
      ],
    });
    expect(ignored).toEqual([]);
  });

  test('a file of the vendor stays one, and top_k goes where it is refused', () => {
    const content = [{ type: 'image', source: { type: 'file', file_id: 'f' } }];
    const read = decode({ messages: [{ role: 'user', content }], top_k: 5 });
    const encoded = codec.encode({ ...read, model: 'claude-opus-4-8' }, TARGET);
    expect(encoded.body.messages).toEqual([{ role: 'user', content }]);
    expect(encoded.body).not.toHaveProperty('top_k');
    expect(encoded.ignored).toEqual(['top_k']);
  });

  test.each<[object, string]>([
    [{ max_tokens: undefined }, 'max_tokens'],
    [{ max_tokens: 'many' }, 'max_tokens'],
    [{ messages: undefined }, 'messages'],
    [{ messages: [] }, 'messages'],
    [{ messages: [1] }, 'messages[0]'],
    [{ messages: [{ role: 'tool', content: '' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'user', content: 5 }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: [{}] }] }, 'messages[0].content[0].type'],
    [
      { messages: [hi, { role: 'user', content: [{ type: 'text' }] }] },
      'messages[1].content[0].text',
    ],
    [
      { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'x' } }] }] },
      'messages[0].content[0].source.type',
    ],
    [
      { messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'x' } }] }] },
      'messages[0].content[0].source.type',
    ],
    [
      {
        messages: [
          {
            role: 'user',
            content: [{ type: 'tool_result', tool_use_id: 'a', content: [{ type: 'text' }] }],
          },
        ],
      },
      'messages[0].content[0].content[0].text',
    ],
    [{ system: 5 }, 'system'],
    [{ system: [{ type: 'image' }] }, 'system[0].type'],
    [{ tools: [{ name: '', input_schema: {} }] }, 'tools[0].name'],
    [{ tools: [{ name: 'a' }] }, 'tools[0].input_schema'],
    [{ tool_choice: { type: 'maybe' } }, 'tool_choice.type'],
    [{ thinking: { type: 'enabled' } }, 'thinking.budget_tokens'],
    [{ thinking: { type: 'x' } }, 'thinking.type'],
    [{ output_config: { format: { type: 'x' } } }, 'output_config.format.type'],
    [{ temperature: 1.5 }, 'temperature'],
    [{ stop_sequences: [1] }, 'stop_sequences[0]'],
  ])('%j names %s', (body, path) => {
    expect(() => decode(body)).toThrow(
      expect.objectContaining({
        code: 'CLIENT_BAD_REQUEST',
        message: expect.stringContaining(`\`${path}\` `),
      }),
    );
  });

  test('whatever the body, an answer or an error of ours', () => {
    const word = fc.constantFrom(
      ...['text', 'image', 'tool_use', 'tool_result', 'thinking', 'document', 'base64', 'user'],
    );
    const key = fc.constantFrom(
      ...[
        'type',
        'content',
        'role',
        'source',
        'messages',
        'system',
        'tools',
        'thinking',
        '__proto__',
      ],
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        word,
        fc.integer(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(key, value), (body) => {
        codec.needs(body);
        codec.sessionKey(body, {});
        try {
          codec.decode({ max_tokens: 1, ...body }, HINTS);
        } catch (error) {
          expect(isGatewayError(error) && error.code).toBe('CLIENT_BAD_REQUEST');
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('needs and session', () => {
  test('needs', () => {
    const image = { type: 'image' };
    expect(codec.needs({ messages: [hi] })).toEqual([]);
    expect(
      codec.needs({
        system: 's',
        tools: [{}],
        messages: [{ role: 'user', content: [image] }, { role: 'assistant' }],
        output_config: { format: { type: 'json_schema' } },
        thinking: { type: 'adaptive' },
      }),
    ).toEqual(['system', 'tools', 'images', 'json-schema', 'multi-turn']);
    const inResult = { role: 'user', content: [{ type: 'tool_result', content: [image] }] };
    expect(codec.needs({ messages: [inResult] })).toEqual(['images']);
  });

  test.each([
    ['user_0a1b_account_11111111-2222_session_33333333-4444-5555', '33333333-4444-5555'],
    ['{"device_id":"d","session_id":"33333333-4444"}', '33333333-4444'],
    ['user-7', undefined],
    ['{"device_id":"d"}', undefined],
    [5, undefined],
  ])('session of %s', (user_id, expected) => {
    expect(codec.sessionKey({ metadata: { user_id } }, {})).toBe(expected);
  });
});
