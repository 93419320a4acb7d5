import { describe, expect, jest, test } from '@jest/globals';
import { GatewayError, isGatewayError } from '@cliproxy/plugin-api';
import type { Dialect } from '@cliproxy/plugin-api';
import type { AnswerPipe, ClientRequest, EncodeTarget } from '@cliproxy/kernel';
import fc from 'fast-check';
import { createDialects } from './dialects.ts';

jest.spyOn(Date, 'now').mockReturnValue(1_760_000_000_000);

const dialects = createDialects();
const OTHER: Readonly<Record<string, Dialect>> = {
  'openai-chat': 'anthropic-messages',
  'anthropic-messages': 'openai-chat',
};

const read = (dialect: Dialect, body: object): ClientRequest =>
  dialects.read({
    dialect,
    operation: 'generate',
    headers: {},
    body: Buffer.from(JSON.stringify(body)),
    requestId: 'req_1',
  });

const target = (dialect: Dialect, changes: Partial<EncodeTarget> = {}): EncodeTarget => ({
  dialect,
  model: dialect === 'openai-chat' ? 'gpt-4.1' : 'claude-sonnet-4-5',
  instanceId: 'up',
  passthrough: true,
  refuses: [],
  usage: 'auto',
  maxAnswerBytes: 1_000_000,
  ...changes,
});

const sse = { status: 200, headers: { 'content-type': 'text/event-stream' } };
const json = { status: 200, headers: { 'content-type': 'application/json' } };

