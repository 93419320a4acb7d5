import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { GatewayError } from '@cliproxy/plugin-api';
import type { ModelEvent, Part } from '@cliproxy/plugin-api';
import OpenAI from 'openai';
import type { AnswerContext } from '../codec/answer-context.ts';
import type { SseEvent } from '../codec/sse-event.ts';
import type { Answer } from '../model/answer.ts';
import { answerEvents, collectAnswer } from '../model/answer-events.ts';
import { openAiChat } from './openai-chat.ts';
import { stream } from './stream.ts';

type Chunk = OpenAI.Chat.ChatCompletionChunk;

const encoding: AnswerContext = {
  model: 'asked "for"',
  createdS: 1_760_000_000,
  id: 'abc',
  includeUsage: true,
  upstream: 'openai-chat',
};

const encodeAll = (events: Iterable<ModelEvent>, changes: Partial<AnswerContext> = {}): string => {
  const encoder = stream.encoder({ ...encoding, ...changes });
  let text = '';
  for (const event of events) text += encoder.push(event);
  return text + encoder.end();
};
const dataOf = (text: string): string[] => {
  expect(text.endsWith('\n\n')).toBe(true);
  return text
    .slice(0, -2)
    .split('\n\n')
    .map((frame) => {
      expect(frame).toMatch(/^data: [^\n]+$/);
      return frame.slice('data: '.length);
    });
};
const chunksOf = (text: string): Chunk[] =>
  dataOf(text)
    .filter((data) => data !== '[DONE]')
    .map((data) => JSON.parse(data) as Chunk);

const decodeData = (
  data: readonly (string | SseEvent)[],
  toolNames = new Map<string, string>(),
) => {
  const decoder = stream.decoder({ origin: 'up/m', toolNames });
  const events: ModelEvent[] = [];
  for (const item of data)
    events.push(...decoder.push(typeof item === 'string' ? { data: item } : item));
  events.push(...decoder.end());
  checkGrammar(events);
  return events;
};
/** Deltas of choice 0, then a finish and `[DONE]`. */
const decodeDeltas = (...deltas: object[]): Answer =>
  collectAnswer(decodeData([...deltas.map((delta) => chunk(delta)), chunk({}, 'stop'), '[DONE]']));
const chunk = (delta: object, finish_reason: string | null = null, rest: object = {}): string =>
  JSON.stringify({ id: 'chatcmpl-1', choices: [{ index: 0, delta, finish_reason }], ...rest });
const contents = (key: 'delta' | 'message', ...texts: string[]): string[] => [
  ...texts.map((content) => JSON.stringify({ choices: [{ index: 0, [key]: { content } }] })),
  '[DONE]',
];
const textOf = ({ parts }: Answer): string =>
  parts.map((part) => (part.type === 'text' ? part.text : '')).join('');

/** The grammar of model events; everything that a decoder gives must follow it. */
function checkGrammar(events: readonly ModelEvent[]): void {
  const open = new Set<number>();
  const seen = new Set<number>();
  expect(events[0]?.type).toBe('start');
  events.forEach((event, i) => {
    if (event.type === 'open') {
      expect(seen.has(event.index)).toBe(false);
      seen.add(event.index);
      open.add(event.index);
    } else if (event.type === 'delta') {
      expect(open.has(event.index)).toBe(true);
      expect(event.text).not.toBe('');
    } else if (event.type === 'close') expect(open.delete(event.index)).toBe(true);
    else if (event.type === 'finish') expect(i).toBe(events.length - 1);
  });
  expect(open.size).toBe(0);
  expect(events.at(-1)?.type).toBe('finish');
}

const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
const opaque = fc.option(
  word.map((value) => ({ origin: 'up/m', value })),
  { nil: undefined },
);
const callParts = fc
  .array(
    fc.record({
      name: fc.stringMatching(/^[a-z]{1,8}$/),
      args: fc.dictionary(word, fc.jsonValue(), { maxKeys: 3 }),
    }),
    { maxLength: 4 },
  )
  .map((calls) =>
    calls.map(({ name, args }, i): Part => ({
      type: 'tool-call',
      id: `call_${i}`,
      name,
      argumentsJson: JSON.stringify(args),
    })),
  );
const answers: fc.Arbitrary<Answer> = fc
  .record({
    reasoning: fc.option(fc.record({ text: word, opaque }), { nil: undefined }),
    text: fc.option(word, { nil: undefined }),
    refusal: fc.option(word, { nil: undefined }),
    calls: callParts,
    finish: fc.constantFrom('stop', 'length', 'refusal'),
    usage: fc.option(
      fc.record({
        inputTokens: fc.nat(9999).map((n) => n + 1),
        outputTokens: fc.nat(9999),
        cachedTokens: fc.nat(50),
        reasoningTokens: fc.constant(0),
      }),
      { nil: undefined },
    ),
  })
  .map(({ reasoning, text, refusal, calls, finish, usage }): Answer => ({
    id: 'chatcmpl-1',
    parts: [
      ...(reasoning === undefined
        ? []
        : [
            {
              type: 'reasoning' as const,
              text: reasoning.text,
              ...(reasoning.opaque === undefined ? {} : { opaque: reasoning.opaque }),
            },
          ]),
      ...(text === undefined ? [] : [{ type: 'text' as const, text }]),
      ...(refusal === undefined ? [] : [{ type: 'refusal' as const, text: refusal }]),
      ...calls,
    ],
    finish: calls.length > 0 && finish === 'stop' ? 'tool-calls' : (finish as Answer['finish']),
    ...(usage === undefined ? {} : { usage }),
  }));

