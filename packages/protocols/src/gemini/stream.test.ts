import { describe, expect, test } from '@jest/globals';
import { GatewayError } from '@cliproxy/plugin-api';
import type { ModelEvent, Part } from '@cliproxy/plugin-api';
import fc from 'fast-check';
import type { AnswerContext, DecodeContext } from '../codec/answer-context.ts';
import { collectAnswer } from '../model/answer-events.ts';
import type { Answer } from '../model/answer.ts';
import { eventReader } from '../sse/event-reader.ts';
import { response } from './response.ts';
import { stream } from './stream.ts';

type Loose = ReturnType<typeof JSON.parse>;

const READ: DecodeContext = {
  origin: 'g/gemini-3-pro',
  toolNames: new Map([['long_name', 'long name']]),
  customTools: new Set(['patch']),
};
const WRITE: AnswerContext = {
  model: 'asked',
  createdS: 1,
  id: 'ours',
  includeUsage: false,
  upstream: undefined,
};
const chunk = (parts: object[], more: object = {}, top: object = {}): object => ({
  candidates: [{ content: { role: 'model', parts }, index: 0, ...more }],
  modelVersion: 'gemini-3-pro',
  responseId: 'r1',
  ...top,
});
const usage = (candidatesTokenCount: number): object => ({
  usageMetadata: {
    promptTokenCount: 20,
    toolUsePromptTokenCount: 2,
    cachedContentTokenCount: 5,
    candidatesTokenCount,
    thoughtsTokenCount: 30,
    totalTokenCount: 52 + candidatesTokenCount,
  },
});
const frames = (...bodies: object[]): Buffer =>
  Buffer.from(bodies.map((body) => `data: ${JSON.stringify(body)}\r\n\r\n`).join(''));

function decode(chunks: readonly Buffer[]): readonly ModelEvent[] {
  const reader = eventReader();
  const decoder = stream.decoder(READ);
  const events = chunks.flatMap((bytes) => reader.push(bytes));
  return [...[...events, ...reader.end()].flatMap((one) => decoder.push(one)), ...decoder.end()];
}
const read = (...bodies: object[]): Answer => collectAnswer(decode([frames(...bodies)]));
const opaque = (value: string): object => ({ origin: READ.origin, value });

/** All that a stream may hold: several parts in a chunk, repeated usage, signatures everywhere. */
const whole: readonly object[] = [
  chunk([{ text: 'pl', thought: true }], {}, usage(0)),
  chunk([{ text: 'än', thought: true }, { text: 'grüß ' }], {}, usage(1)),
  chunk([
    { text: '🙂' },
    { functionCall: { name: 'long_name', args: { x: [1] } }, thoughtSignature: 'c2ln' },
    { functionCall: { id: 'f2', name: 'patch', args: { input: '*** a' } } },
    { executableCode: { code: '1' } },
  ]),
  chunk([{ text: '', thoughtSignature: 'bGFzdA==' }], { finishReason: 'STOP' }, usage(5)),
];