const messagesFrame = (data: { readonly type: string; readonly [key: string]: unknown }): string =>
  `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
const block = (index: number, content_block: object, deltas: object[]): string[] => [
  messagesFrame({ type: 'content_block_start', index, content_block }),
  ...deltas.map((delta) => messagesFrame({ type: 'content_block_delta', index, delta })),
  messagesFrame({ type: 'content_block_stop', index }),
];

/** Thinking with a signature, text, two tools: one with split arguments, one without any. */
const messagesStream = [
  messagesFrame({
    type: 'message_start',
    message: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'claude-sonnet-4-5',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 10, cache_read_input_tokens: 5, output_tokens: 1 },
    },
  }),
  messagesFrame({ type: 'ping' }),
  ...block(0, { type: 'thinking', thinking: '', signature: '' }, [
    { type: 'thinking_delta', thinking: 'hmm' },
    { type: 'signature_delta', signature: 'c2ln' },
  ]),
  ...block(1, { type: 'text', text: '' }, [
    { type: 'text_delta', text: 'grüß ' },
    { type: 'text_delta', text: '🙂' },
  ]),
  ...block(2, { type: 'tool_use', id: 'toolu_1', name: 'look', input: {} }, [
    { type: 'input_json_delta', partial_json: '{"x"' },
    { type: 'input_json_delta', partial_json: ':1}' },
  ]),
  ...block(3, { type: 'tool_use', id: 'toolu_2', name: 'wait', input: {} }, []),
  messagesFrame({
    type: 'message_delta',
    delta: { stop_reason: 'tool_use', stop_sequence: null },
    usage: { output_tokens: 20 },
  }),
  messagesFrame({ type: 'message_stop' }),
];

const chatFrame = (delta: object, more: object = {}): string => {
  const choices = [{ index: 0, delta, finish_reason: null, ...more }];
  const head = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'gpt-4.1' };
  return `data: ${JSON.stringify({ ...head, choices })}\n\n`;
};
const chatCall = (index: number, call: object): string =>
  chatFrame({ tool_calls: [{ index, ...call }] });

/** Reasoning, text, two parallel tools whose arguments interleave. */
const chatStream = [
  chatFrame({ role: 'assistant', content: '' }),
  chatFrame({ reasoning_content: 'hmm' }),
  chatFrame({ content: 'grüß ' }),
  chatFrame({ content: '🙂' }),
  chatCall(0, { id: 'call_1', type: 'function', function: { name: 'look', arguments: '' } }),
  chatCall(1, { id: 'call_2', type: 'function', function: { name: 'wait', arguments: '' } }),
  chatCall(0, { function: { arguments: '{"x"' } }),
  chatCall(1, { function: { arguments: '{}' } }),
  chatCall(0, { function: { arguments: ':1}' } }),
  chatFrame({}, { finish_reason: 'tool_calls' }),
  `data: ${JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'gpt-4.1',
    choices: [],
    usage: {
      prompt_tokens: 15,
      completion_tokens: 20,
      total_tokens: 35,
      prompt_tokens_details: { cached_tokens: 5 },
    },
  })}\n\n`,
  'data: [DONE]\n\n',
];

const STREAMS: Readonly<Record<string, readonly string[]>> = {
  'openai-chat': chatStream,
  'anthropic-messages': messagesStream,
};

interface Ran {
  readonly text: string;
  readonly error: string | undefined;
  readonly meaningfulAt: number;
}

function run(pipe: AnswerPipe, chunks: readonly (string | Buffer)[]): Ran {
  const out: Buffer[] = [];
  let meaningfulAt = -1;
  let error: string | undefined;
  try {
    chunks.forEach((chunk, index) => {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      if (pipe.push(bytes, out) && meaningfulAt < 0) meaningfulAt = index;
    });
    pipe.end(out);
  } catch (thrown) {
    if (!isGatewayError(thrown)) throw thrown;
    expect(thrown.failure).toBeDefined();
    error = thrown.code;
  }
  return { text: Buffer.concat(out).toString(), error, meaningfulAt };
}

interface ChatChunk {
  readonly model: string;
  readonly usage?: object | null;
  readonly choices: readonly {
    readonly delta: {
      readonly reasoning_content?: string;
      readonly content?: string | null;
      readonly tool_calls?: readonly {
        readonly index: number;
        readonly id?: string;
        readonly function: { readonly name?: string; readonly arguments?: string };
      }[];
    };
    readonly finish_reason: string | null;
  }[];
}

interface MessagesPart {
  type: string;
  text?: string;
  thinking?: string;
  signature?: string;
  input?: unknown;
  json?: string;
}

interface Message {
  readonly content: MessagesPart[];
  readonly usage: object;
}

interface MessagesEvent {
  readonly type: string;
  readonly index: number;
  readonly message: Message;
  readonly content_block: MessagesPart;
  readonly delta: {
    readonly text?: string;
    readonly thinking?: string;
    readonly signature?: string;
    readonly partial_json?: string;
  };
  readonly usage: object;
}

const dataOf = <T>(text: string): T[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)) as T);

/** What a Chat client makes of a stream. */
function readChat(text: string): object {
  const calls: { id: string; name: string; arguments: string }[] = [];
  const answer = { reasoning: '', content: '', calls, finish: '', usage: {} };
  for (const { choices, usage } of dataOf<ChatChunk>(text)) {
    answer.usage = usage ?? answer.usage;
    for (const { delta, finish_reason: finish } of choices) {
      answer.reasoning += delta.reasoning_content ?? '';
      answer.content += delta.content ?? '';
      answer.finish = finish ?? answer.finish;
      for (const { index, id, function: piece } of delta.tool_calls ?? []) {
        const call = (calls[index] ??= { id: '', name: '', arguments: '' });
        call.id += id ?? '';
        call.name += piece.name ?? '';
        call.arguments += piece.arguments ?? '';
      }
    }
  }
  return answer;
}

/** What a Messages client makes of a stream; strict about the order of its events. */
function readMessages(text: string): Message {
  let message: Message = { content: [], usage: {} };
  let open = -1;
  let stopped = false;
  for (const event of dataOf<MessagesEvent>(text)) {
    expect(stopped).toBe(false);
    switch (event.type) {
      case 'message_start':
        message = event.message;
        break;
      case 'content_block_start':
        expect([open, event.index]).toEqual([-1, message.content.length]);
        open = event.index;
        message.content.push({ ...event.content_block, json: '' });
        break;
      case 'content_block_delta': {
        expect(event.index).toBe(open);
        const part = message.content[open]!;
        const { delta } = event;
        if (delta.text !== undefined) part.text = `${part.text ?? ''}${delta.text}`;
        if (delta.thinking !== undefined) {
          part.thinking = `${part.thinking ?? ''}${delta.thinking}`;
        }
        if (delta.signature !== undefined) part.signature = delta.signature;
        part.json = `${part.json ?? ''}${delta.partial_json ?? ''}`;
        break;
      }
      case 'content_block_stop':
        expect(event.index).toBe(open);
        open = -1;
        break;
      case 'message_delta':
        Object.assign(message, event.delta);
        Object.assign(message.usage, event.usage);
        break;
      case 'message_stop':
        stopped = true;
        break;
    }
  }
  expect(stopped).toBe(true);
  for (const part of message.content) {
    if (part.type === 'tool_use') part.input = JSON.parse(part.json || '{}');
    delete part.json;
  }
  return message;
}

/** The objects of a stream that may be broken, each alone. */
const dataOfAll = (bytes: Buffer): [unknown][] => {
  try {
    return dataOf<unknown>(bytes.toString()).map((data) => [data]);
  } catch {
    return [];
  }
};

const question = (dialect: Dialect, more: object = {}): object => ({
  model: 'asked',
  stream: true,
  max_tokens: 100,
  messages: [{ role: 'user', content: 'hi' }],
  ...(dialect === 'openai-chat' && { stream_options: { include_usage: true } }),
  ...more,
});

const pipeOf = (
  client: Dialect,
  upstream: Dialect,
  more: object = {},
  head: typeof sse = sse,
): AnswerPipe => read(client, question(client, more)).wire(target(upstream)).answer(head);

const cutEverywhere = (stream: Buffer, check: (chunks: Buffer[]) => void): void => {
  for (let cut = 0; cut <= stream.length; cut += 1) {
    check([stream.subarray(0, cut), stream.subarray(cut)]);
  }
  check(Array.from(stream, (byte) => Buffer.from([byte])));
};

describe('streams', () => {
  test('of Messages are read by a Chat client', () => {
    const pipe = pipeOf('openai-chat', 'anthropic-messages');
    const ran = run(pipe, messagesStream);
    expect(readChat(ran.text)).toMatchObject({
      reasoning: 'hmm',
      content: 'grüß 🙂',
      calls: [
        { id: 'toolu_1', name: 'look', arguments: '{"x":1}' },
        { id: 'toolu_2', name: 'wait', arguments: '{}' },
      ],
      finish: 'tool_calls',
      usage: {
        prompt_tokens: 15,
        completion_tokens: 20,
        total_tokens: 35,
        prompt_tokens_details: { cached_tokens: 5 },
      },
    });
    expect(dataOf<ChatChunk>(ran.text).every(({ model }) => model === 'asked')).toBe(true);
    expect(ran.text.endsWith('data: [DONE]\n\n')).toBe(true);
    expect(ran.meaningfulAt).toBe(3);
    expect(pipe).toMatchObject({
      passthrough: false,
      finish: 'tool-calls',
      usage: { inputTokens: 15, outputTokens: 20, cachedTokens: 5 },
    });
  });

  test('of Chat are read by a Messages client', () => {
    const pipe = pipeOf('anthropic-messages', 'openai-chat');
    const ran = run(pipe, chatStream);
    expect(readMessages(ran.text)).toMatchObject({
      type: 'message',
      role: 'assistant',
      model: 'asked',
      content: [
        { type: 'thinking', thinking: 'hmm' },
        { type: 'text', text: 'grüß 🙂' },
        { type: 'tool_use', name: 'look', input: { x: 1 } },
        { type: 'tool_use', name: 'wait', input: {} },
      ],
      stop_reason: 'tool_use',
      usage: { input_tokens: 10, cache_read_input_tokens: 5, output_tokens: 20 },
    });
    expect(ran.meaningfulAt).toBe(1);
    expect(pipe.usage).toEqual({ inputTokens: 15, outputTokens: 20, cachedTokens: 5 });
  });

  for (const upstream of ['openai-chat', 'anthropic-messages'] as const) {
    const stream = STREAMS[upstream] ?? [];
    const bytes = Buffer.from(stream.join(''));
    const other = OTHER[upstream] ?? 'gemini';

    test(`of ${upstream} are translated alike wherever they are cut`, () => {
      const exchange = read(other, question(other)).wire(target(upstream));
      const wanted = run(exchange.answer(sse), [bytes]);
      expect(wanted.error).toBeUndefined();
      cutEverywhere(bytes, (chunks) => {
        expect(run(exchange.answer(sse), chunks).text).toBe(wanted.text);
      });
    });

    test(`of ${upstream} pass through alike wherever they are cut, but for the model`, () => {
      const { model } = target(upstream);
      const wanted = stream.join('').replaceAll(`"model":"${model}"`, '"model":"asked"');
      const exchange = read(upstream, question(upstream)).wire(target(upstream));
      cutEverywhere(bytes, (chunks) => {
        expect(run(exchange.answer(sse), chunks).text).toBe(wanted);
      });
      const same = pipeOf(upstream, upstream, { model });
      expect(run(same, stream)).toMatchObject({ text: stream.join(''), error: undefined });
      expect(same).toMatchObject({
        passthrough: true,
        finish: 'tool-calls',
        usage: { inputTokens: 15, outputTokens: 20, cachedTokens: 5 },
      });
    });

    test(`of ${upstream} never look complete when they are cut off`, () => {
      const complete = upstream === 'openai-chat' ? '[DONE]' : 'message_stop';
      for (const client of [upstream, other]) {
        for (let frames = 0; frames < stream.length - 3; frames += 1) {
          for (const rest of ['', stream[frames]?.slice(0, -9) ?? '']) {
            const ran = run(pipeOf(client, upstream), [stream.slice(0, frames).join('') + rest]);
            expect(ran.error).toBe('UPSTREAM_TRUNCATED');
            expect(ran.text).not.toContain('[DONE]');
            expect(ran.text).not.toContain('message_stop');
          }
        }
        const whole = run(pipeOf(client, upstream), [stream.join('').slice(0, -1)]);
        expect(whole.error).toBeUndefined();
        if (client === upstream) expect(whole.text).toContain(complete);
      }
    });

    test(`of ${upstream} tell an error inside, after what came before it`, () => {
      const failing =
        upstream === 'openai-chat'
          ? 'data: {"error":{"message":"busy","type":"server_error","code":"server_is_overloaded"}}\n\n'
          : messagesFrame({
              type: 'error',
              error: { type: 'overloaded_error', message: 'busy' },
            });
      for (const client of [upstream, other]) {
        const ran = run(pipeOf(client, upstream), [failing]);
        expect(ran).toMatchObject({ error: 'UPSTREAM_OVERLOADED', meaningfulAt: -1 });
        const later = pipeOf(client, upstream);
        const { text, error } = run(later, [stream.slice(0, 6).join('') + failing]);
        expect(error).toBe('UPSTREAM_OVERLOADED');
        expect(text).toContain(client === 'openai-chat' ? '"delta"' : 'content_block');
        const told = later.failure(new GatewayError('UPSTREAM_OVERLOADED', 'busy')).toString();
        expect(dataOf(told)).toEqual([expect.objectContaining({ error: expect.anything() })]);
        expect(told).not.toMatch(/\[DONE\]|message_stop/);
        expect(later.heartbeat().toString()).toMatch(/ping/);
      }
    });
  }

  test('are collected for a client that wants a whole answer, and told from one', () => {
    for (const upstream of ['openai-chat', 'anthropic-messages'] as const) {
      for (const client of ['openai-chat', 'anthropic-messages'] as const) {
        const whole = run(
          pipeOf(client, upstream, { stream: false, stream_options: null }),
          STREAMS[upstream] ?? [],
        );
        expect(whole.error).toBeUndefined();
        const body = JSON.parse(whole.text);
        const wanted =
          client === 'openai-chat'
            ? {
                model: 'asked',
                choices: [{ finish_reason: 'tool_calls', message: { content: 'grüß 🙂' } }],
              }
            : {
                model: 'asked',
                stop_reason: 'tool_use',
                usage: { input_tokens: 10, output_tokens: 20 },
              };
        expect(body).toMatchObject(wanted);
        // The same document, answered to a client that asked for a stream of its own dialect.
        const again = run(pipeOf(client, client, {}, json), [whole.text]);
        expect(again.error).toBeUndefined();
        if (client === 'openai-chat') {
          expect(readChat(again.text)).toMatchObject({ content: 'grüß 🙂', finish: 'tool_calls' });
        } else {
          expect(readMessages(again.text)).toMatchObject({ stop_reason: 'tool_use' });
        }
      }
    }
  });
});

describe('junk', () => {
  const fragments = fc.constantFrom(
    ...['data: ', 'event: error\n', '\n\n', '\r\n', '{', '}', '[', ']', '"', ':', ',', 'null'],
    ...['"choices"', '"delta"', '"tool_calls"', '"error"', '"usage"', '"index"', '-1', '1e99'],
    ...['"type"', '"message_start"', '"content_block_delta"', '"message"', '"content"', '[DONE]'],
    ...['\u0000', '\uFEFF', '"finish_reason"', '"stop"', '{}', '[]', '"__proto__"', 'true'],
  );
  const mangled = (text: string): fc.Arbitrary<Buffer> =>
    fc
      .array(fc.tuple(fc.nat(text.length), fc.nat(40), fragments), { minLength: 1, maxLength: 4 })
      .map((edits) =>
        Buffer.from(
          edits.reduce(
            (all, [at, drop, add]) => all.slice(0, at) + add + all.slice(at + drop),
            text,
          ),
        ),
      );
  /** Whole events of the right form and of any content. */
  const wellFormed = (text: string): fc.Arbitrary<Buffer> => {
    const values = fc.oneof(fc.jsonValue(), fc.constantFrom(null, -1, 'x', [], {}, [null], [{}]));
    const holes = fc.array(fc.tuple(fc.nat(200), values), { minLength: 1, maxLength: 3 });
    return holes.map((edits) => {
      const events = text.split('\n').map((line) => {
        if (!line.startsWith('data: {')) return line;
        let place = 0;
        const spoilt = JSON.parse(line.slice(6), (_key, value: unknown) => {
          place += 1;
          return edits.find(([at]) => at === place)?.[1] ?? value;
        }) as unknown;
        return `data: ${JSON.stringify(spoilt)}`;
      });
      return Buffer.from(events.join('\n'));
    });
  };

  for (const upstream of ['openai-chat', 'anthropic-messages'] as const) {
    const text = (STREAMS[upstream] ?? []).join('');
    const streams = fc.oneof(
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      mangled(text),
      wellFormed(text),
    );
    for (const client of ['openai-chat', 'anthropic-messages'] as const) {
      for (const stream of [true, false]) {
        test(`of ${upstream} to ${client}, stream ${stream}, gives bytes or one of our errors`, () => {
          const exchange = read(client, question(client, { stream })).wire(target(upstream));
          const body = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
          fc.assert(
            fc.property(streams, fc.jsonValue(), (bytes, value) => {
              run(exchange.answer(sse), [bytes.subarray(0, 100), bytes.subarray(100)]);
              run(exchange.answer(json), [body(value)]);
              for (const [first] of dataOfAll(bytes)) run(exchange.answer(json), [body(first)]);
            }),
            { numRuns: 200 },
          );
        });
      }
    }
  }
});

describe('whole answers', () => {
  const chatAnswer = {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'gpt-4.1',
    choices: [
      {
        index: 0,
        finish_reason: 'length',
        message: { role: 'assistant', content: 'half an ans', refusal: null },
      },
    ],
    usage: { prompt_tokens: 7, completion_tokens: 9, total_tokens: 16 },
  };
  const messagesAnswer = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-sonnet-4-5',
    content: [{ type: 'text', text: 'half an ans' }],
    stop_reason: 'max_tokens',
    stop_sequence: null,
    usage: { input_tokens: 7, output_tokens: 9 },
  };
  const silent = { stream: false, stream_options: null };

  test('of Chat are read by a Messages client, and the other way round', () => {
    const toMessages = pipeOf('anthropic-messages', 'openai-chat', silent, json);
    expect(JSON.parse(run(toMessages, [JSON.stringify(chatAnswer)]).text)).toMatchObject({
      type: 'message',
      model: 'asked',
      content: [{ type: 'text', text: 'half an ans' }],
      stop_reason: 'max_tokens',
      usage: { input_tokens: 7, output_tokens: 9 },
    });
    const toChat = pipeOf('openai-chat', 'anthropic-messages', silent, json);
    expect(JSON.parse(run(toChat, [JSON.stringify(messagesAnswer)]).text)).toMatchObject({
      object: 'chat.completion',
      created: 1_760_000_000,
      model: 'asked',
      choices: [{ finish_reason: 'length', message: { content: 'half an ans' } }],
      usage: { prompt_tokens: 7, completion_tokens: 9, total_tokens: 16 },
    });
    for (const pipe of [toMessages, toChat]) {
      expect(pipe).toMatchObject({
        finish: 'length',
        usage: { inputTokens: 7, outputTokens: 9 },
        contentType: 'application/json',
      });
    }
  });

  test('pass through in their dialect, but for the model', () => {
    for (const answer of [chatAnswer, messagesAnswer]) {
      const dialect = 'choices' in answer ? 'openai-chat' : 'anthropic-messages';
      const pipe = pipeOf(dialect, dialect, silent, json);
      const text = JSON.stringify(answer, undefined, 2);
      expect(run(pipe, [text]).text).toBe(text.replace(answer.model, 'asked'));
      expect(pipe).toMatchObject({ finish: 'length', usage: { inputTokens: 7, outputTokens: 9 } });
    }
  });

  test('that tell an error are one, and so are those nested too deeply', () => {
    const chatError = { error: { message: 'busy', code: 'server_is_overloaded' } };
    const messagesError = { type: 'error', error: { type: 'overloaded_error', message: 'busy' } };
    const deep = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`;
    const chatDeep = `{"model":"m","model":"m","choices":[{"message":{"content":"","tool_calls":[{"id":"1","function":{"name":"x","arguments":${deep}}}]},"finish_reason":"stop"}]}`;
    const messagesDeep = `{"model":"m","model":"m","content":[{"type":"tool_use","id":"1","name":"x","input":${deep}}],"stop_reason":"tool_use"}`;
    for (const client of ['openai-chat', 'anthropic-messages'] as const) {
      for (const upstream of ['openai-chat', 'anthropic-messages'] as const) {
        const isChat = upstream === 'openai-chat';
        for (const more of [{}, silent]) {
          const failing = JSON.stringify(isChat ? chatError : messagesError);
          expect(run(pipeOf(client, upstream, more, json), [failing]).error).toBe(
            'UPSTREAM_OVERLOADED',
          );
          // Not a crash; some targets can even take it, as text.
          const { error } = run(pipeOf(client, upstream, more, json), [
            isChat ? chatDeep : messagesDeep,
          ]);
          expect([undefined, 'UPSTREAM_BAD_ANSWER']).toContain(error);
        }
      }
    }
    const frame = `data: {"model":"m","choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":${deep}}}]}}]}\n\n`;
    expect(run(pipeOf('openai-chat', 'openai-chat'), [frame]).error).toBe('UPSTREAM_BAD_ANSWER');
  });

  test('that are no answers are errors in every combination', () => {
    for (const client of ['openai-chat', 'anthropic-messages'] as const) {
      for (const upstream of ['openai-chat', 'anthropic-messages'] as const) {
        for (const more of [{}, silent]) {
          for (const bad of ['', '<html>', '[]', '{"a":']) {
            expect(run(pipeOf(client, upstream, more, json), [bad]).error).toBe(
              'UPSTREAM_BAD_ANSWER',
            );
          }
        }
      }
    }
  });
});

