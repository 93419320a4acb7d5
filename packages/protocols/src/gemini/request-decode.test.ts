import { describe, expect, test } from '@jest/globals';
import type { ModelRequest } from '@cliproxy/plugin-api';
import type { JsonObject } from '../model/json-object.ts';
import { request } from './request.ts';

const decode = (body: object): ModelRequest =>
  request.decode(body as JsonObject, { model: 'gemini-3-pro', stream: true });
const hi = { role: 'user', parts: [{ text: 'hi' }] };
const ask = (...parts: object[]): object => ({ contents: [{ role: 'user', parts }] });

describe('a request', () => {
  test('is read in camelCase and in snake_case alike', () => {
    const camel = {
      systemInstruction: { role: 'system', parts: [{ text: 'Be brief.' }, { text: 'Be kind.' }] },
      contents: [
        { parts: [{ text: 'Look.' }, { inlineData: { mimeType: 'image/PNG', data: 'AAAA' } }] },
        {
          role: 'model',
          parts: [
            { functionCall: { name: 'look_at', args: { some_key: 1 } }, thoughtSignature: 'c2ln' },
          ],
        },
        {
          role: 'function',
          parts: [{ functionResponse: { name: 'look_at', response: { some_key: [2] } } }],
        },
      ],
      tools: [
        {
          functionDeclarations: [
            {
              name: 'look_at',
              description: 'looks',
              parameters: {
                type: 'OBJECT',
                properties: { some_key: { type: 'INTEGER', nullable: true } },
                required: ['some_key'],
              },
            },
          ],
        },
      ],
      toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['look_at'] } },
      generationConfig: {
        maxOutputTokens: 100,
        temperature: 2,
        topP: 0.5,
        topK: 40,
        stopSequences: ['END'],
        thinkingConfig: { thinkingLevel: 'LOW', includeThoughts: true },
      },
      safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }],
      cachedContent: 'cachedContents/1',
    };
    const snake = JSON.parse(
      JSON.stringify(camel).replaceAll(/"([a-zA-Z]+)":/g, (_, key: string) => {
        return `"${key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}":`;
      }),
    ) as object;
    const expected: ModelRequest = {
      model: 'gemini-3-pro',
      stream: true,
      turns: [
        {
          role: 'system',
          parts: [
            { type: 'text', text: 'Be brief.' },
            { type: 'text', text: 'Be kind.' },
          ],
        },
        {
          role: 'user',
          parts: [
            { type: 'text', text: 'Look.' },
            { type: 'media', mediaType: 'image/png', source: { base64: 'AAAA' } },
          ],
        },
        {
          role: 'assistant',
          parts: [
            {
              type: 'tool-call',
              id: 'gemini_call_1',
              name: 'look_at',
              argumentsJson: '{"some_key":1}',
              opaque: { origin: 'gemini', value: 'c2ln' },
            },
          ],
        },
        {
          role: 'user',
          parts: [
            {
              type: 'tool-result',
              callId: 'gemini_call_1',
              content: [{ type: 'text', text: '{"some_key":[2]}' }],
            },
          ],
        },
      ],
      tools: [
        {
          kind: 'function',
          name: 'look_at',
          description: 'looks',
          schema: {
            type: 'object',
            properties: { some_key: { type: ['integer', 'null'] } },
            required: ['some_key'],
          },
        },
      ],
      toolChoice: { names: ['look_at'] },
      maxOutputTokens: 100,
      temperature: 2,
      topP: 0.5,
      stop: ['END'],
      reasoning: { enabled: true, effort: 'low', visible: true },
      extras: {
        dialect: 'gemini',
        fields: {
          'generationConfig.topK': 40,
          safetySettings: camel.safetySettings,
          cachedContent: 'cachedContents/1',
        },
      },
    };
    expect(decode(camel)).toEqual(expected);
    expect(decode(snake)).toEqual(expected);
    expect(request.needs(snake as JsonObject)).toEqual(request.needs(camel));
    expect(request.needs(camel as JsonObject)).toEqual(['system', 'tools', 'images', 'multi-turn']);
    expect(request.sessionKey(snake as JsonObject, {})).toBe('cachedContents/1');
  });

  test.each([
    ['hi', [[{ type: 'text', text: 'hi' }]]],
    [hi, [[{ type: 'text', text: 'hi' }]]],
    [[{ parts: { text: 'hi' } }], [[{ type: 'text', text: 'hi' }]]],
    [
      ['a', 'b'],
      [[{ type: 'text', text: 'a' }], [{ type: 'text', text: 'b' }]],
    ],
  ])('takes contents written as %j', (contents, parts) => {
    expect(decode({ contents }).turns.map((turn) => turn.parts)).toEqual(parts);
  });

  test.each([
    ['Be brief.', ['Be brief.']],
    [{ parts: 'Be brief.' }, ['Be brief.']],
    [{ text: 'Be brief.' }, ['Be brief.']],
    [
      [{ text: 'a' }, { text: 'b' }],
      ['a', 'b'],
    ],
  ])('takes a system instruction written as %j', (systemInstruction, texts) => {
    const { turns } = decode({ contents: [hi], systemInstruction });
    expect(turns[0]?.parts.map((part) => (part.type === 'text' ? part.text : ''))).toEqual(texts);
  });

  test.each<[string, object]>([
    ['contents', {}],
    ['contents', { contents: [] }],
    ['contents[0]', { contents: [1] }],
    ['contents[0].role', { contents: [{ role: 'system', parts: [] }] }],
    ['contents[0].parts[0]', ask({})],
    ['contents[0].parts[0].text', ask({ text: 1 })],
    ['contents[0].parts[0].inlineData.mimeType', ask({ inlineData: { data: '' } })],
    ['contents[0].parts[0].functionCall.name', ask({ function_call: { name: '' } })],
    ['contents[0].parts[0].functionCall.args', ask({ functionCall: { name: 'a', args: '{}' } })],
    [
      'contents[0].parts[0].functionResponse.response',
      ask({ functionResponse: { name: 'a', response: [] } }),
    ],
    ['systemInstruction', { contents: [hi], systemInstruction: [{ inlineData: IMAGE() }] }],
    [
      'tools[0].functionDeclarations[0].name',
      { contents: [hi], tools: [{ functionDeclarations: [{}] }] },
    ],
    [
      'toolConfig.functionCallingConfig.mode',
      { contents: [hi], toolConfig: { functionCallingConfig: { mode: 'MAYBE' } } },
    ],
    ['generationConfig.temperature', { contents: [hi], generationConfig: { temperature: 3 } }],
    [
      'generationConfig.maxOutputTokens',
      { contents: [hi], generation_config: { max_output_tokens: 0 } },
    ],
    [
      'generationConfig.thinkingConfig',
      {
        contents: [hi],
        generationConfig: { thinkingConfig: { thinkingBudget: 1, thinkingLevel: 'LOW' } },
      },
    ],
    [
      'generationConfig.responseMimeType',
      { contents: [hi], generationConfig: { responseMimeType: 'image/png' } },
    ],
  ])('without a good `%s` is refused by that name', (path, body) => {
    expect(() => decode(body)).toThrow(
      expect.objectContaining({
        code: 'CLIENT_BAD_REQUEST',
        message: expect.stringContaining(`\`${path}\``) as unknown,
      }),
    );
  });
});

