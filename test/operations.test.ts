import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startScriptedUpstream, startTestGateway } from '@cliproxy/plugin-testkit';
import type { ReceivedRequest, ScriptedUpstream, TestGateway } from '@cliproxy/plugin-testkit';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import compatible from '@cliproxy/plugin-openai-compatible';
import chatgpt from '@cliproxy/plugin-llmux-chatgpt';
import claude from '@cliproxy/plugin-llmux-claude';

let upstream: ScriptedUpstream;
let gateway: TestGateway;

const manifest = (id: string): URL => new URL(`../plugins/${id}/package.json`, import.meta.url);

beforeEach(async () => {
  upstream = await startScriptedUpstream();
  const { url } = upstream;
  gateway = await startTestGateway({
    plugins: [
      {
        plugin: chatgpt,
        packageJson: manifest('llmux-chatgpt'),
        config: { baseUrl: `${url}/v1`, apiKeys: ['sk-one-0123456789', 'sk-two-0123456789'] },
      },
      {
        plugin: claude,
        packageJson: manifest('llmux-claude'),
        config: { baseUrl: url, apiKeys: ['sk-ant-0123456789'] },
      },
      {
        plugin: compatible,
        packageJson: manifest('openai-compatible'),
        config: {
          baseUrl: `${url}/plain/v1`,
          apiKeys: ['sk-plain-0123456789'],
          models: [{ id: 'plain' }],
        },
      },
    ],
  });
});

afterEach(async () => {
  await gateway.stop();
  await upstream.close();
});

const anthropic = (): Anthropic =>
  new Anthropic({ baseURL: gateway.url, apiKey: gateway.apiKey, maxRetries: 0 });
const openai = (): OpenAI =>
  new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.apiKey, maxRetries: 0 });

const json = (body: object, status = 200) => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
const asked = (): readonly ReceivedRequest[] =>
  upstream.requests.filter(({ method }) => method === 'POST');
const bodyOf = (request: ReceivedRequest | undefined): Record<string, unknown> =>
  JSON.parse(String(request?.body)) as Record<string, unknown>;

describe('a count of tokens', () => {
  const question = { messages: [{ role: 'user' as const, content: 'How many tokens is this?' }] };

  test('is asked of a provider of another dialect', async () => {
    upstream.answer(json({ object: 'response.input_tokens', input_tokens: 11 }));
    const { data, response } = await anthropic()
      .messages.countTokens({ model: 'gpt-5', ...question })
      .withResponse();
    expect(data).toEqual({ input_tokens: 11 });
    expect(response.headers.has('x-cliproxy-estimated')).toBe(false);
    expect(asked().map(({ url }) => url)).toEqual(['/v1/responses/input_tokens']);
  });

  test('is estimated where the provider can’t count, and says so', async () => {
    const { data, response } = await anthropic()
      .messages.countTokens({ model: 'openai-compatible/plain', ...question })
      .withResponse();
    expect(data.input_tokens).toBeGreaterThan(5);
    expect(data.input_tokens).toBeLessThan(30);
    expect(response.headers.get('x-cliproxy-estimated')).toBe('input_tokens');
    expect(asked()).toEqual([]);
    expect(gateway.log()).toContain('by an estimate');
  });

  test('is an error where the provider counts and can’t now', async () => {
    upstream.answer(json({ error: { message: 'slow down' } }, 429));
    await expect(
      anthropic().messages.countTokens({ model: 'claude-haiku-4-5', ...question }),
    ).rejects.toMatchObject({ status: 429 });
  });
});

