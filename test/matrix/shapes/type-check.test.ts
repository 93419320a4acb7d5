import { expect, test } from '@jest/globals';
import type { Emitted, EmittedKind } from './emitted.ts';
import { typeCheck } from './type-check.ts';

const emitted = (kind: EmittedKind, value: unknown): Emitted => ({ kind, where: 'here', value });

const CHAT = {
  id: 'c',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: 'Hi', refusal: null, reasoning_content: 'Hm' },
      finish_reason: 'stop',
      logprobs: null,
    },
  ],
};
const MESSAGE = {
  id: 'm',
  type: 'message',
  role: 'assistant',
  model: 'm',
  content: [{ type: 'text', text: 'Hi' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 1 },
};
const GEMINI = {
  candidates: [{ content: { role: 'model', parts: [{ text: 'Hi' }] }, finishReason: 'STOP' }],
  usageMetadata: { promptTokenCount: 1 },
};

const DELTA = {
  type: 'response.output_text.delta',
  sequence_number: 4,
  output_index: 0,
  item_id: 'msg_1',
  content_index: 0,
  // Ends a line for a compiler, though not for JSON.
  delta: 'Hi\u2028',
  logprobs: [],
};

test('what is right passes, what is planted wrong does not', () => {
  const right = [
    emitted('openai-chat answer', CHAT),
    emitted('anthropic-messages answer', MESSAGE),
    emitted('gemini answer', GEMINI),
    emitted('openai-responses event', DELTA),
  ];
  const wrong = [
    // A field that nobody knows, deep inside.
    emitted('openai-chat answer', { ...CHAT, choices: [{ ...CHAT.choices[0], extra: 1 }] }),
    // One that is missing.
    emitted('openai-chat answer', { ...CHAT, model: undefined }),
    // A word out of the closed set.
    emitted('anthropic-messages answer', { ...MESSAGE, stop_reason: 'stop' }),
    // A field of another type, and one of another dialect.
    emitted('anthropic-messages answer', { ...MESSAGE, content: [{ type: 'text', text: 1 }] }),
    emitted('anthropic-messages answer', { ...MESSAGE, choices: [] }),
    emitted('anthropic-messages answer', {
      ...MESSAGE,
      usage: { ...MESSAGE.usage, total_tokens: 2 },
    }),
    emitted('openai-responses event', { ...DELTA, delta: { text: 'Hi' } }),
    emitted('openai-responses event', { ...DELTA, finish_reason: 'stop' }),
    emitted('openai-responses event', { ...DELTA, output_index: undefined }),
    emitted('openai-responses request', { model: 'm', input: [{ role: 'model', content: 'x' }] }),
    emitted('gemini event', { candidates: [{ finishReason: 'DONE' }] }),
    emitted('gemini event', { candidates: [{ content: { parts: [{ words: 'Hi' }] } }] }),
  ];
  expect(typeCheck(right)).toEqual([]);
  expect(typeCheck([...right, ...wrong])).toHaveLength(wrong.length);
}, 60_000);
