import { describe, expect, test } from '@jest/globals';
import type { Dialect, ModelRequest } from '@cliproxy/plugin-api';
import { isGatewayError } from '@cliproxy/plugin-api';
import type { AnswerPipe, EncodeTarget } from '@cliproxy/kernel';
import { anthropicMessages } from '../anthropic-messages/anthropic-messages.ts';
import { openAiChat } from '../openai-chat/openai-chat.ts';
import type { CountCodec } from '../codec/count-codec.ts';
import type { DialectCodec } from '../codec/dialect-codec.ts';
import { hubOf } from './hub.ts';

/** Counts as Gemini names them, so that two dialects have them. */
const otherCount: CountCodec = {
  decodeRequest: (body, { model }): ModelRequest => ({
    model,
    stream: false,
    turns: [{ role: 'user', parts: [{ type: 'text', text: String(body.ask) }] }],
    tools: [],
    extras: { dialect: 'gemini', fields: {} },
  }),
  encodeRequest: ({ model, turns }) => ({
    path: '/count',
    body: { model, turns: turns.length },
    ignored: [],
    toolNames: new Map(),
  }),
  decodeAnswer: (body) => Number(body.totalTokens),
  encodeAnswer: (totalTokens) => ({ totalTokens }),
};
const other: DialectCodec = { ...openAiChat, id: 'gemini', count: otherCount };
const hub = hubOf({
  'openai-chat': openAiChat,
  'anthropic-messages': anthropicMessages,
  gemini: other,
});

const read = (dialect: Dialect, body: object) =>
  hub.read({
    dialect,
    operation: 'count-tokens',
    headers: {},
    body: Buffer.from(JSON.stringify(body)),
    requestId: 'req_1',
  });

const target = (changes: Partial<EncodeTarget> = {}): EncodeTarget => ({
  dialect: 'anthropic-messages',
  model: 'claude-sonnet-4-5',
  instanceId: 'up',
  passthrough: true,
  refuses: [],
  usage: 'auto',
  maxAnswerBytes: 1_000,
  ...changes,
});

const head = { status: 200, headers: { 'content-type': 'application/json' } };

function answerOf(pipe: AnswerPipe, body: string): string {
  const out: Buffer[] = [];
  for (const byte of body) pipe.push(Buffer.from(byte), out);
  pipe.end(out);
  return Buffer.concat(out).toString();
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (isGatewayError(error)) return error.code;
    throw error;
  }
  return 'nothing';
}

const question = {
  model: 'asked',
  messages: [{ role: 'user', content: 'How many?' }],
  system: 'Count.',
  tools: [{ name: 'look', input_schema: { type: 'object', properties: {} } }],
};

describe('a count in the client’s dialect', () => {
  test('is its bytes, there and back, with the model replaced', () => {
    const exchange = read('anthropic-messages', question).wire(target());
    expect(exchange.path).toBe('/v1/messages/count_tokens');
    expect(exchange.body.toString()).toBe(
      JSON.stringify({ ...question, model: 'claude-sonnet-4-5' }),
    );
    expect(answerOf(exchange.answer(head), '{"input_tokens":7,"more":1}')).toBe(
      '{"input_tokens":7,"more":1}',
    );
  });

  test('is decoded where an opaque part must be unwrapped, or the target wants it', () => {
    const foreign = `cpx1.${Buffer.from('other/m').toString('base64url')}.c2ln`;
    const thought = { type: 'thinking', thinking: 'hm', signature: foreign };
    const messages = [
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: [thought, { type: 'text', text: 'ho' }] },
      { role: 'user', content: 'go on' },
    ];
    const unwrapped = read('anthropic-messages', { ...question, messages }).wire(target());
    expect(unwrapped.body.toString()).not.toContain('cpx1.');
    expect(unwrapped.body.toString()).toContain('"text":"ho"');
    const repaired = read('anthropic-messages', question).wire(target({ passthrough: false }));
    expect(answerOf(repaired.answer(head), '{"input_tokens":7,"more":1}')).toBe(
      '{"input_tokens":7}',
    );
  });
});

