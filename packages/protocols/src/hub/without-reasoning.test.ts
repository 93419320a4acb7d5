import { describe, expect, test } from '@jest/globals';
import type { Dialect } from '@cliproxy/plugin-api';
import type { EncodeTarget } from '@cliproxy/kernel';
import { createDialects } from './dialects.ts';

const hub = createDialects();

const read = (dialect: Dialect, body: object) =>
  hub.read({
    dialect,
    operation: 'generate',
    headers: {},
    body: Buffer.from(JSON.stringify(body)),
    requestId: 'req_1',
  });

const target = (dialect: Dialect, model: string): EncodeTarget => ({
  dialect,
  model,
  instanceId: 'up',
  passthrough: true,
  refuses: [],
  usage: 'off',
  maxAnswerBytes: 1_000,
});

interface MessagesBody {
  readonly messages: readonly { readonly content: unknown }[];
  readonly thinking?: unknown;
}

/** A tool turn under way, as a Messages client sends it. */
const messages = {
  model: 'claude-sonnet-4-5',
  max_tokens: 4000,
  thinking: { type: 'enabled', budget_tokens: 2000 },
  messages: [
    { role: 'user', content: 'What is in it?' },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'I look.', signature: 'c2ln' },
        { type: 'redacted_thinking', data: 'ZGF0YQ==' },
        { type: 'text', text: 'Let me see.', cache_control: { type: 'ephemeral' } },
        { type: 'tool_use', id: 'toolu_1', name: 'look', input: { x: 1 } },
      ],
    },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'a cat' }] },
  ],
  tools: [{ name: 'look', input_schema: { type: 'object' } }],
};

describe('a request without reasoning', () => {
  test('has no thinking to send back, and on a tool turn none to come', () => {
    const request = read('anthropic-messages', messages);
    const whole = target('anthropic-messages', 'claude-sonnet-4-5');
    expect(request.wire(whole).body.toString()).toBe(JSON.stringify(messages));
    const exchange = request.withoutReasoning()?.wire(whole);
    const body = JSON.parse(String(exchange?.body)) as MessagesBody;
    expect(body.messages[1]?.content).toEqual([
      { type: 'text', text: 'Let me see.', cache_control: { type: 'ephemeral' } },
      { type: 'tool_use', id: 'toolu_1', name: 'look', input: { x: 1 } },
    ]);
    expect(body.messages[2]).toEqual(messages.messages[2]);
    expect(body).not.toHaveProperty('thinking');
  });

  test('still thinks where no tool turn is under way', () => {
    const [first, second] = messages.messages;
    const talk = { ...messages, messages: [first, second, { role: 'user', content: 'Go on.' }] };
    const exchange = read('anthropic-messages', {
      ...talk,
      messages: talk.messages.map((one) =>
        one === second
          ? {
              role: 'assistant',
              content: [messages.messages[1]?.content[0], { type: 'text', text: 'A cat.' }],
            }
          : one,
      ),
    })
      .withoutReasoning()
      ?.wire(target('anthropic-messages', 'claude-sonnet-4-5'));
    const body = JSON.parse(String(exchange?.body)) as MessagesBody;
    expect(body.thinking).toEqual(messages.thinking);
    expect(JSON.stringify(body)).not.toContain('c2ln');
  });

  test('has no signatures on calls, nor reasoning details', () => {
    const bare = {
      id: 'call_1',
      type: 'function',
      function: { name: 'look', arguments: '{"x":1}' },
    };
    const call = { ...bare, extra_content: { google: { thought_signature: 'c2ln' } } };
    const exchange = read('openai-chat', {
      model: 'm',
      messages: [
        { role: 'user', content: 'What is in it?' },
        {
          role: 'assistant',
          reasoning_content: 'I look.',
          reasoning_details: [{ type: 'reasoning.text', text: 'I look.', signature: 'ZGF0YQ' }],
          tool_calls: [call],
        },
        { role: 'tool', tool_call_id: 'call_1', content: 'a cat' },
      ],
    })
      .withoutReasoning()
      ?.wire(target('openai-chat', 'm'));
    const { messages: sent } = JSON.parse(String(exchange?.body)) as { messages: unknown[] };
    expect(sent[1]).toEqual({ role: 'assistant', content: null, tool_calls: [bare] });
  });

  test('has placeholders where Gemini demands signatures, and none of the client’s', () => {
    const exchange = read('gemini', {
      model: 'gemini-3-pro-preview',
      contents: [
        { role: 'user', parts: [{ text: 'What is in it?' }] },
        {
          role: 'model',
          parts: [
            { text: 'I look.', thought: true, thoughtSignature: 'ZGF0YQ==' },
            { functionCall: { name: 'look', args: { x: 1 } }, thoughtSignature: 'c2ln' },
          ],
        },
        {
          role: 'user',
          parts: [{ functionResponse: { name: 'look', response: { output: 'a' } } }],
        },
      ],
    })
      .withoutReasoning()
      ?.wire(target('gemini', 'gemini-3-pro-preview'));
    const { contents } = JSON.parse(String(exchange?.body)) as {
      contents: readonly { readonly parts: readonly object[] }[];
    };
    expect(contents[1]?.parts).toMatchObject([
      { functionCall: { name: 'look' }, thoughtSignature: 'skip_thought_signature_validator' },
    ]);
  });

  test('has no encrypted reasoning for Responses', () => {
    const call = { type: 'function_call', call_id: 'call_1', name: 'look', arguments: '{}' };
    const output = { type: 'function_call_output', call_id: 'call_1', output: 'a cat' };
    const exchange = read('openai-responses', {
      model: 'gpt-5',
      store: false,
      input: [
        { role: 'user', content: 'What is in it?' },
        { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAAA' },
        call,
        output,
      ],
    })
      .withoutReasoning()
      ?.wire(target('openai-responses', 'gpt-5'));
    const body = JSON.parse(String(exchange?.body)) as { input: readonly object[]; store: unknown };
    expect(body.store).toBe(false);
    expect(body.input.slice(1)).toMatchObject([call, output]);
  });

  test('is none where there is no reasoning; and none is left in what has none', () => {
    const plain = { ...messages, messages: messages.messages.slice(0, 1) };
    expect(read('anthropic-messages', plain).withoutReasoning()).toBeUndefined();
    const once = read('anthropic-messages', messages).withoutReasoning();
    expect(once?.facts.model).toBe('claude-sonnet-4-5');
    expect(
      hub
        .read({
          dialect: 'openai-chat',
          operation: 'embed',
          headers: {},
          body: Buffer.from('{"model":"m","input":"a"}'),
          requestId: 'r',
        })
        .withoutReasoning(),
    ).toBeUndefined();
  });
});

describe('a refusal of reasoning inside an answer of status 200 is known', () => {
  const message = 'messages.1.content.0: Invalid `signature` in `thinking` block';
  const inside: readonly (readonly [Dialect, object])[] = [
    ['anthropic-messages', { type: 'error', error: { type: 'invalid_request_error', message } }],
    ['openai-chat', { error: { type: 'invalid_request_error', message } }],
    [
      'openai-responses',
      {
        type: 'response.failed',
        response: { status: 'failed', error: { code: 'invalid_encrypted_content', message: 'no' } },
      },
    ],
    ['openai-responses', { type: 'error', code: 'invalid_encrypted_content', message: 'no' }],
    [
      'gemini',
      {
        error: { code: 400, status: 'INVALID_ARGUMENT', message: 'Thought signature is not valid' },
      },
    ],
  ];
  const requests: Readonly<Record<Dialect, object>> = {
    gemini: { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] },
    'openai-chat': { messages: [{ role: 'user', content: 'hi' }] },
    'openai-responses': { input: 'hi' },
    'anthropic-messages': { max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] },
  };
  const clients = Object.keys(requests) as Dialect[];

  test.each(inside.flatMap(([from, event]) => clients.map((to) => [from, to, event] as const)))(
    'from %s to %s',
    (from, to, event) => {
      const pipe = read(to, { model: 'm', stream: true, ...requests[to] })
        .wire(target(from, 'm'))
        .answer({ status: 200, headers: { 'content-type': 'text/event-stream' } });
      const { type } = event as { readonly type?: string };
      const frame = `${type === undefined ? '' : `event: ${type}\n`}data: ${JSON.stringify(event)}\n\n`;
      expect(() => pipe.push(Buffer.from(frame), [])).toThrow(
        expect.objectContaining({
          failure: expect.objectContaining({ kind: 'bad-request', refusesReasoning: true }),
        }),
      );
    },
  );

  test('and in an answer without stream', () => {
    const pipe = read('openai-chat', { model: 'm', ...requests['openai-chat'] })
      .wire(target('openai-responses', 'm'))
      .answer({ status: 200, headers: { 'content-type': 'application/json' } });
    const error = { code: 'invalid_encrypted_content', message: 'no' };
    pipe.push(Buffer.from(JSON.stringify({ object: 'response', status: 'failed', error })), []);
    expect(() => {
      pipe.end([]);
    }).toThrow(
      expect.objectContaining({
        failure: expect.objectContaining({ refusesReasoning: true }),
      }),
    );
  });
});

