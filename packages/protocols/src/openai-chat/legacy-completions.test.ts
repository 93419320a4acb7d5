import { describe, expect, test } from '@jest/globals';
import { GatewayError } from '@cliproxy/plugin-api';
import type { EncodeTarget } from '@cliproxy/kernel';
import { createDialects } from '../hub/dialects.ts';

const dialects = createDialects();
const target: EncodeTarget = {
  dialect: 'openai-chat',
  model: 'upstream-model',
  instanceId: 'one',
  passthrough: true,
  refuses: [],
  usage: 'auto',
  maxAnswerBytes: 1_000_000,
};
const read = (fields: object) =>
  dialects.read({
    dialect: 'openai-chat',
    operation: 'generate',
    form: 'completions',
    body: Buffer.from(JSON.stringify({ model: 'm', ...fields })),
    headers: {},
    requestId: 'req_1',
  });
const sent = (fields: object, to: Partial<EncodeTarget> = {}) => {
  const { path, body, ignored } = read(fields).wire({ ...target, ...to });
  return { path, body: JSON.parse(body.toString()) as unknown, ignored };
};
const refusal = (fields: object): [string, string] => {
  try {
    read(fields).wire(target);
  } catch (error) {
    if (error instanceof GatewayError) return [error.code, error.message];
    throw error;
  }
  return ['', 'was taken'];
};
/** The client's answer to an upstream's answer in Chat. */
const answer = (fields: object, upstream: string, contentType: string): string => {
  const out: Buffer[] = [];
  const exchange = read(fields).wire(target);
  const pipe = exchange.answer({ status: 200, headers: { 'content-type': contentType } });
  pipe.push(Buffer.from(upstream), out);
  pipe.end(out);
  return Buffer.concat(out).toString();
};
const events = (text: string): unknown[] =>
  text
    .trim()
    .split('\n\n')
    .map((line) => line.slice('data: '.length))
    .map((data) => (data === '[DONE]' ? data : (JSON.parse(data) as unknown)));

describe('a completion, as Chat', () => {
  test('what both have goes on under the same name, also where bytes might pass', () => {
    expect(
      sent({
        prompt: 'Once upon',
        max_tokens: 9,
        temperature: 0.5,
        top_p: 0.9,
        stop: ['\n'],
        seed: 7,
        presence_penalty: 1,
        logit_bias: { 5: -1 },
        user: 'u',
      }),
    ).toEqual({
      path: '/chat/completions',
      ignored: [],
      body: {
        model: 'upstream-model',
        messages: [{ role: 'user', content: 'Once upon' }],
        max_tokens: 9,
        temperature: 0.5,
        top_p: 0.9,
        stop: ['\n'],
        seed: 7,
        presence_penalty: 1,
        logit_bias: { 5: -1 },
        user: 'u',
      },
    });
  });

  test('one prompt in an array is one prompt; null and what asks for nothing is nothing', () => {
    const idle = { n: 1, best_of: 1, echo: false, suffix: '', logprobs: null, stop: null };
    expect(sent({ prompt: ['Once'], ...idle })).toEqual({
      path: '/chat/completions',
      ignored: [],
      body: { model: 'upstream-model', messages: [{ role: 'user', content: 'Once' }] },
    });
  });

  test('what has no effect is named, for every kind of target', () => {
    const fields = { prompt: 'x', best_of: 3, logprobs: 2 };
    expect(sent(fields).ignored).toEqual(['best_of', 'logprobs']);
    expect(sent(fields, { dialect: 'anthropic-messages' }).ignored).toEqual([
      'best_of',
      'logprobs',
    ]);
    expect(read(fields).events(target).ignored).toEqual(['best_of', 'logprobs']);
  });

  test.each([
    [{}, 'CLIENT_BAD_REQUEST', '`prompt` is missing'],
    [{ prompt: null }, 'CLIENT_BAD_REQUEST', '`prompt` is missing'],
    [{ prompt: '' }, 'CLIENT_BAD_REQUEST', '`prompt` is empty'],
    [{ prompt: [] }, 'CLIENT_BAD_REQUEST', '`prompt` is empty'],
    [{ prompt: 7 }, 'CLIENT_BAD_REQUEST', '`prompt` must be a string or an array with one string'],
    [{ prompt: [{ text: 'x' }] }, 'CLIENT_BAD_REQUEST', '`prompt` must be a string'],
    [{ prompt: ['a', 'b'] }, 'CLIENT_UNSUPPORTED', '`prompt` holds 2 prompts'],
    [{ prompt: [1, 2] }, 'CLIENT_UNSUPPORTED', '`prompt` holds token ids'],
    [{ prompt: [[1, 2]] }, 'CLIENT_UNSUPPORTED', '`prompt` holds token ids'],
    [{ prompt: 'x', suffix: 'end' }, 'CLIENT_UNSUPPORTED', '`suffix` is not offered'],
    [{ prompt: 'x', n: 2 }, 'CLIENT_UNSUPPORTED', '`n` must be 1'],
    [{ prompt: 'x', n: 0 }, 'CLIENT_BAD_REQUEST', '`n` must be a whole number above 0'],
    [{ prompt: 'x', echo: 'yes' }, 'CLIENT_BAD_REQUEST', '`echo` must be true or false'],
    [{ prompt: 'x', logprobs: true }, 'CLIENT_BAD_REQUEST', '`logprobs` must be a number'],
    [{ prompt: 'x', max_tokens: 0 }, 'CLIENT_BAD_REQUEST', '`max_tokens` must be'],
  ])('%j is refused: %s, %s', (fields, code, sentence) => {
    expect(refusal(fields)).toEqual([code, expect.stringContaining(sentence)]);
  });
});

