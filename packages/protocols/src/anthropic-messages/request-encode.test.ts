import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Json, ModelRequest, Part, Tool, Turn } from '@cliproxy/plugin-api';
import type { EncodeTarget } from '@cliproxy/kernel';
import { request as codec } from './request.ts';

/** What JSON.parse gives: bodies are compared, not typed. */
type Loose = ReturnType<typeof JSON.parse>;

const TARGET: EncodeTarget = {
  dialect: 'anthropic-messages',
  model: 'claude-sonnet-4-5',
  instanceId: 'claude',
  passthrough: true,
  refuses: [],
  usage: 'auto',
  maxAnswerBytes: 1000,
};
const say = (text: string): Part => ({ type: 'text', text });
const user = (...parts: (Part | string)[]): Turn => turn('user', parts);
const assistant = (...parts: (Part | string)[]): Turn => turn('assistant', parts);
const system = (...parts: (Part | string)[]): Turn => turn('system', parts);
function turn(role: Turn['role'], parts: readonly (Part | string)[]): Turn {
  return { role, parts: parts.map((part) => (typeof part === 'string' ? say(part) : part)) };
}
const call = (id: string, name = 'look', argumentsJson = '{"x":1}'): Part => ({
  type: 'tool-call',
  id,
  name,
  argumentsJson,
});
const result = (callId: string, text = 'a cat'): Part => ({
  type: 'tool-result',
  callId,
  content: [say(text)],
});
const thought = (origin: string, text = 'hm'): Part => ({
  type: 'reasoning',
  text,
  opaque: { origin, value: 'sig' },
});
const tool = (name: string, more: Partial<Tool> = {}): Tool => ({
  kind: 'function',
  name,
  schema: { type: 'object', properties: {} },
  ...more,
});

function make(request: Partial<ModelRequest> & { fields?: Record<string, Json> }): ModelRequest {
  const { fields = {}, ...rest } = request;
  return {
    model: 'claude-sonnet-4-5',
    turns: [user('hi')],
    tools: [],
    stream: false,
    extras: { dialect: 'openai-chat', fields },
    ...rest,
  };
}

interface Body {
  [key: string]: Loose;
  messages: { role: string; content: Loose[] }[];
}

function encode(
  request: Partial<ModelRequest> & { fields?: Record<string, Json> },
  target: Partial<EncodeTarget> = {},
) {
  const encoded = codec.encode(make(request), { ...TARGET, ...target });
  return { ...encoded, body: encoded.body as unknown as Body };
}

const bodyOf = (...args: Parameters<typeof encode>) => encode(...args).body;

