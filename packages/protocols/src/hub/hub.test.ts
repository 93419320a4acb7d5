import { describe, expect, test } from '@jest/globals';
import { GatewayError, isGatewayError } from '@cliproxy/plugin-api';
import type { Dialect, FinishReason, ModelEvent, Usage } from '@cliproxy/plugin-api';
import type { AnswerPipe, ClientRequest, EncodeTarget, EventPipe } from '@cliproxy/kernel';
import fc from 'fast-check';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import { statusFailure } from '../codec/status-failure.ts';
import type { RequestSource } from './client-request.ts';
import type { DialectCodec } from '../codec/dialect-codec.ts';
import type { FrameTap } from '../codec/passthrough-codec.ts';
import { dataOf } from '../codec/frame-data.ts';
import { hubOf } from './hub.ts';
import { pathOf } from '../codec/paths.ts';

const upstreamError = (code: string, message: string): GatewayError =>
  new GatewayError(code, message, { failure: { kind: 'upstream', scope: 'instance' } });

/** What a chunk of the toy dialect says; the same for whole answers. */
function toyEvents(json: unknown, begun: boolean): ModelEvent[] {
  if (!isJsonObject(json)) throw upstreamError('UPSTREAM_BAD_ANSWER', 'toy: no object');
  if (json.error !== undefined)
    throw upstreamError('UPSTREAM_OVERLOADED', JSON.stringify(json.error));
  const events: ModelEvent[] = begun ? [] : [{ type: 'start', id: 'up' }];
  if (!begun) events.push({ type: 'open', index: 0, part: { type: 'text', text: '' } });
  if (typeof json.t === 'string') events.push({ type: 'delta', index: 0, text: json.t });
  if (isJsonObject(json.usage)) {
    events.push({ type: 'usage', usage: json.usage as unknown as Usage });
  }
  if (json.done === true) {
    events.push({ type: 'close', index: 0 }, { type: 'finish', reason: 'stop' });
  }
  return events;
}

/** A dialect small enough to see through: one JSON object per event, `done` at the end. */
function toy(id: Dialect): DialectCodec {
  return {
    id,
    request: {
      decode: (body, { model, stream }) => ({
        model,
        stream,
        turns: [{ role: 'user', parts: [{ type: 'text', text: String(body.ask) }] }],
        tools: [],
        ...(typeof body.temperature === 'number' && { temperature: body.temperature }),
        ...(typeof body.max === 'number' && { maxOutputTokens: body.max }),
        extras: { dialect: id, fields: body.odd === undefined ? {} : { odd: true } },
      }),
      encode: (request, target) => ({
        path: `/${id}`,
        body: {
          model: target.model,
          from: request.extras.dialect,
          ...(request.temperature !== undefined && { temperature: request.temperature }),
        },
        ignored: Object.keys(request.extras.fields),
        toolNames: new Map(),
      }),
      needs: (body) => (body.tools === undefined ? [] : ['tools']),
      sessionKey: (body, headers) => {
        const key = body.user ?? headers.session;
        return typeof key === 'string' ? key : undefined;
      },
    },
    response: {
      decode: (body) => toyEvents(body, false),
      encode: (answer, context) => ({
        by: id,
        model: context.model,
        text: answer.parts.map((part) => ('text' in part ? part.text : '')).join(''),
        usage: answer.usage,
      }),
    },
    stream: {
      decoder: () => {
        let begun = false;
        let done = false;
        return {
          push({ data }) {
            if (data === '[DONE]') return [];
            const { json } = dataOf(Buffer.from(`data: ${data}`));
            const events = toyEvents(json, begun);
            begun = true;
            done ||= events.some(({ type }) => type === 'finish');
            return events;
          },
          end() {
            if (!done) throw upstreamError('UPSTREAM_TRUNCATED', 'toy: cut');
            return [];
          },
        };
      },
      encoder: (context) => ({
        push: (event) =>
          event.type === 'delta' ? `data: ${id} ${context.model} ${event.text}\n\n` : '',
        end: () => `data: end\n\n`,
        failure: (error, requestId) => `data: ${error.code} ${requestId}\n\n`,
      }),
      heartbeat: ': wait\n\n',
    },
    passthrough: {
      tap: toyTap,
      inspect(body) {
        const events = toyEvents(body, false);
        const usage = events.find((event) => event.type === 'usage')?.usage;
        return { ...(usage && { usage }), finish: 'stop' };
      },
      modelPaths: id === 'gemini' ? [['modelVersion'], ['response', 'model']] : [['model']],
    },
    errors: {
      classify({ status, body }) {
        if (body?.crash === true) throw new TypeError('junk');
        const reset = body?.reset;
        return {
          ...statusFailure(status),
          ...(typeof body?.error === 'string' && { message: body.error }),
          ...(typeof reset === 'number' && { resetAtMs: reset }),
        };
      },
      encode: (error, { requestId }) => ({
        status: 418,
        headers: {},
        body: Buffer.from(`${id} ${error.code} ${requestId}`),
      }),
    },
  };
}

