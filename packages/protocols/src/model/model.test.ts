import { describe, expect, test } from '@jest/globals';
import type { ModelEvent, Part } from '@cliproxy/plugin-api';
import fc from 'fast-check';
import { answerEvents, collectAnswer } from './answer-events.ts';
import type { Answer } from './answer.ts';
import { isMeaningful } from './meaningful.ts';

const opaque = fc.record({ origin: fc.string(), value: fc.string() });
const parts: fc.Arbitrary<Part> = fc.oneof(
  fc.record({ type: fc.constantFrom('text' as const, 'refusal' as const), text: fc.string() }),
  fc.record(
    { type: fc.constant('reasoning' as const), text: fc.string(), opaque },
    { requiredKeys: ['type', 'text'] },
  ),
  fc.record(
    {
      type: fc.constant('tool-call' as const),
      id: fc.string(),
      name: fc.string(),
      argumentsJson: fc.string({ minLength: 1 }),
      opaque,
    },
    { requiredKeys: ['type', 'id', 'name', 'argumentsJson'] },
  ),
  fc.constant({ type: 'media' as const, mediaType: 'image/png', source: { base64: 'AA==' } }),
  fc.constant({ type: 'tool-result' as const, callId: 'c', content: [] }),
);
const answers: fc.Arbitrary<Answer> = fc.record(
  {
    id: fc.string(),
    parts: fc.array(parts),
    finish: fc.constantFrom('stop' as const, 'length' as const, 'tool-calls' as const),
    usage: fc.record({ inputTokens: fc.nat(), outputTokens: fc.nat() }),
  },
  { requiredKeys: ['parts', 'finish'] },
);

describe('answers and events', () => {
  test('an answer told as events adds up to itself', () => {
    fc.assert(
      fc.property(answers, (answer) => expect(collectAnswer(answerEvents(answer))).toEqual(answer)),
    );
  });

  test('interleaved parts keep the order in which they were opened; the last usage counts', () => {
    const events: ModelEvent[] = [
      { type: 'start', id: 'a' },
      {
        type: 'open',
        index: 5,
        part: { type: 'tool-call', id: '1', name: 'f', argumentsJson: '' },
      },
      { type: 'open', index: 2, part: { type: 'text', text: 'b' } },
      { type: 'usage', usage: { inputTokens: 1, outputTokens: 1 } },
      { type: 'delta', index: 2, text: 'c' },
      { type: 'close', index: 5 },
      { type: 'close', index: 2 },
      { type: 'usage', usage: { inputTokens: 1, outputTokens: 2 } },
      { type: 'finish', reason: 'tool-calls' },
    ];
    expect(collectAnswer(events)).toEqual({
      id: 'a',
      parts: [
        { type: 'tool-call', id: '1', name: 'f', argumentsJson: '{}' },
        { type: 'text', text: 'bc' },
      ],
      finish: 'tool-calls',
      usage: { inputTokens: 1, outputTokens: 2 },
    });
  });

  test('arguments are never empty JSON, free text may be', () => {
    const call = { type: 'tool-call', id: '1', name: 'f', argumentsJson: '' } as const;
    const free = { ...call, kind: 'custom' } as const;
    const answer = { parts: [call, free], finish: 'tool-calls' } as const;
    expect(collectAnswer(answerEvents(answer)).parts).toEqual([
      { ...call, argumentsJson: '{}' },
      free,
    ]);
  });

  test('an answer without finish is truncated, a part never opened is an error', () => {
    expect(() => collectAnswer([{ type: 'start' }])).toThrow(
      expect.objectContaining({ code: 'UPSTREAM_TRUNCATED' }),
    );
    expect(() => collectAnswer([{ type: 'delta', index: 3, text: '' }])).toThrow(
      expect.objectContaining({ code: 'UPSTREAM_BAD_ANSWER' }),
    );
  });

  test('only what a reader could see is meaningful', () => {
    const sig = { origin: 'o', value: 'v' };
    const meaningful: ModelEvent[] = [
      { type: 'delta', index: 0, text: 'x' },
      { type: 'finish', reason: 'stop' },
      { type: 'close', index: 0, opaque: sig },
      { type: 'open', index: 0, part: { type: 'text', text: 'x' } },
      { type: 'open', index: 0, part: { type: 'reasoning', text: '', opaque: sig } },
      { type: 'open', index: 0, part: { type: 'tool-call', id: '', name: '', argumentsJson: '' } },
    ];
    const not: ModelEvent[] = [
      { type: 'start' },
      { type: 'usage', usage: { inputTokens: 0, outputTokens: 0 } },
      { type: 'delta', index: 0, text: '' },
      { type: 'close', index: 0 },
      { type: 'open', index: 0, part: { type: 'text', text: '' } },
      { type: 'open', index: 0, part: { type: 'reasoning', text: '' } },
    ];
    expect(meaningful.map(isMeaningful)).toEqual(meaningful.map(() => true));
    expect(not.map(isMeaningful)).toEqual(not.map(() => false));
  });
});
