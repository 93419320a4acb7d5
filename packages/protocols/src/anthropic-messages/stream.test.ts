import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { GatewayError } from '@cliproxy/plugin-api';
import type { FinishReason, ModelEvent, Part, Usage } from '@cliproxy/plugin-api';
import type { AnswerContext, DecodeContext } from '../codec/answer-context.ts';
import { eventReader } from '../sse/event-reader.ts';
import { response } from './response.ts';
import { stream } from './stream.ts';

/** What JSON.parse gives: bodies are compared, not typed. */
type Loose = ReturnType<typeof JSON.parse>;

const READ: DecodeContext = { origin: 'claude/opus', toolNames: new Map([['short', 'long.name']]) };
const WRITE: AnswerContext = {
  model: 'asked-for',
  createdS: 1,
  id: 'abc123',
  includeUsage: false,
  upstream: undefined,
};

/** Adds events up to what they say, as a client would. */
function addUp(events: readonly ModelEvent[]) {
  const parts = new Map<number, Loose>();
  const rest: { id?: string; usage?: Usage; finish?: FinishReason } = {};
  for (const event of events) {
    if (event.type === 'start' && event.id !== undefined) rest.id = event.id;
    if (event.type === 'usage') rest.usage = event.usage;
    if (event.type === 'finish') rest.finish = event.reason;
    if (event.type === 'open') parts.set(event.index, { ...event.part });
    if (event.type === 'delta') {
      const part = parts.get(event.index);
      const key = part.type === 'tool-call' ? 'argumentsJson' : 'text';
      part[key] = `${String(part[key])}${event.text}`;
    }
    if (event.type === 'close' && event.opaque !== undefined) {
      parts.get(event.index).opaque = event.opaque;
    }
  }
  return { ...rest, parts: [...parts.values()] };
}

/** Data of the stream's events; fails where `event:` and `type` differ. */
function eventsIn(text: string): Loose[] {
  const reader = eventReader();
  return [...reader.push(Buffer.from(text)), ...reader.end()].map(({ event, data }) => {
    const json = JSON.parse(data);
    expect(json.type).toBe(event);
    return json;
  });
}

const DELTAS: Record<string, readonly string[]> = {
  text: ['text_delta'],
  thinking: ['thinking_delta', 'signature_delta'],
  redacted_thinking: [],
  tool_use: ['input_json_delta'],
};

/** The vendor's grammar, as a machine. */
function checkGrammar(text: string): void {
  let state: 'new' | 'between' | 'block' | 'ending' | 'done' = 'new';
  let next = 0;
  let block: Loose;
  let signed = false;
  for (const data of eventsIn(text)) {
    switch (data.type) {
      case 'ping':
        break;
      case 'message_start':
        expect(state).toBe('new');
        expect(data.message).toMatchObject({
          id: expect.stringMatching(/^msg_\w+$/),
          type: 'message',
          role: 'assistant',
          model: 'asked-for',
          content: [],
          stop_reason: null,
          usage: { input_tokens: expect.any(Number), output_tokens: expect.any(Number) },
        });
        state = 'between';
        break;
      case 'content_block_start':
        expect([state, data.index]).toEqual(['between', next]);
        block = data.content_block;
        expect(Object.keys(DELTAS)).toContain(block.type);
        if (block.type === 'tool_use') {
          expect(block).toMatchObject({ id: expect.stringMatching(/^[\w-]+$/), input: {} });
        }
        signed = false;
        state = 'block';
        break;
      case 'content_block_delta':
        expect([state, data.index, signed]).toEqual(['block', next, false]);
        expect(DELTAS[block.type]).toContain(data.delta.type);
        signed = data.delta.type === 'signature_delta';
        break;
      case 'content_block_stop':
        expect([state, data.index]).toEqual(['block', next]);
        next += 1;
        state = 'between';
        break;
      case 'message_delta':
        expect(state).toBe('between');
        expect(data.delta.stop_reason).toMatch(
          /^(end_turn|max_tokens|tool_use|pause_turn|refusal)$/,
        );
        state = 'ending';
        break;
      case 'message_stop':
        expect(state).toBe('ending');
        state = 'done';
        break;
      default:
        throw new Error(`unknown event ${String(data.type)}`);
    }
  }
  expect(state).toBe('done');
}

