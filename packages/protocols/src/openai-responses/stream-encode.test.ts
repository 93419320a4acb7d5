import { describe, expect, jest, test } from '@jest/globals';
import { GatewayError } from '@cliproxy/plugin-api';
import type { FinishReason, ModelEvent, Part } from '@cliproxy/plugin-api';
import fc from 'fast-check';
import type { AnswerContext } from '../codec/answer-context.ts';
import { answerEvents, collectAnswer } from '../model/answer-events.ts';
import type { Answer } from '../model/answer.ts';
import { eventReader } from '../sse/event-reader.ts';
import { response } from './response.ts';
import { requestEcho } from './response-object.ts';
import { stream } from './stream.ts';

jest.spyOn(Date, 'now').mockReturnValue(1_760_000_005_000);

const WRITE: AnswerContext = {
  model: 'asked-for',
  createdS: 1_760_000_000,
  id: 'abc',
  includeUsage: false,
  upstream: 'anthropic-messages',
};
const NATIVE: AnswerContext = { ...WRITE, upstream: 'openai-responses' };

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- events of the wire, looked into freely
type Wire = any;

function written(events: readonly ModelEvent[], context = WRITE): Wire[] {
  const encoder = stream.encoder(context);
  return parsed(events.map((event) => encoder.push(event)).join('') + encoder.end());
}

function parsed(text: string): Wire[] {
  const reader = eventReader();
  return [...reader.push(Buffer.from(text)), ...reader.end()].map(({ event, data }) => {
    const json = JSON.parse(data);
    expect(event).toBe(json.type);
    return json;
  });
}

const types = (events: readonly Wire[]): string[] => events.map(({ type }: Wire) => type as string);

/** Holds a stream against the vendor's grammar. */
function checkGrammar(events: readonly Wire[]): void {
  events.forEach((event, i) => expect(event.sequence_number).toBe(i));
  expect(types(events).slice(0, 2)).toEqual(['response.created', 'response.in_progress']);
  const last = events.at(-1);
  expect(last.type).toMatch(/^response\.(completed|incomplete|failed)$/);
  const ids = new Set(events.flatMap(({ response: told }) => told?.id ?? []));
  expect(ids.size).toBe(1);
  const done: Wire[] = [];
  let open: Wire;
  let inner: { key: string; text: string } | undefined;
  for (const event of events.slice(2, -1)) {
    expect(event.output_index).toBe(done.length);
    if (event.item_id !== undefined) expect(event.item_id).toBe(open.id);
    switch (event.type) {
      case 'response.output_item.added':
        expect(open).toBeUndefined();
        open = event.item;
        break;
      case 'response.output_item.done':
        expect(inner).toBeUndefined();
        expect(event.item.id).toBe(open.id);
        expect(event.item.type).toBe(open.type);
        done.push(event.item);
        open = undefined;
        break;
      case 'response.content_part.added':
      case 'response.reasoning_summary_part.added':
        expect(inner).toBeUndefined();
        inner = { key: `${event.content_index ?? event.summary_index}`, text: '' };
        break;
      case 'response.content_part.done':
        expect(event.part.text ?? event.part.refusal).toBe(inner?.text);
        inner = undefined;
        break;
      case 'response.reasoning_summary_part.done':
        expect(event.part.text).toBe(inner?.text);
        inner = undefined;
        break;
      case 'response.function_call_arguments.done':
      case 'response.custom_tool_call_input.done':
        expect(event.arguments ?? event.input).toBe(inner?.text ?? '');
        inner = undefined;
        break;
      default: {
        if (event.delta !== undefined) {
          inner ??= { key: 'undefined', text: '' };
          expect(`${event.content_index ?? event.summary_index}`).toBe(inner.key);
          inner.text += String(event.delta);
        } else {
          expect(event.type).toMatch(/\.(output_text|refusal|reasoning_summary_text)\.done$/);
          expect(event.text ?? event.refusal).toBe(inner?.text);
        }
      }
    }
  }
  expect(open).toBeUndefined();
  expect(last.response.output).toEqual(done);
}

