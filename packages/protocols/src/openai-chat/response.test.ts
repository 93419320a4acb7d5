import { describe, expect, test } from '@jest/globals';
import type { Part } from '@cliproxy/plugin-api';
import type OpenAI from 'openai';
import type { AnswerContext, DecodeContext } from '../codec/answer-context.ts';
import type { Answer } from '../model/answer.ts';
import { collectAnswer } from '../model/answer-events.ts';
import type { JsonObject } from '../model/json-object.ts';
import { response } from './response.ts';

const decoding: DecodeContext = { origin: 'up/m', toolNames: new Map([['short', 'long.name']]) };
const encoding: AnswerContext = {
  model: 'asked-for',
  createdS: 1_760_000_000,
  id: 'abc',
  includeUsage: false,
  upstream: 'anthropic-messages',
};
const decode = (body: object) => collectAnswer(response.decode(body as JsonObject, decoding));
const decodeMessage = (message: object, choice: object = {}) =>
  decode({ id: 'chatcmpl-9', choices: [{ index: 0, message, ...choice }] });
const encode = (answer: Partial<Answer>, context: Partial<AnswerContext> = {}) =>
  response.encode({ parts: [], finish: 'stop', ...answer }, { ...encoding, ...context });
const messageOf = (...parts: Part[]) =>
  (encode({ parts }).choices as { message: JsonObject }[])[0]!.message;