function IMAGE(): object {
  return { mimeType: 'image/png', data: 'AAAA' };
}

describe('calls and results', () => {
  const call = (name: string, id?: string): object => ({
    functionCall: { name, ...(id === undefined ? {} : { id }) },
  });
  const result = (name: string, output: string, id?: string): object => ({
    functionResponse: { name, response: { output }, ...(id === undefined ? {} : { id }) },
  });
  const pairs = (...contents: (readonly [string, ...object[]])[]): object => {
    const { turns } = decode({
      contents: contents.map(([role, ...parts]) => ({ role, parts })),
    });
    const names = new Map<string, string>();
    return turns
      .flatMap(({ parts }) => parts)
      .flatMap((part) => {
        if (part.type === 'tool-call') names.set(part.id, `${part.name}/${names.size}`);
        if (part.type !== 'tool-result') return [];
        const [text] = part.content;
        return [[names.get(part.callId), text?.type === 'text' ? text.text : undefined]];
      });
  };

  test('without ids are paired by name and order', () => {
    expect(
      pairs(
        ['user', { text: 'go' }],
        ['model', call('a'), call('b'), call('a')],
        ['user', result('b', '1'), result('a', '2'), result('a', '3')],
        ['model', call('a')],
        ['user', result('a', '4')],
      ),
    ).toEqual([
      ['b/1', '1'],
      ['a/0', '2'],
      ['a/2', '3'],
      ['a/3', '4'],
    ]);
  });

  test('with ids are paired by them, also where one side lacks them', () => {
    expect(
      pairs(
        ['user', { text: 'go' }],
        ['model', call('a', 'x'), call('a', 'y')],
        ['user', result('a', '1', 'y'), result('a', '2')],
        ['model', call('b'), call('b')],
        ['user', result('b', '3', 'unknown'), result('b', '4')],
      ),
    ).toEqual([
      ['a/1', '1'],
      ['a/0', '2'],
      ['b/2', '3'],
      ['b/3', '4'],
    ]);
  });

  test('a call that was never answered takes no later result; a result without a call stays one', () => {
    expect(
      pairs(
        ['user', { text: 'go' }],
        ['model', call('a')],
        ['user', { text: 'never mind' }, result('b', '0')],
        ['model', call('a')],
        ['user', result('a', '1')],
      ),
    ).toEqual([
      [undefined, '0'],
      ['a/1', '1'],
    ]);
  });

  test.each<[object | undefined, readonly string[], boolean | undefined]>([
    [undefined, [], undefined],
    [{}, [], undefined],
    [{ output: 'a cat' }, ['a cat'], undefined],
    [{ result: 'a cat' }, ['a cat'], undefined],
    [{ output: { a: 1 } }, ['{"output":{"a":1}}'], undefined],
    [{ error: 'no' }, ['no'], true],
    [{ error: { code: 1 } }, ['{"code":1}'], true],
    [{ error: null, rows: [] }, ['{"error":null,"rows":[]}'], undefined],
  ])('a response of %j is %j', (response, texts, isError) => {
    const { turns } = decode(ask({ functionResponse: { name: 'a', response } }));
    expect(turns[0]?.parts[0]).toMatchObject({
      content: texts.map((text) => ({ type: 'text', text })),
    });
    expect((turns[0]?.parts[0] as { isError?: boolean }).isError).toBe(isError);
  });

  test('a response may hold media', () => {
    const parts = [{ inline_data: { mime_type: 'image/png', data: 'AAAA' } }];
    const { turns } = decode(ask({ functionResponse: { name: 'a', response: {}, parts } }));
    expect(turns[0]?.parts[0]).toMatchObject({
      content: [{ type: 'media', mediaType: 'image/png', source: { base64: 'AAAA' } }],
    });
  });
});

