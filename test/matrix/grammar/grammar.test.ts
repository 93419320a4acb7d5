import { describe, expect, test } from '@jest/globals';
import { checkAnthropicStream } from './anthropic-stream.ts';
import { checkChatStream } from './chat-stream.ts';
import { framesOf } from './frames.ts';
import type { Streamed } from './frames.ts';
import { checkGeminiStream } from './gemini-stream.ts';
import { checkResponsesStream } from './responses-stream.ts';

/** Events as objects; a string is data as it is. */
type Events = readonly (object | string)[];

const named = (events: Events): Streamed['frames'] =>
  events.map((event) => ({
    event: (event as { readonly type: string }).type,
    data: JSON.stringify(event),
  }));
const plain = (events: Events): Streamed['frames'] =>
  events.map((event) => ({
    event: undefined,
    data: typeof event === 'string' ? event : JSON.stringify(event),
  }));
const streamed = (frames: Streamed['frames'], request: unknown = {}): Streamed => ({
  frames,
  complete: true,
  model: 'm',
  request,
});

const chunk = (delta: object, finish: string | null = null) => ({
  id: 'c',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: finish }],
});
const call = (index: number, id?: string) => ({
  tool_calls: [
    id === undefined
      ? { index, function: { arguments: '{}' } }
      : { index, id, type: 'function', function: { name: 'f', arguments: '' } },
  ],
});
const [ROLE, END, USAGE] = [
  chunk({ role: 'assistant', content: '' }),
  chunk({}, 'stop'),
  { ...chunk({}), choices: [], usage: { prompt_tokens: 1 } },
];

describe('Chat', () => {
  const check = (events: Events, includeUsage = false) =>
    checkChatStream(streamed(plain(events), { stream_options: { include_usage: includeUsage } }));

  test('what is right', () => {
    check([ROLE, chunk({ content: 'Hi' }), END, '[DONE]']);
    check([ROLE, chunk(call(0, 'a')), chunk(call(1, 'b')), chunk(call(0)), END, '[DONE]']);
    check([ROLE, END, USAGE, '[DONE]'], true);
    check([ROLE, { error: { message: 'broke' } }]);
  });

  test.each<[string, Events]>([
    ['no [DONE]', [ROLE, END]],
    ['[DONE] without a finish', [ROLE, '[DONE]']],
    ['[DONE] after an error', [ROLE, { error: {} }, '[DONE]']],
    ['two finishes', [ROLE, END, END, '[DONE]']],
    ['a finish of nobody', [ROLE, chunk({}, 'end_turn'), '[DONE]']],
    ['no role', [chunk({ content: 'Hi' }), END, '[DONE]']],
    ['calls from 1', [ROLE, chunk(call(1, 'a')), END, '[DONE]']],
    ['a call without id', [ROLE, chunk(call(0)), END, '[DONE]']],
    ['an id twice', [ROLE, chunk(call(0, 'a')), chunk(call(0, 'a')), END, '[DONE]']],
    ['usage unasked', [ROLE, END, USAGE, '[DONE]']],
    ['another id', [ROLE, { ...END, id: 'd' }, '[DONE]']],
    ['another model', [ROLE, { ...END, model: 'n' }, '[DONE]']],
  ])('%s is wrong', (_, events) => {
    expect(() => check(events)).toThrow();
  });

  test('usage that was asked for is missed', () => {
    expect(() => check([ROLE, END, '[DONE]'], true)).toThrow();
  });
});

describe('Anthropic', () => {
  const check = (events: Events) => checkAnthropicStream(streamed(named(events)));
  const start = { type: 'message_start', message: { model: 'm', content: [], stop_reason: null } };
  const open = (index: number, type = 'text') => ({
    type: 'content_block_start',
    index,
    content_block: { type },
  });
  const delta = (index: number, type = 'text_delta') => ({
    type: 'content_block_delta',
    index,
    delta: { type },
  });
  const close = (index: number) => ({ type: 'content_block_stop', index });
  const why = { type: 'message_delta', delta: { stop_reason: 'end_turn' } };
  const stop = { type: 'message_stop' };
  const signature = delta(0, 'signature_delta');

  test('what is right', () => {
    check([start, { type: 'ping' }, open(0), delta(0), close(0), open(1), close(1), why, stop]);
    check([start, open(0, 'thinking'), delta(0, 'thinking_delta'), signature, close(0), why, stop]);
    check([start, open(0), { type: 'error', error: {} }]);
  });

  test.each<[string, Events]>([
    ['no start', [open(0), close(0), why, stop]],
    ['no stop', [start, why]],
    ['no reason', [start, stop]],
    ['a stop after an error', [start, { type: 'error', error: {} }, stop]],
    ['blocks from 1', [start, open(1), close(1), why, stop]],
    ['a hole', [start, open(0), close(0), open(2), close(2), why, stop]],
    ['two blocks at once', [start, open(0), open(1), close(0), close(1), why, stop]],
    ['an open block', [start, open(0), why, stop]],
    [
      'a delta of another kind',
      [start, open(0), delta(0, 'input_json_delta'), close(0), why, stop],
    ],
    [
      'a thought after its signature',
      [start, open(0, 'thinking'), signature, delta(0, 'thinking_delta'), close(0), why, stop],
    ],
  ])('%s is wrong', (_, events) => {
    expect(() => check(events)).toThrow();
  });

  test('a name that is not the type is wrong', () => {
    const frames = named([start, why, stop]).map((frame) => ({ ...frame, event: 'message' }));
    expect(() => checkAnthropicStream(streamed(frames))).toThrow();
  });
});

