import { LLMock } from '@copilotkit/aimock';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { startTestGateway } from '@cliproxy/plugin-testkit';
import type { TestGateway } from '@cliproxy/plugin-testkit';
import chatgpt from '@cliproxy/plugin-llmux-chatgpt';
import claude from '@cliproxy/plugin-llmux-claude';

/** 1 × 1 pixel. */
const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** The same figures under the names that either vendor has for them. */
const USAGE = {
  prompt_tokens: 21,
  completion_tokens: 7,
  total_tokens: 28,
  input_tokens: 21,
  output_tokens: 7,
};

const WEATHER_TOOLS = (['weather', 'clock'] as const).map((name) => ({
  type: 'function' as const,
  function: {
    name,
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
}));

let vendor: LLMock;
let gateway: TestGateway;
let openai: OpenAI;

beforeAll(async () => {
  vendor = new LLMock({ port: 0, strict: true });
  vendor
    .onMessage('say hello', { content: 'Hello, 世界! 👋', usage: USAGE })
    .on(
      { userMessage: 'compare', hasToolResult: false },
      {
        toolCalls: [
          { name: 'weather', arguments: '{"city":"Köln"}', id: 'call_a' },
          { name: 'clock', arguments: '{"city":"Köln"}', id: 'call_b' },
        ],
        usage: USAGE,
      },
    )
    .on({ userMessage: 'compare', hasToolResult: true }, { content: 'Rain at noon.', usage: USAGE })
    .onMessage('what is in it', { content: 'One pixel.', usage: USAGE })
    .onMessage('as JSON', { content: '{"city":"Köln","degrees":9}', usage: USAGE });
  await vendor.start();
  const packageJson = (name: string) => new URL(`../plugins/${name}/package.json`, import.meta.url);
  gateway = await startTestGateway({
    plugins: [
      {
        plugin: claude,
        packageJson: packageJson('llmux-claude'),
        config: {
          baseUrl: vendor.baseUrl.replace(/\/v1$/u, ''),
          apiKeys: ['sk-ant-e2e-0123456789'],
        },
      },
      {
        plugin: chatgpt,
        packageJson: packageJson('llmux-chatgpt'),
        config: {
          baseUrl: `${vendor.baseUrl.replace(/\/v1$/u, '')}/v1`,
          apiKeys: ['sk-e2e-0123456789'],
        },
      },
    ],
    config: { aliases: { fast: 'claude-haiku-4-5' } },
  });
  openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.apiKey, maxRetries: 0 });
});

afterAll(async () => {
  await gateway.stop();
  await vendor.stop();
});

describe.each(['claude-sonnet-4-5', 'gpt-5', 'fast'])('the official OpenAI SDK and %s', (model) => {
  const ask = (content: OpenAI.ChatCompletionUserMessageParam['content']) =>
    ({ model, messages: [{ role: 'user' as const, content }] }) satisfies object;

  test('text, under the name that was asked for, with exact usage', async () => {
    const answer = await openai.chat.completions.create(ask('say hello'));
    expect(answer.choices[0]?.message.content).toBe('Hello, 世界! 👋');
    expect(answer.choices[0]?.finish_reason).toBe('stop');
    expect(answer.model).toBe(model);
    expect(answer.usage).toMatchObject({
      prompt_tokens: 21,
      completion_tokens: 7,
      total_tokens: 28,
    });
  });

  test('streamed text, with usage because it was asked for', async () => {
    const stream = await openai.chat.completions.create({
      ...ask('say hello'),
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    const finishes: string[] = [];
    let usage: OpenAI.CompletionUsage | null | undefined;
    for await (const chunk of stream) {
      expect(chunk.model).toBe(model);
      text += chunk.choices[0]?.delta.content ?? '';
      const finish = chunk.choices[0]?.finish_reason;
      if (finish) finishes.push(finish);
      usage = chunk.usage ?? usage;
    }
    expect(text).toBe('Hello, 世界! 👋');
    expect(finishes).toEqual(['stop']);
    expect(usage).toMatchObject({ prompt_tokens: 21, completion_tokens: 7, total_tokens: 28 });
  });

  test('streamed text without usage where it was not asked for', async () => {
    const stream = await openai.chat.completions.create({ ...ask('say hello'), stream: true });
    for await (const chunk of stream) expect(chunk.choices).toHaveLength(1);
  });

  test.each([false, true])(
    'a round trip with two parallel tools, streamed: %s',
    async (streamed) => {
      const question = { ...ask('compare'), tools: WEATHER_TOOLS, tool_choice: 'auto' as const };
      // The SDK's own accumulator judges indexes, ids and fragments of a stream.
      const message = streamed
        ? (await openai.chat.completions.stream(question).finalChatCompletion()).choices[0]?.message
        : (await openai.chat.completions.create(question)).choices[0]?.message;
      const calls = (message?.tool_calls ?? []).filter((call) => call.type === 'function');
      expect(calls.map((call) => call.function.name)).toEqual(['weather', 'clock']);
      expect(calls.map((call) => JSON.parse(call.function.arguments) as unknown)).toEqual([
        { city: 'Köln' },
        { city: 'Köln' },
      ]);
      expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
      const answer = await openai.chat.completions.create({
        ...question,
        messages: [
          ...question.messages,
          { role: 'assistant', content: null, tool_calls: calls },
          ...calls.map(({ id }) => ({
            role: 'tool' as const,
            tool_call_id: id,
            content: '{"ok":true}',
          })),
        ],
      });
      expect(answer.choices[0]?.message.content).toBe('Rain at noon.');
    },
  );

  test('a question about an image', async () => {
    const answer = await openai.chat.completions.create(
      ask([
        { type: 'text', text: 'what is in it' },
        { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } },
      ]),
    );
    expect(answer.choices[0]?.message.content).toBe('One pixel.');
    // The stand-in's journal keeps no images of Anthropic's; images.test.ts looks at those bytes.
    if (model === 'gpt-5') expect(JSON.stringify(vendor.getLastRequest()?.body)).toContain(PNG);
  });

  test('an answer by a JSON schema', async () => {
    const schema = {
      type: 'object',
      properties: { city: { type: 'string' }, degrees: { type: 'number' } },
      required: ['city', 'degrees'],
      additionalProperties: false,
    };
    const answer = await openai.chat.completions.create({
      ...ask('as JSON'),
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'report', schema, strict: true },
      },
    });
    expect(JSON.parse(answer.choices[0]?.message.content ?? '')).toEqual({
      city: 'Köln',
      degrees: 9,
    });
  });
});

test('models are listed, and an unknown one is a typed 404 that names it', async () => {
  const ids = [];
  for await (const { id } of openai.models.list()) ids.push(id);
  expect(ids).toContain('fast');
  const unknown = openai.chat.completions.create({
    model: 'no-such-model',
    messages: [{ role: 'user', content: 'x' }],
  });
  await expect(unknown).rejects.toThrow(OpenAI.NotFoundError);
  await expect(unknown).rejects.toThrow(/no-such-model/u);
});

test('a wrong client key is a typed 401', async () => {
  const stranger = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'wrong', maxRetries: 0 });
  await expect(stranger.models.list()).rejects.toThrow(OpenAI.AuthenticationError);
});

test('no key of ours or of the client reaches the log', () => {
  expect(gateway.log()).toContain('"name":"request"');
  for (const secret of [
    'sk-ant-e2e-0123456789',
    'sk-e2e-0123456789',
    gateway.apiKey,
    gateway.adminKey,
  ]) {
    expect(gateway.log()).not.toContain(secret);
  }
});
