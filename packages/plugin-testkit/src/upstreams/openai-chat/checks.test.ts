import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { askVendor } from '../../../test/ask-vendor.ts';
import { startVendor } from '../start-vendor.ts';
import type { Vendor } from '../vendor.ts';

const KEY = { authorization: 'Bearer key-1' };
const hello = { role: 'user', content: 'hello' };
const base = { model: 'gpt-4o', messages: [hello] };
const parameters = { type: 'object', properties: {} };
const look = { type: 'function', function: { name: 'look', parameters } };
const schemaOf = (schema: object, strict = false) => ({
  tools: [{ type: 'function', function: { name: 'look', parameters: schema, strict } }],
});
const call = (id: string, args = '{}') => ({
  id,
  type: 'function',
  function: { name: 'look', arguments: args },
});
const calls = (...tool_calls: object[]) => ({ role: 'assistant', content: null, tool_calls });
const result = (id: string) => ({ role: 'tool', tool_call_id: id, content: 'a cat' });
const said = (...messages: object[]) => ({ messages: [hello, ...messages] });
const parts = (...content: object[]) => said({ role: 'user', content });
const text = { type: 'text', text: 'hm' };
const image = (url: string) => parts({ type: 'image_url', image_url: { url } });
const json = (json_schema: object) => ({
  response_format: { type: 'json_schema', json_schema },
});

let vendor: Vendor;
beforeEach(async () => {
  vendor = await startVendor('openai-chat');
});
afterEach(() => vendor.close());

const ask = (body: unknown, headers: object = {}, path = '/chat/completions') =>
  askVendor(vendor, path, { ...KEY, ...headers }, body);

describe('takes', () => {
  test.each<[string, object]>([
    ['the least', {}],
    ['every role', said({ role: 'system', content: 'x' }, { role: 'developer', content: [text] })],
    [
      'parallel calls with their results',
      said(calls(call('a'), call('b')), result('b'), result('a')),
    ],
    ['arguments that are no JSON', said(calls(call('a', '{"x":')), result('a'))],
    [
      'tools with a choice',
      {
        tools: [look],
        tool_choice: { type: 'function', function: { name: 'look' } },
        parallel_tool_calls: false,
      },
    ],
    [
      'tools that are allowed',
      {
        tools: [look],
        tool_choice: {
          type: 'allowed_tools',
          allowed_tools: {
            mode: 'auto',
            tools: [{ type: 'function', function: { name: 'look' } }],
          },
        },
      },
    ],
    ['a free-text tool', { tools: [{ type: 'custom', custom: { name: 'patch' } }] }],
    ['an image', image('data:image/png;base64,AAAA')],
    ['an empty text', parts({ type: 'text', text: '' })],
    [
      'a strict schema',
      json({
        name: 'x',
        strict: true,
        schema: { ...parameters, additionalProperties: false, required: [] },
      }),
    ],
    [
      'a model that thinks',
      { model: 'gpt-5', max_completion_tokens: 9, reasoning_effort: 'low', temperature: 1 },
    ],
    ['sampling without effort', { model: 'gpt-5.1', reasoning_effort: 'none', temperature: 0.5 }],
    [
      'reasoning of a compatible server',
      {
        model: 'deepseek-chat',
        ...said({ role: 'assistant', content: 'x', reasoning_content: 'y' }),
      },
    ],
    ['null where it may stand', { stop: null, max_tokens: null, stream_options: null }],
  ])('%s', async (_name, patch) => {
    const reply = await ask({ ...base, ...patch });
    expect([reply.status, reply.text]).toEqual([200, expect.stringContaining('Hello there.')]);
    expect(vendor.violations).toEqual([]);
  });
});

