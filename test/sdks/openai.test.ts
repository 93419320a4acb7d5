import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import type { TestGateway } from '@cliproxy/plugin-testkit';
import { startEchoGateway, unicodeTurns } from './echo-gateway.ts';

let gateway: TestGateway;
let openai: OpenAI;

beforeAll(async () => {
  gateway = await startEchoGateway();
  openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.apiKey, maxRetries: 0 });
});
afterAll(() => gateway.stop());

const user = (content: string) => ({ role: 'user' as const, content });

describe('chat', () => {
  test('whole and streamed', async () => {
    const question = { model: 'maker/parrot', messages: [user('one two')] };
    const answer = await openai.chat.completions.create(question);
    expect([answer.model, answer.choices[0]?.message.content]).toEqual(['maker/parrot', 'one two']);
    const streamed = await openai.chat.completions.stream(question).finalChatCompletion();
    expect(streamed.choices[0]?.message.content).toBe('one two');
  });

  test('a history of 40 turns stays in order, whatever its script', async () => {
    const messages = unicodeTurns.map((content, n) =>
      n % 2 === 0 ? user(content) : { role: 'assistant' as const, content },
    );
    const last = user(unicodeTurns.join(' '));
    const answer = await openai.chat.completions.create({
      model: 'echo',
      messages: [...messages, last],
    });
    expect(answer.choices[0]?.message.content).toBe(last.content);
  });
});

describe('completions', () => {
  test('whole, with its prompt before it where that is wanted', async () => {
    const question = { model: 'maker/parrot', prompt: 'Once upon' };
    const answer = await openai.completions.create(question);
    expect(answer).toMatchObject({
      object: 'text_completion',
      model: 'maker/parrot',
      choices: [{ text: 'Once upon', index: 0, finish_reason: 'stop', logprobs: null }],
      usage: { prompt_tokens: 2, completion_tokens: 2, total_tokens: 4 },
    });
    expect(answer.id).toMatch(/^cmpl-/u);
    const echoed = await openai.completions.create({ ...question, prompt: ['a '], echo: true });
    expect(echoed.choices[0]?.text).toBe('a a ');
  });

  test.each([true, false])('streamed, usage asked for: %s', async (asks) => {
    const stream = await openai.completions.create({
      model: 'echo',
      prompt: 'one two three',
      stream: true,
      ...(asks ? { stream_options: { include_usage: true } } : {}),
    });
    let text = '';
    const finishes: string[] = [];
    const usages: OpenAI.CompletionUsage[] = [];
    for await (const chunk of stream) {
      expect(chunk).toMatchObject({ object: 'text_completion', model: 'echo' });
      const [choice] = chunk.choices;
      text += choice?.text ?? '';
      if (choice?.finish_reason) finishes.push(choice.finish_reason);
      if (chunk.usage) usages.push(chunk.usage);
    }
    expect([text, finishes]).toEqual(['one two three', ['stop']]);
    expect(usages.map(({ total_tokens: total }) => total)).toEqual(asks ? [6] : []);
  });

  test('what has no effect is named; strict, it is an error; what cannot be is one anyway', async () => {
    const question = { model: 'echo', prompt: 'x', best_of: 2 };
    const { response } = await openai.completions.create(question).withResponse();
    expect(response.headers.get('x-cliproxy-ignored')).toBe('best_of');
    const strict = openai.completions.create(question, {
      headers: { 'x-cliproxy-strict': 'true' },
    });
    await expect(strict).rejects.toThrow(OpenAI.BadRequestError);
    await expect(
      openai.completions.create({ model: 'echo', prompt: [1, 2] }),
    ).rejects.toMatchObject({
      status: 400,
      param: 'prompt',
      message: expect.stringContaining('token ids'),
    });
  });

  test('a stream that breaks is an error for its reader', async () => {
    const stream = await openai.completions.create({
      model: 'echo',
      prompt: '/break 1\none two',
      stream: true,
    });
    let text = '';
    await expect(
      (async () => {
        for await (const chunk of stream) text += chunk.choices[0]?.text ?? '';
      })(),
    ).rejects.toThrow(/break off/u);
    expect(text).toBe('one ');
  });
});

describe('embeddings', () => {
  // The SDK asks for base64 unless it is told otherwise, and decodes it.
  test.each([undefined, 'float' as const])('with the encoding %s', async (encoding) => {
    const answer = await openai.embeddings.create({
      model: 'maker/parrot',
      input: ['a black cat', 'a black cat', 'something else'],
      ...(encoding === undefined ? {} : { encoding_format: encoding }),
    });
    const [first, second, third] = answer.data.map(({ embedding }) => embedding);
    expect(answer.model).toBe('maker/parrot');
    expect(answer.data.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(first).toHaveLength(64);
    expect(second).toEqual(first);
    expect(third).not.toEqual(first);
    expect(Math.hypot(...(first ?? []))).toBeCloseTo(1);
  });
});

test('models, and one of them', async () => {
  const ids: string[] = [];
  for await (const { id } of openai.models.list()) ids.push(id);
  expect(ids.sort()).toEqual(['echo', 'maker/parrot', 'tunedModels/echo']);
  await expect(openai.models.retrieve('maker/parrot')).resolves.toMatchObject({
    id: 'maker/parrot',
    object: 'model',
  });
  await expect(openai.models.retrieve('none')).rejects.toThrow(OpenAI.NotFoundError);
});

test('errors are of the class and have the members that the SDK knows', async () => {
  const stranger = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'wrong', maxRetries: 0 });
  await expect(stranger.models.list()).rejects.toThrow(OpenAI.AuthenticationError);
  const unknown = openai.completions.create({ model: 'nobody', prompt: 'x' });
  await expect(unknown).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
  const limited = openai.chat.completions.create({
    model: 'echo',
    messages: [user('/error bad-request')],
  });
  await expect(limited).rejects.toThrow(OpenAI.BadRequestError);
});
