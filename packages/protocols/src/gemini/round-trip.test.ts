import { describe, expect, test } from '@jest/globals';
import type { Dialect } from '@cliproxy/plugin-api';
import type { EncodeTarget, WireExchange } from '@cliproxy/kernel';
import { createDialects } from '../hub/dialects.ts';

/** What JSON.parse gives: bodies are compared, not typed. */
type Loose = ReturnType<typeof JSON.parse>;

const dialects = createDialects();
const MODELS: Readonly<Record<Dialect, string>> = {
  gemini: 'gemini-3-pro-preview',
  'openai-chat': 'deepseek-chat',
  'openai-responses': 'gpt-5',
  'anthropic-messages': 'claude-sonnet-4-5',
};

function exchange(
  client: Dialect,
  upstream: Dialect,
  body: object,
  stream = false,
  changes: Partial<EncodeTarget> = {},
): { readonly wire: WireExchange; readonly sent: Loose } {
  const inPath = client === 'gemini' ? { model: 'asked', stream } : {};
  const named = client === 'gemini' ? body : { model: 'asked', stream, ...body };
  const wire = dialects
    .read({
      dialect: client,
      operation: 'generate',
      headers: {},
      body: Buffer.from(JSON.stringify(named)),
      requestId: 'req_1',
      ...inPath,
    })
    .wire({
      dialect: upstream,
      model: MODELS[upstream],
      instanceId: 'up',
      passthrough: true,
      refuses: [],
      usage: 'auto',
      maxAnswerBytes: 1_000_000,
      ...changes,
    });
  return { wire, sent: JSON.parse(wire.body.toString()) };
}

function answered(wire: WireExchange, type: string, text: string): string {
  const pipe = wire.answer({ status: 200, headers: { 'content-type': type } });
  const out: Buffer[] = [];
  pipe.push(Buffer.from(text), out);
  pipe.end(out);
  return Buffer.concat(out).toString();
}
const whole = (wire: WireExchange, body: object): Loose =>
  JSON.parse(answered(wire, 'application/json', JSON.stringify(body)));
const streamed = (wire: WireExchange, bodies: readonly object[]): Loose[] =>
  answered(
    wire,
    'text/event-stream',
    bodies.map((body) => `data: ${JSON.stringify(body)}\n\n`).join(''),
  )
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)));

/** What came so far, and a piece more. */
const plus = (text: string, piece: string | null | undefined): string => text + (piece ?? '');

const usageMetadata = {
  promptTokenCount: 20,
  cachedContentTokenCount: 5,
  candidatesTokenCount: 7,
  thoughtsTokenCount: 30,
  totalTokenCount: 57,
};
const look = { functionCall: { name: 'look', args: { x: 1 } }, thoughtSignature: 'c2lnMQ==' };
const wait = { functionCall: { name: 'wait', args: {} } };
const geminiParts = [{ text: 'plän', thought: true }, { text: 'Let me see 🙂' }, look, wait];
const geminiAnswer = {
  candidates: [{ content: { role: 'model', parts: geminiParts }, finishReason: 'STOP', index: 0 }],
  usageMetadata,
  responseId: 'r1',
};
const geminiStream = [
  ...geminiParts.map((part) => ({
    candidates: [{ content: { role: 'model', parts: [part] }, index: 0 }],
    responseId: 'r1',
  })),
  { candidates: [{ finishReason: 'STOP', index: 0 }], usageMetadata, responseId: 'r1' },
];

const schema = {
  type: 'object',
  properties: { x: { type: ['integer', 'null'] } },
  required: ['x'],
  additionalProperties: false,
};
const png = 'iVBORw0KGgo=';

/** A client of a dialect: how it asks, and how it goes on with an answer. */
interface Client {
  readonly first: object;
  /** The next request: the answer as it came, and results for its calls. */
  next(answer: Loose): object;
  fromStream(events: readonly Loose[]): Loose;
  readonly usage: object;
}

