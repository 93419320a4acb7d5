import { describe, expect, test } from '@jest/globals';
import { openAiChat } from './openai-chat.ts';

const { passthrough } = openAiChat;
const frame = (data: string) => Buffer.from(`data: ${data}\n\n`);
const delta = (value: object, rest: object = {}) =>
  frame(JSON.stringify({ choices: [{ index: 0, delta: value, finish_reason: null, ...rest }] }));
const hello = delta({ content: 'hi' });

describe('tap', () => {
  test.each<[string, Buffer, boolean]>([
    ['role', delta({ role: 'assistant', content: '' }), false],
    ['content', hello, true],
    ['content parts', delta({ content: [{ type: 'text', text: 'x' }] }), true],
    ['reasoning', delta({ reasoning: 'x' }), true],
    ['reasoning_content', delta({ reasoning_content: 'x' }), true],
    ['sealed reasoning', delta({ reasoning_details: [{ data: 'x' }] }), true],
    ['refusal', delta({ refusal: 'x' }), true],
    ['empty refusal', delta({ refusal: '' }), false],
    ['tool_calls', delta({ tool_calls: [{ index: 0, function: { name: 'f' } }] }), true],
    ['no tool_calls', delta({ tool_calls: [] }), false],
    ['function_call', delta({ function_call: { name: 'f' } }), true],
    ['finish', delta({}, { finish_reason: 'stop' }), true],
    ['finish of another choice', delta({}, { finish_reason: 'stop', index: 1 }), true],
    ['legacy text', frame('{"choices":[{"text":"x"}]}'), true],
    ['a whole message', frame('{"choices":[{"message":{"content":"x"}}]}'), true],
    [
      'usage alone',
      frame('{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}'),
      false,
    ],
    ['a comment', Buffer.from(': ping\n\n'), false],
    ['[DONE]', frame('[DONE]'), false],
    [
      'several data lines, CRLF',
      Buffer.from('data: {"choices":[{"delta":\r\ndata: {"content":"x"}}]}\r\n\r\n'),
      true,
    ],
  ])('%s', (_name, bytes, expected) => {
    expect(passthrough.tap().see(bytes)).toBe(expected);
  });

  test('once meaningful, always; usage and finish are read on the way', () => {
    const tap = passthrough.tap();
    expect([hello, delta({ content: '' }), frame('[DONE]')].map((bytes) => tap.see(bytes))).toEqual(
      [true, true, true],
    );
    tap.see(delta({}, { finish_reason: 'length' }));
    tap.see(
      frame(
        '{"choices":[], "usage" : {"prompt_tokens":3,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":2}}}',
      ),
    );
    tap.see(frame('{"choices":[],"usage": null}'));
    expect(tap.finish).toBe('length');
    expect(tap.usage).toEqual({ inputTokens: 3, outputTokens: 4, cachedTokens: 2 });
    expect(() => {
      tap.end();
    }).not.toThrow();
  });

  test.each([
    ['tool_calls', 'tool-calls'],
    ['stop', 'stop'],
    ['content_filter', 'refusal'],
    ['odd', 'stop'],
  ])('finish %s', (finish_reason, expected) => {
    const tap = passthrough.tap();
    tap.see(hello);
    tap.see(delta({}, { finish_reason }));
    expect(tap.finish).toBe(expected);
  });

  test('several choices in a frame, usage in a choice', () => {
    const tap = passthrough.tap();
    tap.see(hello);
    tap.see(
      frame(
        '{"choices":[{"index":1,"finish_reason":null},{"index":0,"finish_reason":"stop","usage":{"prompt_tokens":1}}]}',
      ),
    );
    expect(tap.finish).toBe('stop');
    tap.see(frame('{"choices":[{"index":0,"usage":{"prompt_tokens":1,"completion_tokens":2}}]}'));
    expect(tap.usage).toEqual({ inputTokens: 1, outputTokens: 2 });
  });

  test('a text may say anything', () => {
    const tap = passthrough.tap();
    tap.see(hello);
    const words =
      '"error":{"message":"x"} "usage":{"prompt_tokens":1} "finish_reason":"stop" [DONE]\n\nevent: error';
    expect(tap.see(delta({ content: words }))).toBe(true);
    expect(tap).toMatchObject({ usage: undefined, finish: undefined });
    expect(() => {
      tap.end();
    }).toThrow(expect.objectContaining({ code: 'UPSTREAM_TRUNCATED' }));
  });

  test('after the commit point, frames without anything to know are not parsed', () => {
    const tap = passthrough.tap();
    tap.see(hello);
    expect(tap.see(frame('{"choices":[{"delta":{"content":"cut'))).toBe(true);
  });

  test.each<[string, Buffer, string]>([
    [
      'an error object',
      frame('{"error":{"message":"m","code":"rate_limit_exceeded"}}'),
      'UPSTREAM_RATE_LIMIT',
    ],
    ['an error event', Buffer.from('event: error\ndata: {"message":"m"}\n\n'), 'UPSTREAM_FAILED'],
    ['an error event of text', Buffer.from('event:error\r\ndata: gone\r\n\r\n'), 'UPSTREAM_FAILED'],
    ['an end by error', delta({}, { finish_reason: 'error' }), 'UPSTREAM_FAILED'],
  ])('%s throws, before and after the commit point', (_name, bytes, code) => {
    const later = passthrough.tap();
    later.see(hello);
    for (const tap of [passthrough.tap(), later]) {
      expect(() => tap.see(bytes)).toThrow(expect.objectContaining({ code }));
    }
  });

  test('junk throws before the commit point, a null error never', () => {
    expect(() => passthrough.tap().see(frame('<html>'))).toThrow(
      expect.objectContaining({ code: 'UPSTREAM_BAD_ANSWER' }),
    );
    expect(() => passthrough.tap().see(frame('[1]'))).toThrow(
      expect.objectContaining({ code: 'UPSTREAM_BAD_ANSWER' }),
    );
    expect(
      passthrough.tap().see(frame('{"error":null,"choices":[{"delta":{"content":"x"}}]}')),
    ).toBe(true);
    expect(passthrough.tap().see(Buffer.from('event: ping\ndata: {}\n\n'))).toBe(false);
  });

  test('the end', () => {
    const tap = passthrough.tap();
    expect(() => {
      tap.end();
    }).toThrow(expect.objectContaining({ code: 'UPSTREAM_TRUNCATED' }));
    tap.see(frame('[DONE]'));
    expect(() => {
      tap.end();
    }).not.toThrow();
  });
});