interface Sent {
  readonly messages: readonly { readonly role: string; readonly tool_calls?: object[] }[];
}

describe('requests', () => {
  const sent = (
    client: Dialect,
    upstream: Dialect,
    body: object,
    changes: Partial<EncodeTarget> = {},
  ): { body: Sent; ignored: readonly string[]; path: string } => {
    const exchange = read(client, body).wire(target(upstream, changes));
    return { ...exchange, body: JSON.parse(exchange.body.toString()) as Sent };
  };
  const chatBody = {
    model: 'asked',
    stream: true,
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'developer', content: 'In English.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is in it?' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
        ],
      },
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"x":1}' } },
          { id: 'call_2', type: 'function', function: { name: 'look', arguments: '{"x":2}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'a cat' },
      { role: 'tool', tool_call_id: 'call_2', content: 'a dog' },
    ],
    tools: [
      {
        type: 'function',
        function: { name: 'look', parameters: { type: 'object', properties: {} } },
      },
    ],
    tool_choice: 'required',
    parallel_tool_calls: false,
    response_format: {
      type: 'json_schema',
      json_schema: {
        name: 'a',
        schema: { type: 'object', properties: {}, additionalProperties: false },
      },
    },
    max_completion_tokens: 50,
    stop: 'END',
    seed: 7,
    logit_bias: { 5: 1 },
  };

  test('of Chat are understood by Messages; what is lost is named', () => {
    const { body, ignored, path } = sent('openai-chat', 'anthropic-messages', chatBody);
    expect(path).toBe('/v1/messages');
    expect(body).toMatchObject({
      model: 'claude-sonnet-4-5',
      stream: true,
      max_tokens: 50,
      stop_sequences: ['END'],
      system: [{ text: 'Be brief.' }, { text: 'In English.' }],
      tools: [{ name: 'look', input_schema: { type: 'object' } }],
      tool_choice: { type: 'any', disable_parallel_tool_use: true },
      output_config: { format: { type: 'json_schema', schema: { type: 'object' } } },
    });
    expect(body.messages).toMatchObject([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is in it?' },
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'tool_use', id: 'call_1', name: 'look', input: { x: 1 } },
          { type: 'tool_use', id: 'call_2', name: 'look', input: { x: 2 } },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'call_1' },
          { type: 'tool_result', tool_use_id: 'call_2' },
        ],
      },
    ]);
    expect([...ignored].sort()).toEqual(['logit_bias', 'seed']);
    const refused = sent(
      'openai-chat',
      'anthropic-messages',
      { ...chatBody, temperature: 0.5 },
      {
        refuses: ['temperature'],
      },
    );
    expect(refused.body).not.toHaveProperty('temperature');
    expect(refused.ignored).toContain('temperature');
  });

  test('of any content are understood, or refused as the client’s fault', () => {
    const chat = JSON.stringify({ ...chatBody, temperature: 1, n: 1, user: 'u' });
    const messages = read('openai-chat', chatBody).wire(target('anthropic-messages'));
    const values = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom<unknown>(null, -1, 0.5, '', [], {}, [null], [{}], [[]], { type: 'text' }),
    );
    const holes = fc.array(fc.tuple(fc.nat(90), values), { minLength: 1, maxLength: 3 });
    for (const [client, text] of [
      ['openai-chat', chat],
      ['anthropic-messages', messages.body.toString()],
    ] as const) {
      let understood = 0;
      fc.assert(
        fc.property(holes, (edits) => {
          let place = 0;
          const body = JSON.parse(text, (_key, value: unknown) => {
            place += 1;
            return edits.find(([at]) => at === place)?.[1] ?? value;
          }) as object;
          try {
            const request = read(client, body);
            expect(Array.isArray(request.facts.needs())).toBe(true);
            request.events(target(client));
            for (const upstream of ['openai-chat', 'anthropic-messages'] as const) {
              request.wire(target(upstream, { passthrough: false }));
            }
            understood += 1;
          } catch (error) {
            if (!isGatewayError(error)) throw error;
            expect(error.code).toMatch(/^CLIENT_/);
          }
        }),
        { numRuns: 500 },
      );
      expect(understood).toBeGreaterThan(50);
    }
  });

  test('survive the way there and back', () => {
    const there = sent('openai-chat', 'anthropic-messages', {
      ...chatBody,
      seed: null,
      logit_bias: null,
    });
    const { body, ignored } = sent('anthropic-messages', 'openai-chat', there.body);
    expect(ignored).toEqual([]);
    expect(body).toMatchObject({
      model: 'gpt-4.1',
      stream: true,
      stream_options: { include_usage: true },
      tool_choice: 'required',
      parallel_tool_calls: false,
      stop: ['END'],
      response_format: { type: 'json_schema', json_schema: { schema: { type: 'object' } } },
    });
    const roles = body.messages.map(({ role }) => role);
    expect(roles.slice(-4)).toEqual(['user', 'assistant', 'tool', 'tool']);
    expect(body.messages.at(-3)?.tool_calls).toMatchObject(chatBody.messages[3]?.tool_calls ?? []);
  });

  test('of Messages name what Chat has no place for', () => {
    const { ignored } = sent('anthropic-messages', 'openai-chat', {
      model: 'asked',
      max_tokens: 10,
      top_k: 5,
      container: 'c',
      system: [{ type: 'text', text: 's', cache_control: { type: 'ephemeral' } }],
      messages: [{ role: 'user', content: 'hi' }],
    });
    expect(ignored).toEqual(expect.arrayContaining(['top_k', 'container']));
    expect(ignored.join()).toContain('cache_control');
  });

  test('bring opaque parts home, and to nobody else', () => {
    const answer = run(
      pipeOf('openai-chat', 'anthropic-messages', { stream: false, stream_options: null }),
      messagesStream,
    );
    const { message } = JSON.parse(answer.text).choices[0];
    const tag = `cpx1.${Buffer.from('up/claude-sonnet-4-5').toString('base64url')}.c2ln`;
    expect(JSON.stringify(message)).toContain(tag);
    const next = {
      model: 'asked',
      max_tokens: 4000,
      reasoning_effort: 'low',
      messages: [
        { role: 'user', content: 'hi' },
        message,
        { role: 'tool', tool_call_id: 'toolu_1', content: 'a' },
        { role: 'tool', tool_call_id: 'toolu_2', content: 'b' },
      ],
      tools: chatBody.tools,
    };
    const home = sent('openai-chat', 'anthropic-messages', next);
    expect(JSON.stringify(home.body)).toContain('"thinking":"hmm","signature":"c2ln"');
    for (const elsewhere of [
      sent('openai-chat', 'anthropic-messages', next, { instanceId: 'other' }),
      sent('openai-chat', 'openai-chat', next),
    ]) {
      expect(JSON.stringify(elsewhere.body)).not.toMatch(/c2ln|cpx1/);
    }
  });

  test('bring thoughts that nobody signed back as well, and not to who demands a signature', () => {
    const { content } = readMessages(
      run(pipeOf('anthropic-messages', 'openai-chat'), chatStream).text,
    );
    const mark = `cpx1.${Buffer.from('unsigned').toString('base64url')}.`;
    expect(content[0]).toEqual({ type: 'thinking', thinking: 'hmm', signature: mark });
    const results = content.flatMap((part) =>
      part.type === 'tool_use' && 'id' in part
        ? [{ type: 'tool_result', tool_use_id: part.id, content: 'a' }]
        : [],
    );
    const next = {
      messages: [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content },
        { role: 'user', content: results },
      ],
    };
    const body = question('anthropic-messages', next);
    const home = sent('anthropic-messages', 'openai-chat', body, { model: 'kimi-k2' });
    expect(home.body.messages).toMatchObject([{}, { reasoning_content: 'hmm' }, {}, {}]);
    const elsewhere = sent('anthropic-messages', 'anthropic-messages', body);
    expect(elsewhere.body).toMatchObject({
      messages: [{}, { content: content.slice(1) }, { content: results }],
    });
    expect(JSON.stringify([home, elsewhere])).not.toContain('cpx1');
  });
});