const chatTools = ['look', 'wait'].map((name) => ({
  type: 'function',
  function: { name, parameters: schema },
}));
const CLIENTS: Readonly<Partial<Record<Dialect, Client>>> = {
  'openai-chat': {
    first: {
      messages: [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is it?' },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
          ],
        },
      ],
      tools: chatTools,
      stream_options: { include_usage: true },
      reasoning_effort: 'low',
    },
    next(answer) {
      const { message } = answer.choices[0];
      const results = message.tool_calls.map(({ id }: Loose) => ({
        role: 'tool',
        tool_call_id: id,
        content: 'done',
      }));
      return { ...this.first, messages: [...(this.first as Loose).messages, message, ...results] };
    },
    fromStream(events) {
      const message: Loose = { role: 'assistant', content: '', tool_calls: [] };
      let usage: Loose;
      for (const event of events) {
        usage = event.usage ?? usage;
        const delta = event.choices[0]?.delta ?? {};
        message.content = plus(message.content, delta.content);
        for (const { index, ...piece } of delta.tool_calls ?? []) {
          const call = (message.tool_calls[index] ??= { function: { name: '', arguments: '' } });
          Object.assign(call, { ...piece, function: call.function });
          call.function.name = plus(call.function.name, piece.function?.name);
          call.function.arguments = plus(call.function.arguments, piece.function?.arguments);
        }
      }
      return { choices: [{ message }], usage };
    },
    usage: {
      prompt_tokens: 20,
      completion_tokens: 37,
      total_tokens: 57,
      prompt_tokens_details: { cached_tokens: 5 },
      completion_tokens_details: { reasoning_tokens: 30 },
    },
  },
  'openai-responses': {
    first: {
      instructions: 'Be brief.',
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'What is it?' },
            { type: 'input_image', image_url: `data:image/png;base64,${png}` },
          ],
        },
      ],
      tools: ['look', 'wait'].map((name) => ({ type: 'function', name, parameters: schema })),
      store: false,
      include: ['reasoning.encrypted_content'],
      reasoning: { effort: 'low', summary: 'auto' },
    },
    next(answer) {
      const outputs = answer.output
        .filter(({ type }: Loose) => type === 'function_call')
        .map(({ call_id }: Loose) => ({ type: 'function_call_output', call_id, output: 'done' }));
      return {
        ...this.first,
        input: [...(this.first as Loose).input, ...answer.output, ...outputs],
      };
    },
    fromStream: (events) => events.find(({ type }) => type === 'response.completed').response,
    usage: {
      input_tokens: 20,
      output_tokens: 37,
      total_tokens: 57,
      input_tokens_details: { cached_tokens: 5 },
      output_tokens_details: { reasoning_tokens: 30 },
    },
  },
  'anthropic-messages': {
    first: {
      max_tokens: 4000,
      system: 'Be brief.',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is it?' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
          ],
        },
      ],
      tools: ['look', 'wait'].map((name) => ({ name, input_schema: schema })),
      thinking: { type: 'enabled', budget_tokens: 1024 },
    },
    next({ content }) {
      const results = content
        .filter(({ type }: Loose) => type === 'tool_use')
        .map(({ id }: Loose) => ({ type: 'tool_result', tool_use_id: id, content: 'done' }));
      const { messages } = this.first as Loose;
      const more = [
        { role: 'assistant', content },
        { role: 'user', content: results },
      ];
      return { ...this.first, messages: [...messages, ...more] };
    },
    fromStream(events) {
      const content: Loose[] = [];
      let usage: Loose;
      for (const { type, index, content_block: block, delta, usage: told } of events) {
        if (type === 'content_block_start') content[index] = { ...block };
        if (type === 'message_delta') usage = told;
        if (type !== 'content_block_delta') continue;
        if (delta.type === 'thinking_delta')
          content[index].thinking = plus(content[index].thinking, delta.thinking);
        if (delta.type === 'signature_delta') content[index].signature = delta.signature;
        if (delta.type === 'text_delta')
          content[index].text = plus(content[index].text, delta.text);
        if (delta.type === 'input_json_delta')
          content[index].input = JSON.parse(delta.partial_json);
      }
      return { content, usage };
    },
    usage: { input_tokens: 15, cache_read_input_tokens: 5, output_tokens: 37 },
  },
};
const clients = Object.entries(CLIENTS) as [Dialect, Client][];