/** Cuts every delta into single characters, so that no piece looks like another. */
function* shredded(events: Iterable<ModelEvent>): Iterable<ModelEvent> {
  for (const event of events) {
    if (event.type !== 'delta') yield event;
    else for (const text of event.text) yield { ...event, text };
  }
}

describe('round trip', () => {
  test('any answer, written and read again, is the same', () => {
    fc.assert(
      fc.property(answers, (answer) => {
        const data = dataOf(encodeAll(answerEvents(answer)));
        expect(collectAnswer(decodeData(data))).toEqual(answer);
      }),
      { numRuns: 300 },
    );
  });

  test('in pieces as small as they come, blocks side by side', () => {
    const call = (i: number): ModelEvent => ({
      type: 'open',
      index: i,
      part: { type: 'tool-call', id: `call_${i}`, name: `f${i}`, argumentsJson: '' },
    });
    const events: ModelEvent[] = [
      { type: 'start' },
      call(3),
      call(7),
      { type: 'delta', index: 7, text: '{"a":' },
      { type: 'delta', index: 3, text: '{"b":"x"}' },
      { type: 'delta', index: 7, text: '{"a":1}}' },
      { type: 'close', index: 3 },
      { type: 'close', index: 7 },
      { type: 'finish', reason: 'tool-calls' },
    ];
    const read = collectAnswer(decodeData(dataOf(encodeAll(shredded(events)))));
    expect(read.parts).toMatchObject([
      { id: 'call_3', argumentsJson: '{"b":"x"}' },
      { id: 'call_7', argumentsJson: '{"a":{"a":1}}' },
    ]);
  });

  test('text survives being cut anywhere', () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 10 }), (pieces) => {
        // Growing texts are read as what some servers send; see the tests of those.
        fc.pre(!(pieces[2]?.startsWith(pieces[1] ?? '') && pieces[1]?.startsWith(pieces[0] ?? '')));
        expect(textOf(collectAnswer(decodeData(contents('delta', ...pieces))))).toBe(
          pieces.join(''),
        );
      }),
    );
  });
});

