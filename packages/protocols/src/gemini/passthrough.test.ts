import { describe, expect, test } from '@jest/globals';
import type { FrameTap } from '../codec/passthrough-codec.ts';
import type { JsonObject } from '../model/json-object.ts';
import { count } from './count.ts';
import { passthrough } from './passthrough.ts';

const part = (...parts: object[]): object => ({
  candidates: [{ content: { parts, role: 'model' } }],
});
const usageMetadata = { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 };
const USAGE = { inputTokens: 3, outputTokens: 2 };
const end = (finishReason: string): object => ({ candidates: [{ finishReason }], usageMetadata });
const frame = (body: object): Buffer => Buffer.from(`data: ${JSON.stringify(body)}\r\n\r\n`);
const see = (...bodies: object[]): FrameTap => {
  const tap = passthrough.tap();
  for (const body of bodies) tap.see(frame(body));
  return tap;
};

describe('a tap', () => {
  test.each<[object, boolean]>([
    [part({ text: '' }), false],
    [part({ text: '', thought: true }), false],
    [{ usageMetadata }, false],
    [part({ text: 'a' }), true],
    [part({ text: 'a', thought: true }), true],
    [part({ functionCall: { name: 'a' } }), true],
    [part({ inlineData: { data: 'AA' } }), true],
    [end('STOP'), true],
    [{ promptFeedback: { blockReason: 'SAFETY' } }, true],
  ])('of %j: meaningful is %s', (body, meaningful) => {
    expect(passthrough.tap().see(frame(body))).toBe(meaningful);
  });

  test('tells the last usage and the finish, also of calls', () => {
    const tap = see(part({ text: '"finishReason":"SAFETY" "error"' }), part({ functionCall: {} }));
    expect(tap.finish).toBeUndefined();
    expect(tap.usage).toBeUndefined();
    tap.see(frame({ ...part({ text: 'b' }), usageMetadata: { promptTokenCount: 3 } }));
    expect(tap.usage).toEqual({ inputTokens: 3, outputTokens: 0 });
    tap.see(frame(end('STOP')));
    expect([tap.finish, tap.usage]).toEqual(['tool-calls', USAGE]);
    expect(tap.usage).toBe(tap.usage);
    tap.end();
  });

  test('takes comments and a broken call, which the client sees itself', () => {
    const tap = see(end('MALFORMED_FUNCTION_CALL'));
    expect(tap.see(Buffer.from(': ping\n\n'))).toBe(true);
    expect(tap.finish).toBe('stop');
    const blocked = see({ promptFeedback: { blockReason: 'SAFETY' } });
    blocked.end();
    expect(blocked.finish).toBe('refusal');
  });

  test('throws for errors, junk, and an end before the end', () => {
    expect(() => see(part({ text: 'a' }), { error: { status: 'UNAVAILABLE' } })).toThrow(
      expect.objectContaining({ code: 'UPSTREAM_OVERLOADED' }),
    );
    expect(() => passthrough.tap().see(Buffer.from('data: junk\n\n'))).toThrow(
      expect.objectContaining({ code: 'UPSTREAM_BAD_ANSWER' }),
    );
    expect(() => see(part({ text: 'a' })).end()).toThrow(
      expect.objectContaining({ code: 'UPSTREAM_TRUNCATED' }),
    );
  });
});

test.each<[object, string, boolean]>([
  [{ generationConfig: { temperature: 1 } }, 'temperature', true],
  [{ generation_config: { top_p: 1 } }, 'top_p', true],
  [{ generation_config: { stop_sequences: [] } }, 'stop', true],
  [{ safety_settings: [] }, 'safetySettings', true],
  [{ safetySettings: [] }, 'safetySettings', false],
  [{ generationConfig: { topP: 1 } }, 'temperature', false],
  [{}, 'contents', false],
])('%j with %s refused must be written anew: %s', (body, name, anew) => {
  expect(passthrough.holdsRefused?.(body as JsonObject, [name])).toBe(anew);
});

test('a whole answer tells usage and finish', () => {
  const body = { candidates: [{ finishReason: 'MAX_TOKENS' }], usageMetadata };
  expect(passthrough.inspect(body)).toEqual({ usage: USAGE, finish: 'length' });
  const called = {
    candidates: [{ content: { parts: [{ functionCall: {} }] }, finishReason: 'STOP' }],
  };
  expect(passthrough.inspect(called)).toEqual({ finish: 'tool-calls' });
  // What to do is said once, by the code.
  expect(() => passthrough.inspect({})).toThrow(/has no `candidates`\.$/);
  expect(() => passthrough.inspect({ error: { code: 500 } })).toThrow(/holds an error/);
});

describe('a count', () => {
  const contents = [{ role: 'user', parts: [{ text: 'hi' }] }];
  const target = {
    dialect: 'gemini',
    model: 'gemini-2.5-flash',
    instanceId: 'g',
    passthrough: false,
    refuses: [],
    usage: 'auto',
    maxAnswerBytes: 1,
  } as const;
  const decode = (body: object): ReturnType<typeof count.decodeRequest> =>
    count.decodeRequest(body as JsonObject, { model: 'm' });

  test('is asked of contents, or of a whole request', () => {
    const whole = { model: 'models/m', contents, systemInstruction: 'Be brief.' };
    expect(decode({ contents }).turns).toHaveLength(1);
    expect(decode({ generateContentRequest: whole }).turns).toHaveLength(2);
    expect(decode({ generate_content_request: whole }).turns).toHaveLength(2);
    expect(() => decode({})).toThrow(/`contents` is missing/);
  });

  test('is written as a whole request, without what only generating needs', () => {
    const asked = decode({
      contents,
      systemInstruction: 'a',
      generationConfig: { temperature: 1 },
    });
    const { path, body } = count.encodeRequest(asked, target);
    expect(path).toBe('/v1beta/models/gemini-2.5-flash:countTokens');
    expect(body).toEqual({
      generateContentRequest: {
        model: 'models/gemini-2.5-flash',
        systemInstruction: { parts: [{ text: 'a' }] },
        contents,
      },
    });
  });

  test('is read and written', () => {
    expect(count.decodeAnswer(count.encodeAnswer(7))).toBe(7);
    expect(() => count.decodeAnswer({})).toThrow(/no `totalTokens`/);
  });
});
