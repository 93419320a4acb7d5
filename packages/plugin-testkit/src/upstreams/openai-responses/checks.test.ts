import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { askVendor } from '../../../test/ask-vendor.ts';
import { startVendor } from '../start-vendor.ts';
import type { Vendor } from '../vendor.ts';

const KEY = { authorization: 'Bearer key-1' };
const base = { model: 'gpt-5', input: 'hello' };
const hello = { role: 'user', content: 'hello' };
const parameters = { type: 'object', properties: {} };
const look = { type: 'function', name: 'look', parameters };
const call = (call_id: string) => ({
  type: 'function_call',
  call_id,
  name: 'look',
  arguments: '{}',
});
const output = (call_id: string, content: unknown = 'a cat') => ({
  type: 'function_call_output',
  call_id,
  output: content,
});
const input = (...items: object[]) => ({ input: [hello, ...items] });
const image = { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'auto' };
const format = (given: object) => ({ text: { format: given } });
const named = { type: 'function', name: 'look' };

let vendor: Vendor;
beforeEach(async () => {
  vendor = await startVendor('openai-responses');
});
afterEach(() => vendor.close());

const ask = (body: unknown, path = '/responses') => askVendor(vendor, path, KEY, body);

describe('takes', () => {
  test.each<[string, object]>([
    ['the least', {}],
    [
      'every role',
      input(
        { role: 'developer', content: 'x' },
        { role: 'assistant', content: [{ type: 'output_text', text: 'y' }] },
      ),
    ],
    ['an image', input({ role: 'user', content: [image] })],
    ['calls and their outputs', input(call('a'), call('b'), output('a', [image]), output('b'))],
    ['an id of its own kind', input({ ...call('a'), id: 'fc_1' }, output('a'))],
    ['tools with a choice', { tools: [look], tool_choice: named, parallel_tool_calls: false }],
    [
      'tools of every kind',
      { tools: [look, { type: 'custom', name: 'patch' }, { type: 'web_search' }] },
    ],
    [
      'tools that are allowed',
      { tools: [look], tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [named] } },
    ],
    ['a schema', format({ type: 'json_schema', name: 'x', schema: parameters })],
    [
      'what Codex sends',
      {
        store: false,
        include: ['reasoning.encrypted_content'],
        prompt_cache_key: 'k',
        client_metadata: { a: 'b' },
        reasoning: { effort: 'low', summary: 'auto' },
      },
    ],
    ['an empty list of tools', { tools: [] }],
  ])('%s', async (_name, patch) => {
    const reply = await ask({ ...base, ...patch });
    expect([reply.status, reply.text]).toEqual([200, expect.stringContaining('Hello there.')]);
    expect(vendor.violations).toEqual([]);
  });
});