describe('encoder', () => {
  const opening = (part: Part, index = 0): ModelEvent => ({ type: 'open', index, part });
  const tool: Part = { type: 'tool-call', id: 'call_1', name: 'look', argumentsJson: '' };

  test('a stream, chunk by chunk', () => {
    const chunks = chunksOf(
      encodeAll([
        { type: 'start', id: 'msg_1' },
        opening({ type: 'reasoning', text: '' }, 0),
        { type: 'delta', index: 0, text: 'hm' },
        { type: 'close', index: 0 },
        opening({ type: 'text', text: 'Hi' }, 1),
        { type: 'delta', index: 1, text: ' "you"\n' },
        { type: 'close', index: 1 },
        opening(tool, 2),
        { type: 'delta', index: 2, text: '{"x"' },
        { type: 'delta', index: 2, text: ':1}' },
        opening({ ...tool, id: 'call_2' }, 5),
        { type: 'close', index: 2 },
        { type: 'close', index: 5 },
        opening({ type: 'refusal', text: 'no' }, 6),
        { type: 'close', index: 6 },
        { type: 'usage', usage: { inputTokens: 2, outputTokens: 3 } },
        { type: 'finish', reason: 'tool-calls' },
      ]),
    );
    for (const each of chunks) {
      expect(each).toMatchObject({
        id: 'chatcmpl-msg_1',
        object: 'chat.completion.chunk',
        created: 1_760_000_000,
        model: 'asked "for"',
      });
    }
    const usage = chunks.pop();
    expect(usage).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 2, completion_tokens: 3, total_tokens: 5 },
    });
    expect(chunks.every((each) => each.usage === null)).toBe(true);
    expect(
      chunks.every(({ choices }) => choices.length === 1 && choices[0]?.logprobs === null),
    ).toBe(true);
    expect(chunks.map(({ choices }) => choices[0]?.delta)).toEqual([
      { role: 'assistant', content: '', refusal: null },
      { reasoning_content: 'hm' },
      { content: 'Hi' },
      { content: ' "you"\n' },
      {
        tool_calls: [
          { index: 0, id: 'call_1', type: 'function', function: { name: 'look', arguments: '' } },
        ],
      },
      { tool_calls: [{ index: 0, function: { arguments: '{"x"' } }] },
      { tool_calls: [{ index: 0, function: { arguments: ':1}' } }] },
      {
        tool_calls: [
          { index: 1, id: 'call_2', type: 'function', function: { name: 'look', arguments: '' } },
        ],
      },
      { tool_calls: [{ index: 1, function: { arguments: '{}' } }] },
      { refusal: 'no' },
      {},
    ]);
    expect(chunks.map(({ choices }) => choices[0]?.finish_reason)).toEqual([
      ...Array.from({ length: chunks.length - 1 }, () => null),
      'tool_calls',
    ]);
  });

  test('no usage unless asked for, or unless it is known', () => {
    const events: ModelEvent[] = [
      { type: 'start' },
      { type: 'usage', usage: { inputTokens: 1, outputTokens: 1 } },
      { type: 'finish', reason: 'stop' },
    ];
    const without = encodeAll(events, { includeUsage: false });
    expect(without).not.toContain('usage');
    expect(dataOf(without).at(-1)).toBe('[DONE]');
    const unknown = chunksOf(encodeAll(events.filter(({ type }) => type !== 'usage')));
    expect(unknown).toHaveLength(2);
  });

  test('arguments known at once follow the head of the call; an empty object waits', () => {
    const args = (argumentsJson: string, ...more: ModelEvent[]) =>
      chunksOf(
        encodeAll([
          { type: 'start' },
          opening({ ...tool, argumentsJson }),
          ...more,
          { type: 'close', index: 0 },
          { type: 'finish', reason: 'stop' },
        ]),
      )
        .map(({ choices }) => choices[0]?.delta.tool_calls?.[0]?.function?.arguments ?? '')
        .join('');
    expect(args('{"a":1}')).toBe('{"a":1}');
    expect(args('{}')).toBe('{}');
    expect(args('{}', { type: 'delta', index: 0, text: '{"b":2}' })).toBe('{"b":2}');
  });

  test('the end is in the closed set whatever came before', () => {
    const word_ = (reason: 'stop' | 'pause' | 'refusal' | 'length', ...before: ModelEvent[]) =>
      chunksOf(encodeAll([{ type: 'start' }, ...before, { type: 'finish', reason }])).at(-1)
        ?.choices[0]?.finish_reason;
    expect(word_('stop', opening(tool))).toBe('tool_calls');
    expect(word_('pause')).toBe('stop');
    expect(word_('refusal')).toBe('content_filter');
    expect(word_('length', opening(tool))).toBe('length');
  });

  test('custom calls, images, signatures', () => {
    const deltas = chunksOf(
      encodeAll(
        [
          opening({ type: 'reasoning', text: 'r' }, 0),
          { type: 'close', index: 0, opaque: { origin: 'c/m', value: 'S' } },
          opening({ ...tool, kind: 'custom' }, 1),
          { type: 'delta', index: 1, text: 'free' },
          { type: 'close', index: 1 },
          opening({ ...tool, id: 'call_2' }, 2),
          { type: 'close', index: 2, opaque: { origin: 'c/m', value: 'S' } },
          opening({ type: 'media', mediaType: 'image/png', source: { base64: 'AA' } }, 3),
          { type: 'delta', index: 3, text: 'x' },
          { type: 'close', index: 3 },
          opening({ type: 'media', mediaType: 'audio/wav', source: { base64: 'AA' } }, 4),
          opening({ type: 'tool-result', callId: 'x', content: [] }, 5),
          { type: 'delta', index: 99, text: 'lost' },
          { type: 'close', index: 99 },
          { type: 'finish', reason: 'stop' },
        ],
        { upstream: undefined },
      ),
    ).map(({ choices }) => choices[0]?.delta);
    const tag = `cpx1.${Buffer.from('c/m').toString('base64url')}.S`;
    expect(deltas.slice(1, -1)).toEqual([
      { reasoning_content: 'r' },
      { reasoning_details: [{ type: 'reasoning.text', text: 'r', signature: tag, index: 0 }] },
      {
        tool_calls: [
          { index: 0, id: 'call_1', type: 'custom', custom: { name: 'look', input: '' } },
        ],
      },
      { tool_calls: [{ index: 0, custom: { input: 'free' } }] },
      {
        tool_calls: [
          { index: 1, id: 'call_2', type: 'function', function: { name: 'look', arguments: '' } },
        ],
      },
      { tool_calls: [{ index: 1, function: { arguments: '{}' } }] },
      {
        tool_calls: [
          {
            index: 1,
            function: { arguments: '' },
            extra_content: { google: { thought_signature: tag } },
          },
        ],
      },
      { images: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } }] },
    ]);
  });

  test('a signature that is known when the call begins stands in its first piece, and only there', () => {
    const opaque = { origin: 'c/m', value: 'S' };
    const deltas = chunksOf(
      encodeAll(
        [
          opening({ ...tool, opaque }, 0),
          { type: 'delta', index: 0, text: '{"x":1}' },
          { type: 'close', index: 0 },
          { type: 'finish', reason: 'tool-calls' },
        ],
        { upstream: undefined },
      ),
    ).map(({ choices }) => choices[0]?.delta);
    const tag = `cpx1.${Buffer.from('c/m').toString('base64url')}.S`;
    expect(deltas.slice(1, -1)).toEqual([
      {
        tool_calls: [
          {
            index: 0,
            id: 'call_1',
            type: 'function',
            function: { name: 'look', arguments: '' },
            extra_content: { google: { thought_signature: tag } },
          },
        ],
      },
      { tool_calls: [{ index: 0, function: { arguments: '{"x":1}' } }] },
    ]);
  });

  test('a failure is one error event, without [DONE]', () => {
    const encoder = stream.encoder(encoding);
    expect(encoder.push({ type: 'start' })).not.toBe('');
    expect(encoder.push({ type: 'start' })).toBe('');
    const [data, ...more] = dataOf(
      encoder.failure(new GatewayError('UPSTREAM_TRUNCATED', 'It broke.'), 'r-1'),
    );
    expect(more).toEqual([]);
    expect(JSON.parse(data!)).toEqual({
      error: {
        message: 'It broke.',
        type: 'server_error',
        param: null,
        code: null,
        gateway_code: 'UPSTREAM_TRUNCATED',
        request_id: 'r-1',
      },
    });
  });

  test('a heartbeat is a comment', () => {
    expect(stream.heartbeat).toBe(': ping\n\n');
  });
});