describe('inspect', () => {
  test('usage and finish of a whole answer', () => {
    const answer = {
      choices: [
        {
          index: 0,
          finish_reason: 'stop',
          message: { tool_calls: [{ id: '1', function: { name: 'f' } }] },
        },
      ],
      usage: { prompt_tokens: 1, completion_tokens: 2 },
    };
    expect(passthrough.inspect(answer)).toEqual({
      usage: { inputTokens: 1, outputTokens: 2 },
      finish: 'tool-calls',
    });
    expect(passthrough.inspect({ choices: [{ text: 'x' }] })).toEqual({});
  });

  test('embeddings', () => {
    expect(passthrough.inspect({ data: [], usage: { prompt_tokens: 4, total_tokens: 4 } })).toEqual(
      {
        usage: { inputTokens: 4, outputTokens: 0 },
      },
    );
  });

  test('errors inside, and what is no answer', () => {
    expect(() => passthrough.inspect({ error: { code: 'overloaded' } })).toThrow(
      expect.objectContaining({ code: 'UPSTREAM_OVERLOADED' }),
    );
    expect(() => passthrough.inspect({})).toThrow(
      expect.objectContaining({ code: 'UPSTREAM_BAD_ANSWER' }),
    );
  });

  test('where the model is named', () => {
    expect(passthrough.modelPaths).toEqual([['model']]);
  });
});