describe('turns', () => {
  test('a plain question', () => {
    const { path, body, ignored, toolNames } = encode({ stream: true, maxOutputTokens: 100 });
    expect(path).toBe('/v1/messages');
    expect(body).toEqual({
      model: 'claude-sonnet-4-5',
      max_tokens: 100,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
      stream: true,
    });
    expect(ignored).toEqual([]);
    expect(toolNames.size).toBe(0);
  });

  test('system and developer text of every turn goes to the system slot, in order', () => {
    const body = bodyOf({
      turns: [
        system('one', ''),
        user('a'),
        turn('developer', ['two']),
        assistant('b'),
        system('three'),
        user('c'),
      ],
    });
    expect(body.system.map(({ text }: { text: string }) => text)).toEqual(['one', 'two', 'three']);
    expect(body.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
  });

  test('a request of system text alone gets a turn of the user', () => {
    const body = bodyOf({ turns: [system('Tell a joke.')] });
    expect(body.system).toHaveLength(1);
    expect(body.messages).toEqual([{ role: 'user', content: [expect.anything()] }]);
  });

  test('a request without any content is refused', () => {
    expect(() => encode({ turns: [user('  ')] })).toThrow(
      expect.objectContaining({ code: 'CLIENT_UNSUPPORTED' }),
    );
  });

  test('turns of one role are joined, blank text is left out, a user begins', () => {
    const { messages } = bodyOf({
      turns: [
        assistant('a'),
        assistant('', 'b'),
        assistant('c'),
        user(' \n'),
        user('d'),
        user('e'),
      ],
    });
    expect(messages.map(({ role, content }) => [role, content.length])).toEqual([
      ['user', 1],
      ['assistant', 3],
      ['user', 2],
    ]);
  });

  test('a conversation that ends with the assistant is trimmed, or asked to go on', () => {
    const turns = [user('a'), assistant('b \n')];
    expect(bodyOf({ turns }).messages.at(-1)).toEqual({
      role: 'assistant',
      content: [{ type: 'text', text: 'b' }],
    });
    expect(bodyOf({ turns, model: 'claude-opus-4-6' }).messages.at(-1)).toEqual({
      role: 'user',
      content: [{ type: 'text', text: 'Continue.' }],
    });
  });

  test('media: base64, URLs, documents; the rest is refused by name', () => {
    const media = (mediaType: string, source: object): Part =>
      ({ type: 'media', mediaType, source }) as Part;
    const { messages } = bodyOf({
      turns: [
        user(
          media('image/png', { base64: 'AAAA' }),
          media('image/jpg', { base64: 'AAAA' }),
          media('image/*', { base64: 'iVBORw0' }),
          media('image/*', { url: 'https://a.example/b.png' }),
          media('application/pdf', { base64: 'JVBE' }),
          media('application/pdf', { url: 'https://a.example/b.pdf' }),
          media('text/markdown', { base64: Buffer.from('# Ä').toString('base64') }),
        ),
        assistant(media('image/png', { base64: 'AAAA' })),
        user('x'),
      ],
    });
    expect(messages[0]?.content.map(({ type, source }) => [type, source])).toEqual([
      ['image', { type: 'base64', media_type: 'image/png', data: 'AAAA' }],
      ['image', { type: 'base64', media_type: 'image/jpeg', data: 'AAAA' }],
      ['image', { type: 'base64', media_type: 'image/png', data: 'iVBORw0' }],
      ['image', { type: 'url', url: 'https://a.example/b.png' }],
      ['document', { type: 'base64', media_type: 'application/pdf', data: 'JVBE' }],
      ['document', { type: 'url', url: 'https://a.example/b.pdf' }],
      ['document', { type: 'text', media_type: 'text/plain', data: '# Ä' }],
    ]);
    expect(messages[1]?.content[0].type).toBe('text');
    for (const [mediaType, source, said] of [
      ['audio/wav', { base64: 'A' }, 'audio/wav'],
      ['image/bmp', { base64: 'A' }, 'image/bmp'],
      ['image/png', { fileId: 'file-1' }, 'file_id'],
    ] as const) {
      expect(() => encode({ turns: [user(media(mediaType, source))] })).toThrow(
        expect.objectContaining({
          code: 'CLIENT_UNSUPPORTED',
          message: expect.stringContaining(said),
        }),
      );
    }
    expect(() =>
      encode({ turns: [system(media('image/png', { base64: 'A' })), user('x')] }),
    ).toThrow(expect.objectContaining({ code: 'CLIENT_UNSUPPORTED' }));
  });
});

describe('tool calls and results', () => {
  test('parallel results come first, in the order of the calls, in one turn after them', () => {
    const { messages } = bodyOf({
      tools: [tool('look')],
      turns: [
        user('q'),
        assistant('let me see', call('a'), call('b')),
        user(result('b', 'B')),
        user(result('a', 'A')),
        user('go on'),
      ],
    });
    expect(messages[2]).toEqual({
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'a', content: 'A' },
        { type: 'tool_result', tool_use_id: 'b', content: 'B' },
        { type: 'text', text: 'go on' },
      ],
    });
  });

  test("text before a result in the client's turn comes after it", () => {
    const { messages } = bodyOf({
      tools: [tool('look')],
      turns: [user('q'), assistant(call('a')), user('look here', result('a'))],
    });
    expect(messages[2]?.content.map(({ type }) => type)).toEqual(['tool_result', 'text']);
  });

  test('a late result goes back to its call; a missing one is told to the model', () => {
    const { messages } = bodyOf({
      tools: [tool('look')],
      turns: [
        user('q'),
        assistant(call('a'), call('b')),
        user('wait'),
        assistant('ok'),
        user(result('a', 'late')),
      ],
    });
    expect(messages[2]?.content).toEqual([
      { type: 'tool_result', tool_use_id: 'a', content: 'late' },
      { type: 'tool_result', tool_use_id: 'b', content: expect.any(String), is_error: true },
      { type: 'text', text: 'wait' },
    ]);
    expect(messages).toHaveLength(4);
  });

  test('calls at the very end get results too', () => {
    const { messages } = bodyOf({
      turns: [user('q'), assistant(call('a'))],
      tools: [tool('look')],
    });
    expect(messages.at(-1)?.role).toBe('user');
    expect(messages.at(-1)?.content[0].is_error).toBe(true);
  });

  test('orphans are dropped and named; of duplicates the last wins', () => {
    const { body, ignored } = encode({
      tools: [tool('look')],
      turns: [
        user(result('ghost')),
        assistant(call('a')),
        user(result('a', 'first'), result('a', 'second')),
      ],
    });
    expect(
      body.messages.flatMap(({ content }) => content).filter((b) => b.type === 'tool_result'),
    ).toEqual([{ type: 'tool_result', tool_use_id: 'a', content: 'second' }]);
    expect(ignored).toEqual(['tool result ghost', 'tool result a']);
  });

  test('ids that come back in later turns, and twice in one, are told apart', () => {
    const { messages } = bodyOf({
      tools: [tool('look')],
      turns: [
        user('q'),
        assistant(call('call_0'), call('call_0')),
        user(result('call_0', '1'), result('call_0', '2')),
        assistant(call('call_0')),
        user(result('call_0', '3')),
      ],
    });
    const blocks = messages.flatMap(({ content }) => content);
    const ids = blocks.filter((b) => b.type === 'tool_use').map(({ id }) => id as string);
    expect(new Set(ids).size).toBe(3);
    expect(
      blocks.filter((b) => b.type === 'tool_result').map((b) => [b.tool_use_id, b.content]),
    ).toEqual([
      [ids[0], '1'],
      [ids[1], '2'],
      [ids[2], '3'],
    ]);
  });

  test('ids are made legal, each another, each the same in every turn', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 0 }), { maxLength: 6 }), (ids) => {
        const { messages } = bodyOf({
          tools: [tool('look')],
          turns: [
            user('q'),
            assistant(...ids.map((id) => call(id))),
            user(...ids.toReversed().map((id) => result(id, `r${id}`)), 'end'),
          ],
        });
        const sent = messages.flatMap(({ content }) => content);
        const calls = sent.filter(({ type }) => type === 'tool_use').map(({ id }) => id as string);
        for (const id of calls) expect(id).toMatch(/^[a-zA-Z0-9_-]+$/);
        expect(new Set(calls).size).toBe(ids.length);
        const results = sent.filter(({ type }) => type === 'tool_result');
        expect(results.map((r) => r.tool_use_id)).toEqual(calls);
        expect(results.map((r) => r.content)).toEqual(ids.map((id) => `r${id}`));
      }),
    );
  });

  test('arguments become an object, whatever another model wrote', () => {
    const input = (argumentsJson: string) =>
      bodyOf({
        tools: [tool('look')],
        turns: [user('q'), assistant(call('a', 'look', argumentsJson))],
      }).messages[1]?.content[0].input;
    expect(input('{"a":1}')).toEqual({ a: 1 });
    expect(input('')).toEqual({});
    expect(input('[1]')).toEqual({ input: '[1]' });
    expect(input('{"a":')).toEqual({ input: '{"a":' });
  });

  test('a result of several parts, of none, and of an error', () => {
    const answer = (content: readonly Part[], isError = false): Loose =>
      bodyOf({
        tools: [tool('look')],
        turns: [
          user('q'),
          assistant(call('a')),
          user({ type: 'tool-result', callId: 'a', content, isError }),
        ],
      }).messages[2]?.content[0];
    expect(answer([])).toEqual({ type: 'tool_result', tool_use_id: 'a' });
    expect(answer([say('')], true)).toEqual({
      type: 'tool_result',
      tool_use_id: 'a',
      is_error: true,
    });
    const picture: Part = { type: 'media', mediaType: 'image/png', source: { base64: 'A' } };
    expect(answer([say('t'), picture]).content.map(({ type }: Loose) => type)).toEqual([
      'text',
      'image',
    ]);
    expect(answer([picture]).content).toHaveLength(1);
  });

  test('calls in the history need tools: without any they are declared and forbidden', () => {
    const body = bodyOf({ turns: [user('q'), assistant(call('a'), call('b', 'see')), user('x')] });
    expect(body.tools.map(({ name }: Loose) => name)).toEqual(['look', 'see']);
    expect(body.tool_choice).toEqual({ type: 'none' });
  });
});

