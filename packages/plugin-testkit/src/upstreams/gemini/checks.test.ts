import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { askVendor } from '../../../test/ask-vendor.ts';
import { startVendor } from '../start-vendor.ts';
import type { Vendor } from '../vendor.ts';

const KEY = { 'x-goog-api-key': 'key-1' };
const hello = { role: 'user', parts: [{ text: 'hello' }] };
const base = { contents: [hello] };
const schema = { type: 'OBJECT', properties: { x: { type: 'INTEGER' } } };
const look = { name: 'look', parameters: schema };
const declared = (...functionDeclarations: object[]) => ({ tools: [{ functionDeclarations }] });
const shaped = (parameters: object) => declared({ ...look, parameters });
const property = (x: object) => shaped({ type: 'object', properties: { x } });
const call = (name = 'look', more: object = {}) => ({ functionCall: { name, args: {} }, ...more });
const result = (name = 'look', response: unknown = { output: 'a cat' }) => ({
  functionResponse: { name, response },
});
const said = (...turns: object[][]) => ({
  contents: [
    hello,
    ...turns.map((parts, at) => ({ role: at % 2 === 0 ? 'model' : 'user', parts })),
  ],
});
const part = (given: object) => ({ contents: [{ role: 'user', parts: [given] }] });
const config = (generationConfig: object) => ({ generationConfig });
const thinking = (thinkingConfig: object) => config({ thinkingConfig });
const mode = (functionCallingConfig: object) => ({ toolConfig: { functionCallingConfig } });
const json = { responseMimeType: 'application/json' };
const SIGNED = { thoughtSignature: 'skip_thought_signature_validator' };

let vendor: Vendor;
beforeEach(async () => {
  vendor = await startVendor('gemini');
});
afterEach(() => vendor.close());

const ask = (body: unknown, model = 'gemini-2.5-flash', verb = 'generateContent') =>
  askVendor(vendor, `/v1beta/models/${model}:${verb}`, KEY, body);

describe('takes', () => {
  test.each<[string, object, string?]>([
    ['the least', {}],
    [
      'snake case',
      {
        system_instruction: { parts: [{ text: 'x' }] },
        generation_config: { max_output_tokens: 5, thinking_config: { include_thoughts: true } },
      },
    ],
    [
      'names of properties as they are',
      shaped({
        type: 'object',
        properties: { some_name: { type: 'string', min_length: '1' } },
        required: ['some_name'],
      }),
    ],
    ['null as absent', { systemInstruction: null }],
    [
      'calls and their responses',
      said([call(), call('see')], [result(), result('see'), { text: 'go on' }]),
    ],
    [
      'any schema where it may stand',
      declared({
        name: 'look',
        parametersJsonSchema: { $ref: '#/x', additionalProperties: false },
      }),
    ],
    ['a choice', { ...declared(look), ...mode({ mode: 'ANY', allowedFunctionNames: ['look'] }) }],
    ['a schema of the answer', config({ ...json, responseSchema: schema })],
    ['a budget', thinking({ thinkingBudget: 0 })],
    ['a level', thinking({ thinkingLevel: 'low' }), 'gemini-3-pro-preview'],
    ['an image', part({ inlineData: { mimeType: 'image/png', data: 'AAAA' } })],
    [
      'the placeholder',
      said([call('look', SIGNED), call()], [result(), result()]),
      'gemini-3-pro-preview',
    ],
    [
      'calls of earlier turns without signature',
      {
        contents: [
          hello,
          { role: 'model', parts: [call()] },
          { role: 'user', parts: [result()] },
          { role: 'model', parts: [{ text: 'x' }] },
          hello,
        ],
      },
      'gemini-3-pro-preview',
    ],
  ])('%s', async (_name, patch, model = 'gemini-2.5-flash') => {
    const reply = await ask({ ...base, ...patch }, model);
    expect([reply.status, reply.text]).toEqual([200, expect.stringContaining('Hello there.')]);
    expect(vendor.violations).toEqual([]);
  });
});