describe('thoughts and signatures', () => {
  const parts = (...given: object[]): unknown =>
    decode({ contents: [hi, { role: 'model', parts: given }] }).turns[1]?.parts;
  const opaque = { origin: 'gemini', value: 's' };

  test('pieces of a thought are one, up to its signature', () => {
    expect(
      parts(
        { text: 'a', thought: true },
        { text: 'b', thought: true },
        { text: '', thought: true, thoughtSignature: 'cpx1.Z3B0L281.s' },
        { text: 'c', thought: true },
        { text: 'hi' },
      ),
    ).toEqual([
      { type: 'reasoning', text: 'ab', opaque: { origin: 'gpt/o5', value: 's' } },
      { type: 'reasoning', text: 'c' },
      { type: 'text', text: 'hi' },
    ]);
  });

  test('a signature of a text stands after it', () => {
    const carrier = { type: 'reasoning', text: '', opaque };
    expect(parts({ text: 'hi', thoughtSignature: 's' })).toEqual([
      { type: 'text', text: 'hi' },
      carrier,
    ]);
    expect(parts({ thoughtSignature: 's' })).toEqual([carrier]);
  });

  test("the placeholder is nobody's signature", () => {
    const thoughtSignature = 'skip_thought_signature_validator';
    expect(parts({ functionCall: { name: 'a' }, thoughtSignature })).toEqual([
      { type: 'tool-call', id: 'gemini_call_1', name: 'a', argumentsJson: '{}' },
    ]);
  });
});

