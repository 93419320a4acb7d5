import { describe, expect, test } from '@jest/globals';
import { GatewayError } from '@cliproxy/plugin-api';
import type { Dialect, Failure } from '@cliproxy/plugin-api';
import OpenAI from 'openai';
import { createDialects } from './dialects.ts';
import { readVendorFault, vendorWords } from '../codec/vendor-words.ts';

const hub = createDialects();

const classify = (dialect: Dialect, body: unknown, status = 400): Failure =>
  hub.classify(dialect, { status, headers: {}, body: Buffer.from(JSON.stringify(body)) }, 0);

/** What a client is told of an upstream's error answer. */
function told(client: Dialect, upstream: Dialect, body: unknown, status = 400): unknown {
  const failure = classify(upstream, body, status);
  const error = new GatewayError('UPSTREAM_BAD_REQUEST', `up: ${failure.message ?? ''}`, {
    failure,
  });
  return JSON.parse(hub.error(client, error, { requestId: 'r' }).body.toString()) as unknown;
}

const openAi = {
  error: {
    message: "Unsupported value: 'temperature' does not support 0.5 with this model.",
    type: 'invalid_request_error',
    param: 'temperature',
    code: 'unsupported_value',
  },
};
const anthropic = {
  type: 'error',
  error: { type: 'invalid_request_error', message: 'messages.0.content: Field required' },
};

describe('a vendor’s 400', () => {
  test('reaches a client of its dialect in its own words', () => {
    expect(told('openai-chat', 'openai-chat', openAi)).toEqual({
      error: { ...openAi.error, gateway_code: 'UPSTREAM_BAD_REQUEST' },
    });
    const failed = {
      code: 400,
      message: 'contents is not specified',
      status: 'INVALID_ARGUMENT',
    };
    expect(told('gemini', 'gemini', { error: failed })).toMatchObject({ error: failed });
    expect(told('openai-responses', 'openai-responses', openAi)).toMatchObject(openAi);
    expect(told('anthropic-messages', 'anthropic-messages', anthropic)).toMatchObject({
      type: 'error',
      error: anthropic.error,
    });
  });

  test('reaches a client of another dialect as a sentence', () => {
    expect(told('anthropic-messages', 'openai-chat', openAi)).toMatchObject({
      error: { type: 'invalid_request_error', message: `up: ${openAi.error.message}` },
    });
    expect(told('openai-chat', 'anthropic-messages', anthropic)).toMatchObject({
      error: {
        message: 'up: messages.0.content: Field required',
        type: 'invalid_request_error',
        param: null,
        code: null,
      },
    });
  });

  test('names a parameter to a client of the same vendor’s other dialect where it has it', () => {
    expect(told('openai-responses', 'openai-chat', openAi)).toMatchObject(openAi);
    const error = { ...openAi.error, param: 'messages[0].content' };
    expect(told('openai-responses', 'openai-chat', { error })).toMatchObject({
      error: { ...error, param: null },
    });
  });

  test('keeps the code by which agents shorten what is too long, told or not', () => {
    const error = { message: 'This model’s maximum context length is 10 tokens.', code: null };
    expect(told('openai-chat', 'openai-chat', { error })).toMatchObject({
      error: { code: 'context_length_exceeded', param: null },
    });
    const named = {
      message: 'Too long.',
      code: 'string_above_max_length',
      param: 'messages[1].name',
    };
    expect(told('openai-chat', 'openai-chat', { error: named })).toMatchObject({ error: named });
  });

  test('is read by OpenAI’s SDK', async () => {
    const client = new OpenAI({
      apiKey: 'k',
      maxRetries: 0,
      baseURL: 'http://gateway.test/v1',
      fetch: async () =>
        Promise.resolve(Response.json(told('openai-chat', 'openai-chat', openAi), { status: 400 })),
    });
    await expect(
      client.chat.completions.create({ model: 'm', messages: [] }),
    ).rejects.toMatchObject({
      status: 400,
      param: 'temperature',
      code: 'unsupported_value',
      type: 'invalid_request_error',
      message: `400 ${openAi.error.message}`,
    });
  });
});

describe('the names', () => {
  test.each<[object | undefined, object]>([
    [openAi, { type: 'invalid_request_error', param: 'temperature', code: 'unsupported_value' }],
    [anthropic, { type: 'invalid_request_error' }],
    [{ error: { code: 400, status: 'INVALID_ARGUMENT' } }, { code: 'INVALID_ARGUMENT' }],
    [{ error: 'no' }, {}],
    [{ error: { type: 'a sentence', code: 7, param: 'x'.repeat(201) } }, {}],
    [undefined, {}],
  ])('of %j', (body, names) => {
    const failure = { kind: 'bad-request', scope: 'request', message: 'no' } as const;
    expect(readVendorFault('gemini', failure, body as never)).toEqual({
      dialect: 'gemini',
      ...names,
    });
  });

  test('are of the request’s faults alone', () => {
    expect(classify('openai-chat', openAi, 429)).not.toHaveProperty('vendor');
    expect(
      classify('openai-chat', { error: { message: 'no', code: 'invalid_api_key' } }, 401),
    ).not.toHaveProperty('vendor');
  });

  test('that a plugin makes up are looked at', () => {
    const words = (vendor: unknown) =>
      vendorWords(
        new GatewayError('UPSTREAM_BAD_REQUEST', 'm', {
          failure: { kind: 'bad-request', scope: 'request', message: 'm', vendor: vendor as never },
        }),
        ['openai-chat'],
      );
    expect(words('junk')).toBeUndefined();
    expect(words({ dialect: 'gemini' })).toBeUndefined();
    expect(words({ dialect: 'openai-chat', code: 7, param: 'a\nb' })).toEqual({
      message: 'm',
      type: undefined,
      code: undefined,
      param: undefined,
      same: true,
    });
  });
});