describe('refuses', () => {
  test.each<[string, object, RegExp, string?]>([
    ['no contents', { contents: [] }, /array too short/u],
    ['an unknown field', { messages: [] }, /Unknown name "messages": Cannot find field/u],
    [
      'an unknown nested field',
      part({ text: 'x', type: 'text' }),
      /Unknown name "type" at 'contents\[0\]\.parts\[0\]'/u,
    ],
    ['a model first', { contents: [{ role: 'model', parts: [{ text: 'x' }] }] }, /first content/u],
    ['a model last', said([{ text: 'x' }]), /end with a user role/u],
    [
      'the role of another vendor',
      { contents: [{ role: 'assistant', parts: [{ text: 'x' }] }] },
      /'assistant' is not one of/u,
    ],
    ['a turn without parts', { contents: [{ role: 'user', parts: [] }] }, /parts.*too short/u],
    ['an empty part', part({}), /oneof field 'data'/u],
    [
      'a part that is two things',
      part({ text: 'x', inlineData: { mimeType: 'image/png', data: 'AAAA' } }),
      /oneof field 'data'/u,
    ],
    [
      'an image as instruction',
      { systemInstruction: { parts: [{ inlineData: {} }] } },
      /system_instruction/u,
    ],
    ['a call without a response', said([call()]), /number of function response parts/u],
    [
      'one response of two',
      said([call(), call('see')], [result()]),
      /number of function response parts/u,
    ],
    [
      'a response without a call',
      said([{ text: 'x' }], [result()]),
      /comes immediately after a function call turn/u,
    ],
    ['a response of another name', said([call()], [result('see')]), /answers no function call/u],
    [
      'responses out of order',
      said([call(), call('see')], [result('see'), result()]),
      /answers no function call/u,
    ],
    ['a call of the user', part(call()), /of role model/u],
    [
      'a call after a model turn',
      {
        contents: [
          hello,
          { role: 'model', parts: [{ text: 'x' }] },
          { role: 'model', parts: [call()] },
          { role: 'user', parts: [result()] },
        ],
      },
      /immediately after a user turn/u,
    ],
    [
      'a response that is text',
      said([call()], [result('look', 'a cat')]),
      /function_response\.response.*expected an object/u,
    ],
    ['a response that is a list', said([call()], [result('look', [1])]), /expected an object/u],
    [
      'arguments as text',
      said([{ functionCall: { name: 'look', args: '{}' } }], [result()]),
      /expected an object/u,
    ],
    ['a name with a blank', declared({ ...look, name: 'a b' }), /pattern/u],
    ['a name that begins with a digit', declared({ ...look, name: '1a' }), /pattern/u],
    ['one name twice', declared(look, look), /Duplicate function declaration found: look/u],
    ['an empty tool', { tools: [{}] }, /tool_type/u],
    [
      'two schemas of one function',
      declared({ ...look, parametersJsonSchema: {} }),
      /only one of parameters/u,
    ],
    [
      'functions and hosted tools',
      { tools: [{ functionDeclarations: [look] }, { googleSearch: {} }] },
      /with function calling is unsupported/u,
    ],
    ['a root that is no object', shaped({ type: 'STRING' }), /should be of type OBJECT/u],
    [
      'additionalProperties',
      shaped({ ...schema, additionalProperties: false }),
      /Unknown name "additionalProperties" at 'tools\[0\]\.function_declarations\[0\]\.parameters'/u,
    ],
    ['$schema', shaped({ ...schema, $schema: 'x' }), /Unknown name "\$schema"/u],
    ['const', property({ type: 'string', const: 'x' }), /Unknown name "const"/u],
    ['a reference', property({ $ref: '#/x' }), /Unknown name "\$ref"/u],
    ['a list of types', property({ type: ['string', 'null'] }), /expected a string/u],
    ['an exclusive bound', property({ type: 'number', exclusiveMinimum: 0 }), /exclusiveMinimum/u],
    ['numbers to choose from', property({ type: 'integer', enum: [1, 2] }), /expected a string/u],
    [
      'an enum of another type',
      property({ type: 'integer', enum: ['1'] }),
      /only allowed for STRING/u,
    ],
    ['an array without items', property({ type: 'array' }), /items: missing field/u],
    [
      'a format that it does not know',
      property({ type: 'string', format: 'uri' }),
      /'enum' and 'date-time'/u,
    ],
    [
      'a property that is required but not there',
      shaped({ ...schema, required: ['y'] }),
      /property is not defined/u,
    ],
    [
      'a property that is no identifier',
      shaped({ type: 'object', properties: { 'x-y': { type: 'string' } } }),
      /identifier/u,
    ],
    ['a choice without functions', mode({ mode: 'AUTO' }), /without function_declarations/u],
    [
      'allowed names in AUTO',
      { ...declared(look), ...mode({ mode: 'AUTO', allowedFunctionNames: ['look'] }) },
      /mode is ANY/u,
    ],
    [
      'unknown allowed names',
      { ...declared(look), ...mode({ mode: 'ANY', allowedFunctionNames: ['x'] }) },
      /undeclared function 'x'/u,
    ],
    ['an unknown mode', { ...declared(look), ...mode({ mode: 'auto' }) }, /'auto' is not one of/u],
    ['budget and level', thinking({ thinkingBudget: 5, thinkingLevel: 'LOW' }), /only one of/u],
    ['a level where budgets are', thinking({ thinkingLevel: 'LOW' }), /level LOW is not/u],
    [
      'a budget where levels are',
      thinking({ thinkingBudget: 500 }),
      /budget 500 is invalid/u,
      'gemini-3-flash-preview',
    ],
    [
      'a level that the model has not',
      thinking({ thinkingLevel: 'MINIMAL' }),
      /level MINIMAL is not/u,
      'gemini-3-pro-preview',
    ],
    [
      'no thinking where it is always on',
      thinking({ thinkingBudget: 0 }),
      /budget 0 is invalid/u,
      'gemini-2.5-pro',
    ],
    ['a budget too large', thinking({ thinkingBudget: 30_000 }), /30000 is invalid/u],
    [
      'thinking where nobody thinks',
      thinking({ thinkingBudget: 100 }),
      /100 is invalid/u,
      'gemini-2.0-flash',
    ],
    [
      'a call without signature',
      said([call()], [result()]),
      /missing a thought_signature.*default_api:look/u,
      'gemini-3-pro-preview',
    ],
    [
      'a foreign signature',
      said([call('look', { thoughtSignature: 'Zm9yZWlnbg==' })], [result()]),
      /Corrupted thought signature/u,
      'gemini-3-pro-preview',
    ],
    [
      'a signature that is no base64',
      said([call('look', { thoughtSignature: 'x|y' })], [result()]),
      /pattern/u,
    ],
    [
      'an image of a kind that it cannot read',
      part({ inlineData: { mimeType: 'image/gif', data: 'AAAA' } }),
      /image\/gif/u,
    ],
    [
      'bytes that are no base64',
      part({ inlineData: { mimeType: 'image/png', data: 'A' } }),
      /base64/u,
    ],
    [
      'an address that it does not fetch',
      part({ fileData: { fileUri: 'https://example.com/a.png' } }),
      /file_uri/u,
    ],
    ['six stop sequences', config({ stopSequences: ['a', 'b', 'c', 'd', 'e', 'f'] }), /too long/u],
    ['a large seed', config({ seed: 2 ** 40 }), /seed/u],
    [
      'a schema without its type',
      config({ responseSchema: schema }),
      /requires the response_mime_type/u,
    ],
    [
      'two schemas',
      config({ ...json, responseSchema: schema, responseJsonSchema: {} }),
      /only one of response_schema/u,
    ],
    [
      'JSON with functions',
      { ...declared(look), ...config(json) },
      /mime type: 'application\/json' is unsupported/u,
    ],
    ['what stands elsewhere', { maxOutputTokens: 5 }, /Unknown name "maxOutputTokens"/u],
  ])('%s', async (_name, patch, message, model = 'gemini-2.5-flash') => {
    const reply = await ask({ ...base, ...patch }, model);
    expect([reply.status, reply.json?.error?.message]).toEqual([
      400,
      expect.stringMatching(message),
    ]);
    expect(reply.json.error).toMatchObject({ code: 400, status: 'INVALID_ARGUMENT' });
    expect(vendor.violations).toEqual([expect.stringMatching(message)]);
  });

  test('keys in the wrong place, unknown verbs and other forms', async () => {
    const path = '/v1beta/models/gemini-2.5-flash:generateContent';
    const none = await askVendor(vendor, path, {}, base);
    expect([none.status, none.json.error.details[0].reason]).toEqual([400, 'API_KEY_INVALID']);
    expect((await askVendor(vendor, `${path}?key=x`, KEY, base)).text).toMatch(
      /never in the address/u,
    );
    const bearer = { ...KEY, authorization: 'Bearer x' };
    expect((await askVendor(vendor, path, bearer, base)).text).toMatch(/the key is sent twice/u);
    expect((await ask(base, 'gemini-2.5-flash', 'chat')).status).toBe(404);
    expect((await ask(base, 'gemini-2.5-flash', 'generateContent?alt=xml')).status).toBe(400);
    const both = { ...base, generateContentRequest: { model: 'models/gemini-2.5-flash', ...base } };
    expect((await ask(both, 'gemini-2.5-flash', 'countTokens')).text).toMatch(
      /either contents or/u,
    );
    expect(vendor.violations).toHaveLength(6);
  });
});