describe.each(clients)('a client of %s', (dialect, client) => {
  test('asks Gemini in its words', () => {
    const { wire, sent } = exchange(dialect, 'gemini', client.first);
    expect(wire.path).toBe('/v1beta/models/gemini-3-pro-preview:generateContent');
    expect(wire.ignored).toEqual([]);
    expect(sent).toMatchObject({
      systemInstruction: { parts: [{ text: 'Be brief.' }] },
      contents: [
        {
          role: 'user',
          parts: [{ text: 'What is it?' }, { inlineData: { mimeType: 'image/png', data: png } }],
        },
      ],
      tools: [
        {
          functionDeclarations: ['look', 'wait'].map((name) => ({
            name,
            parameters: {
              type: 'OBJECT',
              properties: { x: { type: 'INTEGER', nullable: true } },
              required: ['x'],
            },
          })),
        },
      ],
      generationConfig: { thinkingConfig: { thinkingLevel: 'LOW', includeThoughts: true } },
    });
    expect(JSON.stringify(sent)).not.toContain('additionalProperties');
  });

  test.each([
    ['a whole answer', false],
    ['a stream', true],
  ])('gives %s back with the signature on the call that had it', (_, stream) => {
    const asked = exchange(dialect, 'gemini', client.first, stream);
    const answer = stream
      ? client.fromStream(streamed(asked.wire, geminiStream))
      : whole(asked.wire, geminiAnswer);
    expect(answer.usage).toMatchObject(client.usage);
    expect(JSON.stringify(answer)).toContain('Let me see 🙂');
    const { wire, sent } = exchange(dialect, 'gemini', client.next(answer));
    const [, model, results] = sent.contents;
    const ids = results.parts.map(({ functionResponse }: Loose) => functionResponse.id);
    expect(new Set(ids).size).toBe(2);
    expect(model.parts).toEqual([
      { text: 'Let me see 🙂' },
      { functionCall: { ...look.functionCall, id: ids[0] }, thoughtSignature: 'c2lnMQ==' },
      { functionCall: { ...wait.functionCall, id: ids[1] } },
    ]);
    expect(results.parts).toEqual(
      ['look', 'wait'].map((name, i) => ({
        functionResponse: { id: ids[i], name, response: { output: 'done' } },
      })),
    );
    expect(wire.ignored).toEqual([]);
  });

  test('brings the signature to nobody else', () => {
    const asked = exchange(dialect, 'gemini', client.first);
    const next = client.next(whole(asked.wire, geminiAnswer));
    const other = exchange(dialect, 'gemini', next, false, { instanceId: 'other' }).sent;
    expect(other.contents[1].parts[1].thoughtSignature).toBe('skip_thought_signature_validator');
    for (const upstream of Object.keys(MODELS) as Dialect[]) {
      const target = upstream === 'gemini' ? { instanceId: 'other' } : {};
      const { wire } = exchange(dialect, upstream, next, false, target);
      expect(wire.body.toString()).not.toContain('c2lnMQ==');
      expect(wire.body.toString()).not.toContain('cpx1.');
    }
  });
});