describe('refuses', () => {
  test.each<[string, object, RegExp]>([
    ['no model', { model: undefined }, /Missing required parameter: 'model'/u],
    ['nothing to answer', { input: undefined }, /must be provided/u],
    ['messages', { messages: [] }, /Unknown parameter: 'messages'/u],
    ['stop', { stop: ['x'] }, /Unknown parameter: 'stop'/u],
    ['max_tokens', { max_tokens: 99 }, /Unknown parameter: 'max_tokens'/u],
    ['response_format', { response_format: {} }, /Unknown parameter: 'response_format'/u],
    ['reasoning_effort', { reasoning_effort: 'low' }, /Unknown parameter: 'reasoning_effort'/u],
    ['a short answer', { max_output_tokens: 15 }, /minimum of 16/u],
    ['an unknown include', { include: ['usage'] }, /'usage' is not one of/u],
    [
      'parts of Chat',
      input({ role: 'user', content: [{ type: 'text', text: 'x' }] }),
      /'text' is not one of/u,
    ],
    [
      'an output of the user',
      input({ role: 'user', content: [{ type: 'output_text', text: 'x' }] }),
      /'output_text' is not/u,
    ],
    [
      'an input of the assistant',
      input({ role: 'assistant', content: [{ type: 'input_text', text: 'x' }] }),
      /'input_text' is not/u,
    ],
    [
      'an image that stands deep',
      input({ role: 'user', content: [{ type: 'input_image', image_url: { url: 'x' } }] }),
      /expected a string/u,
    ],
    ['a tool role', input({ role: 'tool', content: 'x' }), /'tool' is not one of/u],
    ['an unknown item', input({ type: 'tool_use' }), /'tool_use' is not one of/u],
    [
      'an unknown field of an item',
      input({ ...call('a'), index: 0 }, output('a')),
      /Unknown parameter: 'input\[1\]\.index'/u,
    ],
    ['an output without a call', input(output('a')), /No tool call found/u],
    ['a call without an output', input(call('a')), /No tool output found for function call a/u],
    ['an output before its call', input(output('a'), call('a')), /No tool call found/u],
    ['two outputs for one', input(call('a'), output('a'), output('a')), /Duplicate/u],
    ['a long id', input(call('a'.repeat(65)), output('a'.repeat(65))), /at most 64/u],
    ['the id of another item', input({ ...call('a'), id: 'call_1' }, output('a')), /pattern/u],
    [
      'an output that is an object',
      input(call('a'), output('a', { x: 1 })),
      /one of string, array/u,
    ],
    [
      'a foreign seal',
      input(
        { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'x' },
        { role: 'assistant', content: 'y' },
      ),
      /could not be verified/u,
    ],
    ['a nested tool', { tools: [{ type: 'function', function: { name: 'look' } }] }, /tools\[0\]/u],
    ['a schema without type', { tools: [{ ...look, parameters: {} }] }, /got 'type: "None"'/u],
    [
      'a strict schema that is open',
      { tools: [{ ...look, strict: true }] },
      /additionalProperties/u,
    ],
    [
      'a forced choice without tools',
      { tool_choice: 'required' },
      /must be specified with 'tools'/u,
    ],
    [
      'a nested choice',
      { tools: [look], tool_choice: { type: 'function', function: { name: 'look' } } },
      /tool_choice/u,
    ],
    [
      'a choice of an unknown tool',
      { tools: [look], tool_choice: { ...named, name: 'x' } },
      /not found/u,
    ],
    ['a nested format', format({ type: 'json_schema', json_schema: {} }), /text\.format/u],
    [
      'a strict format that is open',
      format({ type: 'json_schema', name: 'x', schema: parameters, strict: true }),
      /additionalProperties/u,
    ],
    ['JSON that nobody speaks of', format({ type: 'json_object' }), /the word 'json'/u],
    ['sampling where a model thinks', { temperature: 0.5 }, /Only the default/u],
    [
      'effort where no model thinks',
      { model: 'gpt-4o', reasoning: { effort: 'low' } },
      /not supported with this model/u,
    ],
    [
      'a summary where no model thinks',
      { model: 'gpt-4o', reasoning: { summary: 'auto' } },
      /'reasoning.summary' is not/u,
    ],
    [
      'a seal where no model thinks',
      { model: 'gpt-4o', include: ['reasoning.encrypted_content'] },
      /Encrypted content is not/u,
    ],
    [
      'options of a stream that is none',
      { stream_options: { include_obfuscation: false } },
      /only allowed when 'stream'/u,
    ],
    [
      'usage that comes anyhow',
      { stream: true, stream_options: { include_usage: true } },
      /Unknown parameter: 'stream_options.include_usage'/u,
    ],
    ['an unknown answer to go on from', { previous_response_id: 'resp_x' }, /not found/u],
    [
      'two things to go on from',
      { previous_response_id: 'resp_x', conversation: 'conv_x' },
      /Mutually exclusive/u,
    ],
  ])('%s', async (_name, patch, message) => {
    const reply = await ask({ ...base, ...patch });
    expect([reply.status, reply.json?.error?.message]).toEqual([
      400,
      expect.stringMatching(message),
    ]);
    expect(Object.keys(reply.json.error)).toEqual(['message', 'type', 'param', 'code']);
    expect(vendor.violations).toEqual([expect.stringMatching(message)]);
  });

  test('items that it does not keep, an unknown path, a count with a stream', async () => {
    const reference = await ask({ ...base, ...input({ type: 'item_reference', id: 'msg_x' }) });
    expect([reference.status, reference.json.error.code]).toEqual([404, 'item_not_found']);
    const { json } = await ask(base);
    const known = { type: 'item_reference', id: json.output.at(-1).id as string };
    expect((await ask({ ...base, ...input(known) })).status).toBe(200);
    const twice = await ask({ ...base, ...input(known, known) });
    expect(twice.json.error.message).toMatch(/Duplicate item found with id msg_/u);
    expect((await ask(base, '/chat/completions')).status).toBe(404);
    expect((await ask({ ...base, stream: true }, '/responses/input_tokens')).text).toMatch(
      /'stream'/u,
    );
    expect(vendor.violations).toHaveLength(4);
  });
});
