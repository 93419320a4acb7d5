import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, jest, test } from '@jest/globals';
import type { ModelEvent, Part } from '@cliproxy/plugin-api';
import { stream as messages } from '../anthropic-messages/stream.ts';
import type { AnswerContext, DecodeContext } from '../codec/answer-context.ts';
import type { SseEvent } from '../codec/sse-event.ts';
import { stream as chat } from '../openai-chat/stream.ts';

const MIB = 1024 * 1024;
const READ: DecodeContext = { origin: 'up/m', toolNames: new Map() };
const WRITE: AnswerContext = {
  model: 'm',
  createdS: 1,
  id: 'a',
  includeUsage: false,
  upstream: 'anthropic-messages',
};

const chunk = (delta: object): SseEvent => ({
  data: JSON.stringify({ choices: [{ index: 0, delta, finish_reason: null }] }),
});
const fragment = (call: object): SseEvent => chunk({ tool_calls: [call] });
const named = (data: object): SseEvent => ({ data: JSON.stringify(data) });

/** Feeds something until it throws; gives the error's code and how often it was fed. */
function feed(push: (turn: number) => unknown, turns: number): { code?: unknown; turn: number } {
  for (let turn = 0; turn < turns; turn++) {
    try {
      push(turn);
    } catch (error) {
      return { code: (error as { code?: unknown }).code, turn };
    }
  }
  return { turn: turns };
}

describe('what is kept of a stream that does not end', () => {
  test.each(['content', 'reasoning_content'])('nothing of its %s', (key) => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    const decoder = chat.decoder(READ);
    const piece = 'words '.repeat(MIB / 6);
    gc();
    const before = process.memoryUsage().heapUsed;
    for (let n = 0; n < 200; n++) decoder.push(chunk({ [key]: `${n} ${piece}` }));
    gc();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(50 * MIB);
    expect(decoder.push(chunk({ [key]: 'more' }))).toHaveLength(1);
  });

  const half = 'x'.repeat(MIB / 2);
  const call = { id: 'c', function: { name: 'f', arguments: half } };
  const block = (content_block: object): SseEvent =>
    named({ type: 'content_block_start', index: 0, content_block });
  const delta = (delta: object): SseEvent =>
    named({ type: 'content_block_delta', index: 0, delta });

  test.each<[string, () => (turn: number) => unknown]>([
    [
      'arguments of a call, in Chat',
      () => {
        const decoder = chat.decoder(READ);
        return () => decoder.push(fragment({ index: 0, ...call }));
      },
    ],
    [
      'arguments of many calls, in Chat',
      () => {
        const decoder = chat.decoder(READ);
        return (turn) => decoder.push(fragment({ index: turn, ...call, id: `c${turn}` }));
      },
    ],
    [
      'a signature, in Messages',
      () => {
        const decoder = messages.decoder(READ);
        decoder.push(block({ type: 'thinking', thinking: '' }));
        return () => decoder.push(delta({ type: 'signature_delta', signature: half }));
      },
    ],
    [
      'free text for a tool, in Messages',
      () => {
        const decoder = messages.decoder({ ...READ, customTools: new Set(['f']) });
        decoder.push(block({ type: 'tool_use', id: 'c', name: 'f', input: {} }));
        return () => decoder.push(delta({ type: 'input_json_delta', partial_json: half }));
      },
    ],
    [
      'reasoning that may be signed, for Chat',
      () => {
        const encoder = chat.encoder(WRITE);
        encoder.push(open(0, { type: 'reasoning', text: '' }));
        return () => encoder.push({ type: 'delta', index: 0, text: half });
      },
    ],
    [
      'a block that waits for its turn, for Messages',
      () => {
        const encoder = messages.encoder(WRITE);
        encoder.push(open(0, { type: 'text', text: 'a' }));
        encoder.push(open(1, { type: 'text', text: 'b' }));
        return () => encoder.push({ type: 'delta', index: 1, text: half });
      },
    ],
  ])('%s: up to 4 MiB', (_name, make) => {
    expect(feed(make(), 100)).toEqual({ code: 'UPSTREAM_TOO_LARGE', turn: 8 });
  });

  test.each<[string, () => (turn: number) => unknown]>([
    [
      'calls, in Chat',
      () => {
        const decoder = chat.decoder(READ);
        const spec = { name: 'f', arguments: '{}' };
        return (turn) => decoder.push(fragment({ index: turn, id: `c${turn}`, function: spec }));
      },
    ],
    [
      'blocks that do not end, in Messages',
      () => {
        const decoder = messages.decoder(READ);
        const content_block = { type: 'text', text: '' };
        return (index) =>
          decoder.push(named({ type: 'content_block_start', index, content_block }));
      },
    ],
    [
      'blocks that do not end, for Messages',
      () => {
        const encoder = messages.encoder(WRITE);
        return (index) => encoder.push(open(index, { type: 'text', text: '' }));
      },
    ],
  ])('%s: up to 10,000', (_name, make) => {
    expect(feed(make(), 20_000)).toEqual({ code: 'UPSTREAM_TOO_LARGE', turn: 10_000 });
  });

  test('what is told at once may go on for ever', () => {
    const encoder = messages.encoder(WRITE);
    encoder.push(open(0, { type: 'text', text: 'a' }));
    encoder.push(open(1, { type: 'text', text: 'b' }));
    const tell = (): string => encoder.push({ type: 'delta', index: 0, text: half });
    expect(feed(tell, 100)).toEqual({ turn: 100 });
  });
});

test('a text beyond what is kept still grows, and its repetition adds nothing', () => {
  const begin = 'words '.repeat(20_000);
  const texts = (...told: readonly SseEvent[]): string => {
    const decoder = chat.decoder(READ);
    const events = told.flatMap((event) => decoder.push(event));
    return events.map((event) => (event.type === 'delta' ? event.text : '')).join('');
  };
  const whole = (content: string): SseEvent => ({
    data: JSON.stringify({ choices: [{ index: 0, message: { content } }] }),
  });
  const pieces = [chunk({ content: begin }), chunk({ content: 'and' }), chunk({ content: ' so' })];
  expect(texts(...pieces)).toBe(`${begin}and so`);
  expect(texts(...pieces, whole(`${begin}and so on`))).toBe(`${begin}and so on`);
  expect(texts(...pieces, whole(`${begin}and`))).toBe(`${begin}and so`);
  expect(texts(...pieces, whole('words '))).toBe(`${begin}and so`);
  const snapshots = ['1', '12', '123'].map((end) => chunk({ content: `${begin}${end}` }));
  expect(texts(...snapshots, chunk({ content: `${begin}1234` }))).toBe(`${begin}1234`);
});

test('a call that is complete is not read again for every text after it', () => {
  const parse = jest.spyOn(JSON, 'parse');
  try {
    const decoder = chat.decoder(READ);
    const spec = { name: 'f', arguments: '{"a":1}' };
    decoder.push(fragment({ index: 0, id: 'c', function: spec }));
    for (let n = 0; n < 50; n++) decoder.push(chunk({ content: 't' }));
    const reads = parse.mock.calls.filter(([text]) => text === '{"a":1}');
    expect(reads.length).toBeLessThan(5);
  } finally {
    parse.mockRestore();
  }
});

function open(index: number, part: Part): ModelEvent {
  return { type: 'open', index, part };
}
