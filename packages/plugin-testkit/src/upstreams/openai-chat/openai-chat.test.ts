import type { APIError } from 'openai';
import OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startVendor } from '../start-vendor.ts';
import type { VendorMessage } from '../vendor-answer.ts';
import type { Vendor } from '../vendor.ts';

let vendor: Vendor;
let client: OpenAI;
beforeEach(async () => {
  vendor = await startVendor('openai-chat', { apiKey: 'key-1' });
  client = clientWith('key-1');
});
afterEach(() => vendor.close());

const clientWith = (apiKey: string) =>
  new OpenAI({ baseURL: vendor.url, apiKey, maxRetries: 0, organization: null, project: null });

const tools: OpenAI.ChatCompletionFunctionTool[] = [
  {
    type: 'function',
    function: {
      name: 'look',
      parameters: { type: 'object', properties: { x: { type: 'integer' } } },
    },
  },
];
const base = {
  model: 'gpt-4o',
  messages: [{ role: 'user' as const, content: 'look at it' }],
  tools,
};
const everything: VendorMessage = {
  parts: [
    { type: 'reasoning', text: 'let me see' },
    { type: 'text', text: 'Looking: 🔎 ünïcode' },
    { type: 'tool-call', name: 'look', arguments: { x: 1, s: '日本' }, pieces: 4 },
    { type: 'tool-call', id: 'call_b', name: 'look', arguments: {} },
  ],
  usage: { input: 100, output: 30, cached: 60, reasoning: 12 },
};

describe("the vendor's SDK", () => {
  test.each([false, true])(
    'reads the same answer, streamed and not (interleaved: %s)',
    async (interleaved) => {
      vendor.script({ ...everything, stream: { interleaved } });
      const whole = await client.chat.completions.create(base);
      expect(whole).toMatchObject({
        model: 'gpt-4o',
        object: 'chat.completion',
        choices: [
          {
            finish_reason: 'tool_calls',
            message: {
              content: 'Looking: 🔎 ünïcode',
              tool_calls: [
                { type: 'function', function: { name: 'look', arguments: '{"x":1,"s":"日本"}' } },
                { id: 'call_b', function: { arguments: '{}' } },
              ],
            },
          },
        ],
        usage: {
          prompt_tokens: 100,
          completion_tokens: 30,
          total_tokens: 130,
          prompt_tokens_details: { cached_tokens: 60 },
          completion_tokens_details: { reasoning_tokens: 12 },
        },
      });
      expect(whole.choices[0]?.message).not.toHaveProperty('reasoning_content');
      const options = { ...base, stream_options: { include_usage: true } };
      const stream = client.chat.completions.stream(options);
      const streamed = await stream.finalChatCompletion();
      expect(streamed.choices[0]).toMatchObject({
        finish_reason: 'tool_calls',
        message: { content: 'Looking: 🔎 ünïcode' },
      });
      expect(streamed.choices[0]?.message.tool_calls).toMatchObject([
        { function: { arguments: '{"x":1,"s":"日本"}' } },
        { function: { arguments: '{}' } },
      ]);
      expect(streamed.usage).toEqual(whole.usage);
      expect(vendor.violations).toEqual([]);
    },
  );

  test('is called with free text', async () => {
    vendor.script({ parts: [{ type: 'tool-call', name: 'patch', arguments: { input: 'x' } }] });
    const body = { ...base, tools: [{ type: 'custom' as const, custom: { name: 'patch' } }] };
    const { choices } = await client.chat.completions.create(body);
    expect(choices[0]?.message.tool_calls).toMatchObject([
      { type: 'custom', custom: { name: 'patch', input: 'x' } },
    ]);
  });

  test('is given usage only where it asked, and reasoning only by compatible servers', async () => {
    vendor.script(everything);
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    const body = { ...base, model: 'deepseek-chat', n: 2, stream: true } as const;
    for await (const chunk of await client.chat.completions.create(body)) chunks.push(chunk);
    expect(chunks.every(({ choices, usage }) => choices.length === 1 && usage === undefined)).toBe(
      true,
    );
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
    expect(JSON.stringify(chunks)).toContain('"reasoning_content":"let m');
    expect(chunks.filter(({ choices }) => choices[0]?.finish_reason === 'tool_calls')).toHaveLength(
      2,
    );
  });

  test('reads every ending, embeddings and models', async () => {
    for (const [finish, reason] of [
      ['length', 'length'],
      ['refusal', 'content_filter'],
      ['stop', 'stop'],
    ] as const) {
      vendor.script({ parts: [{ type: 'text', text: 'so' }], finish });
      const { choices } = await client.chat.completions.create(base);
      expect(choices[0]?.finish_reason).toBe(reason);
    }
    vendor.script({
      vectors: [
        [0.5, -0.25],
        [1, 2],
      ],
    });
    for (const encoding_format of [undefined, 'float'] as const) {
      const { data } = await client.embeddings.create({
        model: 'text-embedding-3-small',
        input: ['a', 'b', 'c'],
        ...(encoding_format && { encoding_format }),
      });
      expect(data.map(({ embedding }) => embedding)).toEqual([
        [0.5, -0.25],
        [1, 2],
        [1, 2],
      ]);
    }
    expect((await client.models.list()).data[0]?.id).toBe('model-1');
    expect((await client.models.retrieve('x')).object).toBe('model');
    expect(vendor.violations).toEqual([]);
  });

  test('knows the errors', async () => {
    await expect(clientWith('key-2').models.list()).rejects.toThrow(OpenAI.AuthenticationError);
    for (const [status, type, code] of [
      [401, OpenAI.AuthenticationError, 'invalid_api_key'],
      [404, OpenAI.NotFoundError, 'model_not_found'],
      [429, OpenAI.RateLimitError, 'rate_limit_exceeded'],
      [500, OpenAI.InternalServerError, null],
      [503, OpenAI.InternalServerError, 'server_is_overloaded'],
    ] as const) {
      vendor.script({ error: { status, retryAfter: 7 } });
      const failing = client.chat.completions.create(base);
      await expect(failing).rejects.toBeInstanceOf(type);
      const failure = (await failing.catch((error: unknown) => error)) as APIError;
      expect([failure.code, failure.headers?.get('retry-after')]).toEqual([code, '7']);
    }
    vendor.script({ error: { status: 429, code: 'insufficient_quota' } });
    await expect(client.chat.completions.create(base)).rejects.toMatchObject({
      type: 'insufficient_quota',
    });
    vendor.script({ error: { status: 500, inStream: true, message: 'broken inside' } });
    const stream = client.chat.completions.stream(base);
    await expect(stream.finalChatCompletion()).rejects.toThrow(/broken inside/u);
  });
});