function toyTap(): FrameTap {
  let finish: FinishReason | undefined;
  let usage: Usage | undefined;
  return {
    see(frame) {
      const { json } = dataOf(frame);
      if (json === undefined) {
        if (frame.includes('data: {')) throw upstreamError('UPSTREAM_BAD_ANSWER', 'toy: broken');
        return false;
      }
      let meaningful = false;
      for (const event of toyEvents(json, true)) {
        if (event.type === 'finish') finish = event.reason;
        if (event.type === 'usage') usage = event.usage;
        if (event.type === 'delta' || event.type === 'finish') meaningful = true;
      }
      return meaningful;
    },
    end() {
      if (finish === undefined) throw upstreamError('UPSTREAM_TRUNCATED', 'toy: cut');
    },
    get usage() {
      return usage;
    },
    get finish() {
      return finish;
    },
  };
}

const chat = toy('openai-chat');
const hub = hubOf({ 'openai-chat': chat, gemini: toy('gemini') });

const read = (body: unknown, source: Partial<RequestSource> = {}): ClientRequest =>
  hub.read({
    dialect: 'openai-chat',
    operation: 'generate',
    headers: {},
    body: Buffer.isBuffer(body)
      ? body
      : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    requestId: 'req-1',
    ...source,
  });

const target = (changes: Partial<EncodeTarget> = {}): EncodeTarget => ({
  dialect: 'openai-chat',
  model: 'm',
  instanceId: 'one',
  passthrough: true,
  refuses: [],
  usage: 'auto',
  maxAnswerBytes: 10_000,
  ...changes,
});

const sse = { status: 200, headers: { 'content-type': 'text/event-stream' } };
const json = { status: 200, headers: { 'content-type': 'application/json' } };

interface Ran {
  readonly text: string;
  readonly pieces: readonly Buffer[];
  /** Index of the first chunk whose push was meaningful; -1 for none. */
  readonly meaningfulAt: number;
  readonly error: string | undefined;
}

/** Sends chunks through a pipe, to the end or to the first error. */
function run(pipe: AnswerPipe, chunks: readonly (string | Buffer)[]): Ran {
  const pieces: Buffer[] = [];
  let meaningfulAt = -1;
  let error: string | undefined;
  try {
    chunks.forEach((chunk, index) => {
      const meaningful = pipe.push(Buffer.from(chunk as string), pieces);
      if (meaningful && meaningfulAt < 0) meaningfulAt = index;
    });
    pipe.end(pieces);
  } catch (thrown) {
    if (!isGatewayError(thrown)) throw thrown;
    expect(thrown.failure).toBeDefined();
    error = thrown.code;
  }
  return { text: Buffer.concat(pieces).toString(), pieces, meaningfulAt, error };
}