describe('decode', () => {
  test('a full answer', () => {
    const body = {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1,
      model: 'm',
      choices: [
        {
          index: 0,
          finish_reason: 'tool_calls',
          logprobs: null,
          message: {
            role: 'assistant',
            content: 'Let me look.',
            refusal: null,
            tool_calls: [
              { id: 'call_1', type: 'function', function: { name: 'short', arguments: '{"x":1}' } },
              { id: 'call_2', type: 'custom', custom: { name: 'patch', input: 'free' } },
            ],
          },
        },
      ],
      usage: {
        prompt_tokens: 20,
        completion_tokens: 9,
        total_tokens: 29,
        prompt_tokens_details: { cached_tokens: 5 },
        completion_tokens_details: { reasoning_tokens: 4 },
      },
    } satisfies OpenAI.Chat.ChatCompletion;
    expect(decode(body)).toEqual({
      id: 'chatcmpl-1',
      parts: [
        { type: 'text', text: 'Let me look.' },
        { type: 'tool-call', id: 'call_1', name: 'long.name', argumentsJson: '{"x":1}' },
        { type: 'tool-call', kind: 'custom', id: 'call_2', name: 'patch', argumentsJson: 'free' },
      ],
      finish: 'tool-calls',
      usage: { inputTokens: 20, outputTokens: 9, cachedTokens: 5, reasoningTokens: 4 },
    });
  });

  test.each<[string, object, Part[]]>([
    [
      'reasoning_content',
      { reasoning_content: 'r', content: 'a' },
      [
        { type: 'reasoning', text: 'r' },
        { type: 'text', text: 'a' },
      ],
    ],
    ['reasoning', { reasoning: 'r', content: null }, [{ type: 'reasoning', text: 'r' }]],
    [
      'both, repeated',
      { reasoning: 'r', reasoning_content: 'r' },
      [{ type: 'reasoning', text: 'r' }],
    ],
    [
      'a signature',
      { reasoning_details: [{ text: 'r', signature: 's' }] },
      [{ type: 'reasoning', text: 'r', opaque: { origin: 'up/m', value: 's' } }],
    ],
    [
      'parts',
      {
        content: [
          { type: 'thinking', thinking: [{ type: 'text', text: 'r' }] },
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
          { type: 'image' },
          1,
        ],
      },
      [
        { type: 'reasoning', text: 'r' },
        { type: 'text', text: 'ab' },
      ],
    ],
    ['a refusal', { content: null, refusal: 'no' }, [{ type: 'refusal', text: 'no' }]],
    [
      'an object of arguments',
      { tool_calls: [{ id: '1', function: { name: 'f', arguments: { a: 1 } } }] },
      [{ type: 'tool-call', id: '1', name: 'f', argumentsJson: '{"a":1}' }],
    ],
    [
      'empty arguments',
      { tool_calls: [{ id: '1', function: { name: 'f', arguments: '' } }] },
      [{ type: 'tool-call', id: '1', name: 'f', argumentsJson: '{}' }],
    ],
    [
      'invalid arguments',
      { tool_calls: [{ id: '1', function: { name: 'f', arguments: '{"a' } }] },
      [{ type: 'tool-call', id: '1', name: 'f', argumentsJson: '{"a' }],
    ],
    [
      'junk calls',
      { content: 'x', tool_calls: [null, {}, { id: '1' }] },
      [{ type: 'text', text: 'x' }],
    ],
    ['nothing', {}, []],
  ])('a message with %s', (_name, message, parts) => {
    expect(decodeMessage(message).parts).toEqual(parts);
  });

  test('calls of wrapped free-text tools are unwrapped, unless the model wrote them otherwise', () => {
    const call = (args: string) => ({ id: 'a', function: { name: 'patch', arguments: args } });
    const body = {
      choices: [{ message: { tool_calls: [call('{"input":"free"}'), call('{"x":1}')] } }],
    };
    const context = { ...decoding, customTools: new Set(['patch']) };
    expect(collectAnswer(response.decode(body, context)).parts).toEqual([
      { type: 'tool-call', kind: 'custom', id: 'a', name: 'patch', argumentsJson: 'free' },
      { type: 'tool-call', id: 'a', name: 'patch', argumentsJson: '{"x":1}' },
    ]);
  });

  test('a call without id gets one of its own', () => {
    const message = { function_call: { name: 'f', arguments: '{}' } };
    const ids = [1, 2].map(() => (decodeMessage(message).parts[0] as { id: string }).id);
    expect(ids[0]).toMatch(/^call_\w{8,}$/);
    expect(ids[0]).not.toBe(ids[1]);
  });

  test.each([
    ['stop', false, 'stop'],
    ['stop', true, 'tool-calls'],
    [undefined, false, 'stop'],
    [undefined, true, 'tool-calls'],
    ['eos', true, 'tool-calls'],
    ['tool_calls', false, 'stop'],
    ['function_call', true, 'tool-calls'],
    ['length', true, 'length'],
    ['max_tokens', false, 'length'],
    ['content_filter', false, 'refusal'],
  ])('finish %s, calls %s, is %s', (finish_reason, hasCalls, expected) => {
    const message = hasCalls
      ? { tool_calls: [{ id: '1', function: { name: 'f' } }] }
      : { content: 'x' };
    expect(decodeMessage(message, { finish_reason }).finish).toBe(expected);
  });

  test.each<[string, object]>([
    ['delta for message', { choices: [{ delta: { content: 'x' } }] }],
    ['legacy text', { choices: [{ text: 'x' }] }],
    [
      'the first of several',
      {
        choices: [
          { index: 1, message: { content: 'y' } },
          { index: 0, message: { content: 'x' } },
        ],
      },
    ],
  ])('%s', (_name, body) => {
    expect(decode(body)).toEqual({ parts: [{ type: 'text', text: 'x' }], finish: 'stop' });
  });

  test.each<[object, object | undefined]>([
    [{ prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }, undefined],
    [
      { prompt_tokens: 3, completion_tokens: 2, prompt_cache_hit_tokens: 1 },
      { inputTokens: 3, outputTokens: 2, cachedTokens: 1 },
    ],
    [
      {
        prompt_tokens: 3,
        completion_tokens: 2,
        total_tokens: 9,
        completion_tokens_details: { reasoning_tokens: 4 },
      },
      { inputTokens: 3, outputTokens: 6, reasoningTokens: 4 },
    ],
    [{ prompt_tokens: 'x', completion_tokens: -1 }, undefined],
  ])('usage %j', (usage, expected) => {
    expect(decode({ choices: [{ message: { content: 'x' } }], usage }).usage).toEqual(expected);
  });

  test.each<[string, object, string]>([
    [
      'an error in a 200',
      { error: { code: 'insufficient_quota', message: 'no money' } },
      'UPSTREAM_BILLING',
    ],
    ['no choices', { id: 'x' }, 'UPSTREAM_BAD_ANSWER'],
    ['empty choices', { choices: [] }, 'UPSTREAM_BAD_ANSWER'],
    [
      'an end by error',
      { choices: [{ message: { content: 'x' }, finish_reason: 'error' }] },
      'UPSTREAM_FAILED',
    ],
  ])('%s throws', (_name, body, code) => {
    expect(() => decode(body)).toThrow(
      expect.objectContaining({
        code,
        failure: expect.objectContaining({ message: expect.any(String) }),
      }),
    );
  });
});