describe('refuses', () => {
  test.each<[string, object, RegExp]>([
    ['no model', { model: undefined }, /Missing required parameter: 'model'/u],
    ['an unknown field', { thinking: {} }, /Unknown parameter: 'thinking'/u],
    [
      'an unknown nested field',
      said({ ...hello, id: 'x' }),
      /Unknown parameter: 'messages\[1\]\.id'/u,
    ],
    ['no messages', { messages: [] }, /array too short/u],
    ['an unknown role', said({ role: 'model', content: 'x' }), /'model' is not one of/u],
    [
      'an image of a tool',
      said(calls(call('a')), {
        ...result('a'),
        content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }],
      }),
      /'image_url' is not one of/u,
    ],
    [
      'an image of the system',
      said({ role: 'system', content: [{ type: 'image_url' }] }),
      /not one of/u,
    ],
    [
      'parts of another dialect',
      parts({ type: 'input_text', text: 'x' }),
      /'input_text' is not one of/u,
    ],
    ['an image that is no image', image('data:text/plain;base64,AAAA'), /pattern/u],
    ['an image that is no base64', image('data:image/png;base64,A'), /pattern/u],
    [
      'reasoning at OpenAI',
      said({ role: 'assistant', content: 'x', reasoning_content: 'y' }),
      /reasoning_content/u,
    ],
    ['an assistant who says nothing', said({ role: 'assistant', content: null }), /got null/u],
    [
      'an empty list of calls',
      said({ role: 'assistant', content: 'x', tool_calls: [] }),
      /array too short/u,
    ],
    [
      'a call without a result',
      said(calls(call('a')), hello),
      /must be followed by tool messages.*: a/u,
    ],
    ['a call at the end', said(calls(call('a'))), /must be followed/u],
    ['one result of two', said(calls(call('a'), call('b')), result('a')), /response messages: b/u],
    [
      'two results for one',
      said(calls(call('a')), result('a'), result('a')),
      /preceeding message/u,
    ],
    ['a result without a call', said(result('a')), /preceeding message/u],
    ['one id twice', said(calls(call('a'), call('a')), result('a')), /Duplicate/u],
    ['a long id', said(calls(call('a'.repeat(41))), result('a'.repeat(41))), /at most 40/u],
    [
      'arguments as an object',
      said(calls({ ...call('a'), function: { name: 'look', arguments: {} } }), result('a')),
      /expected a string/u,
    ],
    ['an empty list of tools', { tools: [] }, /'tools': array too short/u],
    [
      'a long name',
      { tools: [{ type: 'function', function: { name: 'x'.repeat(65) } }] },
      /at most 64/u,
    ],
    ['a dotted name', { tools: [{ type: 'function', function: { name: 'a.b' } }] }, /pattern/u],
    ['a flat tool', { tools: [{ type: 'function', name: 'look' }] }, /tools\[0\]\.function/u],
    ['a schema without type', schemaOf({}), /got 'type: "None"'/u],
    [
      'a schema without properties',
      schemaOf({ type: 'object' }),
      /object schema missing properties/u,
    ],
    [
      'an array without items',
      schemaOf({ type: 'object', properties: { a: { type: 'array' } } }),
      /array schema missing items/u,
    ],
    ['a union at the root', schemaOf({ ...parameters, anyOf: [] }), /at the top level/u],
    [
      'an open schema that is strict',
      schemaOf({ ...parameters, required: [] }, true),
      /additionalProperties/u,
    ],
    [
      'a strict schema with an optional property',
      schemaOf(
        {
          type: 'object',
          additionalProperties: false,
          properties: { a: { type: 'string' } },
          required: [],
        },
        true,
      ),
      /Missing 'a'/u,
    ],
    ['a choice without tools', { tool_choice: 'auto' }, /only allowed when 'tools'/u],
    ['parallel calls without tools', { parallel_tool_calls: true }, /only allowed when 'tools'/u],
    [
      'a choice of an unknown tool',
      { tools: [look], tool_choice: { type: 'function', function: { name: 'x' } } },
      /not found in 'tools'/u,
    ],
    ['the choice of another vendor', { tools: [look], tool_choice: 'any' }, /'any' is not one of/u],
    [
      'max_tokens where a model thinks',
      { model: 'o3', max_tokens: 5 },
      /Use 'max_completion_tokens' instead/u,
    ],
    ['both limits', { max_tokens: 5, max_completion_tokens: 5 }, /at the same time/u],
    [
      'options of a stream that is none',
      { stream_options: { include_usage: true } },
      /only allowed when 'stream'/u,
    ],
    ['a temperature above 2', { temperature: 2.5 }, /maximum of 2/u],
    [
      'sampling where a model thinks',
      { model: 'gpt-5', temperature: 0.5 },
      /Only the default \(1\)/u,
    ],
    ['stop where a model thinks', { model: 'o3', stop: ['x'] }, /'stop' is not supported/u],
    ['five stop sequences', { stop: ['a', 'b', 'c', 'd', 'e'] }, /at most 4/u],
    ['effort where no model thinks', { reasoning_effort: 'low' }, /not supported with this model/u],
    [
      'an effort that the model has not',
      { model: 'gpt-5', reasoning_effort: 'none' },
      /does not support 'none'/u,
    ],
    ['an unknown effort', { model: 'gpt-5', reasoning_effort: 'auto' }, /'auto' is not one of/u],
    ['no choices', { n: 0 }, /minimum of 1/u],
    ['a schema without name', json({ schema: parameters }), /json_schema\.name/u],
    ['a list', json({ name: 'x', schema: { type: 'array', items: {} } }), /got 'type: "array"'/u],
    [
      'a strict schema that is open',
      json({ name: 'x', strict: true, schema: parameters }),
      /additionalProperties/u,
    ],
    [
      'a schema that stands flat',
      { response_format: { type: 'json_schema', name: 'x', schema: {} } },
      /json_schema/u,
    ],
    [
      'JSON that nobody speaks of',
      { response_format: { type: 'json_object' } },
      /the word 'json'/u,
    ],
    ['top_logprobs alone', { top_logprobs: 2 }, /only allowed when 'logprobs'/u],
  ])('%s', async (_name, patch, message) => {
    const reply = await ask({ ...base, ...patch });
    expect([reply.status, reply.json?.error?.message]).toEqual([
      400,
      expect.stringMatching(message),
    ]);
    const { error } = reply.json;
    expect(Object.keys(error)).toEqual(['message', 'type', 'param', 'code']);
    expect(error).toMatchObject({ type: 'invalid_request_error', param: expect.any(String) });
    expect(vendor.violations).toEqual([expect.stringMatching(message)]);
  });

  test.each<[string, object, number, RegExp]>([
    ['no key', { authorization: '' }, 401, /no API key/u],
    ['a bare key', { authorization: 'key-1' }, 401, /no API key/u],
    ['the header of another vendor', { 'x-api-key': 'x' }, 400, /x-api-key is none/u],
    ['a cookie', { cookie: 'x=y' }, 400, /cookie is none/u],
    ['a content type of its own', { 'content-type': 'text/plain' }, 400, /content type/u],
  ])('%s', async (_name, headers, status, message) => {
    const reply = await ask(base, headers);
    expect([reply.status, reply.text]).toEqual([status, expect.stringMatching(message)]);
    expect(vendor.violations).toHaveLength(1);
  });

  test.each<[string, object, RegExp]>([
    ['no input', { input: undefined }, /'input'/u],
    ['an empty input', { input: '' }, /too short/u],
    ['an unknown field', { task: 'x' }, /Unknown parameter: 'task'/u],
  ])('embeddings of %s', async (_name, patch, message) => {
    const reply = await ask({ model: 'e', input: 'x', ...patch }, {}, '/embeddings');
    expect([reply.status, reply.text]).toEqual([400, expect.stringMatching(message)]);
  });
});
