import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { TestGateway } from '@cliproxy/plugin-testkit';
import { startEchoGateway, unicodeTurns } from './echo-gateway.ts';

let gateway: TestGateway;
let anthropic: Anthropic;

beforeAll(async () => {
  gateway = await startEchoGateway();
  anthropic = new Anthropic({ baseURL: gateway.url, apiKey: gateway.apiKey, maxRetries: 0 });
});
afterAll(() => gateway.stop());

const question = {
  model: 'maker/parrot',
  max_tokens: 100,
  messages: [{ role: 'user' as const, content: 'one two' }],
};

describe('messages', () => {
  test.each(['messages', 'beta'] as const)('whole, by %s', async (way) => {
    const answer =
      way === 'beta'
        ? await anthropic.beta.messages.create({ ...question, betas: ['x-2025-01-01'] })
        : await anthropic.messages.create(question);
    expect(answer).toMatchObject({
      type: 'message',
      model: 'maker/parrot',
      content: [{ type: 'text', text: 'one two' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 2, output_tokens: 2 },
    });
    expect(answer._request_id).toMatch(/^req_/u);
  });

  test('streamed, with a tool', async () => {
    const stream = anthropic.messages.stream({
      ...question,
      messages: [{ role: 'user', content: 'so\n/tool look {"x": 1}' }],
      tools: [{ name: 'look', input_schema: { type: 'object' } }],
    });
    const answer = await stream.finalMessage();
    expect(answer.content).toMatchObject([
      { type: 'text', text: 'so' },
      { type: 'tool_use', name: 'look', input: { x: 1 } },
    ]);
    expect(answer.stop_reason).toBe('tool_use');
  });

  test('a history of 40 turns stays in order, whatever its script', async () => {
    const messages = unicodeTurns.map((content, n) => ({
      role: n % 2 === 0 ? ('user' as const) : ('assistant' as const),
      content,
    }));
    const content = unicodeTurns.join(' ');
    const answer = await anthropic.messages.create({
      ...question,
      messages: [...messages, { role: 'user', content }],
    });
    expect(answer.content).toMatchObject([{ type: 'text', text: content }]);
  });
});

test.each(['messages', 'beta'] as const)('a count of tokens, by %s', async (way) => {
  const { model, messages } = question;
  const counted =
    way === 'beta'
      ? await anthropic.beta.messages.countTokens({ model, messages })
      : await anthropic.messages.countTokens({ model, messages });
  expect(counted).toMatchObject({ input_tokens: 2 });
});

test('models, page by page, and one of them', async () => {
  const ids: string[] = [];
  for await (const { id } of anthropic.models.list({ limit: 1 })) ids.push(id);
  expect(ids.sort()).toEqual(['echo', 'maker/parrot', 'tunedModels/echo']);
  await expect(anthropic.models.retrieve('maker/parrot')).resolves.toMatchObject({
    type: 'model',
    id: 'maker/parrot',
  });
});

test('errors are of the class that the SDK knows', async () => {
  const stranger = new Anthropic({ baseURL: gateway.url, apiKey: 'wrong', maxRetries: 0 });
  await expect(stranger.messages.create(question)).rejects.toThrow(Anthropic.AuthenticationError);
  await expect(anthropic.messages.create({ ...question, model: 'nobody' })).rejects.toThrow(
    Anthropic.NotFoundError,
  );
  const empty = anthropic.messages.create({ ...question, messages: undefined as never });
  await expect(empty).rejects.toThrow(/`messages` is missing/u);
});

test('a token in the place of the key works as well', async () => {
  const bearer = new Anthropic({
    baseURL: gateway.url,
    apiKey: null,
    authToken: gateway.apiKey,
    maxRetries: 0,
  });
  await expect(bearer.messages.create(question)).resolves.toMatchObject({ role: 'assistant' });
});
