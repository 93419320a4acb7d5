import { describe, expect, test } from '@jest/globals';
import { GatewayError } from '@cliproxy/plugin-api';
import type { AnswerPipe, ClientRequest, EncodeTarget } from '@cliproxy/kernel';
import fc from 'fast-check';
import { createDialects } from '../hub/dialects.ts';
import { arrayReader } from '../sse/array-reader.ts';

const dialects = createDialects();
const target: EncodeTarget = {
  dialect: 'gemini',
  model: 'gemini-2.5-flash',
  instanceId: 'g',
  passthrough: true,
  refuses: [],
  usage: 'auto',
  maxAnswerBytes: 1_000_000,
};
const ask = (form?: 'json-array', model = target.model): ClientRequest =>
  dialects.read({
    dialect: 'gemini',
    operation: 'generate',
    body: Buffer.from('{"contents":[{"parts":[{"text":"hi"}]}]}'),
    model,
    stream: true,
    headers: {},
    requestId: 'req_1',
    ...(form === undefined ? {} : { form }),
  });
const answer = (
  request: ClientRequest,
  type: string,
  changes: Partial<EncodeTarget> = {},
): AnswerPipe =>
  request
    .wire({ ...target, ...changes })
    .answer({ status: 200, headers: { 'content-type': type } });
const run = (pipe: AnswerPipe, chunks: readonly Buffer[]): string => {
  const out: Buffer[] = [];
  for (const chunk of chunks) pipe.push(chunk, out);
  pipe.end(out);
  return Buffer.concat(out).toString();
};

const body = (text: string, more: object = {}): object => ({
  candidates: [{ content: { parts: [{ text }], role: 'model' }, index: 0, ...more }],
  modelVersion: target.model,
});
/** Everything that a splitter by commas or braces would trip over. */
const bodies = [
  body('a "quoted" }, {"x": [1, 2]}\\'),
  body('grüß 🙂 \u2028 ],['),
  body('', { finishReason: 'STOP' }),
];
const sse = Buffer.from(
  [': ping\n\n', ...bodies.map((one) => `data: ${JSON.stringify(one)}\r\n\r\n`)].join(''),
);
const cuts = (bytes: Buffer, check: (chunks: Buffer[]) => void): void => {
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    check([bytes.subarray(0, cut), bytes.subarray(cut)]);
  }
};

describe('a stream as a JSON array', () => {
  test('holds what passes through, wherever it is cut', () => {
    cuts(sse, (chunks) => {
      const pipe = answer(ask('json-array'), 'text/event-stream');
      expect(pipe).toMatchObject({ passthrough: true, streaming: true });
      expect(pipe.contentType).toBe('application/json; charset=utf-8');
      expect(JSON.parse(run(pipe, chunks))).toEqual(bodies);
      expect(pipe.finish).toBe('stop');
    });
  });

  test('names the model as it was asked for', () => {
    const pipe = answer(ask('json-array', 'mine'), 'text/event-stream');
    const told = JSON.parse(run(pipe, [sse])) as { readonly modelVersion: string }[];
    expect(told.map(({ modelVersion }) => modelVersion)).toEqual(['mine', 'mine', 'mine']);
  });

  test('holds what is translated', () => {
    const pipe = answer(ask('json-array'), 'text/event-stream', {
      dialect: 'openai-chat',
      model: 'gpt-4.1',
    });
    const chunk = (delta: object, finish_reason: string | null): string =>
      `data: ${JSON.stringify({ id: 'c1', choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
    const text = chunk({ content: 'hi' }, null) + chunk({}, 'stop') + 'data: [DONE]\n\n';
    expect(JSON.parse(run(pipe, [Buffer.from(text)]))).toMatchObject([
      { candidates: [{ content: { parts: [{ text: 'hi' }] } }], responseId: 'c1' },
      { candidates: [{ finishReason: 'STOP' }] },
    ]);
  });

  test('ends with an error where it broke, and holds space while it waits', () => {
    const pipe = answer(ask('json-array'), 'text/event-stream');
    const out: Buffer[] = [];
    pipe.push(sse.subarray(0, sse.indexOf('\r\n\r\n') + 4), out);
    out.push(pipe.heartbeat());
    expect(() => pipe.end(out)).toThrow(expect.objectContaining({ code: 'UPSTREAM_TRUNCATED' }));
    out.push(pipe.failure(new GatewayError('UPSTREAM_TRUNCATED', 'Gone.')));
    expect(JSON.parse(Buffer.concat(out).toString())).toMatchObject([
      bodies[0],
      { error: { status: 'INTERNAL', message: 'Gone.' } },
    ]);
    const early = answer(ask('json-array'), 'text/event-stream');
    const told = early.failure(new GatewayError('UPSTREAM_TRUNCATED', 'Gone.'));
    expect(JSON.parse(told.toString())).toHaveLength(1);
  });
});

describe("an upstream's JSON array", () => {
  const array = Buffer.from(` ${JSON.stringify(bodies, null, 2)}\n`);

  test('is read as a stream, wherever it is cut', () => {
    const expected = run(answer(ask(), 'text/event-stream', { passthrough: false }), [sse]);
    const ids = (text: string): string => text.replaceAll(/"responseId":"[^"]*"/g, '');
    cuts(array, (chunks) => {
      for (const type of ['application/json; charset=UTF-8', '']) {
        expect(ids(run(answer(ask(), type), chunks))).toBe(ids(expected));
      }
    });
  });

  test('tells text before all of it has come, and may break off or end in an error', () => {
    const pipe = answer(ask(), 'application/json');
    const out: Buffer[] = [];
    expect(pipe.push(array.subarray(0, array.indexOf('},\n  {') + 1), out)).toBe(true);
    expect(() => pipe.end(out)).toThrow(expect.objectContaining({ code: 'UPSTREAM_TRUNCATED' }));
    const failed = Buffer.from(
      JSON.stringify([bodies[0], { error: { code: 429, status: 'RESOURCE_EXHAUSTED' } }]),
    );
    expect(() => run(answer(ask(), 'application/json'), [failed])).toThrow(
      expect.objectContaining({ code: 'UPSTREAM_RATE_LIMIT' }),
    );
  });

  test('of any objects is cut into them', () => {
    fc.assert(
      fc.property(fc.array(fc.dictionary(fc.string(), fc.jsonValue())), fc.nat(), (list, at) => {
        const bytes = Buffer.from(JSON.stringify(list));
        const reader = arrayReader();
        const cut = at % (bytes.length + 1);
        const events = [
          ...reader.push(bytes.subarray(0, cut)),
          ...reader.push(bytes.subarray(cut)),
        ];
        expect(`[${events.map(({ data }) => data).join(',')}]`).toBe(bytes.toString());
      }),
    );
    expect(() => arrayReader(10).push(Buffer.from('[{"a":"0123456789'))).toThrow(/larger than 10/);
  });
});