describe('tools', () => {
  test('no tools: neither an empty list nor a choice', () => {
    const body = bodyOf({ toolChoice: 'auto', parallelTools: false });
    expect(body).not.toHaveProperty('tools');
    expect(body).not.toHaveProperty('tool_choice');
  });

  test.each([
    ['auto', undefined, { type: 'auto' }],
    ['required', undefined, { type: 'any' }],
    ['none', undefined, { type: 'none' }],
    ['none', false, { type: 'none' }],
    [{ names: ['a'] }, undefined, { type: 'tool', name: 'a' }],
    [{ names: ['a'] }, false, { type: 'tool', name: 'a', disable_parallel_tool_use: true }],
    [undefined, false, { type: 'auto', disable_parallel_tool_use: true }],
    [undefined, true, undefined],
  ] as const)('choice %j, parallel %j', (toolChoice, parallelTools, expected) => {
    const body = bodyOf({
      tools: [tool('a'), tool('b')],
      ...(toolChoice === undefined ? {} : { toolChoice }),
      ...(parallelTools === undefined ? {} : { parallelTools }),
    });
    expect(body.tool_choice).toEqual(expected);
  });

  test('a choice among several names is a shorter list', () => {
    const body = bodyOf({
      tools: [tool('a'), tool('b'), tool('c')],
      toolChoice: { names: ['a', 'c'] },
    });
    expect(body.tools.map(({ name }: Loose) => name)).toEqual(['a', 'c']);
    expect(body.tool_choice).toEqual({ type: 'any' });
  });

  test.each([
    [{ toolChoice: { names: ['nobody'] }, tools: [tool('a')] }],
    [{ toolChoice: { names: [] }, tools: [tool('a')] }],
    [{ toolChoice: 'required' as const }],
  ])('a choice that can not be met is refused: %j', (request) => {
    expect(() => encode(request)).toThrow(
      expect.objectContaining({
        code: 'CLIENT_BAD_REQUEST',
        message: expect.stringMatching(/^`tool/),
      }),
    );
  });

  test('names are made legal, short and told apart, in tools, choice and history', () => {
    const long = `mcp__${'x'.repeat(80)}`;
    const { body, toolNames } = encode({
      tools: [tool('files.read'), tool('files:read'), tool(long), tool('fine')],
      toolChoice: { names: [long] },
      turns: [user('q'), assistant(call('a', 'files.read')), user(result('a'))],
    });
    const [, , sent] = body.tools.map(({ name }: Loose) => name as string);
    expect(sent).toMatch(/^[\w-]{1,64}$/);
    expect(body.tool_choice.name).toBe(sent);
    expect(toolNames.get(sent as string)).toBe(long);
    const all = encode({ tools: [tool('files.read'), tool('files:read'), tool('fine')] });
    const names = all.body.tools.map(({ name }: Loose) => name as string) as string[];
    expect(new Set(names).size).toBe(3);
    expect(names.map((name) => all.toolNames.get(name) ?? name)).toEqual([
      'files.read',
      'files:read',
      'fine',
    ]);
    expect(body.messages[1]?.content[0].name).toBe(names[0]);
  });

  test('a name twice is sent once and named', () => {
    const { body, ignored } = encode({ tools: [tool('a'), tool('a')] });
    expect(body.tools).toHaveLength(1);
    expect(ignored).toEqual(['tools[1]']);
  });

  test('free-text tools are wrapped, in the declaration and in the history', () => {
    const { body, customTools } = encode({
      tools: [{ kind: 'custom', name: 'run', description: 'runs' }],
      turns: [user('q'), assistant(call('a', 'run', 'ls -l'), call('b', 'run', '{"input":"pwd"}'))],
    });
    expect(body.tools[0]).toMatchObject({
      name: 'run',
      description: 'runs',
      input_schema: { type: 'object', required: ['input'] },
    });
    expect(customTools).toEqual(new Set(['run']));
    expect(body.messages[1]?.content.map(({ input }) => input)).toEqual([
      { input: 'ls -l' },
      { input: 'pwd' },
    ]);
  });

  const schemaOf = (schema: Json | undefined, more: Partial<Tool> = {}): Loose =>
    bodyOf({
      tools: [
        { kind: 'function', name: 'a', ...(schema === undefined ? {} : { schema }), ...more },
      ],
    }).tools[0].input_schema;

  test('a missing schema, and one of no object, become any object', () => {
    const any = { type: 'object', properties: {} };
    expect(schemaOf(undefined)).toEqual(any);
    expect(schemaOf({})).toEqual(any);
    expect(schemaOf({ type: ['object', 'null'] })).toEqual(any);
    expect(schemaOf(true)).toEqual(any);
  });

  test('unions at the root become one object', () => {
    expect(
      schemaOf({
        type: 'object',
        properties: { base: { type: 'string' } },
        required: ['base'],
        anyOf: [
          { properties: { a: { type: 'string' }, same: {} }, required: ['a', 'same'] },
          { $ref: '#/$defs/b~1c' },
          { type: 'null' },
        ],
        $defs: { 'b/c': { properties: { a: { type: 'number' }, same: {} }, required: ['same'] } },
      }),
    ).toMatchObject({
      type: 'object',
      properties: {
        base: { type: 'string' },
        a: { anyOf: [{ type: 'string' }, { type: 'number' }] },
        same: {},
      },
      required: ['base', 'same'],
    });
    expect(
      schemaOf({
        allOf: [
          { properties: { a: {} }, required: ['a'] },
          { properties: { b: {} }, required: ['b'] },
        ],
      }),
    ).toEqual({ type: 'object', properties: { a: {}, b: {} }, required: ['a', 'b'] });
    const loop = schemaOf({ $ref: '#/$defs/x', $defs: { x: { $ref: '#/$defs/x' } } });
    expect(loop.type).toBe('object');
    for (const key of ['anyOf', 'oneOf', 'allOf', '$ref']) expect(loop).not.toHaveProperty(key);
    expect(schemaOf({ $ref: 'https://elsewhere.example' })).toEqual({
      type: 'object',
      properties: {},
    });
  });

  test('a strict schema is closed and keeps its bounds in words; properties keep their names', () => {
    const strict = schemaOf(
      {
        type: 'object',
        properties: {
          minimum: { type: 'integer', minimum: 1, description: 'how few' },
          list: { type: 'array', minItems: 3, items: { type: 'object', properties: {} } },
          either: { oneOf: [{ type: 'string' }, { type: ['object', 'null'], properties: {} }] },
        },
      },
      { strict: true },
    );
    expect(strict).toEqual({
      type: 'object',
      additionalProperties: false,
      properties: {
        minimum: { type: 'integer', description: 'how few\n(minimum: 1)' },
        list: {
          type: 'array',
          items: { type: 'object', properties: {}, additionalProperties: false },
          description: '(minItems: 3)',
        },
        either: {
          anyOf: [
            { type: 'string' },
            { type: ['object', 'null'], properties: {}, additionalProperties: false },
          ],
        },
      },
    });
    const old = encode({
      model: 'claude-3-5-sonnet-20241022',
      tools: [tool('a', { strict: true })],
    });
    expect(old.body.tools[0]).not.toHaveProperty('strict');
  });
});

describe('limits, sampling and format', () => {
  test.each([
    ['claude-3-haiku-20240307', undefined, undefined, 4096],
    ['claude-3-5-sonnet-20241022', undefined, undefined, 8192],
    ['claude-3-7-sonnet-latest', undefined, undefined, 64_000],
    ['claude-sonnet-4-20250514', undefined, undefined, 64_000],
    ['claude-opus-4-1-20250805', undefined, undefined, 32_000],
    ['anthropic/claude-opus-4.6', undefined, undefined, 128_000],
    ['claude-sonnet-5', undefined, undefined, 128_000],
    ['kimi-k2', undefined, undefined, 32_000],
    ['claude-sonnet-4-5', undefined, 10_000, 10_000],
    ['claude-sonnet-4-5', 20_000, 10_000, 10_000],
    ['claude-sonnet-4-5', 5000, 10_000, 5000],
    ['claude-sonnet-4-5', 90_000, undefined, 90_000],
  ])('max_tokens: %s, asked %s, of %s', (model, asked, cap, expected) => {
    const body = bodyOf(
      { model, ...(asked === undefined ? {} : { maxOutputTokens: asked }) },
      cap === undefined ? {} : { maxOutputTokens: cap },
    );
    expect(body.max_tokens).toBe(expected);
  });

  test.each<[string, Partial<ModelRequest>, object, string[]]>([
    ['claude-sonnet-4-5', { temperature: 0.5 }, { temperature: 0.5 }, []],
    ['claude-sonnet-4-5', { temperature: 1.7 }, { temperature: 1 }, ['temperature']],
    ['claude-sonnet-4-5', { temperature: 1, topP: 1 }, {}, []],
    ['claude-sonnet-4-5', { temperature: 0, topP: 0.5 }, { temperature: 0 }, ['top_p']],
    ['claude-3-5-haiku', { temperature: 0, topP: 0.5 }, { temperature: 0, top_p: 0.5 }, []],
    ['claude-opus-4-7', { temperature: 0, topP: 0.5 }, {}, ['temperature', 'top_p']],
    ['claude-opus-4-8', { temperature: 1 }, {}, []],
    [
      'claude-sonnet-4-5',
      { temperature: 0, topP: 0.5, reasoning: { enabled: true } },
      {},
      ['temperature', 'top_p'],
    ],
    ['claude-sonnet-4-5', { topP: 0.97, reasoning: { enabled: true } }, { top_p: 0.97 }, []],
    ['claude-sonnet-4-5', { stop: ['a', ' ', '\n'] }, { stop_sequences: ['a'] }, ['stop']],
    ['claude-sonnet-4-5', { stop: ['\n'] }, {}, ['stop']],
  ])('sampling of %s %j', (model, request, expected, ignored) => {
    const encoded = encode({ model, ...request });
    const { temperature, top_p, stop_sequences } = encoded.body;
    expect(JSON.parse(JSON.stringify({ temperature, top_p, stop_sequences }))).toEqual(expected);
    expect(encoded.ignored).toEqual(ignored);
  });

  test('JSON and schemas', () => {
    const schema = { type: 'object', properties: { a: { type: 'integer' } } };
    const output = { type: 'json-schema', name: 'n', schema } as const;
    expect(bodyOf({ output }).output_config).toEqual({
      format: { type: 'json_schema', schema: { ...schema, additionalProperties: false } },
    });
    const json = bodyOf({ output: { type: 'json' }, turns: [system('s'), user('q')] });
    expect(json.system).toHaveLength(2);
    expect(json.system[1].text).toMatch(/JSON/);
    const old = encode({ model: 'claude-3-haiku-20240307', output });
    expect(old.body.system[0].text).toContain('"integer"');
    expect(old.ignored).toEqual(['response_format']);
  });

  test('foreign extras: some refused, some idle, one mapped, the rest named', () => {
    const { body, ignored } = encode({
      fields: {
        user: 'u-1',
        seed: 7,
        n: 1,
        logprobs: false,
        modalities: ['text'],
        frequency_penalty: 0,
        presence_penalty: 0.5,
        metadata: {},
        store: false,
      },
    });
    expect(body.metadata).toEqual({ user_id: 'u-1' });
    expect(ignored).toEqual(['seed', 'presence_penalty']);
    expect(encode({ fields: { user: 'a@b.example' } })).toMatchObject({ ignored: ['user'] });
    for (const [name, value] of Object.entries({
      n: 2,
      logprobs: true,
      top_logprobs: 3,
      modalities: ['text', 'audio'],
      audio: { voice: 'x' },
    })) {
      expect(() => encode({ fields: { [name]: value } })).toThrow(
        expect.objectContaining({
          code: 'CLIENT_UNSUPPORTED',
          message: expect.stringContaining(`\`${name}\``),
        }),
      );
    }
  });
});

