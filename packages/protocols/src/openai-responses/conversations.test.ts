import { describe, expect, jest, test } from '@jest/globals';
import { GatewayError } from '@cliproxy/plugin-api';
import type { Dialect } from '@cliproxy/plugin-api';
import type { EncodeTarget, WireExchange } from '@cliproxy/kernel';
import fc from 'fast-check';
import { createDialects } from '../hub/dialects.ts';

/* Conversations of two turns through the hub: what the client sends back is what it was told. */

jest.spyOn(Date, 'now').mockReturnValue(1_760_000_000_000);

const dialects = createDialects();

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- bodies of the wire, looked into freely
type Wire = any;

const MODELS: Readonly<Record<Dialect, string>> = {
  'openai-chat': 'qwen3',
  'openai-responses': 'gpt-5',
  'anthropic-messages': 'claude-sonnet-4-5',
  gemini: 'gemini-3-pro',
};

function send(
  client: Dialect,
  body: object,
  upstream: Dialect,
  changes: Partial<EncodeTarget> = {},
): { readonly exchange: WireExchange; readonly sent: Wire } {
  const request = dialects.read({
    dialect: client,
    operation: 'generate',
    headers: {},
    body: Buffer.from(JSON.stringify({ model: 'asked', ...body })),
    requestId: 'req_1',
  });
  const exchange = request.wire({
    dialect: upstream,
    model: MODELS[upstream],
    instanceId: 'up',
    passthrough: true,
    refuses: [],
    usage: 'auto',
    maxAnswerBytes: 1_000_000,
    ...changes,
  });
  return { exchange, sent: JSON.parse(exchange.body.toString()) };
}

function answered(exchange: WireExchange, bytes: string | readonly Buffer[]): string {
  const isStream = typeof bytes !== 'string' || !bytes.startsWith('{');
  const type = isStream ? 'text/event-stream' : 'application/json';
  const pipe = exchange.answer({ status: 200, headers: { 'content-type': type } });
  const out: Buffer[] = [];
  for (const chunk of typeof bytes === 'string' ? [Buffer.from(bytes)] : bytes)
    pipe.push(chunk, out);
  pipe.end(out);
  return Buffer.concat(out).toString();
}

const dataOf = (text: string): Wire[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)));

const schema = { type: 'object', properties: { x: { type: 'integer' } } };
const responsesAnswer = {
  id: 'resp_1',
  object: 'response',
  status: 'completed',
  model: 'gpt-5',
  output: [
    {
      type: 'reasoning',
      id: 'rs_1',
      summary: ['h', 'm'].map((text) => ({ type: 'summary_text', text })),
      encrypted_content: 'gAAA',
    },
    {
      type: 'message',
      id: 'msg_1',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: 'let me look', annotations: [] }],
    },
    {
      type: 'function_call',
      id: 'fc_1',
      call_id: 'call_1',
      name: 'look',
      arguments: '{"x":1}',
      status: 'completed',
    },
    {
      type: 'function_call',
      id: 'fc_2',
      call_id: 'call_2',
      name: 'look',
      arguments: '{"x":2}',
      status: 'completed',
    },
  ],
  usage: {
    input_tokens: 15,
    input_tokens_details: { cached_tokens: 5 },
    output_tokens: 20,
    output_tokens_details: { reasoning_tokens: 7 },
    total_tokens: 35,
  },
};
const messagesAnswer = {
  id: 'msg_up',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-5',
  content: [
    { type: 'thinking', thinking: 'hm', signature: 'c2ln' },
    { type: 'text', text: 'let me look' },
    { type: 'tool_use', id: 'toolu_1', name: 'look', input: { x: 1 } },
    { type: 'tool_use', id: 'toolu_2', name: 'look', input: { x: 2 } },
  ],
  stop_reason: 'tool_use',
  stop_sequence: null,
  usage: { input_tokens: 10, cache_read_input_tokens: 5, output_tokens: 20 },
};
const chatAnswer = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  model: 'qwen3',
  choices: [
    {
      index: 0,
      finish_reason: 'tool_calls',
      message: {
        role: 'assistant',
        content: 'let me look',
        reasoning_content: 'hm',
        tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"x":1}' } },
          { id: 'call_2', type: 'function', function: { name: 'look', arguments: '{"x":2}' } },
        ],
      },
    },
  ],
  usage: {
    prompt_tokens: 15,
    completion_tokens: 20,
    total_tokens: 35,
    prompt_tokens_details: { cached_tokens: 5 },
  },
};
const image = 'data:image/png;base64,AAAA';

