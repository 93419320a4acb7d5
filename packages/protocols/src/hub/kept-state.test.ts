import { describe, expect, test } from '@jest/globals';
import { isGatewayError } from '@cliproxy/plugin-api';
import type { Dialect } from '@cliproxy/plugin-api';
import type { AnswerPipe, EncodeTarget } from '@cliproxy/kernel';
import { createDialects } from './dialects.ts';

const hub = createDialects();

const read = (body: object, dialect: Dialect = 'openai-responses') =>
  hub.read({
    dialect,
    operation: 'generate',
    headers: {},
    body: Buffer.from(JSON.stringify({ model: 'gpt-5', input: 'hi', ...body })),
    requestId: 'req_1',
  });

const target = (changes: Partial<EncodeTarget> = {}): EncodeTarget => ({
  dialect: 'openai-responses',
  model: 'gpt-5',
  instanceId: 'up',
  passthrough: true,
  refuses: [],
  usage: 'auto',
  maxAnswerBytes: 100_000,
  ...changes,
});

const response = {
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  status: 'completed',
  model: 'gpt-5',
  output: [
    {
      type: 'message',
      id: 'msg_1',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: 'ho', annotations: [] }],
    },
  ],
  usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
};
const event = (type: string, data: object): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
const stream = [
  ': hello\n\n',
  event('response.created', { sequence_number: 0, response: { ...response, output: [] } }),
  event('response.completed', { sequence_number: 1, response }),
].join('');

function ran(pipe: AnswerPipe, text: string): AnswerPipe {
  const out: Buffer[] = [];
  for (const piece of text.match(/[^]{1,40}/g) ?? []) pipe.push(Buffer.from(piece), out);
  pipe.end(out);
  return pipe;
}

const heads = {
  json: { status: 200, headers: { 'content-type': 'application/json' } },
  events: { status: 200, headers: { 'content-type': 'text/event-stream' } },
  vague: { status: 200, headers: {} },
};

function errorOf(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    if (isGatewayError(error)) return error;
    throw error;
  }
}

describe('what a request goes on from', () => {
  test.each<[object, object | undefined]>([
    [{ previous_response_id: 'resp_1' }, { field: 'previous_response_id', id: 'resp_1' }],
    [{ conversation: 'conv_1' }, { field: 'conversation', id: 'conv_1' }],
    [{ conversation: { id: 'conv_1' } }, { field: 'conversation', id: 'conv_1' }],
    [{ previous_response_id: null, conversation: null }, undefined],
    [{ store: false }, undefined],
  ])('%j', (body, state) => {
    const { facts } = read(body);
    if (state === undefined) expect(facts).not.toHaveProperty('state');
    else expect(facts.state).toMatchObject(state);
  });

  test('is refused by its name where nobody knows it, as OpenAI refuses it', () => {
    const error = read({ previous_response_id: 'resp_1' }).facts.state?.lost();
    if (error === undefined) throw new Error('no error');
    const answer = hub.error('openai-responses', error, { requestId: 'r' });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body.toString())).toMatchObject({
      error: {
        type: 'invalid_request_error',
        code: 'previous_response_not_found',
        param: 'previous_response_id',
        message: expect.stringContaining('send the whole conversation as `input`'),
      },
    });
  });

  test('is kept by nobody else', () => {
    const request = read({ previous_response_id: 'resp_1' });
    expect(request.wire(target()).body.toString()).toContain('"resp_1"');
    for (const refused of [
      () => request.wire(target({ dialect: 'anthropic-messages', model: 'claude-opus-4-6' })),
      () => request.wire(target({ dialect: 'openai-chat' })),
      () => request.wire(target({ refuses: ['previous_response_id'] })),
      () => request.events(target()),
      () => request.reply(target()),
    ]) {
      expect(errorOf(refused)).toMatchObject({
        code: 'CLIENT_UNSUPPORTED',
        message: expect.stringMatching(/^`previous_response_id` /),
      });
    }
  });

  test('stays in a request that has to be written anew', () => {
    const { body } = read({ previous_response_id: 'resp_1' }).wire(target({ passthrough: false }));
    expect(JSON.parse(body.toString())).toMatchObject({ previous_response_id: 'resp_1' });
  });
});

describe('an answer that its upstream keeps', () => {
  test.each([true, false])('is known by its id, passthrough %p', (passthrough) => {
    const whole = read({}).wire(target({ passthrough })).answer(heads.json);
    expect(ran(whole, JSON.stringify(response)).keptAs).toBe('resp_1');
    for (const head of [heads.events, heads.vague]) {
      const streamed = read({ stream: true }).wire(target({ passthrough })).answer(head);
      expect(streamed.keptAs).toBeUndefined();
      expect(ran(streamed, stream).keptAs).toBe('resp_1');
    }
  });

  test('is not looked for where it is not kept', () => {
    const streamed = read({ stream: true, store: false }).wire(target()).answer(heads.events);
    expect(ran(streamed, stream).keptAs).toBeUndefined();
    const whole = read({ store: false }).wire(target()).answer(heads.json);
    expect(ran(whole, JSON.stringify(response)).keptAs).toBeUndefined();
  });

  test('is none of another vendor, nor for a client of another dialect', () => {
    const claude = target({ dialect: 'anthropic-messages', model: 'claude-opus-4-6' });
    const message = {
      id: 'resp_9',
      type: 'message',
      role: 'assistant',
      model: 'claude-opus-4-6',
      content: [{ type: 'text', text: 'ho' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 1, output_tokens: 1 },
    };
    const pipe = read({}).wire(claude).answer(heads.json);
    expect(ran(pipe, JSON.stringify(message)).keptAs).toBeUndefined();
    const chat = read({ messages: [{ role: 'user', content: 'hi' }] }, 'openai-chat');
    expect(
      ran(chat.wire(target()).answer(heads.json), JSON.stringify(response)).keptAs,
    ).toBeUndefined();
  });
});
