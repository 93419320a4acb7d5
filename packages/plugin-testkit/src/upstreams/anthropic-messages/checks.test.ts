import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { askVendor } from '../../../test/ask-vendor.ts';
import { startVendor } from '../start-vendor.ts';
import type { Vendor } from '../vendor.ts';

const KEY = { 'x-api-key': 'key-1', 'anthropic-version': '2023-06-01' };
const hello = { role: 'user', content: 'hello' };
const base = { model: 'claude-sonnet-4-5', max_tokens: 4096, messages: [hello] };
const look = { name: 'look', input_schema: { type: 'object', properties: {} } };
const call = (id: string) => ({ type: 'tool_use', id, name: 'look', input: {} });
const result = (id: string) => ({ type: 'tool_result', tool_use_id: id, content: 'a cat' });
const text = { type: 'text', text: 'hm' };
const turns = (...contents: unknown[]) => ({
  messages: contents.map((content, at) => ({
    role: at % 2 === 0 ? 'user' : 'assistant',
    content,
  })),
});
const image = (source: object) => turns([{ type: 'image', source }]);
const budget = { thinking: { type: 'enabled', budget_tokens: 2000 } };
const adaptive = { thinking: { type: 'adaptive' } };
const marked = (ttl: string) => ({ ...text, cache_control: { type: 'ephemeral', ttl } });
const strict = (schema: object) => ({
  output_config: { format: { type: 'json_schema', schema } },
});

let vendor: Vendor;
beforeEach(async () => {
  vendor = await startVendor('anthropic-messages', { secrets: ['client-secret'] });
});
afterEach(() => vendor.close());

const ask = (body: unknown, headers: object = {}, path = '/v1/messages') =>
  askVendor(vendor, path, { ...KEY, ...headers }, body);

describe('takes', () => {
  test.each<[string, object, object?]>([
    ['the least', {}],
    ['system blocks', { system: [text] }],
    ['tools with a choice', { tools: [look], tool_choice: { type: 'any' } }],
    ['a call with its result', turns('look', [text, call('a')], [result('a'), text])],
    ['thinking with a budget', budget],
    ['a prefill of an older model', turns('hi', 'I am')],
    ['adaptive thinking', { ...adaptive, model: 'claude-opus-4-7' }],
    ['a default that is no other', { model: 'claude-opus-5', temperature: 1 }],
    ['an image', image({ type: 'base64', media_type: 'image/png', data: 'AAAA' })],
    ['marks in their order', turns([marked('1h'), marked('5m')])],
    ['what a beta brings', { context_management: {} }, { 'anthropic-beta': 'context-1' }],
    ['a schema', strict({ type: 'object', additionalProperties: false, properties: {} })],
    [
      'a budget above max_tokens where thinking interleaves',
      { ...budget, max_tokens: 1024 },
      { 'anthropic-beta': 'interleaved-thinking-2025-05-14' },
    ],
  ])('%s', async (_name, patch, headers = {}) => {
    const reply = await ask({ ...base, ...patch }, headers);
    expect([reply.status, reply.text]).toEqual([200, expect.stringContaining('Hello there.')]);
    expect(vendor.violations).toEqual([]);
  });
});