function codeOf(action: () => unknown): string {
  try {
    action();
    return 'nothing';
  } catch (error) {
    if (!isGatewayError(error)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

describe('read', () => {
  test('tells the facts', () => {
    const { facts } = read({ model: 'gpt/x', stream: true, user: 'u', tools: [] });
    expect(facts).toMatchObject({
      dialect: 'openai-chat',
      operation: 'generate',
      model: 'gpt/x',
      stream: true,
      sessionKey: 'u',
    });
    expect(facts.needs()).toEqual(['tools']);
    expect(read({ model: 'm' }).facts).not.toHaveProperty('sessionKey');
    expect(read({ model: 'm', stream: null }).facts.stream).toBe(false);
    expect(read('{"mod\\u0065l":"\\u006d"}').facts.model).toBe('m');
    expect(
      read({ input: 'x', model: 'm', tools: [] }, { operation: 'embed' }).facts.needs(),
    ).toEqual([]);
  });

  test('takes model and stream from the path where they are given', () => {
    const { facts } = read({ model: 7 }, { dialect: 'gemini', model: 'g', stream: true });
    expect(facts).toMatchObject({ model: 'g', stream: true });
  });

  const padding = 'x'.repeat(70_000);
  test('does not parse a large body until it must', () => {
    const body = `{"model":"m","user":"u","ask":["${padding}",nope]}`;
    const request = read(body);
    expect(request.facts.sessionKey).toBe('u');
    expect(request.wire(target()).body.toString()).toBe(body);
    const bad = 'CLIENT_BAD_JSON: The body is not valid JSON';
    expect(codeOf(() => request.facts.needs())).toContain(bad);
    expect(codeOf(() => request.wire(target({ dialect: 'gemini' })))).toContain(bad);
    expect(read(`{"model":"m","tools":[],"ask":"${padding}"}`).facts.needs()).toEqual(['tools']);
  });

  test.each<[string | Buffer, string]>([
    ['', 'CLIENT_BAD_JSON: The body is empty'],
    ['[]', 'CLIENT_BAD_JSON'],
    ['{"model":"m","a":[nope]}', 'CLIENT_BAD_JSON: The body is not valid JSON: '],
    [`{"model":"m","n":nope,"ask":"${padding}"}`, 'CLIENT_BAD_JSON: '],
    [`{"model":"m","s":"a\nb","ask":"${padding}"}`, 'CLIENT_BAD_JSON: `s` is not valid JSON'],
    ['{"model":"m","model":"n"}', 'CLIENT_BAD_JSON: The body names "model" twice'],
    [
      Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
      'CLIENT_BAD_JSON: The body is not valid UTF-8',
    ],
    ['{}', 'CLIENT_BAD_REQUEST: `model` is missing'],
    ['{"model":null}', 'CLIENT_BAD_REQUEST: `model` is missing'],
    ['{"model":""}', 'CLIENT_BAD_REQUEST: `model` is empty'],
    ['{"model":["m"]}', 'CLIENT_BAD_REQUEST: `model` must be a string, not an array'],
    ['{"model":{}}', 'CLIENT_BAD_REQUEST: `model` must be a string, not an object'],
    ['{"model":1}', 'CLIENT_BAD_REQUEST: `model` must be a string, not a number'],
    ['{"model":"a\\nb"}', 'CLIENT_BAD_REQUEST: `model` must not hold control characters'],
    [
      `{"model":"${'m'.repeat(513)}"}`,
      'CLIENT_BAD_REQUEST: `model` must be a string of at most 512',
    ],
    [`{"model":"${padding}"}`, 'CLIENT_BAD_REQUEST: `model` must be a string of at most 512'],
    [
      '{"model":"m","stream":"yes"}',
      'CLIENT_BAD_REQUEST: `stream` must be true or false, not a string',
    ],
    [`{"model":"m","stream":"${padding}"}`, 'CLIENT_BAD_REQUEST: `stream` must be true or false'],
  ])('refuses a bad body, %#', (body, problem) => {
    expect(codeOf(() => read(body))).toContain(problem);
  });

  test('takes a model name of exactly 512 characters', () => {
    expect(read({ model: 'm'.repeat(512) }).facts.model).toHaveLength(512);
  });

  test('does not repeat the body in the error', () => {
    expect(codeOf(() => read('{"model":"m","x":{"key":"sk-secret" oops}}'))).not.toContain(
      'secret',
    );
    expect(codeOf(() => read('{"model":"m","x":[sk-secret]}'))).not.toContain('secret');
  });

  test('answers malformed bodies with a client error, a thousand times', () => {
    const valid = JSON.stringify({ model: 'm', stream: true, ask: 'é"\\', list: [1, { a: null }] });
    const bytes = Buffer.from(valid);
    const mangled = fc.oneof(
      fc.uint8Array({ maxLength: 64 }).map((raw) => Buffer.from(raw)),
      fc.nat(bytes.length - 1).map((cut) => bytes.subarray(0, cut)),
      fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)).map(([place, byte]) => {
        const copy = Buffer.from(bytes);
        copy[place] = byte;
        return copy;
      }),
      fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value))),
      fc.dictionary(fc.constantFrom('model', 'stream', 'x'), fc.jsonValue()).map((value) => {
        return Buffer.from(JSON.stringify(value));
      }),
    );
    let refused = 0;
    fc.assert(
      fc.property(mangled, (body) => {
        try {
          expect(typeof read(body).facts.model).toBe('string');
        } catch (error) {
          if (!isGatewayError(error)) throw error;
          expect(['CLIENT_BAD_JSON', 'CLIENT_BAD_REQUEST']).toContain(error.code);
          expect(error.failure).toEqual({ kind: 'bad-request', scope: 'request' });
          refused += 1;
        }
      }),
      { numRuns: 1000 },
    );
    expect(refused).toBeGreaterThan(500);
  });

  test('says so where a dialect or operation is not spoken', () => {
    expect(codeOf(() => read({ model: 'm' }, { dialect: 'openai-responses' }))).toContain(
      'CLIENT_UNSUPPORTED: The gateway does not speak openai-responses',
    );
    const embed = read({ model: 'm' }, { operation: 'embed' });
    expect(codeOf(() => embed.wire(target({ dialect: 'gemini' })))).toContain('CLIENT_UNSUPPORTED');
    expect(codeOf(() => embed.events(target()))).toContain('CLIENT_UNSUPPORTED');
    const count = read({ model: 'm' }, { operation: 'count-tokens' });
    expect(codeOf(() => count.wire(target()))).toContain('CLIENT_UNSUPPORTED');
  });
});

