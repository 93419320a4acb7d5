import { describe, expect, test } from '@jest/globals';
import { GatewayError } from '@cliproxy/plugin-api';
import type { Dialect, ModelEvent } from '@cliproxy/plugin-api';
import { eventReader } from '../sse/event-reader.ts';
import { createDialects } from './dialects.ts';

const hub = createDialects();

const requests: Readonly<Record<Dialect, object>> = {
  gemini: { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] },
  'openai-chat': { messages: [{ role: 'user', content: 'hi' }] },
  'openai-responses': { input: 'hi' },
  'anthropic-messages': { max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] },
};

/** What an answer of the dialect that came to its end says. */
const ENDS = /\[DONE\]|message_stop|response\.completed|"finish_reason":"stop"|finishReason/;

const begun: readonly ModelEvent[] = [
  { type: 'start' },
  { type: 'open', index: 0, part: { type: 'text', text: '' } },
  { type: 'delta', index: 0, text: 'hel' },
];

describe.each(Object.entries(requests) as [Dialect, object][])('%s', (dialect, body) => {
  const pipeOf = () =>
    hub
      .read({
        dialect,
        operation: 'generate',
        headers: {},
        body: Buffer.from(JSON.stringify({ model: 'm', stream: true, ...body })),
        requestId: 'req_1',
      })
      .events({
        model: 'm',
        instanceId: 'up',
        refuses: [],
        usage: 'auto',
        maxAnswerBytes: 1_000,
      })
      .answer();

  test.each([0, 1, 2, 3])('after %i events an error is the last event, and no end', (count) => {
    const pipe = pipeOf();
    const out: Buffer[] = [];
    for (const event of begun.slice(0, count)) pipe.push(event, out);
    const before = Buffer.concat(out).toString();
    const error = new GatewayError('UPSTREAM_OVERLOADED', 'busy', {
      failure: { kind: 'overloaded', scope: 'account' },
    });
    const words = pipe.failure(error).toString();
    expect(words.endsWith('\n\n')).toBe(true);
    expect(before + words).not.toMatch(ENDS);
    const reader = eventReader();
    const events = [...reader.push(Buffer.from(before + words)), ...reader.end()];
    const { data } = events.at(-1) ?? { data: '' };
    expect(JSON.parse(data)).toEqual(expect.anything());
    expect(data).toContain('UPSTREAM_OVERLOADED');
    expect(events.filter((event) => event.data.includes('UPSTREAM_OVERLOADED'))).toHaveLength(1);
  });
});