describe('Responses', () => {
  const check = (events: Events) =>
    checkResponsesStream(
      streamed(named(events.map((event, i) => ({ sequence_number: i, ...(event as object) })))),
    );
  const response = { id: 'r', model: 'm', output: [] as readonly unknown[], usage: {} };
  const created = { type: 'response.created', response };
  const item = (text: string) => ({
    id: 'i',
    type: 'message',
    content: [{ type: 'output_text', text }],
  });
  const added = { type: 'response.output_item.added', output_index: 0, item: item('') };
  const at = { item_id: 'i', output_index: 0, content_index: 0 };
  const partAdded = { type: 'response.content_part.added', ...at };
  const delta = { type: 'response.output_text.delta', ...at, delta: 'Hi' };
  const textDone = { type: 'response.output_text.done', ...at, text: 'Hi' };
  const partDone = { type: 'response.content_part.done', ...at };
  const done = { type: 'response.output_item.done', output_index: 0, item: item('Hi') };
  const completed = { type: 'response.completed', response: { ...response, output: [item('Hi')] } };
  const body = [added, partAdded, delta, textDone, partDone, done];
  const without = (left: object) => body.filter((event) => event !== left);

  test('what is right', () => {
    check([created, ...body, completed]);
    check([created, added, { type: 'response.failed', response }]);
    check([created, { type: 'error', message: 'broke' }]);
  });

  test.each<[string, Events]>([
    ['no beginning', [...body, completed]],
    ['no end', [created, ...body]],
    ['two ends', [created, ...body, completed, completed]],
    ['an output that was not done', [created, completed]],
    ['an item that was not added', [created, ...without(added), completed]],
    ['an item that is not done', [created, ...without(done), completed]],
    ['a part that is not done', [created, ...without(partDone), completed]],
    ['a piece that is missing', [created, ...without(delta), completed]],
    ['a number twice', [created, { ...added, sequence_number: 0 }]],
    ['another id', [created, { ...created, response: { ...response, id: 's' } }]],
    ['items from 1', [created, { ...added, output_index: 1 }]],
    ['another item', [created, added, { ...delta, item_id: 'j' }]],
    ['[DONE]', [created, ...body, completed, { type: 'x' }]],
  ])('%s is wrong', (_, events) => {
    expect(() => check(events)).toThrow();
  });
});

describe('Gemini', () => {
  const check = (events: Events) => checkGeminiStream(streamed(plain(events)));
  const answer = (finishReason?: string, rest: object = {}) => ({
    modelVersion: 'm',
    responseId: 'r',
    candidates: [{ content: { role: 'model', parts: [] }, finishReason }],
    ...rest,
  });
  const last = answer('STOP', { usageMetadata: {} });

  test('what is right', () => {
    check([answer(), last]);
    check([answer(), { error: { code: 500 } }]);
  });

  test.each<[string, Events]>([
    ['no end', [answer()]],
    ['two ends', [last, last]],
    ['[DONE]', [last, '[DONE]']],
    ['an end without usage', [answer('STOP')]],
    ['another model', [{ ...answer(), modelVersion: 'n' }, last]],
    ['another id', [{ ...answer(), responseId: 's' }, last]],
  ])('%s is wrong', (_, events) => {
    expect(() => check(events)).toThrow();
  });
});

test('frames are found among comments, and a broken one is not one', () => {
  expect(framesOf(': ping\n\nevent: a\ndata: 1\r\ndata: 2\r\n\r\ndata: cut')).toEqual([
    { event: 'a', data: '1\n2' },
  ]);
  expect(() => framesOf('nonsense\n\n')).toThrow('no line of an event stream');
});