describe('requests', () => {
  test('in the same dialect are the client’s bytes', () => {
    const body = Buffer.from(' {"model" : "m", "ask":"x"} ');
    const exchange = read(body).wire(target());
    expect(exchange.body).toBe(body);
    expect(exchange).toMatchObject({ path: '/chat/completions', ignored: [] });
  });

  test('name the upstream’s model, lose what it refuses, and say so', () => {
    const body = '{"temperature":1, "model": "sonnet", "stop":["a"] , "ask":"x", "seed":1}';
    const { body: sent, ignored } = read(body).wire(
      target({ model: 'claude-4', refuses: ['temperature', 'seed', 'top_p', 'model'] }),
    );
    expect(sent.toString()).toBe('{"model": "claude-4", "stop":["a"] , "ask":"x"}');
    expect(ignored).toEqual(['temperature', 'seed']);
  });

  test('that stream are asked for usage, unless they ask, must not, or can’t', () => {
    const sent = (body: object, changes: Partial<EncodeTarget> = {}): unknown =>
      JSON.parse(
        read({ model: 'm', ...body })
          .wire(target(changes))
          .body.toString(),
      );
    const asked = { include_usage: true };
    expect(sent({ stream: true })).toEqual({ model: 'm', stream: true, stream_options: asked });
    expect(sent({ stream: true, stream_options: { include_usage: false, a: 1 } })).toMatchObject({
      stream_options: { ...asked, a: 1 },
    });
    expect(sent({ stream: true, stream_options: null })).toMatchObject({ stream_options: asked });
    expect(sent({ stream: true, stream_options: 'x' })).toMatchObject({ stream_options: 'x' });
    expect(sent({ stream: true }, { usage: 'off' })).toEqual({ model: 'm', stream: true });
    expect(sent({ stream: true }, { refuses: ['stream_options'] })).not.toHaveProperty(
      'stream_options',
    );
    expect(sent({ stream: false })).not.toHaveProperty('stream_options');
  });

  test('for another dialect are decoded once and encoded for each target', () => {
    let decoded = 0;
    const counting: DialectCodec = {
      ...chat,
      request: {
        ...chat.request,
        decode: (...input) => (decoded++, chat.request.decode(...input)),
      },
    };
    const request = hubOf({ 'openai-chat': counting, gemini: toy('gemini') }).read({
      dialect: 'openai-chat',
      operation: 'generate',
      headers: {},
      body: Buffer.from('{"model":"a","temperature":1,"odd":1}'),
      requestId: 'req-1',
    });
    for (const model of ['g1', 'g2']) {
      const { path, body, ignored } = request.wire(
        target({ dialect: 'gemini', model, refuses: ['temperature', 'model'] }),
      );
      expect(path).toBe('/gemini');
      expect(JSON.parse(body.toString())).toEqual({ model, from: 'openai-chat' });
      expect(ignored).toEqual(['odd', 'temperature']);
    }
    expect(request.events({ ...target(), model: 'e' }).request.model).toBe('e');
    expect(decoded).toBe(1);
  });

  test('are decoded and encoded where an opaque part must be unwrapped, or the target wants it', () => {
    const body = { model: 'm', stream: true, ask: 'cpx1.eA.v' };
    const sent = JSON.parse(read(body).wire(target()).body.toString()) as JsonObject;
    expect(sent).toEqual({
      model: 'm',
      from: 'openai-chat',
      stream_options: { include_usage: true },
    });
    const forced = read({ model: 'm' }).wire(target({ passthrough: false }));
    expect(forced.body.toString()).toContain('"from"');
  });

  test('for executors of events leave out what is refused and say what is lost', () => {
    const body = { model: 'm', temperature: 1, max: 500, odd: 1 };
    const { request, ignored } = read(body).events(
      target({ model: 'e', refuses: ['temperature', 'top_p'], maxOutputTokens: 100 }),
    );
    expect(request).toMatchObject({ model: 'e', maxOutputTokens: 100 });
    expect(request).not.toHaveProperty('temperature');
    expect(ignored).toEqual(['temperature', 'odd']);
    for (const refuses of [['max_output_tokens'], ['maxOutputTokens'], ['max_completion_tokens']]) {
      const refused = read(body).events(target({ refuses }));
      expect(refused.request).not.toHaveProperty('maxOutputTokens');
      expect(refused.ignored).toEqual([...refuses, 'odd']);
    }
    expect(read(body).events(target()).request).toMatchObject({
      temperature: 1,
      maxOutputTokens: 500,
    });
  });

  test('go to the path of their dialect and operation', () => {
    expect(pathOf('anthropic-messages', 'count-tokens', 'm', false)).toBe(
      '/v1/messages/count_tokens',
    );
    expect(pathOf('openai-chat', 'embed', 'm', false)).toBe('/embeddings');
    expect(pathOf('openai-responses', 'generate', 'm', false)).toBe('/responses');
    expect(pathOf('openai-responses', 'embed', 'm', false)).toBeUndefined();
    expect(pathOf('gemini', 'generate', 'a/b', true)).toBe(
      '/v1beta/models/a%2Fb:streamGenerateContent?alt=sse',
    );
    expect(pathOf('gemini', 'embed', 'm', false)).toBeUndefined();
  });
});

const chunk = (object: object, end = '\n'): string => `data: ${JSON.stringify(object)}${end}${end}`;
const usage = { inputTokens: 3, outputTokens: 4 };
const hello = [
  chunk({ model: 'up', role: 'assistant' }),
  ': comment\n\n',
  chunk({ model: 'up', t: 'grüß ' }),
  chunk({ model: 'up', t: '🙂' }),
  chunk({ model: 'up', done: true, choices: [1] }),
  chunk({ model: 'up', choices: [], usage }),
  'data: [DONE]\n\n',
];

function streamPipe(
  changes: Partial<EncodeTarget> = {},
  body: object = {},
  head: typeof sse = sse,
): AnswerPipe {
  const request = read({ model: 'asked', stream: true, ...body });
  return request.wire(target({ model: 'asked', ...changes })).answer(head);
}

