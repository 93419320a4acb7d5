import { describe, expect, test } from '@jest/globals';
import { isGatewayError } from '@cliproxy/plugin-api';
import type { Dialect, Operation } from '@cliproxy/plugin-api';
import type { EncodeTarget, ReplyExchange } from '@cliproxy/kernel';
import OpenAI from 'openai';
import { createDialects } from './dialects.ts';

const hub = createDialects();

const read = (operation: Operation, body: object, dialect: Dialect = 'openai-chat') =>
  hub.read({
    dialect,
    operation,
    headers: {},
    body: Buffer.from(JSON.stringify({ model: 'asked', ...body })),
    requestId: 'req_1',
  });

const target: EncodeTarget = {
  dialect: 'openai-chat',
  model: 'up',
  instanceId: 'one',
  passthrough: true,
  refuses: [],
  usage: 'auto',
  maxAnswerBytes: 10_000,
};

function told(exchange: ReplyExchange, reply: unknown): { body: unknown; usage: unknown } {
  const out: Buffer[] = [];
  const pipe = exchange.answer();
  expect(pipe.push(reply, out)).toBe(false);
  pipe.end(out);
  expect(pipe).toMatchObject({ streaming: false, passthrough: false, finish: undefined });
  return { body: JSON.parse(Buffer.concat(out).toString()) as unknown, usage: pipe.usage };
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (isGatewayError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'nothing';
}

describe('embeddings of an executor of events', () => {
  const usage = { inputTokens: 5, outputTokens: 0 };

  test('are asked for by text, and answered in the client’s shape', () => {
    const exchange = read('embed', { input: ['a', 'b'], dimensions: 2, user: 'u' }).reply(target);
    expect(exchange).toMatchObject({
      operation: 'embed',
      request: { model: 'up', inputs: ['a', 'b'], dimensions: 2 },
      ignored: ['user'],
    });
    const vectors = [
      [0.5, -1],
      [0, 2],
    ];
    expect(told(exchange, { vectors, usage })).toEqual({
      body: {
        object: 'list',
        data: [
          { object: 'embedding', index: 0, embedding: [0.5, -1] },
          { object: 'embedding', index: 1, embedding: [0, 2] },
        ],
        model: 'asked',
        usage: { prompt_tokens: 5, total_tokens: 5 },
      },
      usage,
    });
    expect(told(exchange, { vectors, usage: { inputTokens: 'many' } })).toMatchObject({
      body: expect.not.objectContaining({ usage: expect.anything() }),
      usage: undefined,
    });
  });

  test('are read by OpenAI’s SDK, which asks for base64 by itself', async () => {
    let asked: object = {};
    const client = new OpenAI({
      apiKey: 'k',
      baseURL: 'http://gateway.test/v1',
      fetch: async (_, init) => {
        asked = JSON.parse(typeof init?.body === 'string' ? init.body : '{}') as object;
        const { body } = told(read('embed', asked).reply(target), { vectors: [[0.5, -0.25]] });
        return Promise.resolve(Response.json(body));
      },
    });
    const answer = await client.embeddings.create({ model: 'asked', input: 'a text' });
    expect(asked).toMatchObject({ encoding_format: 'base64' });
    expect(answer.data[0]?.embedding).toEqual([0.5, -0.25]);
    expect(answer.model).toBe('asked');
  });

  test.each<[object, string]>([
    [{}, 'CLIENT_BAD_REQUEST: `input` must be a string, not absent'],
    [{ input: [] }, 'CLIENT_BAD_REQUEST: `input` holds nothing'],
    [{ input: '' }, 'CLIENT_BAD_REQUEST: `input` is empty'],
    [{ input: ['a', ''] }, 'CLIENT_BAD_REQUEST: `input[1]` is empty'],
    [{ input: ['a', {}] }, 'CLIENT_BAD_REQUEST: `input[1]` must be a string'],
    [{ input: [1, 2] }, 'CLIENT_UNSUPPORTED: `input` holds tokens'],
    [{ input: [[1, 2], [3]] }, 'CLIENT_UNSUPPORTED: `input` holds tokens'],
    [{ input: Array(2049).fill('a') }, 'CLIENT_BAD_REQUEST: `input` holds more than 2048'],
    [{ input: 'a', encoding_format: 'int8' }, 'CLIENT_BAD_REQUEST: `encoding_format` must be'],
    [{ input: 'a', dimensions: 0 }, 'CLIENT_BAD_REQUEST: `dimensions` must be'],
  ])('are refused by name: %j', (body, expected) => {
    expect(codeOf(() => read('embed', body).reply(target))).toContain(expected);
  });

  test('that make no sense are no answer', () => {
    const exchange = read('embed', { input: 'a' }).reply(target);
    for (const junk of [
      undefined,
      7,
      {},
      { vectors: [] },
      { vectors: [[]] },
      { vectors: [['a']] },
      { vectors: [[Number.NaN]] },
      { vectors: [[1], [2]] },
    ]) {
      expect(() => told(exchange, junk)).toThrow(TypeError);
    }
  });
});

describe('counts of an executor of events', () => {
  const question = { messages: [{ role: 'user', content: 'How many?' }], temperature: 0.5 };

  test('are asked for by the request, and answered in the client’s shape', () => {
    const exchange = read('count-tokens', question, 'anthropic-messages').reply({
      ...target,
      refuses: ['temperature'],
    });
    expect(exchange).toMatchObject({
      operation: 'count-tokens',
      request: { model: 'up', turns: [{ role: 'user' }] },
      ignored: ['temperature'],
    });
    expect(told(exchange, 12)).toEqual({ body: { input_tokens: 12 }, usage: undefined });
    for (const junk of [undefined, -1, 1.5, '7', Number.NaN]) {
      expect(() => told(exchange, junk)).toThrow(TypeError);
    }
  });

  test('are not for generating, nor for dialects without them', () => {
    expect(codeOf(() => read('generate', question).reply(target))).toContain('CLIENT_UNSUPPORTED');
    expect(codeOf(() => read('count-tokens', question).reply(target))).toContain(
      'CLIENT_UNSUPPORTED',
    );
    const embed = read('embed', { input: 'a' }, 'anthropic-messages');
    expect(codeOf(() => embed.reply(target))).toContain('CLIENT_UNSUPPORTED');
  });
});

describe('embeddings of a wire executor', () => {
  test('pass through, whatever they hold; the model is replaced, the usage told', () => {
    const head = { status: 200, headers: { 'content-type': 'application/json' } };
    for (const passthrough of [true, false]) {
      const exchange = read('embed', { input: [[1, 2]], odd: 1 }).wire({ ...target, passthrough });
      expect(exchange.path).toBe('/embeddings');
      expect(exchange.body.toString()).toBe('{"model":"up","input":[[1,2]],"odd":1}');
      const pipe = exchange.answer(head);
      const out: Buffer[] = [];
      pipe.push(
        Buffer.from('{"data":[],"model":"up","usage":{"prompt_tokens":4,"total_tokens":4}}'),
        out,
      );
      pipe.end(out);
      expect(Buffer.concat(out).toString()).toBe(
        '{"data":[],"model":"asked","usage":{"prompt_tokens":4,"total_tokens":4}}',
      );
      expect(pipe.usage).toEqual({ inputTokens: 4, outputTokens: 0 });
    }
  });
});