describe('a stream', () => {
  test('is read with all parts of each chunk, the last usage, and its signatures', () => {
    const answer = read(...whole);
    const [, , first] = answer.parts as (Part & { id: string })[];
    expect(answer).toEqual({
      id: 'r1',
      parts: [
        { type: 'reasoning', text: 'plän' },
        { type: 'text', text: 'grüß 🙂' },
        {
          type: 'tool-call',
          id: first!.id,
          name: 'long name',
          argumentsJson: '{"x":[1]}',
          opaque: opaque('c2ln'),
        },
        { type: 'tool-call', kind: 'custom', id: 'f2', name: 'patch', argumentsJson: '*** a' },
        { type: 'reasoning', text: '', opaque: opaque('bGFzdA==') },
      ],
      finish: 'tool-calls',
      usage: { inputTokens: 22, outputTokens: 35, cachedTokens: 5, reasoningTokens: 30 },
    });
    expect(first!.id).toMatch(/^call_\w{32}$/);
  });

  test('is the same wherever it is cut', () => {
    const bytes = frames(...whole);
    const strip = (events: readonly ModelEvent[]): unknown =>
      JSON.parse(JSON.stringify(events).replaceAll(/call_\w{32}/g, 'made'));
    const expected = strip(decode([bytes]));
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      expect(strip(decode([bytes.subarray(0, cut), bytes.subarray(cut)]))).toEqual(expected);
    }
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 20 }), (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const pieces = places.slice(1).map((end, i) => bytes.subarray(places[i], end));
        expect(strip(decode(pieces))).toEqual(expected);
      }),
    );
  });

  test.each([
    ['STOP', 'stop'],
    ['MAX_TOKENS', 'length'],
    ['SAFETY', 'refusal'],
    ['PROHIBITED_CONTENT', 'refusal'],
    ['BLOCKLIST', 'refusal'],
    ['SPII', 'refusal'],
    ['LANGUAGE', 'refusal'],
    ['IMAGE_SAFETY', 'refusal'],
    ['RECITATION', 'stop'],
    ['OTHER', 'stop'],
    ['MALFORMED_FUNCTION_CALL', 'stop'],
    ['SOMETHING_NEW', 'stop'],
  ])('that ends with %s ends with %s', (finishReason, finish) => {
    expect(read(chunk([{ text: 'a' }], { finishReason })).finish).toBe(finish);
  });

  test('of a cut call ends with length; a reason before the last chunk does not end it', () => {
    const call = { functionCall: { name: 'a' } };
    expect(read(chunk([call], { finishReason: 'MAX_TOKENS' })).finish).toBe('length');
    const early = read(
      chunk([{ text: 'a' }], { finishReason: 'STOP' }),
      chunk([{ text: 'b' }], { finishReason: 'MAX_TOKENS' }),
      { usageMetadata: { promptTokenCount: 1, totalTokenCount: 4 } },
    );
    expect(early).toMatchObject({
      parts: [{ type: 'text', text: 'ab' }],
      finish: 'length',
      usage: { inputTokens: 1, outputTokens: 3 },
    });
  });

  test('of a blocked prompt is a refusal', () => {
    expect(
      read({ promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, ...usage(0) }),
    ).toMatchObject({
      parts: [{ type: 'refusal', text: 'The prompt was blocked (PROHIBITED_CONTENT).' }],
      finish: 'refusal',
      usage: { inputTokens: 22 },
    });
  });

  test('may end without content', () => {
    expect(read({ candidates: [{ finishReason: 'SAFETY' }] })).toEqual({
      parts: [],
      finish: 'refusal',
    });
  });

  test.each<[string, object[], string]>([
    ['without a reason to end', [chunk([{ text: 'a' }])], 'UPSTREAM_TRUNCATED'],
    ['without anything', [], 'UPSTREAM_TRUNCATED'],
    [
      'of a broken call alone',
      [chunk([], { finishReason: 'MALFORMED_FUNCTION_CALL' })],
      'UPSTREAM_FAILED',
    ],
    [
      'with an error inside',
      [chunk([{ text: 'a' }]), { error: { code: 503, status: 'UNAVAILABLE', message: 'm' } }],
      'UPSTREAM_OVERLOADED',
    ],
  ])('%s fails', (_, bodies, code) => {
    expect(() => decode([frames(...bodies)])).toThrow(
      expect.objectContaining({ code, failure: expect.anything() as unknown }),
    );
  });

  test('of junk is a bad answer', () => {
    expect(() => decode([Buffer.from('data: {"a\n\n')])).toThrow(/not JSON/);
    expect(() => decode([Buffer.from('data: []\n\n')])).toThrow(/no JSON object/);
  });

  test('leaves out other candidates', () => {
    const other = { index: 1, content: { parts: [{ text: 'b' }] }, finishReason: 'STOP' };
    const both = {
      candidates: [other, { content: { parts: [{ text: 'a' }] }, finishReason: 'STOP' }],
    };
    expect(read(both).parts).toEqual([{ type: 'text', text: 'a' }]);
  });
});