describe('a stream in the client’s dialect', () => {
  test('goes through byte for byte, in one piece per chunk, watched', () => {
    const pipe = streamPipe({ usage: 'off' });
    expect(pipe).toMatchObject({
      streaming: true,
      passthrough: true,
      contentType: 'text/event-stream',
    });
    const ran = run(pipe, [hello.slice(0, 2).join(''), hello.slice(2).join('')]);
    expect(ran).toMatchObject({ text: hello.join(''), meaningfulAt: 1, error: undefined });
    expect(ran.pieces).toHaveLength(2);
    expect(pipe).toMatchObject({ usage, finish: 'stop' });
  });

  test('loses the usage chunk that only we asked for, and no other', () => {
    const spaced = 'data: {"choices" : [ ], "usage": {"inputTokens":3,"outputTokens":4}}\n\n';
    const filter = chunk({ choices: [], filter: [] });
    const quoted = chunk({ t: '"choices":[]', choices: [{}], usage });
    const nested = chunk({ extra: { choices: [] }, choices: [{}], usage });
    const stream = [...hello.slice(0, 5), spaced, filter, quoted, nested, ...hello.slice(5)];
    const shown = [...hello.slice(0, 5), filter, quoted, nested, 'data: [DONE]\n\n'];
    const pipe = streamPipe();
    expect(run(pipe, stream).text).toBe(shown.join(''));
    expect(pipe.usage).toEqual(usage);
    const asked = streamPipe({}, { stream_options: { include_usage: true } });
    expect(run(asked, stream).text).toBe(stream.join(''));
  });

  test('names the model that was asked for, wherever it was cut', () => {
    const renamed = hello.map((frame) => frame.replace('"up"', '"asked"')).join('');
    const bytes = Buffer.from(hello.join(''));
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const pipe = streamPipe({ model: 'up', usage: 'off' });
      expect(run(pipe, [bytes.subarray(0, cut), bytes.subarray(cut)]).text).toBe(renamed);
    }
    const bytewise = run(
      streamPipe({ model: 'up', usage: 'off' }),
      [...bytes].map((byte) => Buffer.from([byte])),
    );
    expect(bytewise.text).toBe(renamed);
  });

  test('is the same for every cut, for every line end', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.array(fc.nat(400), { maxLength: 6 }),
        fc.boolean(),
        (end, cuts, closed) => {
          const all = hello.join('').replaceAll('\n', end);
          const stream = Buffer.from(closed ? all : all.slice(0, -end.length));
          const places = [0, ...cuts.sort((a, b) => a - b), stream.length];
          const chunks = places.map((place, index) =>
            stream.subarray(places[index - 1] ?? 0, place),
          );
          const ran = run(streamPipe({ usage: 'off' }), chunks);
          expect(ran).toMatchObject({ text: stream.toString(), error: undefined });
        },
      ),
    );
  });

  test('tells an error after whole frames, and never looks complete', () => {
    const failing = [...hello.slice(0, 3), chunk({ error: 'busy' }), ...hello.slice(3)].join('');
    const pipe = streamPipe();
    const ran = run(pipe, [failing]);
    expect(ran).toMatchObject({ text: hello.slice(0, 3).join(''), error: 'UPSTREAM_OVERLOADED' });
    expect(pipe.failure(upstreamError('UPSTREAM_OVERLOADED', 'x')).toString()).toBe(
      'data: UPSTREAM_OVERLOADED req-1\n\n',
    );
    expect(pipe.heartbeat().toString()).toBe(': wait\n\n');
    for (const cut of [hello.slice(0, 3).join(''), `${hello.slice(0, 3).join('')}data: {"t":"ha`]) {
      const ran = run(streamPipe(), [cut]);
      expect(ran).toMatchObject({
        text: hello.slice(0, 3).join(''),
        error: 'UPSTREAM_TRUNCATED',
      });
    }
    expect(run(streamPipe(), [hello.join('').slice(0, -20)]).error).toBeUndefined();
    expect(run(streamPipe(), [`${hello[2] ?? ''}data: {"error":"late"}`]).error).toBe(
      'UPSTREAM_OVERLOADED',
    );
  });
});