function write(events: readonly ModelEvent[], context = WRITE): string {
  const encoder = stream.encoder(context);
  return events.map((event) => encoder.push(event)).join('') + encoder.end();
}

function read(text: string, context = READ): readonly ModelEvent[] {
  const reader = eventReader();
  const decoder = stream.decoder(context);
  const events = [...reader.push(Buffer.from(text)), ...reader.end()];
  return [...events.flatMap((event) => decoder.push(event)), ...decoder.end()];
}

const text = fc.string({ unit: 'grapheme', minLength: 1 });
const piece = fc.array(text, { minLength: 1, maxLength: 4 });
const opaque = fc.record({
  origin: fc.constantFrom('gpt/o5', 'gemini', 'claude/opus'),
  value: fc.stringMatching(/^[A-Za-z0-9+/=]{1,20}$/),
});
interface Block {
  readonly part: Part;
  readonly deltas: readonly string[];
  readonly opaque?: { origin: string; value: string };
}
const block: fc.Arbitrary<Block> = fc.oneof(
  piece.map((deltas): Block => ({ part: { type: 'text', text: '' }, deltas })),
  fc.tuple(fc.array(text, { maxLength: 3 }), opaque).map(([deltas, sig]): Block => ({
    part: { type: 'reasoning', text: '' },
    deltas,
    opaque: sig,
  })),
  opaque.map(({ origin, value }): Block => ({
    part: { type: 'reasoning', text: '', opaque: { origin, value: `redacted:${value}` } },
    deltas: [],
  })),
  fc
    .tuple(fc.stringMatching(/^[\w-]{1,12}$/), fc.json({ maxDepth: 2 }))
    .map(([id, value]): Block => ({
      part: { type: 'tool-call', id: `c${id}`, name: 'n', argumentsJson: '' },
      deltas: [`{"a":${value.slice(0, 2)}`, `${value.slice(2)}}`],
    })),
);
const usage = fc
  .record({
    fresh: fc.nat(1000),
    outputTokens: fc.nat(1000),
    cachedTokens: fc.nat(1000),
    cacheWriteTokens: fc.nat(1000),
    reasoningTokens: fc.nat(10),
  })
  .map(({ fresh, ...rest }) => ({
    ...rest,
    inputTokens: fresh + rest.cachedTokens + rest.cacheWriteTokens,
  }));
const answer = fc.record({
  blocks: fc.array(block, { maxLength: 5 }),
  usage,
  finish: fc.constantFrom<FinishReason>('stop', 'length', 'refusal', 'pause'),
  /** Which block speaks next, so that they interleave. */
  order: fc.infiniteStream(fc.nat(10)),
});

function* play({ blocks, usage: told, finish, order }: Loose): Generator<ModelEvent> {
  yield { type: 'start', id: 'msg_up' };
  const open = (blocks as Block[]).map((one, i) => ({
    ...one,
    index: i * 3,
    deltas: [...one.deltas],
  }));
  for (const { index, part } of open) yield { type: 'open', index, part };
  while (open.length > 0) {
    const at = Number(order.next().value) % open.length;
    const one = open[at]!;
    const delta = one.deltas.shift();
    if (delta !== undefined) yield { type: 'delta', index: one.index, text: delta };
    else {
      yield { type: 'close', index: one.index, ...(one.opaque ? { opaque: one.opaque } : {}) };
      open.splice(at, 1);
    }
  }
  const calls = (blocks as Block[]).some(({ part }) => part.type === 'tool-call');
  yield { type: 'finish', reason: finish === 'stop' && calls ? 'tool-calls' : finish };
  yield { type: 'usage', usage: told };
}

