import { describe, expect, test } from '@jest/globals';
import type { Json, ModelRequest, Part, Tool, Turn } from '@cliproxy/plugin-api';
import type { EncodeTarget } from '@cliproxy/kernel';
import { request as codec } from './request.ts';

/** What JSON.parse gives: bodies are compared, not typed. */
type Loose = ReturnType<typeof JSON.parse>;

const TARGET: EncodeTarget = {
  dialect: 'gemini',
  model: 'gemini-3-pro-preview',
  instanceId: 'g',
  passthrough: true,
  refuses: [],
  usage: 'auto',
  maxAnswerBytes: 1000,
};
const OLD = { model: 'gemini-2.5-flash' };
const ORIGIN = 'g/gemini-3-pro-preview';
const PLACEHOLDER = 'skip_thought_signature_validator';

function turn(role: Turn['role'], parts: readonly (Part | string)[]): Turn {
  return {
    role,
    parts: parts.map((part) => (typeof part === 'string' ? { type: 'text', text: part } : part)),
  };
}
const user = (...parts: (Part | string)[]): Turn => turn('user', parts);
const assistant = (...parts: (Part | string)[]): Turn => turn('assistant', parts);
const system = (...parts: (Part | string)[]): Turn => turn('system', parts);
const call = (id: string, name = 'look', origin?: string): Part => ({
  type: 'tool-call',
  id,
  name,
  argumentsJson: '{"x":1}',
  ...(origin === undefined ? {} : { opaque: { origin, value: 'sig' } }),
});
const result = (callId: string, text = 'a cat', isError?: boolean): Part => ({
  type: 'tool-result',
  callId,
  content: [{ type: 'text', text }],
  ...(isError === undefined ? {} : { isError }),
});
const tool = (name: string, more: Partial<Tool> = {}): Tool => ({
  kind: 'function',
  name,
  schema: { type: 'object', properties: { x: { type: 'integer' } } },
  ...more,
});
const image = (
  source: Extract<Part, { type: 'media' }>['source'],
  mediaType = 'image/*',
): Part => ({
  type: 'media',
  mediaType,
  source,
});

function encode(
  request: Partial<ModelRequest> & { readonly fields?: Record<string, Json> },
  target: Partial<EncodeTarget> = {},
): ReturnType<typeof codec.encode> & { readonly body: Loose } {
  const { fields = {}, ...rest } = request;
  return codec.encode(
    {
      model: 'x',
      turns: [user('hi')],
      tools: [],
      stream: false,
      extras: { dialect: 'openai-chat', fields },
      ...rest,
    },
    { ...TARGET, ...target },
  );
}
const contents = (turns: readonly Turn[], target: Partial<EncodeTarget> = {}): Loose =>
  encode({ turns }, target).body.contents;
const config = (request: Parameters<typeof encode>[0], target = {}): Loose =>
  encode(request, target).body.generationConfig;
const hi = { role: 'user', parts: [{ text: 'hi' }] };