describe('errors', () => {
  test('of each vendor are understood, and told in each dialect', () => {
    const reply = (status: number, body: object, headers = {}) => ({
      status,
      headers,
      body: Buffer.from(JSON.stringify(body)),
    });
    const quota = {
      error: { message: 'pay', type: 'insufficient_quota', code: 'insufficient_quota' },
    };
    expect(dialects.classify('openai-chat', reply(429, quota), 0)).toMatchObject({
      kind: 'billing',
      scope: 'account',
    });
    const limited = { type: 'error', error: { type: 'rate_limit_error', message: 'slow' } };
    expect(
      dialects.classify('anthropic-messages', reply(429, limited, { 'retry-after': '3' }), 1000),
    ).toMatchObject({ kind: 'rate-limit', scope: 'account', resetAtMs: 4000 });
    const error = new GatewayError('ROUTE_RATE_LIMITED', 'all out');
    for (const dialect of ['openai-chat', 'anthropic-messages', 'gemini'] as const) {
      const told = dialects.error(dialect, error, { requestId: 'r', retryAfterMs: 1500 });
      expect(told).toMatchObject({ status: 429, headers: { 'retry-after': '2' } });
      expect(JSON.parse(told.body.toString())).toHaveProperty('error.message', 'all out');
    }
  });
});