describe('written and read again', () => {
  test('any answer, however its blocks interleave, keeps grammar and meaning', () => {
    fc.assert(
      fc.property(answer, (one) => {
        const events = [...play(one)];
        const written = write(events);
        checkGrammar(written);
        expect(addUp(read(written))).toEqual(addUp(events));
      }),
      { numRuns: 300 },
    );
  });

  test('the same without a stream', () => {
    fc.assert(
      fc.property(answer, (one) => {
        const { id, parts, finish, usage: told } = addUp([...play(one)]);
        const body = response.encode({ id: id!, parts, finish: finish!, usage: told! }, WRITE);
        expect(body).toMatchObject({ id: 'msg_up', type: 'message', model: 'asked-for' });
        const parsed = JSON.parse(JSON.stringify(body));
        const again = addUp(response.decode(parsed, READ));
        const normal = parts.map((part) =>
          part.type === 'tool-call'
            ? { ...part, argumentsJson: JSON.stringify(JSON.parse(part.argumentsJson)) }
            : part,
        );
        expect(again).toEqual({ id, parts: normal, finish, usage: told });
      }),
      { numRuns: 200 },
    );
  });
});

describe('encode', () => {
  const IMAGE_TOLD = "(The model answered with image/png, which this API can't show.)";

  const said = (events: readonly ModelEvent[], context = WRITE) => eventsIn(write(events, context));

  test('two parallel calls that interleave are told one after the other, arguments as they come', () => {
    const call = (id: string): Part => ({ type: 'tool-call', id, name: 'n', argumentsJson: '' });
    const encoder = stream.encoder(WRITE);
    const out = (event: ModelEvent) =>
      eventsIn(encoder.push(event)).map(({ type, index, delta }) =>
        [type, index, delta?.partial_json].filter((x) => x !== undefined),
      );
    expect(out({ type: 'start' })).toEqual([]);
    expect(out({ type: 'open', index: 4, part: call('call_1|x') })).toEqual([
      ['message_start'],
      ['content_block_start', 0],
    ]);
    expect(out({ type: 'delta', index: 4, text: '{"a"' })).toEqual([
      ['content_block_delta', 0, '{"a"'],
    ]);
    expect(out({ type: 'open', index: 9, part: call('b') })).toEqual([]);
    expect(out({ type: 'delta', index: 9, text: '{}' })).toEqual([]);
    expect(out({ type: 'delta', index: 4, text: ':1}' })).toEqual([
      ['content_block_delta', 0, ':1}'],
    ]);
    expect(out({ type: 'close', index: 4 })).toEqual([
      ['content_block_stop', 0],
      ['content_block_start', 1],
      ['content_block_delta', 1, '{}'],
    ]);
    expect(out({ type: 'finish', reason: 'stop' })).toEqual([['content_block_stop', 1]]);
    const [delta] = eventsIn(encoder.end());
    expect(delta.delta.stop_reason).toBe('tool_use');
  });

  test('usage: early in message_start, final in message_delta; zeros where unknown', () => {
    const told = { inputTokens: 110, outputTokens: 5, cachedTokens: 100, cacheWriteTokens: 4 };
    const open: ModelEvent = { type: 'open', index: 0, part: { type: 'text', text: 'x' } };
    const events = said([
      { type: 'start' },
      { type: 'usage', usage: { inputTokens: 7, outputTokens: 0 } },
      open,
      { type: 'finish', reason: 'stop' },
      { type: 'usage', usage: told },
    ]);
    expect(events[0].message.usage).toMatchObject({ input_tokens: 7, output_tokens: 0 });
    expect(events.at(-2).usage).toEqual({
      input_tokens: 6,
      output_tokens: 5,
      cache_read_input_tokens: 100,
      cache_creation_input_tokens: 4,
    });
    const [start] = said([open, { type: 'finish', reason: 'stop' }]);
    expect(start.message.usage).toEqual({
      input_tokens: 0,
      output_tokens: 0,
      cache_read_input_tokens: 0,
      cache_creation_input_tokens: 0,
    });
    const over = said([
      { type: 'usage', usage: { ...told, inputTokens: 3 } },
      { type: 'finish', reason: 'stop' },
    ]);
    expect(over.at(-2).usage.input_tokens).toBe(0);
  });

  test.each<[FinishReason, boolean, string]>([
    ['stop', false, 'end_turn'],
    ['stop', true, 'tool_use'],
    ['tool-calls', true, 'tool_use'],
    ['tool-calls', false, 'end_turn'],
    ['length', false, 'max_tokens'],
    ['length', true, 'max_tokens'],
    ['refusal', false, 'refusal'],
    ['pause', false, 'pause_turn'],
  ])('%s, tool called %s, is %s', (reason, called, expected) => {
    const part: Part = { type: 'tool-call', id: 'a', name: 'n', argumentsJson: '{}' };
    const events: ModelEvent[] = called ? [{ type: 'open', index: 0, part }] : [];
    expect(said([...events, { type: 'finish', reason }]).at(-2).delta.stop_reason).toBe(expected);
    const parts = called ? [part] : [];
    expect(response.encode({ parts, finish: reason }, WRITE).stop_reason).toBe(expected);
  });

  test('signatures go back bare to a client whose upstream spoke the dialect, else tagged', () => {
    const sig = { origin: 'claude/opus', value: 'sig' };
    const events: ModelEvent[] = [
      { type: 'open', index: 0, part: { type: 'reasoning', text: '' } },
      { type: 'close', index: 0, opaque: sig },
      {
        type: 'open',
        index: 1,
        part: { type: 'reasoning', text: '', opaque: { ...sig, value: 'redacted:r' } },
      },
      { type: 'close', index: 1 },
      { type: 'finish', reason: 'stop' },
    ];
    const native = said(events, { ...WRITE, upstream: 'anthropic-messages' });
    expect(native[1].content_block).toEqual({ type: 'thinking', thinking: '', signature: '' });
    expect(native[2].delta).toEqual({ type: 'signature_delta', signature: 'sig' });
    expect(native[4].content_block).toEqual({ type: 'redacted_thinking', data: 'r' });
    const foreign = said(events, { ...WRITE, upstream: 'openai-chat' });
    expect(foreign[2].delta.signature).toMatch(/^cpx1\..+\.sig$/);
    expect(foreign[4].content_block.data).toMatch(/^cpx1\..+\.r$/);
  });

  test("a call's signature stands in a thinking block of its own, directly before the call", () => {
    const opaque = { origin: 'g/gemini-3', value: 'sig' };
    const part: Part = { type: 'tool-call', id: 'a', name: 'n', argumentsJson: '{}', opaque };
    const events = said([
      { type: 'open', index: 0, part: { type: 'text', text: 'hi' } },
      { type: 'open', index: 1, part: { ...part, argumentsJson: '' } },
      { type: 'delta', index: 1, text: '{}' },
      { type: 'close', index: 1 },
      { type: 'close', index: 0 },
      { type: 'finish', reason: 'tool-calls' },
    ]);
    expect(events.flatMap((event) => event.content_block?.type ?? [])).toEqual([
      'text',
      'thinking',
      'tool_use',
    ]);
    const { signature } = events.find(({ delta }) => delta?.signature !== undefined).delta;
    expect(signature).toMatch(/^cpx1\..+\.call:sig$/);
    const { content } = response.encode({ parts: [part], finish: 'tool-calls' }, WRITE);
    expect(content).toEqual([
      { type: 'thinking', thinking: '', signature },
      { type: 'tool_use', id: 'a', name: 'n', input: {} },
    ]);
  });

  test('empty blocks are left out, media told in words; free text is wrapped', () => {
    const events = said([
      { type: 'open', index: 0, part: { type: 'text', text: '' } },
      { type: 'close', index: 0 },
      {
        type: 'open',
        index: 1,
        part: { type: 'media', mediaType: 'image/png', source: { base64: 'A' } },
      },
      { type: 'close', index: 1 },
      { type: 'open', index: 2, part: { type: 'reasoning', text: '' } },
      { type: 'close', index: 2 },
      { type: 'open', index: 3, part: { type: 'refusal', text: 'no' } },
      { type: 'close', index: 3 },
      { type: 'close', index: 3 },
      {
        type: 'open',
        index: 4,
        part: { type: 'tool-call', kind: 'custom', id: 'a', name: 'n', argumentsJson: '' },
      },
      { type: 'delta', index: 4, text: 'ls' },
      { type: 'close', index: 4 },
      { type: 'finish', reason: 'stop' },
    ]);
    expect(events.map((e) => e.delta ?? e.content_block?.type).filter(Boolean)).toEqual([
      'text',
      { type: 'text_delta', text: IMAGE_TOLD },
      'text',
      { type: 'text_delta', text: 'no' },
      'tool_use',
      { type: 'input_json_delta', partial_json: '{"input":"ls"}' },
      { stop_reason: 'tool_use', stop_sequence: null },
    ]);
    const { content } = response.encode(
      {
        parts: [
          { type: 'text', text: '' },
          { type: 'reasoning', text: '' },
          { type: 'media', mediaType: 'image/png', source: { base64: 'A' } },
          { type: 'refusal', text: 'no' },
          { type: 'tool-call', kind: 'custom', id: 'a|b', name: 'n', argumentsJson: 'ls' },
          { type: 'tool-call', id: 'c', name: 'n', argumentsJson: '{"broken' },
        ],
        finish: 'stop',
      },
      WRITE,
    );
    expect(content).toEqual([
      { type: 'text', text: IMAGE_TOLD },
      { type: 'text', text: 'no' },
      {
        type: 'tool_use',
        id: expect.stringMatching(/^[\w-]+$/),
        name: 'n',
        input: { input: 'ls' },
      },
      { type: 'tool_use', id: 'c', name: 'n', input: { input: '{"broken' } },
    ]);
  });

  test('an id of another vendor becomes one of the dialect', () => {
    const id = (upstream?: string) =>
      said([
        { type: 'start', ...(upstream === undefined ? {} : { id: upstream }) },
        { type: 'finish', reason: 'stop' },
      ])[0].message.id;
    expect(id('chatcmpl-9_Z')).toBe('msg_chatcmpl9Z');
    expect(id('msg_01')).toBe('msg_01');
    expect(id('--')).toBe('msg_abc123');
    expect(id()).toBe('msg_abc123');
  });

  test('a failure is an error event, and an unfinished stream gets no end', () => {
    const encoder = stream.encoder(WRITE);
    encoder.push({ type: 'open', index: 0, part: { type: 'text', text: 'half' } });
    const error = new GatewayError('UPSTREAM_OVERLOADED', 'try again');
    expect(eventsIn(encoder.failure(error, 'req_1'))).toEqual([
      {
        type: 'error',
        error: {
          type: 'overloaded_error',
          message: 'try again',
          gateway_code: 'UPSTREAM_OVERLOADED',
        },
        request_id: 'req_1',
      },
    ]);
    expect(encoder.end()).toBe('');
  });

  test('heartbeat', () => {
    expect(stream.heartbeat).toBe('event: ping\ndata: {"type":"ping"}\n\n');
  });
});