describe('the conversation', () => {
  test('goes to the path of the model; its system texts to the system slot', () => {
    const { path, body, ignored } = encode({
      stream: true,
      turns: [system('a'), user('hi'), assistant('hello'), turn('developer', ['b']), user('go')],
    });
    expect(path).toBe('/v1beta/models/gemini-3-pro-preview:streamGenerateContent?alt=sse');
    expect(encode({}).path).toBe('/v1beta/models/gemini-3-pro-preview:generateContent');
    expect(body).toEqual({
      systemInstruction: { parts: [{ text: 'a' }, { text: 'b' }] },
      contents: [
        hi,
        { role: 'model', parts: [{ text: 'hello' }] },
        { role: 'user', parts: [{ text: 'go' }] },
      ],
    });
    expect(ignored).toEqual([]);
  });

  test('alternates, and a user begins and ends it', () => {
    const told = contents([
      assistant('a'),
      assistant('b'),
      user('c'),
      user('', 'd'),
      assistant('e'),
    ]);
    expect(told).toEqual([
      { role: 'user', parts: [{ text: '(The assistant speaks first.)' }] },
      { role: 'model', parts: [{ text: 'a' }, { text: 'b' }] },
      { role: 'user', parts: [{ text: 'c' }, { text: 'd' }] },
      { role: 'model', parts: [{ text: 'e' }] },
      { role: 'user', parts: [{ text: 'Continue.' }] },
    ]);
  });

  test('of the system alone has a user who says to go', () => {
    expect(contents([system('Be brief.')])).toEqual([
      { role: 'user', parts: [{ text: 'Follow your instructions.' }] },
    ]);
    expect(() => contents([user('')])).toThrow(
      expect.objectContaining({ code: 'CLIENT_UNSUPPORTED' }),
    );
  });

  test('answers each call once, in the order of the calls, in the next turn', () => {
    const { body, ignored } = encode(
      {
        turns: [
          user('go'),
          assistant(call('a'), call('b', 'wait'), call('c')),
          user('meanwhile', result('c', '3'), result('a', 'first'), result('a', '1', true)),
          user(result('nobody', '?')),
        ],
      },
      OLD,
    );
    expect(body.contents).toEqual([
      { role: 'user', parts: [{ text: 'go' }] },
      {
        role: 'model',
        parts: [
          { functionCall: { id: 'a', name: 'look', args: { x: 1 } } },
          { functionCall: { id: 'b', name: 'wait', args: { x: 1 } } },
          { functionCall: { id: 'c', name: 'look', args: { x: 1 } } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { id: 'a', name: 'look', response: { error: '1' } } },
          {
            functionResponse: {
              id: 'b',
              name: 'wait',
              response: { error: 'The client sent no result for this call.' },
            },
          },
          { functionResponse: { id: 'c', name: 'look', response: { output: '3' } } },
          { text: 'meanwhile' },
        ],
      },
    ]);
    expect(ignored).toEqual(['tool result a', 'tool result nobody']);
  });

  test('ends with results where the last calls were never answered', () => {
    const told = contents([user('go'), assistant(call('a'))], OLD);
    expect(told.at(-1).parts).toHaveLength(1);
    expect(told.at(-1).parts[0].functionResponse.response).toHaveProperty('error');
  });

  test('keeps JSON in results as text, but for clients of the dialect, who sent it as an object', () => {
    const turns = [user('go'), assistant(call('a')), user(result('a', '{"error":null,"n":1}'))];
    expect(contents(turns)[2].parts[0].functionResponse.response).toEqual({
      output: '{"error":null,"n":1}',
    });
    const { body } = encode({ turns, extras: { dialect: 'gemini', fields: {} } });
    expect(body.contents[2].parts[0].functionResponse.response).toEqual({ error: null, n: 1 });
  });

  test('puts media of results where the model takes them', () => {
    const png = image({ base64: 'iVBORw0' });
    const withImage: Part = { type: 'tool-result', callId: 'a', content: [png] };
    const turns = [user('go'), assistant(call('a')), user(withImage, 'and?')];
    const inlineData = { mimeType: 'image/png', data: 'iVBORw0' };
    expect(contents(turns)[2].parts).toEqual([
      {
        functionResponse: {
          id: 'a',
          name: 'look',
          response: { output: '' },
          parts: [{ inlineData }],
        },
      },
      { text: 'and?' },
    ]);
    expect(contents(turns, OLD)[2].parts).toEqual([
      {
        functionResponse: {
          id: 'a',
          name: 'look',
          response: { output: '(The content follows the results of the functions.)' },
        },
      },
      { text: 'Content of the result of look (a):' },
      { inlineData },
      { text: 'and?' },
    ]);
  });

  test.each<[string, Part, object]>([
    [
      'an image',
      image({ base64: 'AA' }, 'image/jpg'),
      { inlineData: { mimeType: 'image/jpeg', data: 'AA' } },
    ],
    [
      'a sound',
      image({ base64: 'AA' }, 'audio/mpeg'),
      { inlineData: { mimeType: 'audio/mp3', data: 'AA' } },
    ],
    [
      'a document',
      image({ base64: 'AA' }, 'application/pdf'),
      { inlineData: { mimeType: 'application/pdf', data: 'AA' } },
    ],
    [
      'an untold kind',
      image({ base64: 'JVBERi0' }, 'application/octet-stream'),
      { inlineData: { mimeType: 'application/pdf', data: 'JVBERi0' } },
    ],
    [
      'a video',
      image({ url: 'https://youtu.be/a' }, 'video/*'),
      { fileData: { fileUri: 'https://youtu.be/a' } },
    ],
  ])('carries %s', (_, part, expected) => {
    expect(contents([user(part)])[0].parts).toEqual([expected]);
  });

  test('refuses addresses and foreign files with the remedy, but for clients of the dialect', () => {
    const url = image({ url: 'https://example.com/a.png' });
    const file = image(
      { fileId: 'https://generativelanguage.googleapis.com/v1beta/files/a' },
      'image/png',
    );
    for (const part of [url, file]) {
      expect(() => contents([user(part)])).toThrow(/send the data/);
    }
    const { body } = encode({
      turns: [user(url, file)],
      extras: { dialect: 'gemini', fields: {} },
    });
    expect(body.contents[0].parts).toEqual([
      { fileData: { fileUri: 'https://example.com/a.png' } },
      {
        fileData: {
          mimeType: 'image/png',
          fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/a',
        },
      },
    ]);
  });
});