describe('decoder: calls', () => {
  const fragment = (call: object): object => ({ tool_calls: [call] });
  const calls = (answer: Answer) =>
    answer.parts.map((part) =>
      part.type === 'tool-call' ? [part.id, part.name, part.argumentsJson] : [],
    );

  test.each<[string, object[], unknown[][]]>([
    [
      'as OpenAI sends them, two interleaved',
      [
        fragment({ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '' } }),
        fragment({ index: 1, id: 'b', type: 'function', function: { name: 'g', arguments: '' } }),
        fragment({ index: 0, function: { arguments: '{"x"' } }),
        fragment({ index: 1, function: { arguments: '{"y"' } }),
        fragment({ index: 0, function: { arguments: ':1}' } }),
        fragment({ index: 1, function: { arguments: ':2}' } }),
      ],
      [
        ['a', 'f', '{"x":1}'],
        ['b', 'g', '{"y":2}'],
      ],
    ],
    [
      'whole at once',
      [
        {
          tool_calls: [
            { index: 0, id: 'a', function: { name: 'f', arguments: '{"x":1}' } },
            { index: 1, id: 'b', function: { name: 'f', arguments: '{"x":1}' } },
          ],
        },
      ],
      [
        ['a', 'f', '{"x":1}'],
        ['b', 'f', '{"x":1}'],
      ],
    ],
    [
      'arguments as an object',
      [fragment({ index: 0, id: 'a', function: { name: 'f', arguments: { x: 1 } } })],
      [['a', 'f', '{"x":1}']],
    ],
    [
      'no index, by id',
      [
        fragment({ id: 'a', function: { name: 'f', arguments: '{' } }),
        fragment({ id: 'b', function: { name: 'g', arguments: '{' } }),
        fragment({ id: 'a', function: { arguments: '}' } }),
        fragment({ id: 'b', function: { arguments: '}' } }),
      ],
      [
        ['a', 'f', '{}'],
        ['b', 'g', '{}'],
      ],
    ],
    [
      'no index, no id: goes on with the last',
      [
        fragment({ id: 'a', function: { name: 'f', arguments: '' } }),
        fragment({ function: { arguments: '{"x":' } }),
        fragment({ function: { arguments: '1}' } }),
      ],
      [['a', 'f', '{"x":1}']],
    ],
    [
      'an id that changes with each fragment',
      [
        fragment({ id: 'a', function: { name: 'f', arguments: '' } }),
        fragment({ id: 'b', function: { arguments: '{"x":1}' } }),
      ],
      [['a', 'f', '{"x":1}']],
    ],
    [
      'the id and name repeated in each fragment',
      [
        fragment({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x"' } }),
        fragment({ index: 0, id: 'a', function: { name: 'f', arguments: ':{"x":' } }),
        fragment({ index: 0, id: 'a', function: { name: 'f', arguments: '1}}' } }),
      ],
      [['a', 'f', '{"x":{"x":1}}']],
    ],
    [
      'all numbered 0',
      [
        fragment({ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }),
        fragment({ index: 0, id: 'b', function: { name: 'f', arguments: '{}' } }),
      ],
      [
        ['a', 'f', '{}'],
        ['b', 'f', '{}'],
      ],
    ],
    [
      'the whole call once more at the end',
      [
        fragment({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x"' } }),
        fragment({ index: 0, function: { arguments: ':1}' } }),
        fragment({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x":1}' } }),
      ],
      [['a', 'f', '{"x":1}']],
    ],
    [
      'the name after the arguments',
      [
        fragment({ index: 0, id: 'a', function: { arguments: '{"x"' } }),
        fragment({ index: 0, function: { name: 'f', arguments: ':1}' } }),
      ],
      [['a', 'f', '{"x":1}']],
    ],
    [
      'no arguments',
      [fragment({ index: 0, id: 'a', function: { name: 'f' } })],
      [['a', 'f', '{}']],
    ],
    [
      'no name',
      [fragment({ index: 0, id: 'a', function: { arguments: '{}' } }), { content: '' }],
      [],
    ],
    ['junk', [{ tool_calls: [null, 1, {}] }, { tool_calls: null, function_call: null }], []],
    [
      'blank after the end, and a text between',
      [
        fragment({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x":1}' } }),
        fragment({ index: 1, id: 'b', function: { name: 'g', arguments: '{}' } }),
        fragment({ index: 0, function: { arguments: ' \n' } }),
      ],
      [
        ['a', 'f', '{"x":1}'],
        ['b', 'g', '{}'],
      ],
    ],
  ])('%s', (_name, deltas, expected) => {
    const answer = decodeDeltas(...deltas);
    expect(calls(answer)).toEqual(expected);
    expect(answer.finish).toBe(expected.length > 0 ? 'tool-calls' : 'stop');
  });

  test('without index and id, a name begins a call where it can be no repetition', () => {
    const named = (name: string, args: string) => ({ function: { name, arguments: args } });
    const answer = decodeDeltas(
      { tool_calls: [named('f', ''), named('f', '')] },
      { tool_calls: [named('f', '{"x":')] },
      { tool_calls: [named('f', '1}')] },
      { tool_calls: [named('f', '{"y":2}')] },
      { tool_calls: [named('g', '')] },
    );
    expect(calls(answer).map(([, name, args]) => [name, args])).toEqual([
      ['f', '{}'],
      ['f', '{"x":1}'],
      ['f', '{"y":2}'],
      ['g', '{}'],
    ]);
    expect(new Set(calls(answer).map(([id]) => id)).size).toBe(4);
  });

  test('a first fragment without anything', () => {
    expect(
      calls(
        decodeDeltas(
          { tool_calls: [{ function: {} }] },
          { tool_calls: [{ function: { name: 'f', arguments: '{}' } }] },
        ),
      ),
    ).toMatchObject([[expect.stringMatching(/^call_/), 'f', '{}']]);
  });

  test('legacy function_call, custom calls, signatures, renamed tools', () => {
    const events = decodeData(
      [
        chunk({ function_call: { name: 'short', arguments: '{"x"' } }),
        chunk({ function_call: { arguments: ':1}' } }),
        chunk({
          tool_calls: [{ index: 1, id: 'c', type: 'custom', custom: { name: 'g', input: '{}' } }],
        }),
        chunk({
          tool_calls: [
            {
              index: 1,
              custom: { input: '{}' },
              extra_content: { google: { thought_signature: 'S' } },
            },
          ],
        }),
        '[DONE]',
      ],
      new Map([['short', 'long.name']]),
    );
    expect(collectAnswer(events).parts).toEqual([
      {
        type: 'tool-call',
        id: expect.stringMatching(/^call_/),
        name: 'long.name',
        argumentsJson: '{"x":1}',
      },
      {
        type: 'tool-call',
        kind: 'custom',
        id: 'c',
        name: 'g',
        argumentsJson: '{}{}',
        opaque: { origin: 'up/m', value: 'S' },
      },
    ]);
  });

  test('calls of wrapped free-text tools are told unwrapped, when they are whole', () => {
    const decoder = stream.decoder({
      origin: 'up/m',
      toolNames: new Map(),
      customTools: new Set(['patch']),
    });
    const piece = (args: string, head: object = {}) => ({
      data: chunk(fragment({ index: 0, ...head, function: { name: 'patch', arguments: args } })),
    });
    const events = [
      ...decoder.push(piece('{"inp', { id: 'a' })),
      ...decoder.push(piece('ut":"free"}')),
      ...decoder.push({ data: '[DONE]' }),
    ];
    checkGrammar(events);
    expect(collectAnswer(events).parts).toEqual([
      { type: 'tool-call', kind: 'custom', id: 'a', name: 'patch', argumentsJson: 'free' },
    ]);
  });

  test('a complete call closes as soon as another begins', () => {
    const decoder = stream.decoder({ origin: 'up/m', toolNames: new Map() });
    decoder.push({
      data: chunk(fragment({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x":1}' } })),
    });
    const types = decoder
      .push({
        data: chunk(fragment({ index: 1, id: 'b', function: { name: 'g', arguments: '' } })),
      })
      .map(({ type }) => type);
    expect(types).toEqual(['close', 'open']);
  });
});

describe('decoder: texts', () => {
  test('blocks follow one another', () => {
    const answer = decodeDeltas(
      { role: 'assistant', content: '' },
      { reasoning_content: 'r1', reasoning: 'r1' },
      { reasoning: 'r2' },
      { content: null, reasoning_content: null },
      { content: 'a' },
      { content: 'b', refusal: null },
      { refusal: 'no' },
      {
        content: [
          { type: 'thinking', thinking: [{ type: 'text', text: 'r3' }] },
          { type: 'text', text: 'c' },
        ],
      },
    );
    expect(answer.parts).toEqual([
      { type: 'reasoning', text: 'r1r2' },
      { type: 'text', text: 'ab' },
      { type: 'refusal', text: 'no' },
      { type: 'reasoning', text: 'r3' },
      { type: 'text', text: 'c' },
    ]);
  });

  test('signatures close the reasoning that they sign', () => {
    const opaque_ = { origin: 'up/m', value: 'S' };
    const detail = (d: object) => ({ reasoning_details: [{ index: 0, ...d }] });
    const answer = decodeDeltas(
      { reasoning: 'r', ...detail({ text: 'r' }) },
      detail({ text: 'r' }),
      detail({ signature: 'S' }),
      detail({ data: 'S' }),
      { reasoning: 'next' },
      { content: 'a' },
    );
    expect(answer.parts).toEqual([
      { type: 'reasoning', text: 'r', opaque: opaque_ },
      { type: 'reasoning', text: '', opaque: opaque_ },
      { type: 'reasoning', text: 'next' },
      { type: 'text', text: 'a' },
    ]);
  });

  test.each<[string, string[], string]>([
    [
      'growing in `delta`, three times over',
      contents('delta', 'I', 'It', 'It is', 'It is so'),
      'It is so',
    ],
    ['growing, then repeated', contents('delta', 'I', 'It', 'It is', 'It is'), 'It is'],
    ['grown once only: pieces', contents('delta', 'ha', 'haha'), 'hahaha'],
    ['grown once, then else: pieces', contents('delta', 'ha', 'haha', '!'), 'hahaha!'],
    ['the same thrice: pieces', contents('delta', 'ha', 'ha', 'ha'), 'hahaha'],
    ['digits and dashes: pieces', contents('delta', '1', '10', '100'), '110100'],
    ['pieces that grow later', contents('delta', 'x', 'I', 'It', 'It is'), 'xIItIt is'],
    ['growing in `message`', contents('message', 'I', 'It is', 'It is so'), 'It is so'],
    ['the same `message` again, or less', contents('message', 'It is', 'It is', 'It'), 'It is'],
    ['pieces in `message`', contents('message', 'It', ' is', ' so'), 'It is so'],
    [
      'pieces, then the whole `message`',
      [...contents('delta', 'It', ' is').slice(0, -1), ...contents('message', 'It is')],
      'It is',
    ],
    [
      'one held, then a whole `message`',
      [...contents('delta', 'I', 'It').slice(0, -1), ...contents('message', 'IIt.')],
      'IIt.',
    ],
    [
      'legacy text',
      ['{"choices":[{"text":"It"}]}', '{"choices":[{"text":" is"}]}', '[DONE]'],
      'It is',
    ],
  ])('%s', (_name, data, expected) => {
    expect(textOf(collectAnswer(decodeData(data)))).toBe(expected);
  });

  test('reasoning told in the details alone', () => {
    const details = (...texts: string[]) => ({
      reasoning_details: texts.map((text) => ({ type: 'reasoning.text', text, index: 0 })),
    });
    expect(decodeDeltas(details('a'), details('b'), { content: 'x' }).parts).toEqual([
      { type: 'reasoning', text: 'ab' },
      { type: 'text', text: 'x' },
    ]);
  });

  test('what is held is told before what follows it', () => {
    const answer = decodeDeltas(
      { content: 'ha' },
      { content: 'haha' },
      { tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }] },
      { content: 'after' },
    );
    expect(answer.parts.map(({ type }) => type)).toEqual(['text', 'tool-call', 'text']);
    expect(textOf(answer)).toBe('hahahaafter');
  });

  test('whole calls in `message`, growing', () => {
    const message = (...args: string[]) =>
      JSON.stringify({
        choices: [
          {
            message: {
              tool_calls: args.map((a, i) => ({
                id: `c${i}`,
                function: { name: 'f', arguments: a },
              })),
            },
          },
        ],
      });
    const answer = collectAnswer(decodeData([message('{"x"'), message('{"x":1}', '{}'), '[DONE]']));
    expect(answer.parts).toMatchObject([{ argumentsJson: '{"x":1}' }, { argumentsJson: '{}' }]);
  });
});

describe('decoder: beginning and end', () => {
  const hello = chunk({ content: 'hi' });

  test.each<[string, (string | SseEvent)[], object]>([
    ['finish and [DONE]', [hello, chunk({}, 'length'), '[DONE]'], { finish: 'length' }],
    ['[DONE] without finish', [hello, ' [DONE] '], { finish: 'stop' }],
    ['finish without [DONE]', [hello, chunk({}, 'stop')], { finish: 'stop' }],
    ['finish in the last text', [chunk({ content: 'hi' }, 'stop')], { finish: 'stop' }],
    ['an unknown word', [hello, chunk({}, 'eos_token'), '[DONE]'], { finish: 'stop' }],
    ['an empty word in each chunk', [chunk({ content: 'hi' }, ''), '[DONE]'], { finish: 'stop' }],
    [
      'text after the finish',
      [chunk({ content: 'h' }, 'stop'), chunk({ content: 'i' }), '[DONE]'],
      { finish: 'stop' },
    ],
    ['anything after [DONE]', [hello, '[DONE]', 'junk', '[DONE]'], { finish: 'stop' }],
    ['blank data', [{ data: '' }, hello, '[DONE]'], { finish: 'stop' }],
    [
      'a first chunk without choices',
      [JSON.stringify({ id: '', choices: [] }), hello, '[DONE]'],
      { id: 'chatcmpl-1' },
    ],
    [
      'other choices',
      [JSON.stringify({ choices: [{ index: 1, delta: { content: 'no' } }] }), hello, '[DONE]'],
      { finish: 'stop' },
    ],
    [
      'usage after the finish',
      [
        hello,
        chunk({}, 'stop'),
        JSON.stringify({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } }),
      ],
      { usage: { inputTokens: 1, outputTokens: 2 } },
    ],
    [
      'usage in each chunk, the last counts',
      [
        chunk({ content: 'h' }, null, { usage: { prompt_tokens: 1, completion_tokens: 1 } }),
        chunk({ content: 'i' }, 'stop', { usage: { prompt_tokens: 1, completion_tokens: 5 } }),
        chunk({}, null, { usage: null }),
      ],
      { usage: { inputTokens: 1, outputTokens: 5 } },
    ],
    [
      'usage of Groq',
      [hello, chunk({}, 'stop', { x_groq: { usage: { prompt_tokens: 1, completion_tokens: 1 } } })],
      { usage: { inputTokens: 1, outputTokens: 1 } },
    ],
    [
      'usage in the choice',
      [
        JSON.stringify({
          choices: [
            {
              delta: { content: 'hi' },
              finish_reason: 'stop',
              usage: { prompt_tokens: 1, completion_tokens: 1 },
            },
          ],
        }),
      ],
      { usage: { inputTokens: 1, outputTokens: 1 } },
    ],
    [
      'null for a delta',
      [JSON.stringify({ choices: [{ delta: null }] }), hello, '[DONE]'],
      { finish: 'stop' },
    ],
  ])('%s', (_name, data, expected) => {
    const answer = collectAnswer(decodeData(data));
    expect(answer).toMatchObject(expected);
    expect(textOf(answer)).toBe('hi');
  });

  test.each<[string, (string | SseEvent)[], string]>([
    ['the end without finish and [DONE]', [hello], 'UPSTREAM_TRUNCATED'],
    ['nothing at all', [], 'UPSTREAM_TRUNCATED'],
    ['[DONE] alone', ['[DONE]'], 'UPSTREAM_BAD_ANSWER'],
    ['junk', [hello, '{"a'], 'UPSTREAM_BAD_ANSWER'],
    ['an array', ['[]'], 'UPSTREAM_BAD_ANSWER'],
    [
      'an error object',
      [hello, '{"error":{"message":"m","type":"server_error"}}', '[DONE]'],
      'UPSTREAM_FAILED',
    ],
    [
      'an error as text',
      [hello, '{"error":"overloaded","code":"overloaded"}'],
      'UPSTREAM_OVERLOADED',
    ],
    [
      'an error by its code',
      ['{"error":{"message":"m","code":"rate_limit_exceeded"}}'],
      'UPSTREAM_RATE_LIMIT',
    ],
    ['an error by a status', ['{"error":{"message":"m","code":503}}'], 'UPSTREAM_OVERLOADED'],
    ['FastAPI', ['{"detail":"no"}'], 'UPSTREAM_FAILED'],
    [
      'event: error with an object',
      [{ event: 'error', data: '{"message":"m","type":"invalid_request_error"}' }],
      'UPSTREAM_BAD_REQUEST',
    ],
    ['event: error with text', [{ event: 'error', data: 'gone' }], 'UPSTREAM_FAILED'],
    ['event: error with a string', [{ event: 'error', data: '"gone"' }], 'UPSTREAM_FAILED'],
    ['finish_reason error', [hello, chunk({}, 'error'), '[DONE]'], 'UPSTREAM_FAILED'],
  ])('%s throws', (_name, data, code) => {
    expect(() => decodeData(data)).toThrow(
      expect.objectContaining({ code, failure: expect.anything() }),
    );
  });
});

describe('a finish_reason in every chunk, as WebAI-to-API writes it', () => {
  const everywhere = (texts: readonly string[]): string[] =>
    texts.map((content) => chunk({ role: 'assistant', content }, 'stop', { usage: ZEROS }));
  const ZEROS = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  const frame = (data: string): Buffer => Buffer.from(`data: ${data}\n\n`);
  const tapped = (data: readonly string[]): void => {
    const tap = openAiChat.passthrough.tap();
    for (const each of data) tap.see(frame(each));
    tap.end();
  };
  const truncated = expect.objectContaining({ code: 'UPSTREAM_TRUNCATED' });

  test('ends with [DONE], with its whole text', () => {
    const answer = collectAnswer(decodeData([...everywhere(['It', ' is', ' so']), '[DONE]']));
    expect([textOf(answer), answer.finish, answer.usage]).toEqual(['It is so', 'stop', undefined]);
  });

  test('without [DONE] it was cut, wherever that was', () => {
    const texts = fc.array(word, { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(texts, fc.nat(7), (pieces, at) => {
        const cut = everywhere(pieces).slice(0, Math.max(2, at));
        expect(() => decodeData(cut)).toThrow(truncated);
        expect(() => tapped(cut)).toThrow(truncated);
        expect(() => decodeData([...cut, chunk({}), '[DONE]'])).not.toThrow();
        expect(() => tapped([...cut, chunk({}), '[DONE]'])).not.toThrow();
      }),
    );
  });

  test('a finish_reason that ends the answer is still enough; a stream cut before it is not', () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 8 }), fc.nat(9), (pieces, at) => {
        const usage = JSON.stringify({ choices: [], usage: { prompt_tokens: 1 } });
        const told = pieces.map((content) => chunk({ content }));
        const whole = [...told, chunk({}, 'stop'), usage];
        const cut = whole.slice(0, at);
        const isCut = cut.length <= told.length;
        for (const read of [decodeData, tapped]) {
          if (isCut) expect(() => read(cut)).toThrow(truncated);
          else expect(() => read(cut)).not.toThrow();
        }
      }),
    );
  });

  test.each([
    ['a call', { tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }] }],
    ['reasoning', { reasoning: 'hm' }],
    ['a refusal', { refusal: 'no' }],
  ])('%s after the finish, and no [DONE]', (_name, delta) => {
    const data = [chunk({ content: 'hi' }, 'stop'), chunk(delta)];
    expect(() => decodeData(data)).toThrow(truncated);
    expect(() => tapped(data)).toThrow(truncated);
  });

  test.each([
    ['the whole message once more', JSON.stringify({ choices: [{ message: { content: 'hi' } }] })],
    ['the finish once more', chunk({}, 'stop')],
    ['an empty text', chunk({ content: '' })],
    ['metadata, such as artifacts', chunk({}, null, { artifacts: [{ type: 'image' }] })],
  ])('%s after the finish belongs to the end', (_name, last) => {
    const answer = collectAnswer(decodeData([chunk({ content: 'hi' }, 'stop'), last]));
    expect(textOf(answer)).toBe('hi');
  });

  test('junk after the finish is no part of a stream that passes through', () => {
    expect(() => tapped([chunk({ content: 'hi' }, 'stop'), 'junk'])).not.toThrow();
  });
});

describe("the vendor's SDK reads what is written", () => {
  const read = (text: string) => {
    const client = new OpenAI({
      apiKey: 'k',
      baseURL: 'http://upstream.invalid/v1',
      maxRetries: 0,
      fetch: async () => new Response(text, { headers: { 'content-type': 'text/event-stream' } }),
    });
    return client.chat.completions
      .stream({ model: 'm', messages: [{ role: 'user', content: 'x' }] })
      .finalChatCompletion();
  };
  const parts: Part[] = [
    { type: 'reasoning', text: 'hm' },
    { type: 'text', text: 'Grüße, "世界"' },
    { type: 'tool-call', id: 'call_a', name: 'f', argumentsJson: '{"x":1}' },
    { type: 'tool-call', id: 'call_b', name: 'g', argumentsJson: '{}' },
  ];
  const events = answerEvents({
    parts,
    finish: 'tool-calls',
    usage: { inputTokens: 2, outputTokens: 3 },
  });

  test('text, two calls, usage', async () => {
    expect(await read(encodeAll(events))).toMatchObject({
      id: 'chatcmpl-abc',
      usage: { total_tokens: 5 },
      choices: [
        {
          finish_reason: 'tool_calls',
          message: {
            content: 'Grüße, "世界"',
            reasoning_content: 'hm',
            tool_calls: [
              { id: 'call_a', type: 'function', function: { name: 'f', arguments: '{"x":1}' } },
              { id: 'call_b', type: 'function', function: { name: 'g', arguments: '{}' } },
            ],
          },
        },
      ],
    });
  });

  test('a failure is an error, not an end', async () => {
    const encoder = stream.encoder(encoding);
    let text = '';
    for (const event of events.slice(0, 4)) text += encoder.push(event);
    text += encoder.failure(new GatewayError('UPSTREAM_TRUNCATED', 'It broke.'), 'r-1');
    await expect(read(text)).rejects.toThrow('It broke.');
  });
});