describe('thinking', () => {
  const wish = (
    model: string,
    reasoning: ModelRequest['reasoning'],
    more: Partial<ModelRequest> = {},
  ) => {
    const { body, ignored } = encode({
      model,
      ...more,
      ...(reasoning === undefined ? {} : { reasoning }),
    });
    return [body.thinking, body.output_config?.effort, ignored];
  };
  const adaptive = { type: 'adaptive' };
  const budget = (budget_tokens: number) => ({ type: 'enabled', budget_tokens });

  test.each<[string, ModelRequest['reasoning'], object | undefined, string | undefined, string[]]>([
    ['claude-sonnet-4-5', undefined, undefined, undefined, []],
    ['claude-sonnet-4-5', { enabled: false }, undefined, undefined, []],
    ['claude-sonnet-4-5', { enabled: true }, budget(8192), undefined, []],
    ['claude-sonnet-4-5', { enabled: true, effort: 'minimal' }, budget(1024), undefined, []],
    ['claude-sonnet-4-5', { enabled: true, effort: 'high' }, budget(24_576), undefined, []],
    ['claude-sonnet-4-5', { enabled: true, effort: 'max' }, budget(32_000), undefined, []],
    ['claude-sonnet-4-5', { enabled: true, budgetTokens: 10 }, budget(1024), undefined, []],
    ['claude-3-5-sonnet', { enabled: true }, undefined, undefined, ['reasoning_effort']],
    ['claude-3-5-sonnet', { enabled: false }, undefined, undefined, []],
    ['claude-opus-4-6', { enabled: true, effort: 'minimal' }, adaptive, 'low', []],
    ['claude-opus-4-6', { enabled: true, effort: 'xhigh' }, adaptive, 'max', []],
    ['claude-opus-4-6', { enabled: true, effort: 'auto' }, adaptive, undefined, []],
    ['claude-opus-4-6', { enabled: true, budgetTokens: 1000 }, adaptive, 'low', []],
    ['claude-opus-4-6', { enabled: true, budgetTokens: 5000 }, adaptive, 'medium', []],
    ['claude-opus-4-6', { enabled: true, budgetTokens: 20_000 }, adaptive, 'high', []],
    ['claude-opus-4-7', { enabled: true, budgetTokens: 60_000 }, adaptive, 'xhigh', []],
    ['claude-opus-4-7', { enabled: false }, undefined, undefined, []],
    ['claude-opus-5', { enabled: false }, { type: 'disabled' }, undefined, []],
    ['claude-fable-5', { enabled: false }, undefined, 'low', ['reasoning_effort']],
    ['claude-opus-5-5', { enabled: true, effort: 'max' }, adaptive, 'max', []],
    ['claude-sonnet', { enabled: true }, adaptive, undefined, []],
  ])('%s %j', (model, reasoning, thinking, effort, ignored) => {
    expect(wish(model, reasoning)).toEqual([thinking, effort, ignored]);
  });

  test('what the client sees is passed on where the model lets it choose', () => {
    expect(wish('claude-opus-4-7', { enabled: true, visible: true })[0]).toEqual({
      type: 'adaptive',
      display: 'summarized',
    });
    expect(wish('claude-opus-4-7', { enabled: true, visible: false })[0]).toMatchObject({
      display: 'omitted',
    });
  });

  test('the budget stays below max_tokens, which is raised as far as the model goes, and named', () => {
    const sizes = (maxOutputTokens: number, cap?: number) => {
      const { body, ignored } = encode(
        { maxOutputTokens, reasoning: { enabled: true, effort: 'medium' } },
        cap === undefined ? {} : { maxOutputTokens: cap },
      );
      return [body.max_tokens, body.thinking?.budget_tokens, ...ignored];
    };
    expect(sizes(10_000)).toEqual([10_000, 8192]);
    expect(sizes(500)).toEqual([8692, 8192, 'max_completion_tokens']);
    expect(sizes(500, 4096)).toEqual([4096, 2048, 'max_completion_tokens']);
    expect(sizes(500, 1500)).toEqual([500, undefined, 'reasoning_effort']);
  });

  test('not with a forced tool, an answer begun, or a tool turn without a signed thought', () => {
    const on = { enabled: true, effort: 'high' } as const;
    const tools = [tool('look')];
    const noThink = [undefined, undefined, ['reasoning_effort']];
    const toolTurn = (...before: Part[]) => ({
      tools,
      turns: [user('q'), assistant(...before, call('a')), user(result('a'))],
    });
    expect(wish('claude-sonnet-4-5', on, { tools, toolChoice: 'required' })).toEqual(noThink);
    expect(wish('claude-sonnet-4-5', on, { turns: [user('q'), assistant('A')] })).toEqual(noThink);
    expect(wish('claude-sonnet-4-5', on, toolTurn())).toEqual(noThink);
    expect(wish('claude-sonnet-4-5', on, toolTurn(thought('gpt/o3')))).toEqual(noThink);
    for (const origin of ['claude/claude-sonnet-4-5', 'anthropic-messages']) {
      const [thinking] = wish('claude-sonnet-4-5', on, toolTurn(thought(origin)));
      expect(thinking).toEqual(budget(24_576));
    }
    expect(wish('claude-opus-4-6', on, toolTurn())).toEqual([
      undefined,
      'high',
      ['reasoning_effort'],
    ]);
    expect(wish('claude-opus-5', { enabled: true, effort: 'max' }, toolTurn())).toEqual([
      { type: 'disabled' },
      undefined,
      ['reasoning_effort'],
    ]);
    const answered = { tools, turns: [...toolTurn().turns, assistant('done'), user('and?')] };
    expect(wish('claude-sonnet-4-5', on, answered)[0]).toEqual(budget(24_576));
  });

  test('thoughts go back to their maker alone, as what they were', () => {
    const redacted: Part = {
      type: 'reasoning',
      text: '',
      opaque: { origin: 'claude/claude-sonnet-4-5', value: 'redacted:blob' },
    };
    const { messages } = bodyOf({
      turns: [
        user('q'),
        assistant(
          thought('claude/claude-sonnet-4-5'),
          thought('anthropic-messages', ''),
          redacted,
          thought('claude/claude-opus-4-6'),
          thought('gemini'),
          { type: 'reasoning', text: 'unsigned' },
          'A',
          thought('anthropic-messages', 'last'),
        ),
        user('r'),
        assistant(thought('anthropic-messages', 'alone')),
        user('s'),
      ],
    });
    expect(messages).toEqual([
      { role: 'user', content: [say('q')] },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'hm', signature: 'sig' },
          { type: 'thinking', thinking: '', signature: 'sig' },
          { type: 'redacted_thinking', data: 'blob' },
          say('A'),
        ],
      },
      { role: 'user', content: [say('r'), say('s')] },
    ]);
  });
});