function write(events: readonly ModelEvent[], context: AnswerContext = WRITE): Loose[] {
  const encoder = stream.encoder(context);
  const text = events.map((event) => encoder.push(event)).join('') + encoder.end();
  const parts = text.split('\n\n');
  expect(parts.pop()).toBe('');
  return parts.map((frame) => {
    expect(frame.startsWith('data: ')).toBe(true);
    return JSON.parse(frame.slice(6));
  });
}

describe('a stream for a client', () => {
  const events: readonly ModelEvent[] = [
    { type: 'start', id: 'msg_1' },
    { type: 'open', index: 0, part: { type: 'reasoning', text: '' } },
    { type: 'delta', index: 0, text: 'plän' },
    { type: 'close', index: 0, opaque: { origin: 'claude/opus', value: 'sig' } },
    { type: 'open', index: 1, part: { type: 'text', text: 'gr' } },
    {
      type: 'open',
      index: 2,
      part: {
        type: 'tool-call',
        id: 'a',
        name: 'look',
        argumentsJson: '',
        opaque: { origin: 'g/gemini-3-pro', value: 'c2ln' },
      },
    },
    { type: 'delta', index: 2, text: '{"x":' },
    { type: 'delta', index: 1, text: 'üß 🙂' },
    { type: 'delta', index: 2, text: '1}' },
    { type: 'close', index: 2 },
    {
      type: 'open',
      index: 3,
      part: { type: 'tool-call', id: 'b', name: 'wait', argumentsJson: '' },
    },
    { type: 'finish', reason: 'tool-calls' },
    {
      type: 'usage',
      usage: { inputTokens: 9, outputTokens: 7, cachedTokens: 2, reasoningTokens: 3 },
    },
  ];

  test('tells text as it comes, calls when they are complete, and usage and finish at the end alone', () => {
    const bodies = write(events);
    expect(bodies.flatMap((body) => body.candidates[0].content.parts)).toEqual([
      { text: 'plän', thought: true, thoughtSignature: 'cpx1.Y2xhdWRlL29wdXM.sig' },
      { text: 'gr' },
      { text: 'üß 🙂' },
      {
        functionCall: { id: 'a', name: 'look', args: { x: 1 } },
        thoughtSignature: 'cpx1.Zy9nZW1pbmktMy1wcm8.c2ln',
      },
      { functionCall: { id: 'b', name: 'wait', args: {} } },
      { text: '' },
    ]);
    for (const body of bodies) {
      expect(body).toMatchObject({ modelVersion: 'asked', responseId: 'msg_1' });
      expect(body.candidates[0]).toMatchObject({ index: 0, content: { role: 'model' } });
    }
    const last = bodies.pop();
    expect(last.candidates[0].finishReason).toBe('STOP');
    expect(last.usageMetadata).toEqual({
      promptTokenCount: 9,
      candidatesTokenCount: 4,
      totalTokenCount: 16,
      cachedContentTokenCount: 2,
      thoughtsTokenCount: 3,
    });
    expect(bodies.every((body) => body.usageMetadata === undefined)).toBe(true);
    expect(bodies.every((body) => body.candidates[0].finishReason === undefined)).toBe(true);
  });

  test('adds up to the answer without stream', () => {
    const text = write(events);
    const whole = response.encode(collectAnswer(events), WRITE) as Loose;
    const again = (bodies: Loose[]): unknown => {
      const { parts, ...rest } = read(...bodies);
      return {
        ...rest,
        parts: parts.filter((part) => part.type !== 'reasoning' || part.text !== ''),
      };
    };
    const signed = again(text);
    expect(signed).toMatchObject({ id: 'msg_1', finish: 'tool-calls' });
    expect(again([whole])).toEqual(signed);
  });

  test('gives signatures back bare where the upstream spoke the dialect', () => {
    const native: AnswerContext = { ...WRITE, upstream: 'gemini' };
    const told = decode([frames(...whole)]);
    const parts = write(told, native).flatMap((body) => body.candidates[0].content.parts);
    expect(parts.filter((part) => part.thoughtSignature !== undefined)).toMatchObject([
      { functionCall: { name: 'long name' }, thoughtSignature: 'c2ln' },
      { text: '', thoughtSignature: 'bGFzdA==' },
    ]);
    expect(parts.some((part) => part.text === '' && part.thought)).toBe(false);
  });

  test('that only finishes says so; an error is an event of its own', () => {
    expect(write([{ type: 'finish', reason: 'length' }])).toEqual([
      {
        candidates: [
          {
            content: { parts: [{ text: '' }], role: 'model' },
            finishReason: 'MAX_TOKENS',
            index: 0,
          },
        ],
        modelVersion: 'asked',
        responseId: 'ours',
      },
    ]);
    const error = new GatewayError('UPSTREAM_OVERLOADED', 'Too much.');
    const text = stream.encoder(WRITE).failure(error, 'req_1');
    expect(JSON.parse(text.slice(6))).toEqual({
      error: {
        code: 503,
        message: 'Too much.',
        status: 'UNAVAILABLE',
        details: [
          {
            '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
            reason: 'UPSTREAM_OVERLOADED',
            domain: 'cliproxy',
            metadata: { requestId: 'req_1' },
          },
        ],
      },
    });
    expect(text.endsWith('\n\n')).toBe(true);
  });

  test('holds back no more of a call than can be kept', () => {
    const encoder = stream.encoder(WRITE);
    encoder.push({
      type: 'open',
      index: 0,
      part: { type: 'tool-call', id: 'a', name: 'n', argumentsJson: '' },
    });
    const text = 'x'.repeat(1024 * 1024);
    expect(() => {
      for (let i = 0; i < 10; i += 1) encoder.push({ type: 'delta', index: 0, text });
    }).toThrow(expect.objectContaining({ code: 'UPSTREAM_TOO_LARGE' }));
  });
});

