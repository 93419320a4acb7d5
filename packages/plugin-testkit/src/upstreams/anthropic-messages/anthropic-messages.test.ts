import Anthropic from '@anthropic-ai/sdk';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startVendor } from '../start-vendor.ts';
import type { VendorMessage } from '../vendor-answer.ts';
import type { Vendor } from '../vendor.ts';

let vendor: Vendor;
let client: Anthropic;
beforeEach(async () => {
  vendor = await startVendor('anthropic-messages', { models: ['claude-sonnet-4-6'] });
  client = new Anthropic({ baseURL: vendor.url, apiKey: 'key-1', maxRetries: 0 });
});
afterEach(() => vendor.close());

const tools: Anthropic.Tool[] = [
  { name: 'look', input_schema: { type: 'object', properties: { x: { type: 'integer' } } } },
];
const base: Anthropic.MessageCreateParamsNonStreaming = {
  model: 'claude-sonnet-4-6',
  max_tokens: 4096,
  messages: [{ role: 'user', content: 'look at it' }],
};
const everything: VendorMessage = {
  parts: [
    { type: 'reasoning', text: 'let me see' },
    { type: 'reasoning', text: '', redacted: true },
    { type: 'text', text: 'Looking: 🔎 ünïcode' },
    { type: 'tool-call', name: 'look', arguments: { x: 1, s: '日本' }, pieces: 4 },
    { type: 'tool-call', id: 'toolu_b', name: 'look', arguments: {} },
  ],
  usage: { input: 100, output: 30, cached: 60, cacheWrite: 15, reasoning: 12 },
};
const thinking = { type: 'enabled', budget_tokens: 2048 } as const;

describe("the vendor's SDK", () => {
  test('reads the same answer, streamed and not', async () => {
    vendor.script(everything);
    const body = { ...base, tools, thinking };
    const whole = await client.messages.create(body);
    const streamed = await client.messages.stream(body).finalMessage();
    expect(whole).toMatchObject({
      model: 'claude-sonnet-4-6',
      stop_reason: 'tool_use',
      content: [
        { type: 'thinking', thinking: 'let me see' },
        { type: 'redacted_thinking' },
        { type: 'text', text: 'Looking: 🔎 ünïcode' },
        { type: 'tool_use', name: 'look', input: { x: 1, s: '日本' } },
        { type: 'tool_use', id: 'toolu_b', input: {} },
      ],
      usage: {
        input_tokens: 25,
        cache_read_input_tokens: 60,
        cache_creation_input_tokens: 15,
        output_tokens: 30,
        output_tokens_details: { thinking_tokens: 12 },
      },
    });
    const bare = (message: Anthropic.Message) =>
      JSON.parse(JSON.stringify(message, (key, value) => (SEALS.has(key) ? undefined : value)));
    expect(bare(streamed)).toEqual(bare(whole));
    expect(vendor.violations).toEqual([]);
  });

  test('sends a tool turn back with its thinking, whole or not at all', async () => {
    vendor.script(everything, { parts: [{ type: 'text', text: 'done' }] });
    const first = await client.messages.create({ ...base, tools, thinking });
    const results = first.content.flatMap((block) =>
      block.type === 'tool_use'
        ? [{ type: 'tool_result' as const, tool_use_id: block.id, content: 'a cat' }]
        : [],
    );
    const next = (content: Anthropic.ContentBlockParam[]) =>
      client.messages.create({
        ...base,
        tools,
        thinking,
        messages: [
          ...base.messages,
          { role: 'assistant', content },
          { role: 'user', content: results },
        ],
      });
    const content = first.content as Anthropic.ContentBlockParam[];
    expect(await next(content)).toMatchObject({ content: [{ text: 'done' }] });
    await expect(next(content.slice(2))).rejects.toThrow(/Expected `thinking`/u);
    await expect(next(content.slice(1))).rejects.toThrow(/cannot be modified/u);
    const changed = { ...content[0], thinking: 'other' } as Anthropic.ThinkingBlockParam;
    await expect(next([changed, ...content.slice(1)])).rejects.toThrow(/Invalid `signature`/u);
    expect(vendor.violations).toHaveLength(3);
  });

  test('is told thinking only where it asked, and none of its text where it is omitted', async () => {
    vendor.script(everything);
    expect((await client.messages.create({ ...base, tools })).content[0]?.type).toBe('text');
    const omitted = { ...thinking, display: 'omitted' } as const;
    const { content } = await client.messages.create({ ...base, tools, thinking: omitted });
    expect(content[0]).toMatchObject({ type: 'thinking', thinking: '' });
  });

  test('reads every ending, counts and models', async () => {
    for (const [finish, reason] of [
      ['length', 'max_tokens'],
      ['refusal', 'refusal'],
      ['stop', 'end_turn'],
    ] as const) {
      vendor.script({ parts: [{ type: 'text', text: 'so' }], finish });
      expect((await client.messages.create(base)).stop_reason).toBe(reason);
    }
    const { model, messages } = base;
    const counted = { model, messages };
    expect(await client.messages.countTokens(counted)).toEqual({
      input_tokens: expect.any(Number),
    });
    vendor.script({ tokens: 42 });
    expect(await client.messages.countTokens(counted)).toEqual({ input_tokens: 42 });
    expect((await client.models.list()).data[0]?.id).toBe('claude-sonnet-4-6');
    expect((await client.models.retrieve('claude-sonnet-4-6')).type).toBe('model');
    await expect(client.models.retrieve('claude-x')).rejects.toThrow(Anthropic.NotFoundError);
    await expect(client.messages.create({ ...base, model: 'x' })).rejects.toMatchObject({
      status: 404,
    });
  });

  test('knows the errors', async () => {
    for (const [status, type] of [
      [401, Anthropic.AuthenticationError],
      [429, Anthropic.RateLimitError],
      [500, Anthropic.InternalServerError],
      [529, Anthropic.InternalServerError],
    ] as const) {
      vendor.script({ error: { status, retryAfter: 7 } });
      const failing = client.messages.create(base);
      await expect(failing).rejects.toBeInstanceOf(type);
      const failure = (await failing.catch((error: unknown) => error)) as { headers: Headers };
      expect(failure.headers.get('retry-after')).toBe('7');
    }
    vendor.script({ error: { status: 529, inStream: true, message: 'busy' } });
    await expect(client.messages.stream(base).finalMessage()).rejects.toThrow(/overloaded_error/u);
    expect(vendor.violations).toEqual([]);
  });
});

/** What is new in each answer. */
const SEALS = new Set(['id', 'signature', 'data', 'service_tier', 'speed', 'parsed_output']);