describe('the model’s name', () => {
  const renamed = (frames: readonly string[]): string =>
    run(
      hub
        .read({
          dialect: 'gemini',
          operation: 'generate',
          headers: {},
          body: Buffer.from('{"ask":1}'),
          requestId: 'req-1',
          model: 'asked "q"',
          stream: true,
        })
        .wire(target({ dialect: 'gemini', model: 'up' }))
        .answer(sse),
      [...frames, chunk({ done: true })],
    ).text;
  const asked = 'asked "q"';

  test('is replaced at every path, and only there', () => {
    const frames = [
      { modelVersion: 'x', response: { model: 'y', t: '"model":"z"' }, t: 'model' },
      { response: { model: 7 }, modelVersion: null },
      { response: 'model', t: '"modelVersion"' },
      { response: {}, model: 'stays', inner: { modelVersion: 'stays' } },
      { modelVersion: 'long enough to be another length', t: 'é' },
    ];
    const [first, ...rest] = frames;
    const wanted = [
      { ...first, modelVersion: asked, response: { ...(first?.response as object), model: asked } },
      ...rest.slice(0, 3),
      { modelVersion: asked, t: 'é' },
    ];
    expect(renamed(frames.map((frame) => chunk(frame)))).toBe(
      [...wanted, { done: true }].map((frame) => chunk(frame)).join(''),
    );
  });

  test('is found where data is spread over lines, or a key repeated', () => {
    expect(renamed(['event: a\ndata: {"modelVersion":\ndata: "x"}\nid: 1\n\n'])).toBe(
      `event: a\nid: 1\n${chunk({ modelVersion: asked })}${chunk({ done: true })}`,
    );
    expect(renamed(['data: {"modelVersion":"a","modelVersion":"b"}\n\n'])).toBe(
      `${chunk({ modelVersion: asked })}${chunk({ done: true })}`,
    );
    for (const odd of [': "modelVersion" {\n\n', 'event: "modelVersion"\n\n']) {
      expect(renamed([odd])).toBe(`${odd}${chunk({ done: true })}`);
    }
  });
});

describe('an answer without stream', () => {
  const answer = '{ "model": "up", "t": "hi", "usage": {"inputTokens":3,"outputTokens":4} }';
  const pipeOf = (changes: Partial<EncodeTarget> = {}, head = json): AnswerPipe =>
    read({ model: 'asked' })
      .wire(target({ model: 'asked', ...changes }))
      .answer(head);

  test('in the client’s dialect goes through as it comes', () => {
    const pipe = pipeOf();
    expect(pipe).toMatchObject({ streaming: false, passthrough: true });
    const out: Buffer[] = [];
    expect(pipe.push(Buffer.from(answer.slice(0, 9)), out)).toBe(false);
    expect(Buffer.concat(out).toString()).toBe(answer.slice(0, 9));
    expect(run(pipe, [answer.slice(9)]).text).toBe(answer.slice(9));
    expect(pipe).toMatchObject({ usage, finish: 'stop', contentType: 'application/json' });
    expect(pipe.failure(upstreamError('UPSTREAM_FAILED', '')).length).toBe(0);
    expect(pipe.heartbeat().length).toBe(0);
  });

  test('names the model that was asked for', () => {
    expect(run(pipeOf({ model: 'up' }), [answer.slice(0, 20), answer.slice(20)]).text).toBe(
      answer.replace('"up"', '"asked"'),
    );
    expect(run(pipeOf({ model: 'up' }), ['{"t":"x"}']).text).toBe('{"t":"x"}');
    expect(run(pipeOf({ model: 'up' }), ['{"model":"a","model":"b"}']).text).toBe(
      '{"model":"asked"}',
    );
  });

  test('that is broken, an error or no JSON is one', () => {
    for (const bad of ['', '{"t":', '[1]', '<html>']) {
      expect(run(pipeOf(), [bad]).error).toBe('UPSTREAM_BAD_ANSWER');
      expect(run(pipeOf({ model: 'up' }), [bad])).toMatchObject({
        text: '',
        error: 'UPSTREAM_BAD_ANSWER',
      });
    }
    expect(run(pipeOf(), ['{"error":"busy"}']).error).toBe('UPSTREAM_OVERLOADED');
    const html = { status: 200, headers: { 'content-type': ['text/html; charset=utf-8'] } };
    expect(codeOf(() => pipeOf({}, html as never))).toContain('UPSTREAM_BAD_ANSWER: ');
  });

  test('is kept up to the limit and not past it', () => {
    const exact = { maxAnswerBytes: answer.length };
    const less = { maxAnswerBytes: answer.length - 1 };
    const kept = [{ model: 'up' }, { dialect: 'gemini' }] as const;
    for (const changes of kept) {
      expect(run(pipeOf({ ...changes, ...exact }), [answer]).error ?? '').not.toContain(
        'TOO_LARGE',
      );
      expect(run(pipeOf({ ...changes, ...less }), [answer]).error).toBe('UPSTREAM_TOO_LARGE');
    }
    const through = pipeOf(less);
    expect(run(through, [answer])).toMatchObject({ text: answer, error: undefined });
    expect(through.usage).toBeUndefined();
  });

  test('of an operation that is not generating is not looked into', () => {
    const pipe = read({ model: 'asked', stream: true }, { operation: 'embed' })
      .wire(target({ model: 'up' }))
      .answer(json);
    expect(run(pipe, ['{"error":1,"model":"up"}']).text).toBe('{"error":1,"model":"asked"}');
  });
});