describe('refuses', () => {
  test.each<[string, object, RegExp]>([
    ['no max_tokens', { max_tokens: undefined }, /max_tokens: Field required/u],
    ['an unknown field', { max_completion_tokens: 5 }, /max_completion_tokens: Extra inputs/u],
    [
      'an unknown nested field',
      turns([{ ...text, id: 'x' }]),
      /messages\.0\.content\.0\.id: Extra/u,
    ],
    ['no messages', { messages: [] }, /messages: array too short/u],
    [
      'a system role',
      { messages: [{ role: 'developer', content: 'x' }, hello] },
      /0\.role: 'developer'/u,
    ],
    ['an image as system', { system: [{ type: 'image' }] }, /system\.0/u],
    ['an assistant first', { messages: [{ role: 'assistant', content: 'x' }] }, /first message/u],
    ['an empty text block', turns([{ type: 'text', text: '' }]), /too short/u],
    ['a blank text', turns('  '), /too short/u],
    ['an id of another vendor', turns('x', [call('call|1')], [result('call|1')]), /pattern/u],
    ['a long name', { tools: [{ ...look, name: 'x'.repeat(65) }] }, /too long/u],
    ['a dotted name', { tools: [{ ...look, name: 'a.b' }] }, /pattern/u],
    ['one name twice', { tools: [look, look] }, /unique/u],
    ['an empty list of tools', { tools: [] }, /tools: array too short/u],
    ['a choice without tools', { tool_choice: { type: 'auto' } }, /while providing tools/u],
    ['a choice in words', { tools: [look], tool_choice: 'auto' }, /expected an object/u],
    ['an unknown choice', { tools: [look], tool_choice: { type: 'required' } }, /not one of/u],
    ['an unknown tool', { tools: [look], tool_choice: { type: 'tool', name: 'x' } }, /not found/u],
    ['a root without type', { tools: [{ ...look, input_schema: {} }] }, /input_schema\.type/u],
    [
      'a union at the root',
      { tools: [{ ...look, input_schema: { type: 'object', anyOf: [] } }] },
      /top level/u,
    ],
    ['a call without a result', turns('x', [call('a')], 'go on'), /without `tool_result`/u],
    ['a call at the end', turns('x', [call('a')]), /without `tool_result`/u],
    ['one result of two', turns('x', [call('a'), call('b')], [result('b')]), /after: a\./u],
    ['two results for one', turns('x', [call('a')], [result('a'), result('a')]), /single result/u],
    ['a result after text', turns('x', [call('a')], [text, result('a')]), /before other content/u],
    ['a result without a call', turns([result('a')]), /unexpected `tool_use_id`/u],
    [
      'results in two turns',
      {
        messages: [
          hello,
          { role: 'assistant', content: [call('a'), call('b')] },
          { role: 'user', content: [result('a')] },
          { role: 'user', content: [result('b')] },
        ],
      },
      /after: b\./u,
    ],
    ['one id twice', turns('x', [call('a'), call('a')], [result('a')]), /must be unique/u],
    ['arguments as text', turns('x', [{ ...call('a'), input: '{}' }], [result('a')]), /input/u],
    ['a small budget', { thinking: { type: 'enabled', budget_tokens: 1000 } }, /1024/u],
    ['a budget as large as all', { ...budget, max_tokens: 2000 }, /greater than/u],
    ['adaptive where it is unknown', adaptive, /adaptive.*is not supported/u],
    ['a budget where it is gone', { ...budget, model: 'claude-opus-4-7' }, /enabled.*is not/u],
    [
      'thinking off where it is always on',
      { model: 'claude-fable-5', thinking: { type: 'disabled' } },
      /disabled.*is not/u,
    ],
    [
      'a forced choice while thinking',
      { ...budget, tools: [look], tool_choice: { type: 'any' } },
      /forces tool use/u,
    ],
    ['temperature while thinking', { ...budget, temperature: 0.5 }, /only be set to 1/u],
    ['top_k while thinking', { ...budget, top_k: 5 }, /unset/u],
    [
      'a foreign signature',
      turns('x', [{ type: 'thinking', thinking: 'y', signature: 'z' }], 'w'),
      /Invalid `signature`/u,
    ],
    [
      'a foreign redacted block',
      turns('x', [{ type: 'redacted_thinking', data: 'z' }], 'w'),
      /Invalid `data`/u,
    ],
    [
      'a tool turn that does not begin with thinking',
      { ...budget, ...turns('x', [call('a')], [result('a')]) },
      /Expected `thinking`/u,
    ],
    ['temperature where it is gone', { model: 'claude-opus-4-7', temperature: 0.5 }, /deprecated/u],
    ['top_k where it is gone', { model: 'claude-opus-5', top_k: 1 }, /deprecated/u],
    ['temperature above 1', { temperature: 1.5 }, /maximum of 1/u],
    ['temperature with top_p', { temperature: 1, top_p: 0.5 }, /cannot both/u],
    ['an answer too long', { max_tokens: 70_000 }, /maximum allowed/u],
    ['an effort where there is none', { output_config: { effort: 'low' } }, /not supported/u],
    ['prefill where it is gone', { ...turns('a', 'b'), model: 'claude-opus-4-6' }, /prefill/u],
    ['prefill that ends in space', turns('a', 'b '), /trailing whitespace/u],
    ['a blank stop sequence', { stop_sequences: [' '] }, /stop_sequences\.0/u],
    [
      'a foreign media type',
      image({ type: 'base64', media_type: 'image/bmp', data: 'AAAA' }),
      /image\/bmp/u,
    ],
    [
      'bytes that are no base64',
      image({ type: 'base64', media_type: 'image/png', data: 'A-_A' }),
      /base64/u,
    ],
    [
      'unpadded base64',
      image({ type: 'base64', media_type: 'image/png', data: 'AAAAA' }),
      /base64/u,
    ],
    [
      'a data URL as address',
      image({ type: 'url', url: 'data:image/png;base64,AAAA' }),
      /pattern/u,
    ],
    ['five marks', { system: Array(5).fill(marked('5m')) }, /maximum of 4/u],
    ['a long mark after a short one', turns([marked('5m'), marked('1h')]), /must not come after/u],
    ['what only a beta brings', { context_management: {} }, /Extra inputs/u],
    ['an open schema', strict({ type: 'object' }), /additionalProperties/u],
    [
      'a bound in a schema',
      strict({
        type: 'object',
        additionalProperties: false,
        properties: { n: { type: 'integer', minimum: 1 } },
      }),
      /minimum/u,
    ],
  ])('%s', async (_name, patch, message) => {
    const reply = await ask({ ...base, ...patch });
    expect([reply.status, reply.text]).toEqual([400, expect.stringMatching(message)]);
    expect(reply.json).toMatchObject({
      type: 'error',
      error: { type: 'invalid_request_error' },
      request_id: expect.stringMatching(/^req_/u),
    });
    expect(vendor.violations).toEqual([expect.stringMatching(message)]);
  });

  test.each<[string, object, number, RegExp]>([
    ['no key', { 'x-api-key': '' }, 401, /invalid x-api-key/u],
    ["a client's credential", { 'x-client': 'client-secret' }, 400, /secret/u],
    ['a second credential', { authorization: 'Bearer x' }, 400, /sent twice/u],
    ['a key of another vendor', { 'x-goog-api-key': 'x' }, 400, /none of this vendor/u],
    ['no version', { 'anthropic-version': '2020-01-01' }, 400, /anthropic-version/u],
    ['a content type of its own', { 'content-type': 'text/plain' }, 400, /content type/u],
  ])('%s', async (_name, headers, status, message) => {
    const reply = await ask(base, headers);
    expect([reply.status, reply.text]).toEqual([status, expect.stringMatching(message)]);
    expect(vendor.violations).toHaveLength(1);
  });

  test.each<[string, object, RegExp]>([
    ['sampling, even where it is the default', { temperature: 1 }, /not supported in API version/u],
    [
      'a document from the assistant',
      turns('x', [
        { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'y' } },
      ]),
      /not allowed in assistant/u,
    ],
    [
      'citations from the user',
      turns([{ ...text, citations: [{ type: 'char_location' }] }]),
      /not allowed on text/u,
    ],
  ])('what version 2026-10-21 took out: %s', async (_name, patch, message) => {
    const old = await ask({ ...base, ...patch });
    expect(old.status).toBe(200);
    const reply = await ask({ ...base, ...patch }, { 'anthropic-version': '2026-10-21' });
    expect([reply.status, reply.text]).toEqual([400, expect.stringMatching(message)]);
  });

  test('bad JSON, an unknown path, and a count with max_tokens', async () => {
    expect((await ask('{"a":')).status).toBe(400);
    expect((await ask(base, {}, '/v1/chat/completions')).status).toBe(404);
    expect((await ask(base, {}, '/v1/messages?key=x')).status).toBe(400);
    const count = await ask(base, {}, '/v1/messages/count_tokens');
    expect(count.text).toMatch(/max_tokens: Extra inputs/u);
    expect(vendor.violations).toHaveLength(4);
  });
});
