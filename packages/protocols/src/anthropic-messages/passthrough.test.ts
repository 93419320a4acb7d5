import { describe, expect, test } from '@jest/globals';
import { anthropicMessages } from './anthropic-messages.ts';

const { passthrough } = anthropicMessages;
const frame = (type: string, data: object = {}, eol = '\n'): Buffer =>
  Buffer.from(`event: ${type}${eol}data: ${JSON.stringify({ type, ...data })}${eol}${eol}`);
const delta = (one: object, eol?: string) =>
  frame('content_block_delta', { index: 0, delta: one }, eol);
const open = (content_block: object) => frame('content_block_start', { index: 0, content_block });
const start = frame('message_start', {
  message: { usage: { input_tokens: 10, cache_creation_input_tokens: 5, output_tokens: 1 } },
});
const last = (stop_reason: string) =>
  frame('message_delta', { delta: { stop_reason }, usage: { output_tokens: 7 } });

describe('tap', () => {
  test.each<[string, Buffer, boolean]>([
    ['message_start', start, false],
    ['ping', frame('ping'), false],
    ['text block', open({ type: 'text', text: '' }), false],
    ['thinking block', open({ type: 'thinking', thinking: '' }), false],
    ['tool block', open({ type: 'tool_use', id: 'a', name: 'n', input: {} }), true],
    ['redacted block', open({ type: 'redacted_thinking', data: 'x' }), true],
    ['text', delta({ type: 'text_delta', text: 'x' }), true],
    ['text, CRLF', delta({ type: 'text_delta', text: 'x' }, '\r\n'), true],
    ['thinking', delta({ type: 'thinking_delta', thinking: 'x' }), true],
    ['arguments', delta({ type: 'input_json_delta', partial_json: '{' }), true],
    ['signature', delta({ type: 'signature_delta', signature: 's' }), false],
    ['block end', frame('content_block_stop', { index: 0 }), false],
    ['message_delta', last('end_turn'), true],
    ['unknown', frame('brand_new'), false],
    ['comment', Buffer.from(': hi\n\n'), false],
    [
      'no name',
      Buffer.from('data: {"type":"content_block_delta","delta":{"type":"text_delta"}}\n\n'),
      true,
    ],
    ['no space', Buffer.from('event:message_delta\ndata:{"delta":{}}\n\n'), true],
    ['tiny', Buffer.from('\n'), false],
  ])('%s', (_name, bytes, meaningful) => {
    expect(passthrough.tap().see(bytes)).toBe(meaningful);
  });

  test('usage and finish, complete only after message_stop', () => {
    const tap = passthrough.tap();
    expect(tap.usage).toBeUndefined();
    tap.see(start);
    expect(tap.usage).toEqual({ inputTokens: 15, outputTokens: 1, cacheWriteTokens: 5 });
    tap.see(delta({ type: 'text_delta', text: 'message_stop "tool_use"' }));
    tap.see(last('end_turn'));
    expect(tap.usage).toEqual({ inputTokens: 15, outputTokens: 7, cacheWriteTokens: 5 });
    expect(tap.finish).toBe('stop');
    expect(() => tap.end()).toThrow(expect.objectContaining({ code: 'UPSTREAM_TRUNCATED' }));
    tap.see(frame('message_stop'));
    expect(() => tap.end()).not.toThrow();
  });

  test('a tool call is the finish, whatever the upstream says', () => {
    const tap = passthrough.tap();
    tap.see(open({ type: 'tool_use', id: 'a', name: 'n', input: {} }));
    expect(tap.see(open({ type: 'text', text: '' }))).toBe(false);
    tap.see(last('end_turn'));
    expect(tap.finish).toBe('tool-calls');
  });

  test('an error throws, named or not', () => {
    const error = { type: 'overloaded_error', message: 'busy' };
    const thrown = expect.objectContaining({
      code: 'UPSTREAM_OVERLOADED',
      failure: { kind: 'overloaded', scope: 'instance', message: 'busy' },
    });
    for (const bytes of [
      frame('error', { error }),
      Buffer.from(`data: ${JSON.stringify({ type: 'error', error })}\n\n`),
      Buffer.from(`data: ${JSON.stringify({ error })}\n\n`),
    ]) {
      expect(() => passthrough.tap().see(bytes)).toThrow(thrown);
    }
    expect(() => passthrough.tap().see(Buffer.from('event: error\ndata: oops\n\n'))).toThrow(
      expect.objectContaining({ code: 'UPSTREAM_FAILED' }),
    );
  });
});

test('a whole answer', () => {
  const content = [{ type: 'tool_use' }];
  const usage = {
    input_tokens: 1,
    output_tokens: 2,
    output_tokens_details: { thinking_tokens: 1 },
  };
  expect(passthrough.inspect({ content, stop_reason: 'end_turn', usage })).toEqual({
    usage: { inputTokens: 1, outputTokens: 2, reasoningTokens: 1 },
    finish: 'tool-calls',
  });
  expect(passthrough.inspect({ content: [], usage: { input_tokens: 'x' } })).toEqual({
    usage: { inputTokens: 0, outputTokens: 0 },
  });
  expect(passthrough.inspect({ content: [] })).toEqual({});
  expect(() => passthrough.inspect({ type: 'error', error: { type: 'api_error' } })).toThrow(
    expect.objectContaining({ code: 'UPSTREAM_FAILED' }),
  );
  expect(passthrough.modelPaths).toEqual([['model'], ['message', 'model']]);
});