describe('an answer without stream', () => {
  test('is read like a stream of one', () => {
    const body = chunk([{ text: 'a' }], { finishReason: 'STOP' }, usage(5)) as Loose;
    expect(collectAnswer(response.decode(body, READ))).toEqual(read(body));
    const silent = response.decode(chunk([{ text: 'a' }]) as Loose, READ);
    expect(collectAnswer(silent).finish).toBe('stop');
  });

  test('without candidates is a bad answer, a blocked prompt a refusal', () => {
    expect(() => response.decode({ usageMetadata: {} }, READ)).toThrow(/no `candidates`/);
    const blocked = response.decode({ promptFeedback: { blockReason: 'SAFETY' } }, READ);
    expect(collectAnswer(blocked).finish).toBe('refusal');
  });

  test('is written as the SDK reads it', () => {
    const parts: Part[] = [
      { type: 'reasoning', text: 'hm' },
      { type: 'text', text: 'hi' },
      { type: 'media', mediaType: 'image/png', source: { base64: 'AAAA' } },
      { type: 'tool-call', kind: 'custom', id: 'c', name: 'patch', argumentsJson: '*** a' },
      { type: 'text', text: '' },
    ];
    const answer: Answer = { parts, finish: 'stop', usage: { inputTokens: 1, outputTokens: 2 } };
    expect(response.encode(answer, WRITE)).toEqual({
      candidates: [
        {
          content: {
            parts: [
              { text: 'hm', thought: true },
              { text: 'hi' },
              { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
              { functionCall: { id: 'c', name: 'patch', args: { input: '*** a' } } },
            ],
            role: 'model',
          },
          finishReason: 'STOP',
          index: 0,
        },
      ],
      usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 2, totalTokenCount: 3 },
      modelVersion: 'asked',
      responseId: 'ours',
    });
  });
});