describe('signatures', () => {
  const thought = (origin: string, text = ''): Part => ({
    type: 'reasoning',
    text,
    opaque: { origin, value: 'sig' },
  });

  test('go back to their maker alone, each on a part of its own kind', () => {
    const turns = [
      user('go'),
      assistant(
        thought(ORIGIN, 'hm'),
        { type: 'reasoning', text: 'unsigned' },
        thought('claude/opus', 'foreign'),
        'hi',
        thought('gemini'),
        call('a', 'look', ORIGIN),
        call('b', 'look', 'other/gemini-3-pro-preview'),
      ),
      user(result('a'), result('b')),
    ];
    expect(contents(turns)[1].parts).toEqual([
      { text: 'hm', thought: true, thoughtSignature: 'sig' },
      { text: 'hi' },
      { text: '', thoughtSignature: 'sig' },
      { functionCall: { id: 'a', name: 'look', args: { x: 1 } }, thoughtSignature: 'sig' },
      { functionCall: { id: 'b', name: 'look', args: { x: 1 } } },
    ]);
  });

  test('that are lost are named so for the first call of each step under way, with new models alone', () => {
    const turns = [
      user('go'),
      assistant(call('a')),
      user(result('a')),
      assistant('done'),
      user('again'),
      assistant(call('b', 'look', 'claude/opus'), call('c')),
      user(result('b'), result('c')),
      assistant(call('d', 'look', ORIGIN)),
      user(result('d')),
      assistant(call('e')),
      user(result('e'), 'hurry'),
    ];
    const signatures = (target: object): unknown =>
      contents(turns, target).flatMap(({ parts }: Loose) =>
        parts.flatMap((part: Loose) => (part.functionCall ? [part.thoughtSignature] : [])),
      );
    expect(signatures({})).toEqual([undefined, PLACEHOLDER, undefined, 'sig', PLACEHOLDER]);
    expect(signatures(OLD)).toEqual([undefined, undefined, undefined, undefined, undefined]);
  });
});

