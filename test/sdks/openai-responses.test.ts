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

describe('responses', () => {
  test('whole', async () => {
    const answer = await openai.responses.create({ model: 'maker/parrot', input: 'one two' });
    expect(answer).toMatchObject({
      object: 'response',
      status: 'completed',
      model: 'maker/parrot',
      output_text: 'one two',
      usage: { input_tokens: 2, output_tokens: 2, total_tokens: 4 },
    });
  });

  test('streamed', async () => {
    const stream = openai.responses.stream({ model: 'echo', input: 'one two' });
    const numbers: number[] = [];
    for await (const event of stream) numbers.push(event.sequence_number);
    expect(numbers).toEqual(numbers.map((_, n) => n));
    const answer = await stream.finalResponse();
    expect(answer.output_text).toBe('one two');
  });

  test('a call of a function', async () => {
    const answer = await openai.responses.create({
      model: 'echo',
      input: '/tool look {"x": 1}',
      tools: [{ type: 'function', name: 'look', parameters: { type: 'object' }, strict: false }],
    });
    expect(answer.output).toMatchObject([
      { type: 'function_call', name: 'look', arguments: '{"x": 1}' },
    ]);
  });

  test('a history of 40 turns stays in order, whatever its script', async () => {
    const history = unicodeTurns.map((content, n) => ({
      role: n % 2 === 0 ? ('user' as const) : ('assistant' as const),
      content,
    }));
    const content = unicodeTurns.join(' ');
    const answer = await openai.responses.create({
      model: 'echo',
      input: [...history, { role: 'user', content }],
    });
    expect(answer.output_text).toBe(content);
  });
});

test('a count of tokens', async () => {
  const counted = await openai.responses.inputTokens.count({ model: 'echo', input: 'one two' });
  expect(counted).toMatchObject({ object: 'response.input_tokens', input_tokens: 2 });
});

test('errors are of the class that the SDK knows', async () => {
  await expect(openai.responses.create({ model: 'nobody', input: 'x' })).rejects.toThrow(
    OpenAI.NotFoundError,
  );
  await expect(openai.responses.create({ model: 'echo', input: 5 as never })).rejects.toMatchObject(
    { status: 400, param: 'input' },
  );
});