describe('tools and settings', () => {
  test("the vendor's own tools and what nobody else has are kept by name", () => {
    const { tools, toolChoice, extras } = decode({
      contents: [
        { parts: [{ text: 'a', partMetadata: { a: 1 } }, { executableCode: { code: '1' } }] },
      ],
      tools: [
        {
          functionDeclarations: [
            { name: 'a', parametersJsonSchema: { $ref: '#/$defs/a' }, behavior: 'BLOCKING' },
          ],
        },
        { google_search: {} },
      ],
      toolConfig: {
        functionCallingConfig: { mode: 'VALIDATED' },
        retrievalConfig: { languageCode: 'de' },
      },
      generationConfig: {
        candidateCount: 2,
        seed: 7,
        responseMimeType: 'text/x.enum',
        responseSchema: { type: 'STRING', enum: ['a'] },
      },
      labels: { some_label: 'x' },
      model: 'models/other',
    });
    expect(tools).toEqual([{ kind: 'function', name: 'a', schema: { $ref: '#/$defs/a' } }]);
    expect(toolChoice).toBe('auto');
    expect(extras.fields).toEqual({
      'generationConfig.candidateCount': 2,
      'generationConfig.seed': 7,
      'generationConfig.responseMimeType': 'text/x.enum',
      'generationConfig.responseSchema': { type: 'STRING', enum: ['a'] },
      'toolConfig.functionCallingConfig.mode': 'VALIDATED',
      'toolConfig.retrievalConfig': { languageCode: 'de' },
      labels: { some_label: 'x' },
      'tools[].behavior': [[0, 0, 'function', 'BLOCKING']],
      'tools[googleSearch]': [[0, 1, 'googleSearch', { googleSearch: {} }]],
      'contents[].parts[].partMetadata': [[0, 0, 'text', { a: 1 }]],
      'contents[].parts[executableCode]': [
        [0, 1, 'executableCode', { executableCode: { code: '1' } }],
      ],
    });
  });

  test.each([
    [{ mode: 'AUTO' }, 'auto', 2],
    [{ mode: 'auto', allowedFunctionNames: ['b'] }, 'auto', 1],
    [{ mode: 'ANY' }, 'required', 2],
    [{ mode: 'NONE' }, 'none', 2],
    [{}, 'auto', 2],
  ])('the mode %j is %j', (functionCallingConfig, choice, count) => {
    const { toolChoice, tools } = decode({
      contents: [hi],
      tools: [{ functionDeclarations: [{ name: 'a' }, { name: 'b' }] }],
      toolConfig: { functionCallingConfig },
    });
    expect([toolChoice, tools.length]).toEqual([choice, count]);
  });

  test.each<[object, object | undefined]>([
    [{ thinkingBudget: 0 }, { enabled: false }],
    [{ thinkingBudget: -1 }, { enabled: true }],
    [
      { thinkingBudget: 2000, includeThoughts: false },
      { enabled: true, budgetTokens: 2000, visible: false },
    ],
    [{ thinkingLevel: 'high' }, { enabled: true, effort: 'high' }],
    [{ includeThoughts: true }, { enabled: true, visible: true }],
    [{ includeThoughts: false }, undefined],
  ])('thinking as in %j is the wish %j', (thinkingConfig, wish) => {
    expect(decode({ contents: [hi], generationConfig: { thinkingConfig } }).reasoning).toEqual(
      wish,
    );
  });

  test.each<[object, object | undefined]>([
    [{ responseMimeType: 'application/json' }, { type: 'json' }],
    [{ responseMimeType: 'text/plain' }, undefined],
    [
      { responseMimeType: 'application/json', responseSchema: { type: 'STRING' } },
      { type: 'json-schema', name: 'answer', schema: { type: 'string' } },
    ],
    [
      { responseJsonSchema: { type: 'object', additionalProperties: false } },
      {
        type: 'json-schema',
        name: 'answer',
        schema: { type: 'object', additionalProperties: false },
      },
    ],
  ])('a format as in %j is the wish %j', (generationConfig, wish) => {
    expect(decode({ contents: [hi], generationConfig }).output).toEqual(wish);
  });

  test.each([
    ['https://youtu.be/abc', { url: 'https://youtu.be/abc' }, 'video/*'],
    [
      'https://generativelanguage.googleapis.com/v1beta/files/a',
      { fileId: 'https://generativelanguage.googleapis.com/v1beta/files/a' },
      'application/octet-stream',
    ],
    ['gs://bucket/a', { fileId: 'gs://bucket/a' }, 'application/octet-stream'],
  ])('the file %s is %j', (fileUri, source, mediaType) => {
    expect(decode(ask({ fileData: { fileUri } })).turns[0]?.parts).toEqual([
      { type: 'media', mediaType, source },
    ]);
  });
});