describe('a Responses client', () => {
  const first = {
    instructions: 'Be brief.',
    input: [
      {
        role: 'user',
        content: [
          { type: 'input_text', text: 'look' },
          { type: 'input_image', image_url: image, detail: 'auto' },
        ],
      },
    ],
    tools: [{ type: 'function', name: 'look', parameters: schema, strict: false }],
    tool_choice: 'auto',
    parallel_tool_calls: true,
    reasoning: { effort: 'medium', summary: 'auto' },
    text: { format: { type: 'json_schema', name: 'n', schema, strict: false } },
    store: false,
    include: ['reasoning.encrypted_content'],
  };
  const next = (output: readonly Wire[]) => ({
    ...first,
    input: [
      ...first.input,
      ...output,
      ...output
        .filter(({ type }) => type === 'function_call')
        .map(({ call_id }, i) => ({
          type: 'function_call_output',
          call_id,
          output: i === 0 ? 'a cat' : [{ type: 'input_image', image_url: image }],
        })),
    ],
  });

  test('of a Messages upstream: signatures go back, results are grouped, usage is exact', () => {
    const { exchange, sent } = send('openai-responses', first, 'anthropic-messages');
    expect(exchange.ignored).toEqual([]);
    expect(sent).toMatchObject({
      system: [{ text: 'Be brief.' }],
      tools: [{ name: 'look', input_schema: schema }],
      thinking: { type: 'enabled' },
      messages: [
        { role: 'user', content: [{ type: 'text' }, { type: 'image', source: { data: 'AAAA' } }] },
      ],
    });
    const told = JSON.parse(answered(exchange, JSON.stringify(messagesAnswer)));
    expect(told).toMatchObject({
      model: 'asked',
      status: 'completed',
      instructions: 'Be brief.',
      tools: first.tools,
      text: first.text,
      reasoning: first.reasoning,
      output: [
        { type: 'reasoning', summary: [{ text: 'hm' }] },
        { type: 'message' },
        { call_id: 'toolu_1' },
        { call_id: 'toolu_2' },
      ],
      usage: {
        input_tokens: 15,
        input_tokens_details: { cached_tokens: 5 },
        output_tokens: 20,
        total_tokens: 35,
      },
    });
    const again = send('openai-responses', next(told.output), 'anthropic-messages');
    expect(again.sent.messages.slice(1)).toEqual([
      { role: 'assistant', content: messagesAnswer.content },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'toolu_1', content: 'a cat' },
          {
            type: 'tool_result',
            tool_use_id: 'toolu_2',
            content: [expect.objectContaining({ type: 'image' })],
          },
        ],
      },
    ]);
    // To others, the reasoning does not go.
    expect(
      send('openai-responses', next(told.output), 'openai-responses').sent.input.map(
        ({ type }: Wire) => type as string,
      ),
    ).toEqual([
      'message',
      'message',
      'function_call',
      'function_call',
      'function_call_output',
      'function_call_output',
    ]);
    const elsewhere = send('openai-responses', next(told.output), 'anthropic-messages', {
      instanceId: 'other',
    });
    expect(elsewhere.sent.messages[1].content).toEqual(messagesAnswer.content.slice(1));
  });

  test('of a Chat upstream', () => {
    const { exchange, sent } = send('openai-responses', first, 'openai-chat');
    expect(exchange.ignored).toEqual([]);
    expect(sent).toMatchObject({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: [{ type: 'text' }, { image_url: { url: image } }] },
      ],
      reasoning_effort: 'medium',
      response_format: { type: 'json_schema', json_schema: { name: 'n', schema } },
      tools: [{ function: { name: 'look', parameters: schema } }],
    });
    const told = JSON.parse(answered(exchange, JSON.stringify(chatAnswer)));
    expect(told.output).toMatchObject([
      { type: 'reasoning', summary: [{ text: 'hm' }] },
      { type: 'message', content: [{ text: 'let me look' }] },
      { type: 'function_call', call_id: 'call_1', arguments: '{"x":1}' },
      { type: 'function_call', call_id: 'call_2', arguments: '{"x":2}' },
    ]);
    const again = send('openai-responses', next(told.output), 'openai-chat');
    expect(again.sent.messages.slice(2)).toMatchObject([
      {
        role: 'assistant',
        content: 'let me look',
        tool_calls: [{ id: 'call_1' }, { id: 'call_2' }],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'a cat' },
      { role: 'tool', tool_call_id: 'call_2' },
      { role: 'user', content: [{ type: 'text' }, { type: 'image_url' }] },
    ]);
  });

  test('of an upstream of its own dialect: bytes go through, unless something is to be unwrapped', () => {
    const plain = send(
      'openai-responses',
      { ...first, model: MODELS['openai-responses'] },
      'openai-responses',
    );
    expect(plain.sent).toEqual({ ...first, model: MODELS['openai-responses'] });
    const bytes = JSON.stringify(responsesAnswer);
    expect(answered(plain.exchange, bytes)).toBe(bytes);
    const translated = send('openai-responses', first, 'openai-responses', { passthrough: false });
    expect(translated.exchange.ignored).toEqual([]);
    const told = JSON.parse(answered(translated.exchange, JSON.stringify(responsesAnswer)));
    expect(told).toMatchObject({
      id: 'resp_1',
      model: 'asked',
      output: [{ id: 'rs_1', encrypted_content: 'gAAA' }, {}, {}, {}],
    });
  });

  test('stream', () => {
    const { exchange } = send('openai-responses', { ...first, stream: true }, 'openai-chat');
    const chunk = (delta: object, finish_reason: string | null = null) =>
      `data: ${JSON.stringify({ id: 'chatcmpl-1', choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
    const piece = (index: number, args: string, head: object = {}) =>
      chunk({
        tool_calls: [
          {
            index,
            ...head,
            function: { ...('id' in head ? { name: 'look' } : {}), arguments: args },
          },
        ],
      });
    const bytes = Buffer.from(
      [
        chunk({ role: 'assistant', content: '' }),
        chunk({ reasoning_content: 'hm' }),
        chunk({ content: 'grüß ' }),
        chunk({ content: '🙂' }),
        piece(0, '', { id: 'call_1', type: 'function' }),
        piece(1, '', { id: 'call_2', type: 'function' }),
        piece(0, '{"x"'),
        piece(1, '{}'),
        piece(0, ':1}'),
        chunk({}, 'tool_calls'),
        `data: ${JSON.stringify({ choices: [], usage: chatAnswer.usage })}\n\n`,
        'data: [DONE]\n\n',
      ].join(''),
    );
    const whole = answered(exchange, [bytes]);
    const ids = /(_)[0-9a-f]{24}/g;
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 4 }), (cuts) => {
        const at = [0, ...cuts, bytes.length].sort((a, b) => a - b);
        const text = answered(
          exchange,
          at.slice(1).map((end, i) => bytes.subarray(at[i], end)),
        );
        expect(text.replace(ids, '$1')).toBe(whole.replace(ids, '$1'));
      }),
    );
    expect(dataOf(whole).at(-1)).toMatchObject({
      type: 'response.completed',
      response: {
        model: 'asked',
        tools: first.tools,
        output: [
          { type: 'reasoning' },
          { content: [{ text: 'grüß 🙂' }] },
          { call_id: 'call_1', arguments: '{"x":1}' },
          { call_id: 'call_2', arguments: '{}' },
        ],
        usage: { input_tokens: 15, total_tokens: 35 },
      },
    });
    expect(whole).not.toContain('[DONE]');
  });

  test('is told of an upstream that breaks, in its numbering, and of nothing after', () => {
    for (const upstream of ['openai-chat', 'openai-responses'] as const) {
      const { exchange } = send('openai-responses', { ...first, stream: true }, upstream);
      const pipe = exchange.answer({
        status: 200,
        headers: { 'content-type': 'text/event-stream' },
      });
      const frames =
        upstream === 'openai-chat'
          ? ['data: {"choices":[{"index":0,"delta":{"content":"half"}}]}\n\n']
          : [
              {
                type: 'response.created',
                sequence_number: 0,
                response: { id: 'resp_1', model: 'gpt-5', output: [] },
              },
              { type: 'response.output_text.delta', sequence_number: 1, delta: 'half' },
            ].map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
      const out: Buffer[] = [];
      for (const frame of frames) pipe.push(Buffer.from(frame), out);
      expect(() => pipe.end(out)).toThrow(expect.objectContaining({ code: 'UPSTREAM_TRUNCATED' }));
      out.push(pipe.failure(new GatewayError('UPSTREAM_TRUNCATED', 'cut off')));
      const events = dataOf(Buffer.concat(out).toString());
      events.forEach((event, i) => expect(event.sequence_number).toBe(i));
      expect(events.at(-1)).toMatchObject({
        type: 'response.failed',
        response: {
          id: events[0].response.id,
          model: 'asked',
          status: 'failed',
          error: { message: 'cut off' },
        },
      });
      expect(pipe.heartbeat().toString()).toBe(': ping\n\n');
    }
  });

  test('with tools of a namespace is called by their names', () => {
    const namespace = {
      type: 'namespace',
      name: 'mcp__files__',
      description: 'Files.',
      tools: [{ type: 'function', name: 'look', parameters: schema }],
    };
    const { exchange, sent } = send(
      'openai-responses',
      { ...first, tools: [namespace, { type: 'web_search' }] },
      'anthropic-messages',
    );
    expect(exchange.ignored).toContain('tools[web_search]');
    expect(sent.tools).toMatchObject([{ name: 'mcp__files__look' }]);
    const content = [{ type: 'tool_use', id: 't', name: 'mcp__files__look', input: {} }];
    const told = JSON.parse(answered(exchange, JSON.stringify({ ...messagesAnswer, content })));
    expect(told.output).toMatchObject([
      { type: 'function_call', namespace: 'mcp__files__', name: 'look' },
    ]);
    const again = send(
      'openai-responses',
      { ...next(told.output), tools: [namespace] },
      'anthropic-messages',
    );
    expect(again.sent.messages[1].content).toMatchObject([{ name: 'mcp__files__look' }]);
  });
});

describe('of a Responses upstream', () => {
  test('a Messages client gets thinking whose signature brings the reasoning back', () => {
    const body = {
      max_tokens: 4096,
      system: 'Be brief.',
      thinking: { type: 'enabled', budget_tokens: 2048 },
      tools: [{ name: 'look', input_schema: schema }],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'look' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
          ],
        },
      ],
    };
    const { exchange, sent } = send('anthropic-messages', body, 'openai-responses');
    expect(sent).toMatchObject({
      model: 'gpt-5',
      instructions: 'Be brief.',
      max_output_tokens: 4096,
      reasoning: { effort: 'medium', summary: 'auto' },
      include: ['reasoning.encrypted_content'],
      store: false,
      tools: [{ type: 'function', name: 'look', parameters: schema, strict: false }],
      input: [
        {
          content: [
            { type: 'input_text', text: 'look' },
            { type: 'input_image', image_url: image },
          ],
        },
      ],
    });
    const told = JSON.parse(answered(exchange, JSON.stringify(responsesAnswer)));
    expect(told).toMatchObject({
      content: [
        { type: 'thinking', thinking: 'h\n\nm' },
        { type: 'text' },
        { id: 'call_1', input: { x: 1 } },
        { id: 'call_2' },
      ],
      stop_reason: 'tool_use',
      usage: { input_tokens: 10, cache_read_input_tokens: 5, output_tokens: 20 },
    });
    const results = ['call_1', 'call_2'].map((tool_use_id) => ({
      type: 'tool_result',
      tool_use_id,
      content: 'a cat',
    }));
    const next = {
      ...body,
      messages: [
        ...body.messages,
        { role: 'assistant', content: told.content },
        { role: 'user', content: results },
      ],
    };
    const again = send('anthropic-messages', next, 'openai-responses');
    expect(again.sent.input.slice(1)).toMatchObject([
      responsesAnswer.output[0],
      { type: 'message', role: 'assistant', content: [{ text: 'let me look' }] },
      { type: 'function_call', call_id: 'call_1', name: 'look', arguments: '{"x":1}' },
      { type: 'function_call', call_id: 'call_2' },
      { type: 'function_call_output', call_id: 'call_1', output: 'a cat' },
      { type: 'function_call_output', call_id: 'call_2', output: 'a cat' },
    ]);
  });

  test('a Chat client gets the same by what it sends back', () => {
    const body = {
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'look' },
      ],
      tools: [{ type: 'function', function: { name: 'look', parameters: schema } }],
      tool_choice: { type: 'function', function: { name: 'look' } },
      response_format: { type: 'json_schema', json_schema: { name: 'n', schema } },
      stop: 'x',
      reasoning_effort: 'low',
    };
    const { exchange, sent } = send('openai-chat', body, 'openai-responses');
    expect(exchange.ignored).toEqual(['stop']);
    expect(sent).toMatchObject({
      instructions: 'Be brief.',
      tool_choice: { type: 'function', name: 'look' },
      text: { format: { type: 'json_schema', name: 'n', schema } },
      reasoning: { effort: 'low' },
    });
    const told = JSON.parse(answered(exchange, JSON.stringify(responsesAnswer)));
    const [{ message, finish_reason: finish }] = told.choices;
    expect(finish).toBe('tool_calls');
    expect(message).toMatchObject({
      content: 'let me look',
      reasoning_content: 'h\n\nm',
      tool_calls: [{ id: 'call_1' }, { id: 'call_2' }],
    });
    expect(told.usage).toMatchObject({
      prompt_tokens: 15,
      completion_tokens: 20,
      total_tokens: 35,
      prompt_tokens_details: { cached_tokens: 5 },
      completion_tokens_details: { reasoning_tokens: 7 },
    });
    const tools = ['call_1', 'call_2'].map((tool_call_id) => ({
      role: 'tool',
      tool_call_id,
      content: 'a cat',
    }));
    const again = send(
      'openai-chat',
      { ...body, messages: [...body.messages, message, ...tools] },
      'openai-responses',
    );
    expect(again.sent.input[1]).toMatchObject(responsesAnswer.output[0] ?? {});
    expect(again.sent.input.map(({ type }: Wire) => type as string)).toEqual([
      'message',
      'reasoning',
      'message',
      'function_call',
      'function_call',
      'function_call_output',
      'function_call_output',
    ]);
  });
});

describe('how closely to look at an image', () => {
  const look = (detail?: string) => ({
    chat: {
      messages: [
        { role: 'user', content: [{ type: 'image_url', image_url: { url: image, detail } }] },
      ],
    },
    responses: {
      input: [{ role: 'user', content: [{ type: 'input_image', image_url: image, detail }] }],
    },
  });

  test.each(['low', 'high', 'original'])('%s is said in both dialects of OpenAI', (detail) => {
    const { chat, responses } = look(detail);
    for (const [client, body] of [
      ['openai-chat', chat],
      ['openai-responses', responses],
    ] as const) {
      const toChat = send(client, body, 'openai-chat', { passthrough: false });
      expect(toChat.exchange.ignored).toEqual([]);
      expect(toChat.sent.messages[0].content).toEqual(chat.messages[0]?.content);
      const toResponses = send(client, body, 'openai-responses', { passthrough: false });
      expect(toResponses.exchange.ignored).toEqual([]);
      expect(toResponses.sent.input[0].content).toEqual(responses.input[0]?.content);
    }
  });

  test('is named where nobody can be told, unless it is the vendor’s choice', () => {
    for (const upstream of ['anthropic-messages', 'gemini'] as const) {
      const ignored = (client: Dialect, body: object) =>
        send(client, body, upstream).exchange.ignored;
      expect(ignored('openai-chat', look('low').chat)).toEqual([
        'messages[].content[].image_url.detail',
      ]);
      expect(ignored('openai-responses', look('low').responses)).toEqual([
        'input[].content[].detail',
      ]);
      for (const detail of ['auto', undefined]) {
        expect(ignored('openai-chat', look(detail).chat)).toEqual([]);
        expect(ignored('openai-responses', look(detail).responses)).toEqual([]);
      }
    }
  });
});

describe('pages that an answer rests on', () => {
  const cited = { url: 'https://a.example/', title: 'A', start_index: 4, end_index: 8 };
  const flat = { type: 'url_citation', ...cited };
  const nested = { type: 'url_citation', url_citation: cited };
  const text = { type: 'output_text', text: 'See here.', annotations: [flat], logprobs: [] };
  const message = {
    type: 'message',
    id: 'msg_1',
    role: 'assistant',
    status: 'completed',
    content: [{ ...text, text: 'First. ', annotations: [] }, text],
  };
  const response = { ...responsesAnswer, output: [message] };
  const event = (type: string, data: object): string =>
    `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: 0, ...data })}\n\n`;
  const place = (content_index: number) => ({ item_id: 'msg_1', output_index: 0, content_index });
  const responsesStream = [
    event('response.created', { response: { ...response, output: [] } }),
    event('response.output_item.added', { output_index: 0, item: { ...message, content: [] } }),
    event('response.output_text.delta', { ...place(0), delta: 'First. ' }),
    event('response.output_text.done', { ...place(0), text: 'First. ' }),
    event('response.output_text.delta', { ...place(1), delta: 'See ' }),
    event('response.output_text.delta', { ...place(1), delta: 'here.' }),
    event('response.output_text.annotation.added', {
      ...place(1),
      annotation_index: 0,
      annotation: flat,
    }),
    event('response.output_text.done', { ...place(1), text: 'See here.' }),
    event('response.output_item.done', { output_index: 0, item: message }),
    event('response.completed', { response }),
  ].join('');
  const chatMessage = { role: 'assistant', content: 'See here.', annotations: [nested] };
  const chatAnswered = {
    ...chatAnswer,
    choices: [{ index: 0, finish_reason: 'stop', message: chatMessage }],
  };
  const chunk = (delta: object, finish_reason: string | null = null): string =>
    `data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
  const chatStream = [
    chunk({ role: 'assistant', content: 'See ' }),
    chunk({ content: 'here.' }),
    chunk({ annotations: [nested] }),
    chunk({}, 'stop'),
    'data: [DONE]\n\n',
  ].join('');
  const chatBody = { messages: [{ role: 'user', content: 'hi' }] };

  test('are told a Chat client, at their place in all of the text', () => {
    const moved = { ...cited, start_index: 11, end_index: 15 };
    const told = [{ type: 'url_citation', url_citation: moved }];
    for (const [stream, bytes] of [
      [false, JSON.stringify(response)],
      [true, responsesStream],
    ] as const) {
      const { exchange } = send('openai-chat', { ...chatBody, stream }, 'openai-responses');
      const answer = answered(exchange, stream ? [Buffer.from(bytes)] : bytes);
      const [choice] = stream
        ? dataOf(answer).flatMap(({ choices }) => choices.filter((c: Wire) => c.delta.annotations))
        : JSON.parse(answer).choices;
      expect((choice.delta ?? choice.message).annotations).toEqual(told);
    }
  });

  test('are told a Responses client', () => {
    for (const upstream of ['openai-chat', 'openai-responses'] as const) {
      const whole = upstream === 'openai-chat' ? chatAnswered : response;
      const streamed = upstream === 'openai-chat' ? chatStream : responsesStream;
      const asked = (stream: boolean) =>
        send('openai-responses', { input: 'hi', stream }, upstream, { passthrough: false });
      const { output } = JSON.parse(answered(asked(false).exchange, JSON.stringify(whole)));
      expect(output[0].content.at(-1)).toEqual(text);
      const events = dataOf(answered(asked(true).exchange, [Buffer.from(streamed)]));
      const added = events.filter(({ type }) => type === 'response.output_text.annotation.added');
      expect(added).toMatchObject([{ annotation_index: 0, annotation: flat }]);
      expect(events.at(-1).response.output[0].content.at(-1)).toEqual(text);
    }
  });

  test('come back and are no wish', () => {
    const chat = { messages: [...chatBody.messages, chatMessage, ...chatBody.messages] };
    const input = ['hi', message, 'hi'].map((said) =>
      typeof said === 'string' ? { role: 'user', content: said } : said,
    );
    for (const upstream of [
      'openai-chat',
      'openai-responses',
      'anthropic-messages',
      'gemini',
    ] as const) {
      const passthrough = false;
      expect(send('openai-chat', chat, upstream, { passthrough }).exchange.ignored).toEqual([]);
      const { exchange } = send('openai-responses', { input }, upstream, { passthrough });
      expect(exchange.ignored).toEqual([]);
    }
  });

  test('and are no harm to others', () => {
    const { exchange } = send('anthropic-messages', { ...chatBody, max_tokens: 9 }, 'openai-chat');
    const { content } = JSON.parse(answered(exchange, JSON.stringify(chatAnswered)));
    expect(content).toEqual([{ type: 'text', text: 'See here.' }]);
  });
});