test('reasoning that a provider refuses is left out, once', async () => {
  const refusal = { message: 'messages.1.content.0: Invalid `signature` in `thinking` block' };
  const refused = json(
    { type: 'error', error: { type: 'invalid_request_error', ...refusal } },
    400,
  );
  const answered = json({
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-haiku-4-5',
    content: [{ type: 'text', text: 'A cat.' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 1, output_tokens: 1 },
  });
  upstream.answer(({ body }) => (body.includes('c2ln') ? refused : answered));
  const answer = await anthropic().messages.create({
    model: 'claude-haiku-4-5',
    max_tokens: 4000,
    thinking: { type: 'enabled', budget_tokens: 2000 },
    messages: [
      { role: 'user', content: 'What is in it?' },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'I look.', signature: 'c2ln' },
          { type: 'tool_use', id: 'toolu_1', name: 'look', input: {} },
        ],
      },
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'fur' }],
      },
    ],
    tools: [{ name: 'look', input_schema: { type: 'object' } }],
  });
  expect(answer.content).toEqual([{ type: 'text', text: 'A cat.' }]);
  expect(asked()).toHaveLength(2);
  expect(String(asked()[0]?.body)).toContain('c2ln');
  expect(String(asked()[1]?.body)).not.toContain('c2ln');
  expect(bodyOf(asked()[1])).not.toHaveProperty('thinking');
  expect(gateway.log()).toContain('reasoning');
});

test('reasoning that a provider refuses in a stream that began well is left out, once', async () => {
  const events = (...all: readonly object[]) => ({
    status: 200,
    headers: { 'content-type': 'text/event-stream' },
    body: all
      .map((event, sequence_number) => JSON.stringify({ ...event, sequence_number }))
      .map((data) => `data: ${data}\n\n`)
      .join(''),
  });
  const begun = { id: 'resp_1', object: 'response', status: 'in_progress', output: [] };
  const error = { code: 'invalid_encrypted_content', message: 'The content can’t be verified.' };
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text: 'A cat.', annotations: [] }],
  };
  upstream.answer(({ body }) =>
    body.includes('gAAAA')
      ? events(
          { type: 'response.created', response: begun },
          { type: 'response.failed', response: { ...begun, status: 'failed', error } },
        )
      : events(
          { type: 'response.created', response: begun },
          { type: 'response.output_item.done', output_index: 0, item: message },
          {
            type: 'response.completed',
            response: { ...begun, status: 'completed', output: [message] },
          },
        ),
  );
  const stream = openai().responses.stream({
    model: 'gpt-5',
    store: false,
    input: [
      { role: 'user', content: 'What is in it?' },
      { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAAA' },
      { role: 'assistant', content: 'Fur.' },
      { role: 'user', content: 'So?' },
    ],
  });
  const answer = await stream.finalResponse();
  expect(answer.output_text).toBe('A cat.');
  expect(asked().map(({ body }) => body.includes('gAAAA'))).toEqual([true, false]);
});

test('a vendor’s words for a bad request reach the client of its dialect', async () => {
  const error = {
    message: "Unsupported value: 'temperature' does not support 0.5.",
    type: 'invalid_request_error',
    param: 'temperature',
    code: 'unsupported_value',
  };
  upstream.answer(json({ error }, 400));
  await expect(
    openai().chat.completions.create({ model: 'openai-compatible/plain', messages: [] }),
  ).rejects.toMatchObject({ ...error, message: `400 ${error.message}`, status: 400 });
});

describe('an answer that the provider keeps', () => {
  const response = (id: string) => ({
    id,
    object: 'response',
    created_at: 1,
    status: 'completed',
    model: 'gpt-5',
    output: [],
    usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
  });

  test('is gone on from on the account that keeps it', async () => {
    let made = 0;
    upstream.answer(() => json(response(`resp_${(made += 1)}`)));
    const client = openai();
    const ask = { model: 'gpt-5', input: 'hi' };
    const first = await client.responses.create(ask);
    const second = await client.responses.create(ask);
    for (const previous_response_id of [first.id, second.id, first.id, second.id]) {
      await client.responses.create({ ...ask, previous_response_id });
    }
    const keys = asked().map(({ headers }) => headers.authorization);
    expect(keys[0]).not.toBe(keys[1]);
    expect(keys.slice(2)).toEqual([keys[0], keys[1], keys[0], keys[1]]);
  });

  test('and nobody knows is refused by its name', async () => {
    await expect(
      openai().responses.create({ model: 'gpt-5', input: 'hi', previous_response_id: 'resp_9' }),
    ).rejects.toMatchObject({
      status: 400,
      code: 'previous_response_not_found',
      param: 'previous_response_id',
    });
    expect(asked()).toEqual([]);
  });
});