describe('a count in another dialect', () => {
  test('asks Anthropic for what it takes, and nothing else', () => {
    const exchange = read('gemini', { model: 'asked', ask: 'How many?' }).wire(
      target({ model: 'claude-opus-4-6' }),
    );
    expect(exchange.path).toBe('/v1/messages/count_tokens');
    expect(JSON.parse(exchange.body.toString())).toEqual({
      model: 'claude-opus-4-6',
      messages: [{ role: 'user', content: [{ type: 'text', text: 'How many?' }] }],
    });
    const pipe = exchange.answer(head);
    expect(pipe).toMatchObject({ streaming: false, passthrough: false, usage: undefined });
    expect(answerOf(pipe, '{"input_tokens":12}')).toBe('{"totalTokens":12}');
  });

  test('needs no max_tokens of an Anthropic client, nor minds one', () => {
    for (const more of [{}, { max_tokens: 5, stream: true, temperature: 0.5 }]) {
      const exchange = read('anthropic-messages', { ...question, ...more }).wire(
        target({ dialect: 'gemini', model: 'g' }),
      );
      expect(exchange.path).toBe('/count');
      expect(JSON.parse(exchange.body.toString())).toEqual({ model: 'g', turns: 2 });
      expect(answerOf(exchange.answer(head), '{"totalTokens":3}')).toBe('{"input_tokens":3}');
    }
  });

  test('loses what the model refuses', () => {
    const { body, ignored } = read('anthropic-messages', question).wire(
      target({ passthrough: false, refuses: ['tools', 'messages'] }),
    );
    expect(Object.keys(JSON.parse(body.toString()) as object)).toEqual([
      'model',
      'system',
      'messages',
    ]);
    expect(ignored).toEqual(['tools']);
  });

  test('is an error where the answer is none', () => {
    const pipe = () => read('gemini', { model: 'asked', ask: '?' }).wire(target()).answer(head);
    for (const junk of ['', '[]', '{}', '{"input_tokens":-1}', '{"input_tokens":"7"}', '{"inp']) {
      expect(codeOf(() => answerOf(pipe(), junk))).toBe('UPSTREAM_BAD_ANSWER');
    }
    const error = { type: 'error', error: { type: 'overloaded_error', message: 'busy' } };
    expect(codeOf(() => answerOf(pipe(), JSON.stringify(error)))).toBe('UPSTREAM_OVERLOADED');
    expect(codeOf(() => answerOf(pipe(), ' '.repeat(1_001)))).toBe('UPSTREAM_TOO_LARGE');
    const stream = { status: 200, headers: { 'content-type': 'text/event-stream' } };
    expect(codeOf(() => read('anthropic-messages', question).wire(target()).answer(stream))).toBe(
      'UPSTREAM_BAD_ANSWER',
    );
  });

  test('is refused where the target’s dialect has none', () => {
    const chat = target({ dialect: 'openai-chat', model: 'gpt-4.1' });
    expect(codeOf(() => read('anthropic-messages', question).wire(chat))).toBe(
      'CLIENT_UNSUPPORTED',
    );
    expect(codeOf(() => read('openai-chat', question).wire(target()))).toBe('CLIENT_UNSUPPORTED');
  });

  test('is known not to be there in Chat', () => {
    expect(hub.has('openai-chat', 'count-tokens')).toBe(false);
    expect(hub.has('openai-chat', 'embed')).toBe(true);
    expect(hub.has('anthropic-messages', 'count-tokens')).toBe(true);
    expect(hub.has('anthropic-messages', 'embed')).toBe(false);
    expect(hub.has('openai-responses', 'generate')).toBe(false);
  });

  test('names the field that is malformed', () => {
    const request = read('anthropic-messages', { model: 'asked', messages: 7 });
    expect(codeOf(() => request.wire(target({ dialect: 'gemini' })))).toBe('CLIENT_BAD_REQUEST');
  });
});

describe('an estimate', () => {
  test('has the shape of the caller’s dialect', () => {
    const estimate = read('anthropic-messages', question).estimate();
    expect(estimate).toMatchObject({ contentType: 'application/json', estimated: 'input_tokens' });
    const told = JSON.parse(String(estimate?.body)) as { input_tokens: number };
    expect(Object.keys(told)).toEqual(['input_tokens']);
    expect(told.input_tokens).toBeGreaterThan(10);
    const theirs = read('gemini', { model: 'asked', ask: 'How many?' }).estimate();
    expect(JSON.parse(String(theirs?.body))).toEqual({ totalTokens: expect.any(Number) });
  });

  test('is for counts alone, and for sound requests', () => {
    const source = { headers: {}, body: Buffer.from('{"model":"m"}'), requestId: 'r' };
    for (const operation of ['generate', 'embed'] as const) {
      expect(hub.read({ ...source, dialect: 'openai-chat', operation }).estimate()).toBeUndefined();
    }
    const broken = read('anthropic-messages', { model: 'asked' });
    expect(codeOf(() => broken.estimate())).toBe('CLIENT_BAD_REQUEST');
  });
});