describe('tools', () => {
  test('are declared with legal names and clean schemas; free text is wrapped', () => {
    const long = `mcp__${'x'.repeat(80)}`;
    const encoded = encode({
      tools: [
        tool('look', { description: 'looks', strict: true }),
        tool('9 lives'),
        tool(long, { schema: { type: 'object', properties: {}, additionalProperties: false } }),
        { kind: 'custom', name: 'patch' },
        tool('look'),
      ],
      turns: [user('go'), assistant(call('a', '9 lives')), user(result('a'))],
      toolChoice: { names: ['9 lives'] },
      parallelTools: false,
    });
    const [{ functionDeclarations: declared }] = encoded.body.tools;
    const [look, lives, longer, patch] = declared;
    expect(look).toEqual({
      name: 'look',
      description: 'looks',
      parameters: { type: 'OBJECT', properties: { x: { type: 'INTEGER' } } },
    });
    for (const { name } of declared) expect(name).toMatch(/^[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}$/);
    expect(longer.parameters).toBeUndefined();
    expect(patch.parameters.required).toEqual(['input']);
    expect(encoded.toolNames).toEqual(
      new Map([
        [lives.name, '9 lives'],
        [longer.name, long],
      ]),
    );
    expect(encoded.customTools).toEqual(new Set(['patch']));
    expect(encoded.body.contents[1].parts[0].functionCall.name).toBe(lives.name);
    expect(encoded.body.contents[2].parts[0].functionResponse.name).toBe(lives.name);
    expect(encoded.body.toolConfig.functionCallingConfig).toEqual({
      mode: 'ANY',
      allowedFunctionNames: [lives.name],
    });
    expect(encoded.ignored).toEqual(['tools[].function.strict', 'tools[4]', 'parallel_tool_calls']);
  });

  test.each([
    ['auto', { mode: 'AUTO' }],
    ['none', { mode: 'NONE' }],
    ['required', { mode: 'ANY' }],
  ] as const)('the choice %s is %j', (toolChoice, functionCallingConfig) => {
    expect(encode({ tools: [tool('look')], toolChoice }).body.toolConfig).toEqual({
      functionCallingConfig,
    });
  });

  test('that must be called must be there; none at all are not told', () => {
    expect(() => encode({ toolChoice: 'required' })).toThrow(/needs tools/);
    expect(() => encode({ tools: [tool('a')], toolChoice: { names: ['b'] } })).toThrow(/names b,/);
    expect(encode({ toolChoice: 'auto' }).body).toEqual({ contents: [hi] });
  });

  test('arguments are never touched, and are an object whatever the model wrote', () => {
    const args = (argumentsJson: string, kind?: 'custom'): Loose =>
      contents([
        user('go'),
        assistant({
          type: 'tool-call',
          id: 'a',
          name: 'n',
          argumentsJson,
          ...(kind === undefined ? {} : { kind }),
        }),
      ])[1].parts[0].functionCall.args;
    const odd = { $ref: '#/x', const: 1, additionalProperties: false, type: ['string'], enum: [1] };
    expect(args(JSON.stringify(odd))).toEqual(odd);
    expect(args('')).toEqual({});
    expect(args('{"a":')).toEqual({ input: '{"a":' });
    expect(args('*** patch', 'custom')).toEqual({ input: '*** patch' });
  });
});