describe('a client of Gemini', () => {
  const first = {
    systemInstruction: { parts: [{ text: 'Be brief.' }] },
    contents: [{ role: 'user', parts: [{ text: 'What is it?' }] }],
    tools: [
      {
        functionDeclarations: [
          {
            name: 'look',
            parameters: {
              type: 'OBJECT',
              properties: { x: { type: 'INTEGER', nullable: true } },
              required: ['x'],
            },
          },
        ],
      },
    ],
    toolConfig: { functionCallingConfig: { mode: 'AUTO' } },
    generationConfig: {
      maxOutputTokens: 4000,
      thinkingConfig: { thinkingBudget: 1024, includeThoughts: true },
      responseMimeType: 'application/json',
      responseSchema: { type: 'OBJECT', properties: { a: { type: 'STRING' } } },
    },
  };
  const next = (parts: readonly Loose[]): object => ({
    ...first,
    contents: [
      ...first.contents,
      { role: 'model', parts },
      {
        role: 'user',
        parts: parts
          .filter(({ functionCall }) => functionCall !== undefined)
          .map(({ functionCall: { id, name } }) => ({
            functionResponse: { id, name, response: { output: 'a cat' } },
          })),
      },
    ],
  });

  test('asks the others in their words', () => {
    const parameters = {
      type: 'object',
      properties: { x: { type: ['integer', 'null'] } },
      required: ['x'],
    };
    expect(exchange('gemini', 'openai-chat', first).sent).toMatchObject({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'What is it?' },
      ],
      tools: [{ type: 'function', function: { name: 'look', parameters } }],
      tool_choice: 'auto',
      response_format: { type: 'json_schema', json_schema: { name: 'answer' } },
    });
    expect(exchange('gemini', 'openai-responses', first).sent).toMatchObject({
      tools: [{ type: 'function', name: 'look', parameters }],
      text: { format: { type: 'json_schema' } },
    });
    expect(exchange('gemini', 'anthropic-messages', first).sent).toMatchObject({
      system: [{ type: 'text', text: 'Be brief.' }],
      tools: [{ name: 'look', input_schema: parameters }],
      thinking: { type: 'enabled', budget_tokens: 1024 },
      output_config: { format: { type: 'json_schema' } },
    });
  });

  test("keeps a Claude's thinking and its signature, streamed or not", () => {
    const content = [
      { type: 'thinking', thinking: 'plän', signature: 'c2ln' },
      { type: 'tool_use', id: 'toolu_1', name: 'look', input: { x: 1 } },
    ];
    const usage = { input_tokens: 15, cache_read_input_tokens: 5, output_tokens: 37 };
    const message = {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      content,
      stop_reason: 'tool_use',
      usage,
    };
    const events = [
      { type: 'message_start', message: { ...message, content: [] } },
      { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'pl' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'än' } },
      {
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'signature_delta', signature: 'c2ln' },
      },
      { type: 'content_block_stop', index: 0 },
      { type: 'content_block_start', index: 1, content_block: { ...content[1], input: {} } },
      {
        type: 'content_block_delta',
        index: 1,
        delta: { type: 'input_json_delta', partial_json: '{"x":1}' },
      },
      { type: 'content_block_stop', index: 1 },
      { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage },
      { type: 'message_stop' },
    ];
    const body = whole(exchange('gemini', 'anthropic-messages', first).wire, message);
    const chunks = streamed(exchange('gemini', 'anthropic-messages', first, true).wire, events);
    expect(chunks.at(-1).usageMetadata).toEqual(body.usageMetadata);
    expect(body.usageMetadata).toEqual({
      promptTokenCount: 20,
      candidatesTokenCount: 37,
      totalTokenCount: 57,
      cachedContentTokenCount: 5,
    });
    for (const bodies of [[body], chunks]) {
      expect(bodies.every(({ modelVersion }) => modelVersion === 'asked')).toBe(true);
      expect(bodies.at(-1).candidates[0].finishReason).toBe('STOP');
      const parts = bodies.flatMap(({ candidates }) => candidates[0].content.parts);
      const { sent } = exchange('gemini', 'anthropic-messages', next(parts));
      expect(sent.messages.slice(1)).toEqual([
        { role: 'assistant', content },
        {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'a cat' }],
        },
      ]);
      expect(sent.thinking).toEqual({ type: 'enabled', budget_tokens: 1024 });
    }
  });

  test('goes on with Gemini after another model answered, without its signatures', () => {
    const parts = [
      { text: 'hm', thought: true, thoughtSignature: 'cpx1.dXAvY2xhdWRl.c2ln' },
      { functionCall: { id: 'a', name: 'look', args: {} } },
    ];
    const { wire, sent } = exchange('gemini', 'gemini', next(parts));
    expect(wire.body.toString()).not.toContain('c2ln');
    expect(sent.contents[1].parts).toEqual([
      { ...parts[1], thoughtSignature: 'skip_thought_signature_validator' },
    ]);
    expect(sent.tools).toEqual(first.tools);
    expect(sent.generationConfig.responseSchema).toEqual(first.generationConfig.responseSchema);
  });

  test('loses what a model of Gemini refuses, wherever it stands', () => {
    const body = { contents: first.contents, generation_config: { temperature: 1, top_k: 3 } };
    const { wire, sent } = exchange('gemini', 'gemini', body, false, { refuses: ['temperature'] });
    expect(sent.generationConfig.temperature).toBeUndefined();
    expect(wire.ignored).toEqual(['temperature']);
    const passed = exchange('gemini', 'gemini', body, false, { refuses: ['seed'] });
    expect(passed.sent).toEqual(body);
  });

  test("names what the others have no place for, in the client's own words", () => {
    const body = {
      ...first,
      tools: [...first.tools, { google_search: {} }],
      safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'OFF' }],
      generationConfig: {
        ...first.generationConfig,
        topK: 3,
        mediaResolution: 'MEDIA_RESOLUTION_LOW',
      },
    };
    const names = ['safetySettings', 'tools[googleSearch]', 'generationConfig.mediaResolution'];
    for (const upstream of ['openai-chat', 'openai-responses', 'anthropic-messages'] as const) {
      const { ignored } = exchange('gemini', upstream, body).wire;
      expect(ignored).toEqual(expect.arrayContaining(names));
    }
    for (const upstream of ['openai-chat', 'openai-responses', 'anthropic-messages'] as const) {
      expect(() => exchange('gemini', upstream, { ...first, cachedContent: 'a' })).toThrow(
        /`cachedContent` names content/,
      );
    }
    expect(() =>
      exchange('gemini', 'openai-chat', { ...first, generationConfig: { candidateCount: 2 } }),
    ).toThrow(expect.objectContaining({ code: 'CLIENT_UNSUPPORTED' }));
  });
});
