import { describe, expect, jest, test } from '@jest/globals';
import { GatewayError, isGatewayError } from '@cliproxy/plugin-api';
import type { Dialect } from '@cliproxy/plugin-api';
import type { AnswerPipe, ClientRequest, EncodeTarget } from '@cliproxy/kernel';
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

const messagesFrame = (data: { readonly type: string } & object): string =>
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
  } as never),
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
  } as never),
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

const dataOf = (text: string): any[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)) as unknown);

/** What a Chat client makes of a stream. */
function readChat(text: string): object {
  const answer = { reasoning: '', content: '', calls: [] as any[], finish: '', usage: undefined };
  for (const { choices, usage } of dataOf(text)) {
    answer.usage = usage ?? answer.usage;
    for (const { delta, finish_reason } of choices) {
      answer.reasoning += delta.reasoning_content ?? '';
      answer.content += delta.content ?? '';
      answer.finish = finish_reason ?? answer.finish;
      for (const { index, id, function: f } of delta.tool_calls ?? []) {
        const call = (answer.calls[index] ??= { id: '', name: '', arguments: '' });
        call.id += id ?? '';
        call.name += f.name ?? '';
        call.arguments += f.arguments ?? '';
      }
    }
  }
  return answer;
}

/** What a Messages client makes of a stream; strict about the order of its events. */
function readMessages(text: string): any {
  let message: any;
  let open = -1;
  let stopped = false;
  for (const event of dataOf(text)) {
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
        const at = message.content[open];
        const { delta } = event;
        at.text = delta.text === undefined ? at.text : at.text + delta.text;
        at.thinking = delta.thinking === undefined ? at.thinking : at.thinking + delta.thinking;
        at.signature = delta.signature ?? at.signature;
        at.json += delta.partial_json ?? '';
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
    if (part.type === 'tool_use') part.input = JSON.parse(part.json === '' ? '{}' : part.json);
    delete part.json;
  }
  return message;
}

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
    expect(dataOf(ran.text).every(({ model }) => model === 'asked')).toBe(true);
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
      const wanted = run(pipeOf(other, upstream), [bytes]);
      expect(wanted.error).toBeUndefined();
      cutEverywhere(bytes, (chunks) => {
        expect(run(pipeOf(other, upstream), chunks).text).toBe(wanted.text);
      });
    });

    test(`of ${upstream} pass through alike wherever they are cut, but for the model`, () => {
      const { model } = target(upstream);
      const wanted = stream.join('').replaceAll(`"model":"${model}"`, '"model":"asked"');
      cutEverywhere(bytes, (chunks) => {
        expect(run(pipeOf(upstream, upstream), chunks).text).toBe(wanted);
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
            } as never);
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

describe('requests', () => {
  const sent = (
    client: Dialect,
    upstream: Dialect,
    body: object,
    changes: Partial<EncodeTarget> = {},
  ): { body: any; ignored: readonly string[]; path: string } => {
    const exchange = read(client, body).wire(target(upstream, changes));
    return { ...exchange, body: JSON.parse(exchange.body.toString()) as unknown };
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
    const roles = body.messages.map(({ role }: { role: string }) => role);
    expect(roles.slice(-4)).toEqual(['user', 'assistant', 'tool', 'tool']);
    expect(body.messages.at(-3).tool_calls).toMatchObject(chatBody.messages[3]?.tool_calls ?? []);
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