describe('encode', () => {
  test('the exact shape', () => {
    expect(
      encode({
        id: 'chatcmpl-7',
        parts: [{ type: 'text', text: 'Hello' }],
        usage: { inputTokens: 5, outputTokens: 3, cachedTokens: 2 },
      }),
    ).toEqual({
      id: 'chatcmpl-7',
      object: 'chat.completion',
      created: 1_760_000_000,
      model: 'asked-for',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Hello', refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: {
        prompt_tokens: 5,
        completion_tokens: 3,
        total_tokens: 8,
        prompt_tokens_details: { cached_tokens: 2, audio_tokens: 0 },
        completion_tokens_details: {
          reasoning_tokens: 0,
          audio_tokens: 0,
          accepted_prediction_tokens: 0,
          rejected_prediction_tokens: 0,
        },
      },
    } satisfies OpenAI.Chat.ChatCompletion);
  });

  test('calls, reasoning and what only extensions can carry', () => {
    const opaque = { origin: 'claude/m', value: 'S' };
    const tag = `cpx1.${Buffer.from('claude/m').toString('base64url')}.S`;
    const parts: Part[] = [
      { type: 'reasoning', text: 'r', opaque },
      { type: 'reasoning', text: '', opaque },
      { type: 'tool-call', id: 'toolu_1', name: 'f', argumentsJson: '', opaque },
      { type: 'tool-call', kind: 'custom', id: 'c', name: 'g', argumentsJson: 'free' },
      { type: 'media', mediaType: 'image/png', source: { base64: 'AA' } },
      { type: 'media', mediaType: 'image/*', source: { url: 'https://x.example' } },
      { type: 'media', mediaType: 'audio/wav', source: { base64: 'AA' } },
      { type: 'tool-result', callId: 'x', content: [] },
    ];
    const message = messageOf(...parts);
    expect(message).toEqual({
      role: 'assistant',
      content: null,
      refusal: null,
      reasoning_content: 'r',
      reasoning_details: [
        { type: 'reasoning.text', text: 'r', signature: tag, index: 0 },
        { type: 'reasoning.encrypted', data: tag, index: 1 },
      ],
      tool_calls: [
        {
          id: 'toolu_1',
          type: 'function',
          function: { name: 'f', arguments: '{}' },
          extra_content: { google: { thought_signature: tag } },
        },
        { id: 'c', type: 'custom', custom: { name: 'g', input: 'free' } },
      ],
      images: [
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } },
        { type: 'image_url', image_url: { url: 'https://x.example' } },
      ],
    });
    expect(JSON.stringify(encode({ parts }, { upstream: 'openai-chat' }))).not.toContain('cpx1.');
  });

  test('content is null beside a refusal, and empty where there is nothing else', () => {
    expect(messageOf({ type: 'refusal', text: 'no' })).toMatchObject({
      content: null,
      refusal: 'no',
    });
    expect(messageOf()).toEqual({ role: 'assistant', content: '', refusal: null });
  });

  test('ids have the prefix', () => {
    expect(encode({}).id).toBe('chatcmpl-abc');
    expect(encode({ id: 'msg_1' }).id).toBe('chatcmpl-msg_1');
    expect(encode({})).not.toHaveProperty('usage');
  });

  test.each([
    ['stop', 'stop'],
    ['pause', 'stop'],
    ['tool-calls', 'stop'],
    ['length', 'length'],
    ['refusal', 'content_filter'],
  ] as const)('finish %s is %s', (finish, word) => {
    expect(encode({ finish })).toMatchObject({ choices: [{ finish_reason: word }] });
  });

  test('an answer with calls ends for them', () => {
    const parts: Part[] = [{ type: 'tool-call', id: '1', name: 'f', argumentsJson: '{}' }];
    expect(encode({ parts, finish: 'stop' })).toMatchObject({
      choices: [{ finish_reason: 'tool_calls' }],
    });
  });
});