const text = (value: string): Part => ({ type: 'text', text: value });
const call = (id: string, argumentsJson = '{"x":1}'): Part => ({
  type: 'tool-call',
  id,
  name: 'look',
  argumentsJson,
});
const usage = { inputTokens: 10, outputTokens: 5, cachedTokens: 4, reasoningTokens: 2 };

describe('the stream of an answer', () => {
  test('text', () => {
    const events = written([
      { type: 'start', id: 'resp_up' },
      { type: 'open', index: 0, part: text('') },
      { type: 'delta', index: 0, text: 'grüß ' },
      { type: 'delta', index: 0, text: '🙂"\n' },
      { type: 'close', index: 0 },
      { type: 'finish', reason: 'stop' },
      { type: 'usage', usage },
    ]);
    checkGrammar(events);
    expect(types(events)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(events[0].response).toMatchObject({ id: 'resp_up', status: 'in_progress', output: [] });
    expect(events[0].response).not.toHaveProperty('usage');
    expect(events.at(-1).response).toMatchObject({
      status: 'completed',
      model: 'asked-for',
      completed_at: 1_760_000_005,
      usage: {
        input_tokens: 10,
        input_tokens_details: { cached_tokens: 4, cache_write_tokens: 0 },
        output_tokens: 5,
        output_tokens_details: { reasoning_tokens: 2 },
        total_tokens: 15,
      },
    });
  });

  test('a message is closed before a call opens; interleaved calls come one after another', () => {
    const events = written([
      { type: 'start' },
      { type: 'open', index: 0, part: text('') },
      { type: 'delta', index: 0, text: 'a' },
      { type: 'open', index: 1, part: call('c1', '') },
      { type: 'open', index: 2, part: call('c2', '') },
      { type: 'delta', index: 2, text: '{"y"' },
      { type: 'delta', index: 1, text: '{"x"' },
      { type: 'delta', index: 0, text: 'b' },
      { type: 'close', index: 0 },
      { type: 'delta', index: 1, text: ':1}' },
      { type: 'close', index: 1 },
      { type: 'delta', index: 2, text: ':2}' },
      { type: 'finish', reason: 'tool-calls' },
    ]);
    checkGrammar(events);
    expect(events.at(-1).response.output).toMatchObject([
      { type: 'message', content: [{ text: 'ab' }] },
      { type: 'function_call', call_id: 'c1', arguments: '{"x":1}', status: 'completed' },
      { type: 'function_call', call_id: 'c2', arguments: '{"y":2}', status: 'completed' },
    ]);
    // The first call goes on as its arguments come, once its turn has come.
    const ofFirst = events.filter(
      ({ type, output_index: at }) => type.endsWith('arguments.delta') && at === 1,
    );
    expect(ofFirst.map(({ delta }) => delta as string)).toEqual(['{"x"', ':1}']);
  });

  test('texts that follow one another are parts of one message; empty ones are not told', () => {
    const events = written(
      answerEvents({
        parts: [text('a'), text(''), { type: 'refusal', text: 'no' }, call('c', ''), text('b')],
        finish: 'tool-calls',
      }),
    );
    checkGrammar(events);
    expect(events.at(-1).response.output).toMatchObject([
      {
        type: 'message',
        content: [
          { type: 'output_text', text: 'a' },
          { type: 'refusal', refusal: 'no' },
        ],
      },
      { type: 'function_call', arguments: '{}' },
      { type: 'message', content: [{ text: 'b' }] },
    ]);
  });

  test('reasoning: its text as a summary, its opaque part at its end, tagged when foreign', () => {
    const opaque = { origin: 'claude/m', value: 'sig' };
    const events = written([
      { type: 'start' },
      { type: 'open', index: 0, part: { type: 'reasoning', text: '' } },
      { type: 'delta', index: 0, text: 'hm' },
      { type: 'close', index: 0, opaque },
      { type: 'open', index: 1, part: { type: 'reasoning', text: '', opaque } },
      { type: 'close', index: 1 },
      { type: 'open', index: 2, part: { type: 'reasoning', text: '' } },
      { type: 'close', index: 2 },
      { type: 'finish', reason: 'stop' },
    ]);
    checkGrammar(events);
    const [first, second, ...more] = events.at(-1).response.output;
    expect(first).toMatchObject({
      type: 'reasoning',
      summary: [{ type: 'summary_text', text: 'hm' }],
    });
    expect(first.encrypted_content).toMatch(/^cpx1\..*\.sig$/);
    expect(second).toMatchObject({ summary: [], encrypted_content: first.encrypted_content });
    expect(more).toEqual([]);
  });

  test('native reasoning keeps its id where that can be told; else it is tagged', () => {
    const opaque = { origin: 'up/m', value: 'rs_1:gAAA' };
    const silent: Part = { type: 'reasoning', text: '', opaque };
    const shown: Part = { type: 'reasoning', text: 'hm', opaque };
    const events = written(answerEvents({ parts: [silent, shown], finish: 'stop' }), NATIVE);
    checkGrammar(events);
    const [first, second] = events.at(-1).response.output;
    expect(first).toMatchObject({ id: 'rs_1', encrypted_content: 'gAAA' });
    expect(second.id).toBe('rs_abc0001');
    expect(second.encrypted_content).toMatch(/^cpx1\..*\.rs_1:gAAA$/);
  });

  test("a call's signature stands before it", () => {
    const opaque = { origin: 'g/gemini-3', value: 'sig' };
    const answer: Answer = { parts: [{ ...call('c'), opaque } as Part], finish: 'tool-calls' };
    const events = written(answerEvents(answer));
    checkGrammar(events);
    const { output } = events.at(-1).response;
    expect(output).toMatchObject([{ type: 'reasoning', summary: [] }, { type: 'function_call' }]);
    expect(output[0].encrypted_content).toMatch(/^cpx1\..*\.call:sig$/);
  });

  test('free text for a tool', () => {
    const part = {
      type: 'tool-call',
      kind: 'custom',
      id: 'c',
      name: 'n',
      argumentsJson: 'free',
    } as const;
    const events = written(answerEvents({ parts: [part], finish: 'tool-calls' }));
    checkGrammar(events);
    expect(types(events)).toContain('response.custom_tool_call_input.delta');
    expect(events.at(-1).response.output).toEqual([
      {
        id: 'ctc_abc0000',
        type: 'custom_tool_call',
        status: 'completed',
        call_id: 'c',
        name: 'n',
        input: 'free',
      },
    ]);
  });

  test('an image', () => {
    const part: Part = { type: 'media', mediaType: 'image/png', source: { base64: 'AA==' } };
    const events = written(answerEvents({ parts: [text('a'), part], finish: 'stop' }));
    checkGrammar(events);
    expect(events.at(-1).response.output[1]).toEqual({
      id: 'ig_abc0001',
      type: 'image_generation_call',
      status: 'completed',
      result: 'AA==',
    });
  });

  test.each<[FinishReason, Part[], string, unknown]>([
    ['length', [text('a')], 'response.incomplete', { reason: 'max_output_tokens' }],
    ['refusal', [text('a')], 'response.incomplete', { reason: 'content_filter' }],
    ['refusal', [{ type: 'refusal', text: 'no' }], 'response.completed', null],
    ['pause', [text('a')], 'response.completed', null],
  ])('ends by %s', (finish, parts, type, details) => {
    const events = written(answerEvents({ parts, finish }));
    checkGrammar(events);
    expect(events.at(-1)).toMatchObject({
      type,
      response: { status: type.slice('response.'.length), incomplete_details: details },
    });
  });

  test('what was cut short is incomplete: it must not be run', () => {
    const events = written(
      answerEvents({ parts: [call('a'), call('b', '{"x')], finish: 'length' }),
    );
    expect(events.at(-1).response.output).toMatchObject([
      { status: 'completed' },
      { status: 'incomplete', arguments: '{"x' },
    ]);
  });

  test('tools of a namespace are called as the client knows them', () => {
    const echo = requestEcho({
      tools: [
        { type: 'function', name: 'files__look' },
        {
          type: 'namespace',
          name: 'files',
          description: '',
          tools: [{ type: 'function', name: 'look' }],
        },
      ],
    });
    const part = { ...call('c'), name: 'files__look_' } as Part;
    const events = written(answerEvents({ parts: [part], finish: 'tool-calls' }), {
      ...WRITE,
      echo,
    });
    for (const { item } of events.filter(({ item }) => item !== undefined)) {
      expect(item).toMatchObject({ namespace: 'files', name: 'look' });
    }
    const plain = { ...call('c'), name: 'files__look' } as Part;
    const others = written(answerEvents({ parts: [plain], finish: 'tool-calls' }), {
      ...WRITE,
      echo,
    });
    expect(others.at(-1).response.output[0]).toMatchObject({ name: 'files__look' });
    expect(others.at(-1).response.output[0]).not.toHaveProperty('namespace');
  });

  test('a failure: the response failed, with what is done, and nothing after it', () => {
    const encoder = stream.encoder(WRITE);
    const told = [
      encoder.push({ type: 'start', id: 'resp_1' }),
      encoder.push({ type: 'open', index: 0, part: text('') }),
      encoder.push({ type: 'delta', index: 0, text: 'half' }),
    ];
    const error = new GatewayError('UPSTREAM_RATE_LIMIT', 'slow down');
    const events = parsed([...told, encoder.failure(error, 'req_1')].join(''));
    events.forEach((event, i) => expect(event.sequence_number).toBe(i));
    expect(events.at(-1)).toMatchObject({
      type: 'response.failed',
      response: {
        id: 'resp_1',
        status: 'failed',
        completed_at: null,
        error: { code: 'rate_limit_exceeded', message: 'slow down', request_id: 'req_1' },
      },
    });
  });

  test('a failure before the response began is an error event', () => {
    const error = new GatewayError('UPSTREAM_FAILED', 'broken');
    expect(parsed(stream.encoder(WRITE).failure(error, 'req_1'))).toMatchObject([
      { type: 'error', sequence_number: 0, code: 'server_error', message: 'broken', param: null },
    ]);
  });
});

describe('what is kept of a stream that does not end', () => {
  const feed = (push: (turn: number) => unknown): number => {
    for (let turn = 0; turn < 20_000; turn += 1) {
      try {
        push(turn);
      } catch (error) {
        expect(error).toMatchObject({ code: 'UPSTREAM_TOO_LARGE' });
        return turn;
      }
    }
    return Infinity;
  };

  test('texts, told again at their end or waiting for their turn: up to 4 MiB', () => {
    const half = 'x'.repeat(512 * 1024);
    for (const index of [0, 1]) {
      const encoder = stream.encoder(WRITE);
      encoder.push({ type: 'open', index: 0, part: text('a') });
      encoder.push({ type: 'open', index: 1, part: text('b') });
      expect(feed(() => encoder.push({ type: 'delta', index, text: half }))).toBe(7);
    }
  });

  test('blocks that do not end: up to 10,000', () => {
    const encoder = stream.encoder(WRITE);
    expect(feed((index) => encoder.push({ type: 'open', index, part: text('') }))).toBe(10_000);
  });
});

const parts: fc.Arbitrary<Part> = fc.oneof(
  fc.record({
    type: fc.constantFrom('text' as const, 'refusal' as const),
    text: fc.string({ minLength: 1, unit: 'grapheme' }),
  }),
  fc.record({
    type: fc.constant('reasoning' as const),
    text: fc.string({ unit: 'grapheme' }),
    opaque: fc.record({ origin: fc.constant('claude/m'), value: fc.stringMatching(/^[a-z]+$/) }),
  }),
  fc.record(
    {
      type: fc.constant('tool-call' as const),
      kind: fc.constant('custom' as const),
      id: fc.uuid(),
      name: fc.constantFrom('a', 'b'),
      argumentsJson: fc.json(),
    },
    { requiredKeys: ['type', 'id', 'name', 'argumentsJson'] },
  ),
);
const answers: fc.Arbitrary<Answer> = fc.record({
  id: fc.constant('resp_1'),
  parts: fc.array(parts),
  finish: fc.constantFrom('stop' as const, 'length' as const),
  usage: fc.record({
    inputTokens: fc.integer({ min: 1, max: 9 }),
    outputTokens: fc.nat(9),
    cachedTokens: fc.nat(9),
    cacheWriteTokens: fc.nat(9),
    reasoningTokens: fc.nat(9),
  }),
});

/** The same events, with those of different blocks mixed. */
const mixed = (events: readonly ModelEvent[], picks: readonly number[]): ModelEvent[] => {
  const lanes = new Map<number, ModelEvent[]>();
  const rest: ModelEvent[] = [];
  for (const event of events) {
    if ('index' in event) lanes.set(event.index, [...(lanes.get(event.index) ?? []), event]);
    else if (event.type !== 'start') rest.push(event);
  }
  // Opened in order, so that the order of the parts stays.
  const out: ModelEvent[] = [...lanes.values()].flatMap((lane) => lane.splice(0, 1));
  for (let n = 0; [...lanes.values()].some((lane) => lane.length > 0); n += 1) {
    const left = [...lanes.values()].filter((lane) => lane.length > 0);
    out.push(...(left[(picks[n % picks.length] ?? 0) % left.length]?.splice(0, 1) ?? []));
  }
  return [...events.filter(({ type }) => type === 'start'), ...out, ...rest];
};

test('any answer, however its blocks interleave: the grammar, and the same as without stream', () => {
  fc.assert(
    fc.property(answers, fc.array(fc.nat(9), { minLength: 1 }), (answer, picks) => {
      const events = written(mixed(answerEvents(answer), picks));
      checkGrammar(events);
      expect(events.at(-1).response).toEqual(
        JSON.parse(JSON.stringify(response.encode(answer, WRITE))),
      );
    }),
    { numRuns: 200 },
  );
});

test('any answer comes back from its stream, wherever that is split, and from its document', () => {
  const READ = { origin: 'up/m', toolNames: new Map<string, string>() };
  const expected = (answer: Answer): Answer => {
    const calls = answer.parts.some(({ type }) => type === 'tool-call');
    const refusal = answer.parts.some(({ type }) => type === 'refusal');
    const whole = calls ? 'tool-calls' : refusal ? 'refusal' : 'stop';
    return { ...answer, finish: answer.finish === 'length' ? 'length' : whole };
  };
  fc.assert(
    fc.property(answers, fc.nat(), (answer, cut) => {
      const encoder = stream.encoder(WRITE);
      const told = answerEvents(answer).map((event) => encoder.push(event));
      const bytes = Buffer.from(told.join('') + encoder.end());
      const reader = eventReader();
      const at = cut % bytes.length;
      const frames = [
        ...reader.push(bytes.subarray(0, at)),
        ...reader.push(bytes.subarray(at)),
        ...reader.end(),
      ];
      const decoder = stream.decoder(READ);
      const events = [...frames.flatMap((frame) => decoder.push(frame)), ...decoder.end()];
      expect(collectAnswer(events)).toEqual(expected(answer));
      const document = JSON.parse(JSON.stringify(response.encode(answer, WRITE)));
      expect(collectAnswer(response.decode(document, READ))).toEqual(expected(answer));
    }),
    { numRuns: 200 },
  );
});