describe('settings', () => {
  test('have their names, and their limits', () => {
    const encoded = encode(
      {
        maxOutputTokens: 5000,
        temperature: 1.5,
        topP: 0.5,
        stop: ['a', '', 'b', 'c', 'd', 'e', 'f'],
        fields: {
          seed: 7,
          frequency_penalty: 0.5,
          presence_penalty: 0,
          user: 'u',
          logit_bias: { 1: 2 },
        },
      },
      { maxOutputTokens: 4096 },
    );
    expect(encoded.body.generationConfig).toEqual({
      maxOutputTokens: 4096,
      temperature: 1.5,
      topP: 0.5,
      stopSequences: ['a', 'b', 'c', 'd', 'e'],
      seed: 7,
      frequencyPenalty: 0.5,
    });
    expect(encoded.ignored).toEqual(['stop', 'user', 'logit_bias']);
  });

  test.each<[string, ModelRequest['reasoning'], object | undefined, object | undefined]>([
    ['no thinking', { enabled: false }, { thinkingBudget: 0 }, { thinkingLevel: 'LOW' }],
    [
      'effort none',
      { enabled: true, effort: 'none' },
      { thinkingBudget: 0 },
      { thinkingLevel: 'LOW' },
    ],
    [
      'minimal',
      { enabled: true, effort: 'minimal', visible: false },
      { thinkingBudget: 512 },
      { thinkingLevel: 'LOW' },
    ],
    [
      'low',
      { enabled: true, effort: 'low' },
      { thinkingBudget: 1024, includeThoughts: true },
      { thinkingLevel: 'LOW', includeThoughts: true },
    ],
    [
      'medium',
      { enabled: true, effort: 'medium', visible: true },
      { thinkingBudget: 8192, includeThoughts: true },
      { thinkingLevel: 'HIGH', includeThoughts: true },
    ],
    [
      'max',
      { enabled: true, effort: 'max', visible: false },
      { thinkingBudget: 24_576 },
      { thinkingLevel: 'HIGH' },
    ],
    [
      'a budget',
      { enabled: true, budgetTokens: 2000, visible: false },
      { thinkingBudget: 2000 },
      { thinkingLevel: 'HIGH' },
    ],
    [
      'nothing more',
      { enabled: true },
      { thinkingBudget: -1, includeThoughts: true },
      { includeThoughts: true },
    ],
    ['no wish', undefined, undefined, undefined],
  ])('%s is told in the one word that the model takes', (_, reasoning, budget, level) => {
    const told = (target: object): unknown =>
      config({ ...(reasoning === undefined ? {} : { reasoning }) }, target)?.thinkingConfig;
    expect(told(OLD)).toEqual(budget);
    expect(told({ model: 'gemini-3-pro-preview' })).toEqual(level);
  });

  test('thinking fits the model and leaves room for the answer', () => {
    const effort = (word: string, model: string, maxOutputTokens?: number): Loose => {
      const reasoning = { enabled: true, effort: word, visible: false };
      const limit = maxOutputTokens === undefined ? {} : { maxOutputTokens };
      return config({ reasoning, ...limit }, { model }).thinkingConfig;
    };
    expect(effort('high', 'gemini-2.5-flash', 2000)).toEqual({ thinkingBudget: 1000 });
    expect(effort('max', 'gemini-2.5-pro')).toEqual({ thinkingBudget: 32_768 });
    expect(effort('minimal', 'gemini-3-flash-preview')).toEqual({ thinkingLevel: 'MINIMAL' });
    expect(effort('medium', 'gemini-3.1-pro-preview')).toEqual({ thinkingLevel: 'MEDIUM' });
    expect(effort('low', 'gemini-flash-latest')).toEqual({ thinkingLevel: 'LOW' });
    const off = { reasoning: { enabled: false } };
    expect(encode(off, { model: 'gemini-2.5-pro' })).toMatchObject({
      body: { generationConfig: { thinkingConfig: { thinkingBudget: 128 } } },
      ignored: ['reasoning_effort'],
    });
    expect(
      encode({ reasoning: { enabled: true, effort: 'low' } }, { model: 'gemini-2.0-flash' }),
    ).toMatchObject({
      body: { contents: [hi] },
      ignored: ['reasoning_effort'],
    });
    expect(encode(off, { model: 'gemma-3-27b-it' }).ignored).toEqual([]);
  });

  test('JSON has the native slot; beside functions of older models, it is asked for in words', () => {
    const output = {
      type: 'json-schema',
      name: 'a',
      schema: { type: 'object', properties: { a: { const: 'x' } }, additionalProperties: false },
      strict: true,
    } as const;
    const responseSchema = { type: 'OBJECT', properties: { a: { type: 'STRING', enum: ['x'] } } };
    expect(config({ output }, OLD)).toEqual({
      responseMimeType: 'application/json',
      responseSchema,
    });
    expect(config({ output: { type: 'json' } })).toEqual({ responseMimeType: 'application/json' });
    expect(config({ output, tools: [tool('a')] })).toMatchObject({ responseSchema });
    const old = encode({ output, tools: [tool('a')] }, OLD);
    expect(old.body.generationConfig).toBeUndefined();
    expect(old.body.systemInstruction.parts[0].text).toContain('"const":"x"');
    expect(old.ignored).toEqual(['response_format']);
  });

  test.each(['temperature', 'generationConfig.temperature'])(
    'refused as %s are left out',
    (name) => {
      const { body, ignored } = encode({ temperature: 1, topP: 0.5 }, { refuses: [name] });
      expect(body.generationConfig).toEqual({ topP: 0.5 });
      expect(ignored).toEqual([name]);
    },
  );

  test.each([
    ['stop', 'stopSequences'],
    ['stopSequences', 'stopSequences'],
    ['reasoning_effort', 'thinkingConfig'],
    ['thinkingConfig', 'thinkingConfig'],
    ['response_format', 'responseMimeType'],
    ['max_tokens', 'maxOutputTokens'],
  ])('%s refused takes out %s', (name, gone) => {
    const request: Partial<ModelRequest> = {
      stop: ['a'],
      output: { type: 'json' },
      reasoning: { enabled: true, effort: 'low' },
      maxOutputTokens: 9,
    };
    expect(config(request)).toHaveProperty(gone);
    const { body, ignored } = encode(request, { refuses: [name, 'contents', 'absent'] });
    expect(body.generationConfig).not.toHaveProperty(gone);
    expect(body.contents).toHaveLength(1);
    expect(ignored).toEqual([name]);
  });

  test.each([
    ['n', 2],
    ['logprobs', true],
    ['audio', {}],
  ])('%s is refused: the answer would be another one', (name, value) => {
    expect(() => encode({ fields: { [name]: value } })).toThrow(
      expect.objectContaining({ code: 'CLIENT_UNSUPPORTED' }),
    );
  });
});