describe('an answer in another dialect or form', () => {
  const whole = JSON.stringify({ t: 'grüß 🙂', usage, done: true });
  const forms: [string, typeof sse, string[]][] = [
    ['a stream', sse, hello],
    ['one document', json, [whole]],
  ];
  const streamed = (text: string): string =>
    text.replaceAll(/data: openai-chat asked |\n\n|data: end/g, '');

  for (const [form, head, chunks] of forms) {
    for (const dialect of ['openai-chat', 'gemini'] as const) {
      if (form === 'one document' || dialect === 'gemini') {
        test(`${form} of ${dialect} becomes the client’s stream`, () => {
          const pipe = streamPipe({ dialect }, {}, head);
          expect(pipe).toMatchObject({ streaming: true, passthrough: false });
          const ran = run(pipe, chunks);
          expect(streamed(ran.text)).toBe('grüß 🙂');
          expect(ran.text.endsWith('data: end\n\n')).toBe(true);
          expect(pipe).toMatchObject({ usage, finish: 'stop' });
        });
      }
      if (form === 'a stream' || dialect === 'gemini') {
        test(`${form} of ${dialect} becomes the client’s document`, () => {
          const pipe = read({ model: 'asked' }).wire(target({ dialect })).answer(head);
          const ran = run(pipe, chunks);
          expect(JSON.parse(ran.text)).toEqual({
            by: 'openai-chat',
            model: 'asked',
            text: 'grüß 🙂',
            usage,
          });
          expect(pipe).toMatchObject({ streaming: false, contentType: 'application/json' });
          expect(pipe.failure(upstreamError('UPSTREAM_FAILED', '')).length).toBe(0);
        });
      }
    }
  }

  test('is the same wherever it was cut', () => {
    const bytes = Buffer.from(hello.join(''));
    const wanted = run(streamPipe({ dialect: 'gemini' }), [bytes]).text;
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const ran = run(streamPipe({ dialect: 'gemini' }), [
        bytes.subarray(0, cut),
        bytes.subarray(cut),
      ]);
      expect(ran).toMatchObject({ text: wanted, error: undefined });
    }
  });

  test('tells what came before an error, then the error', () => {
    const pipe = streamPipe({ dialect: 'gemini' });
    const ran = run(pipe, [[hello[2], chunk({ error: 'busy' })].join('')]);
    expect(streamed(ran.text)).toBe('grüß ');
    expect(ran.error).toBe('UPSTREAM_OVERLOADED');
    expect(pipe.failure(upstreamError('UPSTREAM_FAILED', '')).toString()).toContain('req-1');
    expect(pipe.heartbeat().toString()).toBe(': wait\n\n');
    const cut = run(streamPipe({ dialect: 'gemini' }), [`${hello[2] ?? ''}data: {"t":"ha`]);
    expect(cut).toMatchObject({ error: 'UPSTREAM_TRUNCATED' });
    expect(cut.text).not.toContain('end');
  });

  test('that never ends is not collected without end', () => {
    const pipe = read({ model: 'm' })
      .wire(target({ maxAnswerBytes: 100 }))
      .answer(sse);
    expect(run(pipe, hello).error).toBe('UPSTREAM_TOO_LARGE');
  });

  test('without a clear type is known by its first bytes', () => {
    for (const type of [undefined, 'text/plain', 'application/octet-stream']) {
      const head = { status: 200, headers: type === undefined ? {} : { 'content-type': type } };
      const pipe = streamPipe({ usage: 'off' }, {}, head as typeof sse);
      expect(pipe).toMatchObject({ streaming: true, passthrough: true, usage: undefined });
      expect(pipe.failure(upstreamError('UPSTREAM_FAILED', '')).length).toBe(0);
      expect(pipe.heartbeat().length).toBe(0);
      const bytewise = [...Buffer.from(`\n\n${hello.join('')}`)].map((byte) => Buffer.from([byte]));
      expect(run(pipe, bytewise).text).toBe(`\n\n${hello.join('')}`);
      expect(pipe).toMatchObject({ usage, finish: 'stop' });
      expect(pipe.heartbeat().toString()).toBe(': wait\n\n');
      expect(pipe.failure(upstreamError('UPSTREAM_FAILED', '')).toString()).toContain('req-1');
      expect(run(streamPipe({}, {}, head as typeof sse), ['\n', ' ', whole]).error).toBeUndefined();
      for (const bad of [['<!doctype html>'], [], [' '], [' '.repeat(2000)]]) {
        expect(run(streamPipe({}, {}, head as typeof sse), bad).error).toBe('UPSTREAM_BAD_ANSWER');
      }
    }
  });
});