describe('what only the vendor keeps', () => {
  const body = (...items: object[]) => ({ input: [{ role: 'user', content: 'hi' }, ...items] });
  const reference = (id: string) => ({ type: 'item_reference', id });

  test.each([
    [body(reference('msg_1')), 'input[item_reference]'],
    [{ prompt: { id: 'pmpt_1' } }, 'prompt'],
  ])('%j goes to nobody else', (asked, field) => {
    expect(() => send('openai-responses', asked, 'anthropic-messages')).toThrow(
      expect.objectContaining({
        code: 'CLIENT_UNSUPPORTED',
        message: expect.stringMatching(new RegExp(`^\`${field.replace(/[[\]]/g, '\\$&')}\``)),
      }),
    );
    const own = send('openai-responses', asked, 'openai-responses', { passthrough: false });
    expect(own.sent).toMatchObject('prompt' in asked ? asked : { input: [{}, reference('msg_1')] });
  });

  test('is left out where it is earlier reasoning', () => {
    const { exchange, sent } = send('openai-responses', body(reference('rs_1')), 'openai-chat');
    expect(exchange.ignored).toEqual(['input[item_reference]']);
    expect(sent.messages).toHaveLength(1);
  });
});

test.each([
  [404, 'previous_response_not_found', 'bad-request'],
  [400, 'invalid_encrypted_content', 'bad-request'],
  [400, 'context_length_exceeded', 'bad-request'],
  [429, 'insufficient_quota', 'billing'],
  [429, 'rate_limit_exceeded', 'rate-limit'],
  [401, 'invalid_api_key', 'auth'],
])('an error answer %s %s is %s', (status, code, kind) => {
  const body = Buffer.from(
    JSON.stringify({ error: { message: 'no', type: 'invalid_request_error', param: null, code } }),
  );
  expect(dialects.classify('openai-responses', { status, headers: {}, body }, 0)).toMatchObject({
    kind,
  });
});