describe('decode', () => {
  const frames = (...data: (object | string)[]) =>
    data
      .map((one) =>
        typeof one === 'string' ? `data: ${one}\n\n` : `event: x\ndata: ${JSON.stringify(one)}\n\n`,
      )
      .join('');
  const start = {
    type: 'message_start',
    message: {
      id: 'msg_1',
      usage: { input_tokens: 10, cache_read_input_tokens: 100, output_tokens: 1 },
    },
  };
  const open = (index: number, content_block: object) => ({
    type: 'content_block_start',
    index,
    content_block,
  });
  const delta = (index: number, one: object) => ({
    type: 'content_block_delta',
    index,
    delta: one,
  });
  const stop = (index: number) => ({ type: 'content_block_stop', index });
  const end = [
    {
      type: 'message_delta',
      delta: { stop_reason: 'end_turn' },
      usage: { output_tokens: 9, input_tokens: 0 },
    },
    { type: 'message_stop' },
  ];

  test('thinking, text, two calls, pings, and what nobody knows', () => {
    const events = read(
      frames(
        start,
        { type: 'ping' },
        open(0, { type: 'thinking', thinking: '', signature: '' }),
        delta(0, { type: 'thinking_delta', thinking: 'hm' }),
        delta(0, { type: 'signature_delta', signature: 'sig' }),
        stop(0),
        open(1, { type: 'redacted_thinking', data: 'blob' }),
        stop(1),
        open(2, { type: 'text', text: '' }),
        delta(2, { type: 'text_delta', text: 'A cat.' }),
        delta(2, { type: 'citations_delta', citation: {} }),
        delta(2, { type: 'next_delta', text: 'x' }),
        stop(2),
        open(3, { type: 'server_tool_use', id: 's', name: 'web_search', input: {} }),
        delta(3, { type: 'input_json_delta', partial_json: '{}' }),
        stop(3),
        { type: 'brand_new' },
        open(4, { type: 'tool_use', id: 'toolu_1', name: 'short', input: {} }),
        delta(4, { type: 'input_json_delta', partial_json: '' }),
        delta(4, { type: 'input_json_delta', partial_json: '{"a"' }),
        delta(4, { type: 'input_json_delta', partial_json: ':1}' }),
        stop(4),
        open(5, { type: 'tool_use', id: 'toolu_2', name: 'b', input: {} }),
        stop(5),
        open(6, { type: 'tool_use', id: 'toolu_3', name: 'c', input: { whole: true } }),
        stop(6),
        ...end,
        {
          type: 'content_block_delta',
          index: 2,
          delta: { type: 'text_delta', text: 'after the end' },
        },
        '[DONE]',
      ),
    );
    expect(addUp(events)).toEqual({
      id: 'msg_1',
      parts: [
        { type: 'reasoning', text: 'hm', opaque: { origin: 'claude/opus', value: 'sig' } },
        { type: 'reasoning', text: '', opaque: { origin: 'claude/opus', value: 'redacted:blob' } },
        { type: 'text', text: 'A cat.' },
        { type: 'tool-call', id: 'toolu_1', name: 'long.name', argumentsJson: '{"a":1}' },
        { type: 'tool-call', id: 'toolu_2', name: 'b', argumentsJson: '{}' },
        { type: 'tool-call', id: 'toolu_3', name: 'c', argumentsJson: '{"whole":true}' },
      ],
      usage: { inputTokens: 110, outputTokens: 9, cachedTokens: 100 },
      finish: 'tool-calls',
    });
    expect(events.filter(({ type }) => type === 'finish')).toHaveLength(1);
  });

  test('thinking that the vendor left out keeps its signature', () => {
    const events = read(
      frames(
        start,
        open(0, { type: 'thinking', thinking: '' }),
        delta(0, { type: 'signature_delta', signature: 's' }),
        stop(0),
        ...end,
      ),
    );
    expect(addUp(events).parts).toEqual([
      { type: 'reasoning', text: '', opaque: { origin: 'claude/opus', value: 's' } },
    ]);
  });

  test('a wrapped free-text call comes back as its text, streamed or not', () => {
    const context = { ...READ, customTools: new Set(['short']) };
    const expected = {
      type: 'tool-call',
      kind: 'custom',
      id: 'a',
      name: 'long.name',
      argumentsJson: 'ls "x"',
    };
    const use = { type: 'tool_use', id: 'a', name: 'short', input: {} };
    const streamed = read(
      frames(
        start,
        open(0, use),
        delta(0, { type: 'input_json_delta', partial_json: '{"input":"ls ' }),
        delta(0, { type: 'input_json_delta', partial_json: '\\"x\\""}' }),
        stop(0),
        ...end,
      ),
      context,
    );
    expect(addUp(streamed).parts).toEqual([expected]);
    const whole = response.decode({ content: [{ ...use, input: { input: 'ls "x"' } }] }, context);
    expect(addUp(whole).parts).toEqual([expected]);
    const odd = response.decode({ content: [{ ...use, input: { cmd: 'ls' } }] }, context);
    expect(addUp(odd).parts[0].argumentsJson).toBe('{"cmd":"ls"}');
  });

  test.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['refusal', 'refusal'],
    ['pause_turn', 'pause'],
    ['constructor', 'stop'],
  ])('%s is %s', (stop_reason, finish) => {
    const events = read(
      frames(start, { type: 'message_delta', delta: { stop_reason } }, { type: 'message_stop' }),
    );
    expect(addUp(events).finish).toBe(finish);
    expect(addUp(response.decode({ content: [], stop_reason }, READ)).finish).toBe(finish);
  });

  test('cut anywhere before its stop reason it is truncated; after it, complete', () => {
    const all = [start, open(0, { type: 'text', text: 'x' }), stop(0), ...end];
    for (let cut = 0; cut < 4; cut += 1) {
      expect(() => read(frames(...all.slice(0, cut)))).toThrow(
        expect.objectContaining({ code: cut < 4 ? 'UPSTREAM_TRUNCATED' : '' }),
      );
    }
    expect(addUp(read(frames(...all.slice(0, 4)))).finish).toBe('stop');
    const open0 = read(frames(...all.slice(0, 2), end[0]!));
    expect(open0.slice(-2).map(({ type }) => type)).toEqual(['close', 'finish']);
  });

  test.each<[object, string, string]>([
    [{ type: 'overloaded_error', message: 'm' }, 'UPSTREAM_OVERLOADED', 'overloaded'],
    [{ type: 'rate_limit_error', message: 'm' }, 'UPSTREAM_RATE_LIMIT', 'rate-limit'],
    [{ type: 'invalid_request_error', message: 'm' }, 'UPSTREAM_BAD_REQUEST', 'bad-request'],
    [{ type: 'api_error' }, 'UPSTREAM_FAILED', 'upstream'],
    [{ type: 'who_knows', message: 'm' }, 'UPSTREAM_FAILED', 'upstream'],
  ])('an error event %j throws %s', (error, code, kind) => {
    const thrown = expect.objectContaining({ code, failure: expect.objectContaining({ kind }) });
    expect(() => read(frames(start, { type: 'error', error }))).toThrow(thrown);
    expect(() => response.decode({ type: 'error', error }, READ)).toThrow(thrown);
  });

  test('junk is a bad answer; a stream without a beginning still begins', () => {
    for (const junk of ['{"a', '5']) {
      expect(() => read(frames(junk))).toThrow(
        expect.objectContaining({ code: 'UPSTREAM_BAD_ANSWER' }),
      );
    }
    expect(() => response.decode({ hello: 1 }, READ)).toThrow(
      expect.objectContaining({ code: 'UPSTREAM_BAD_ANSWER' }),
    );
    const events = read(frames(open(0, { type: 'text', text: 'x' }), ...end));
    expect(events[0]).toEqual({ type: 'start' });
    const odd = frames(
      start,
      start,
      { type: 'content_block_start', index: 0 },
      delta(7, { type: 'text_delta', text: 'x' }),
      stop(7),
      { type: 'message_delta' },
      ...end,
    );
    expect(addUp(read(odd)).parts).toEqual([]);
  });
});