describe('events of an executor', () => {
  const events: ModelEvent[] = [
    { type: 'start' },
    { type: 'open', index: 0, part: { type: 'text', text: '' } },
    { type: 'delta', index: 0, text: 'hi' },
    { type: 'close', index: 0 },
    { type: 'usage', usage },
    { type: 'finish', reason: 'stop' },
  ];
  const pipeOf = (stream: boolean): EventPipe =>
    read({ model: 'asked', stream }).events(target()).answer();

  test.each([
    [true, 'data: openai-chat asked hi\n\ndata: end\n\n'],
    [false, JSON.stringify({ by: 'openai-chat', model: 'asked', text: 'hi', usage })],
  ])('become the client’s answer; stream %s', (stream, wanted) => {
    const pipe = pipeOf(stream);
    const out: Buffer[] = [];
    expect(events.map((event) => pipe.push(event, out))).toEqual([
      ...[false, false, true, false, false, true],
    ]);
    pipe.end(out);
    expect(Buffer.concat(out).toString()).toBe(wanted);
    expect(pipe).toMatchObject({ streaming: stream, passthrough: false, usage, finish: 'stop' });
  });

  test('without a stream are collected up to the limit, whatever they bring', () => {
    const pipe = (): EventPipe =>
      read({ model: 'asked' })
        .events({ ...target(), maxAnswerBytes: 1000 })
        .answer();
    const endless = (event: ModelEvent) => () => {
      const one = pipe();
      one.push({ type: 'open', index: 0, part: { type: 'text', text: '' } }, []);
      for (let count = 0; count < 10_000; count += 1) one.push(event, []);
    };
    for (const event of [
      { type: 'delta', index: 0, text: 'x' },
      { type: 'open', index: 0, part: { type: 'text', text: '' } },
    ] as const) {
      expect(codeOf(endless(event))).toContain('UPSTREAM_TOO_LARGE');
    }
    const enough = pipe();
    expect(() => events.forEach((event) => enough.push(event, []))).not.toThrow();
  });

  test.each([true, false])('without a finish are truncated; stream %s', (stream) => {
    const pipe = pipeOf(stream);
    const out: Buffer[] = [];
    events.slice(0, 4).forEach((event) => pipe.push(event, out));
    expect(codeOf(() => pipe.end(out))).toContain('UPSTREAM_TRUNCATED');
    expect(Buffer.concat(out).toString()).not.toContain('end');
  });
});

describe('errors', () => {
  const now = Date.UTC(2026, 0, 1);
  const classify = (status: number, body: unknown, headers = {}): unknown =>
    hub.classify(
      'openai-chat',
      {
        status,
        headers,
        body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
      },
      now,
    );

  test('are classified by the dialect, or by the status where the body is junk', () => {
    expect(classify(429, { error: 'slow', reset: now + 5 })).toEqual({
      kind: 'rate-limit',
      scope: 'account',
      message: 'slow',
      resetAtMs: now + 5,
    });
    expect(classify(401, { crash: true })).toEqual({ kind: 'auth', scope: 'account' });
    expect(classify(500, '<html>')).toEqual({ kind: 'upstream', scope: 'instance' });
    expect(classify(529, '[]')).toEqual({ kind: 'overloaded', scope: 'instance' });
    expect(classify(413, '', { 'retry-after': '5' })).toEqual({
      kind: 'too-large',
      scope: 'request',
    });
    expect(classify(418, 'null')).toEqual({ kind: 'bad-request', scope: 'request' });
    expect(classify(302, '')).toEqual({ kind: 'upstream', scope: 'instance' });
    expect(classify(500, { error: 'x'.repeat(5000) })).toMatchObject({ message: 'x'.repeat(1000) });
    expect(
      hub.classify('openai-responses', { status: 404, headers: {}, body: Buffer.alloc(0) }, now),
    ).toEqual({ kind: 'not-found', scope: 'model' });
  });

  test('never break the classifier', () => {
    fc.assert(
      fc.property(fc.nat(700), fc.uint8Array(), fc.string(), (status, bytes, after) => {
        const headers = { 'retry-after': after, 'retry-after-ms': [after] };
        const failure = hub.classify('gemini', { status, headers, body: Buffer.from(bytes) }, now);
        expect(failure.kind).toEqual(expect.any(String));
        expect(failure.resetAtMs ?? now).toBeGreaterThanOrEqual(now);
      }),
    );
  });

  test.each<[Record<string, string | string[]>, number | undefined]>([
    [{ 'retry-after': '3' }, 3000],
    [{ 'retry-after': ['1.5'] }, 1500],
    [{ 'retry-after': ' 7 ' }, 7000],
    [{ 'retry-after-ms': '250', 'retry-after': '3' }, 250],
    [{ 'retry-after-ms': 'x', 'retry-after': '3' }, 3000],
    [{ 'retry-after': new Date(now + 60_000).toUTCString() }, 60_000],
    [{ 'retry-after': new Date(now - 60_000).toUTCString() }, 0],
    [{ 'retry-after': '-1' }, 0],
    [{ 'retry-after': '1e9' }, 1e12],
    [{ 'retry-after': '1e999' }, undefined],
    [{ 'retry-after': 'NaN' }, undefined],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '' }, undefined],
    [{ 'retry-after': [] }, undefined],
    [{}, undefined],
  ])('retry after %j', (headers, waitMs) => {
    expect(classify(503, '', headers)).toEqual({
      kind: 'overloaded',
      scope: 'instance',
      ...(waitMs !== undefined && { resetAtMs: now + waitMs }),
    });
  });

  test('are told in the client’s dialect, or in one that most understand', () => {
    const error = upstreamError('UPSTREAM_FAILED', 'x');
    const told = (dialect: Dialect): string =>
      hub.error(dialect, error, { requestId: 'r' }).body.toString();
    expect(told('gemini')).toBe('gemini UPSTREAM_FAILED r');
    expect(told('openai-responses')).toBe('openai-chat UPSTREAM_FAILED r');
    expect(codeOf(() => hubOf({}).error('gemini', error, { requestId: '' }))).toContain(
      'KERNEL_INTERNAL',
    );
  });
});