describe('an answer, as a completion', () => {
  const chat = JSON.stringify({
    id: 'chatcmpl-7',
    object: 'chat.completion',
    created: 1,
    model: 'upstream-model',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: ' a time', reasoning_content: 'hm' },
        finish_reason: 'length',
      },
    ],
    usage: { prompt_tokens: 2, completion_tokens: 3, total_tokens: 5 },
  });

  test('whole', () => {
    expect(JSON.parse(answer({ prompt: 'Once' }, chat, 'application/json'))).toEqual({
      id: 'cmpl-7',
      object: 'text_completion',
      created: expect.any(Number),
      model: 'm',
      choices: [{ text: ' a time', index: 0, logprobs: null, finish_reason: 'length' }],
      usage: expect.objectContaining({ prompt_tokens: 2, completion_tokens: 3, total_tokens: 5 }),
    });
  });

  test('after its prompt where that is wanted', () => {
    const fields = { prompt: 'Once upon', echo: true };
    expect(JSON.parse(answer(fields, chat, 'application/json'))).toMatchObject({
      choices: [{ text: 'Once upon a time' }],
    });
  });

  const chunk = (delta: object, rest: object = {}): string =>
    `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'x', choices: [{ index: 0, delta, finish_reason: null, ...rest }] })}\n\n`;
  const streamed =
    chunk({ role: 'assistant', content: '' }) +
    chunk({ reasoning_content: 'hm' }) +
    chunk({ content: ' a "ti' }) +
    chunk({ content: 'me"' }) +
    chunk({}, { finish_reason: 'stop' }) +
    'data: {"id":"c","choices":[],"usage":{"prompt_tokens":2,"completion_tokens":3,"total_tokens":5}}\n\n' +
    'data: [DONE]\n\n';

  test('as a stream, without usage unless asked for', () => {
    const told = events(answer({ prompt: 'x', stream: true }, streamed, 'text/event-stream'));
    expect(told).toEqual([
      ...[' a "ti', 'me"', ''].map((text) => ({
        id: 'cmpl-c',
        object: 'text_completion',
        created: expect.any(Number),
        model: 'm',
        choices: [{ text, index: 0, logprobs: null, finish_reason: text === '' ? 'stop' : null }],
      })),
      '[DONE]',
    ]);
  });

  test('as a stream with its prompt and its usage', () => {
    const fields = {
      prompt: 'Once',
      echo: true,
      stream: true,
      stream_options: { include_usage: true },
    };
    const told = events(answer(fields, streamed, 'text/event-stream')) as {
      choices: { text: string }[];
      usage: unknown;
    }[];
    const chunks = told.slice(0, -2);
    expect(chunks.map(({ choices, usage }) => [choices[0]?.text, usage])).toEqual([
      ['Once', null],
      [' a "ti', null],
      ['me"', null],
      ['', null],
    ]);
    expect(told.at(-2)).toMatchObject({ choices: [], usage: { total_tokens: 5 } });
  });

  test('a stream that breaks ends with the error, and without its closing mark', () => {
    const pipe = read({ prompt: 'x', stream: true })
      .wire(target)
      .answer({ status: 200, headers: { 'content-type': 'text/event-stream' } });
    pipe.push(Buffer.from(chunk({ content: 'a' })), []);
    expect(() => pipe.end([])).toThrow('complete');
    const said = pipe.failure(new GatewayError('UPSTREAM_TRUNCATED', 'broken')).toString();
    expect(events(said)).toEqual([{ error: expect.objectContaining({ message: 'broken' }) }]);
  });
});