const told = (message: string, code?: string) =>
  hub.classify(
    'openai-chat',
    { status: 400, headers: {}, body: Buffer.from(JSON.stringify({ error: { message, code } })) },
    0,
  ).refusesReasoning === true;

describe('a refusal of reasoning is known by', () => {
  test.each([
    'messages.1.content.0: Invalid `signature` in `thinking` block',
    'messages.3.content.0.thinking.signature: Field required',
    'messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`.',
    '`thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified.',
    'messages.1.content.0: Invalid `data` in `redacted_thinking` block',
    'The encrypted content gAAAAB could not be verified.',
    "Item 'rs_1' of type 'reasoning' was provided without its required following item.",
    "Item with id 'rs_1' not found. Items are not persisted when `store` is set to false.",
    'Function call `look` in the 2. content block is missing a `thought_signature`.',
    'Thought signature is not valid',
    'Corrupted thoughtSignature.',
  ])('%s', (message) => {
    expect(told(message)).toBe(true);
  });

  test('its code alone', () => {
    expect(told('no', 'invalid_encrypted_content')).toBe(true);
  });

  test.each([
    '`max_tokens` must be greater than `thinking.budget_tokens`.',
    '"thinking.type.enabled" is not supported for this model.',
    'tools.0.input_schema.properties.signature: Input should be an object',
    'Unsupported parameter: reasoning.effort',
    'Thinking may not be enabled when tool_choice forces tool use.',
  ])('no word of: %s', (message) => {
    expect(told(message)).toBe(false);
  });

  test('a fault of the request alone', () => {
    const reply = { headers: {}, body: Buffer.from('{"error":{"message":"thought_signature"}}') };
    expect(hub.classify('openai-chat', { status: 500, ...reply }, 0)).not.toHaveProperty(
      'refusesReasoning',
    );
  });
});
