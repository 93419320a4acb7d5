import { describe, expect, jest, test } from '@jest/globals';
import { GatewayError } from '@cliproxy/plugin-api';
import type { JsonObject } from '../model/json-object.ts';
import { passthrough } from './passthrough.ts';

const frame = (
  data: { readonly type: string; readonly [key: string]: unknown },
  named = true,
): Buffer =>
  Buffer.from(`${named ? `event: ${data.type}\n` : ''}data: ${JSON.stringify(data)}\n\n`);

const usage = { input_tokens: 10, output_tokens: 5 };
const created = {
  type: 'response.created',
  sequence_number: 0,
  response: { id: 'resp_1', model: 'm', status: 'in_progress', output: [] },
};
const added = {
  type: 'response.output_item.added',
  sequence_number: 1,
  output_index: 0,
  item: { type: 'message', id: 'msg_1' },
};
const delta = { type: 'response.output_text.delta', sequence_number: 2, delta: 'hi' };
const call = {
  type: 'response.output_item.added',
  sequence_number: 3,
  output_index: 1,
  item: { type: 'function_call', id: 'fc_1' },
};
const completed = (output: object[] = []) => ({
  type: 'response.completed',
  sequence_number: 4,
  response: { id: 'resp_1', status: 'completed', output, usage },
});

describe.each([true, false])('frames (named: %s)', (named) => {
  test('what is meaningful, the usage and the finish', () => {
    const tap = passthrough.tap();
    const seen = [created, added, delta, completed()].map((event) => tap.see(frame(event, named)));
    expect(seen).toEqual([false, false, true, true]);
    tap.end();
    expect(tap.usage).toEqual({ inputTokens: 10, outputTokens: 5 });
    expect(tap.finish).toBe('stop');
  });

  test('calls', () => {
    const tap = passthrough.tap();
    expect([created, call].map((event) => tap.see(frame(event, named)))).toEqual([false, true]);
    tap.see(frame(completed(), named));
    expect(tap.finish).toBe('tool-calls');
  });

  test('incomplete', () => {
    const tap = passthrough.tap();
    const response = { incomplete_details: { reason: 'max_output_tokens' }, usage };
    tap.see(frame({ type: 'response.incomplete', response }, named));
    expect(tap.finish).toBe('length');
    tap.end();
  });

  test.each([
    [
      { type: 'response.failed', response: { error: { code: 'server_error', message: 'x' } } },
      'UPSTREAM_FAILED',
    ],
    [{ type: 'error', code: 'rate_limit_exceeded', message: 'x' }, 'UPSTREAM_RATE_LIMIT'],
  ])('%j', (event, code) => {
    expect(() => passthrough.tap().see(frame(event, named))).toThrow(
      expect.objectContaining({ code }),
    );
  });

  test('cut before its end, it is truncated', () => {
    const tap = passthrough.tap();
    for (const event of [created, added, delta]) tap.see(frame(event, named));
    expect(() => tap.end()).toThrow(expect.objectContaining({ code: 'UPSTREAM_TRUNCATED' }));
  });
});

test('comments, [DONE], unknown events and errors without type', () => {
  const tap = passthrough.tap();
  expect(tap.see(Buffer.from(': ping\n\n'))).toBe(false);
  expect(tap.see(Buffer.from('data: [DONE]\n\n'))).toBe(false);
  expect(tap.see(frame({ type: 'response.of_a_new_kind' }))).toBe(false);
  expect(() => tap.see(Buffer.from('data: {"error":{"message":"no"}}\n\n'))).toThrow('no');
});

test('of a long text, only the frames that begin and end it are parsed', () => {
  const tap = passthrough.tap();
  tap.see(frame(created));
  const parse = jest.spyOn(JSON, 'parse');
  try {
    for (let n = 0; n < 50; n += 1) tap.see(frame(delta));
    expect(parse).not.toHaveBeenCalled();
  } finally {
    parse.mockRestore();
  }
});

describe('an error after frames that went through', () => {
  const error = new GatewayError('UPSTREAM_FAILED', 'broken');
  const told = (text: string | undefined): JsonObject =>
    JSON.parse(
      /^event: (?:error|response\.failed)\ndata: (.*)\n\n$/.exec(text ?? '')?.[1] ?? '',
    ) as JsonObject;

  test('goes on with their numbers and their response', () => {
    const tap = passthrough.tap();
    for (const event of [created, added, delta]) tap.see(frame(event));
    expect(told(tap.failure?.(error, 'r'))).toMatchObject({
      type: 'response.failed',
      sequence_number: 3,
      response: {
        id: 'resp_1',
        status: 'failed',
        error: { code: 'server_error', message: 'broken' },
      },
    });
  });

  test('takes the number of the frame that told it, which does not go through', () => {
    const tap = passthrough.tap();
    for (const event of [created, added]) tap.see(frame(event));
    const failed = {
      type: 'response.failed',
      sequence_number: 2,
      response: { error: { code: 'server_error', message: 'x' } },
    };
    expect(() => tap.see(frame(failed))).toThrow();
    expect(told(tap.failure?.(error, 'r'))).toMatchObject({ sequence_number: 2 });
  });

  test('is an event of its own where no response began', () => {
    expect(told(passthrough.tap().failure?.(error, 'r'))).toMatchObject({
      type: 'error',
      sequence_number: 0,
      message: 'broken',
    });
  });
});

describe('a document', () => {
  test('usage and finish', () => {
    expect(
      passthrough.inspect({ status: 'completed', output: [{ type: 'function_call' }], usage }),
    ).toEqual({
      usage: { inputTokens: 10, outputTokens: 5 },
      finish: 'tool-calls',
    });
    const refused = [{ type: 'message', content: [{ type: 'refusal', refusal: 'no' }] }];
    expect(passthrough.inspect({ status: 'completed', output: refused })).toEqual({
      finish: 'refusal',
    });
    expect(passthrough.inspect({ status: 'queued', output: [] })).toEqual({});
    expect(passthrough.inspect({ object: 'response.input_tokens', input_tokens: 3 })).toEqual({});
  });

  test.each([
    [{ status: 'failed', error: { code: 'server_error', message: 'x' } }, 'UPSTREAM_FAILED'],
    [{ choices: [] }, 'UPSTREAM_BAD_ANSWER'],
  ])('%j is an error', (body, code) => {
    expect(() => passthrough.inspect(body)).toThrow(expect.objectContaining({ code }));
  });
});