test('what a client of the dialect sends comes out as it was', () => {
  const body = {
    systemInstruction: { parts: [{ text: 'Be brief.' }] },
    contents: [
      {
        role: 'user',
        parts: [
          { text: 'Look.', partMetadata: { a: 1 } },
          { inlineData: { mimeType: 'video/mp4', data: 'AA' }, videoMetadata: { fps: 1 } },
        ],
      },
      {
        role: 'model',
        parts: [
          { text: 'hm', thought: true, thoughtSignature: 'c2ln' },
          { executableCode: { language: 'PYTHON', code: '1' } },
          { functionCall: { id: 'a', name: 'look', args: { x: 1 } }, thoughtSignature: 'c2ln' },
        ],
      },
      {
        role: 'user',
        parts: [{ functionResponse: { id: 'a', name: 'look', response: { rows: [1], n: null } } }],
      },
    ],
    tools: [
      {
        functionDeclarations: [
          {
            name: 'look',
            parameters: { type: 'OBJECT', properties: { x: { type: 'INTEGER', nullable: true } } },
            behavior: 'BLOCKING',
          },
        ],
      },
      { googleSearch: {} },
    ],
    toolConfig: {
      functionCallingConfig: { mode: 'VALIDATED' },
      retrievalConfig: { languageCode: 'de' },
    },
    generationConfig: {
      topK: 40,
      seed: 7,
      candidateCount: 2,
      temperature: 0.5,
      thinkingConfig: { thinkingLevel: 'LOW', includeThoughts: true },
      responseMimeType: 'application/json',
      responseSchema: { type: 'OBJECT', properties: { a: { type: 'STRING' } } },
    },
    safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'OFF' }],
    cachedContent: 'cachedContents/1',
    labels: { some_label: 'x' },
  };
  const decoded = codec.decode(body, { model: 'gemini-3-pro-preview', stream: false });
  const encoded = codec.encode(decoded, TARGET);
  expect(encoded.body).toEqual(body);
  expect(encoded.ignored).toEqual([]);
});
