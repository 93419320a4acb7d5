import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, jest, test } from '@jest/globals';
import { GatewayError } from '@cliproxy/plugin-api';
import type { ModelEvent, Part } from '@cliproxy/plugin-api';
import OpenAI from 'openai';
import type { AnswerContext, DecodeContext } from '../codec/answer-context.ts';
import { answerEvents, collectAnswer } from '../model/answer-events.ts';
import type { Answer } from '../model/answer.ts';
import type { JsonObject } from '../model/json-object.ts';
import { response } from './response.ts';
import { requestEcho } from './response-object.ts';
import { stream } from './stream.ts';

jest.spyOn(Date, 'now').mockReturnValue(1_760_000_005_000);

const READ: DecodeContext = { origin: 'up/m', toolNames: new Map([['short', 'long.name']]) };
const WRITE: AnswerContext = {
  model: 'asked-for',
  createdS: 1_760_000_000,
  id: 'abc',
  includeUsage: false,
  upstream: 'anthropic-messages',
};
const decode = (body: object): Answer => collectAnswer(response.decode(body as JsonObject, READ));
const usage = { inputTokens: 10, outputTokens: 5, cachedTokens: 4, reasoningTokens: 2 };
const parts: Part[] = [
  { type: 'reasoning', text: 'hm', opaque: { origin: 'claude/m', value: 'sig' } },
  { type: 'text', text: 'grüß 🙂' },
  { type: 'tool-call', id: 'c1', name: 'look', argumentsJson: '{"x":1}' },
  { type: 'tool-call', kind: 'custom', id: 'c2', name: 'patch', argumentsJson: 'free' },
];
const answer: Answer = { id: 'resp_1', parts, finish: 'tool-calls', usage };

describe('a document', () => {
  test('in full, with the request’s parameters repeated', () => {
    const echo = requestEcho({
      model: 'asked-for',
      input: 'hi',
      instructions: 'Be brief.',
      tools: [{ type: 'function', name: 'look' }],
      tool_choice: 'required',
      reasoning: { effort: 'low' },
      temperature: 0.5,
      metadata: { a: 'b' },
      prompt_cache_key: 'k',
    });
    // Every member that the SDK's type demands, and no value that it forbids.
    const expected: Omit<OpenAI.Responses.Response, 'output_text'> = {
      id: 'resp_1',
      object: 'response',
      created_at: 1_760_000_000,
      completed_at: 1_760_000_005,
      status: 'completed',
      error: null,
      incomplete_details: null,
      usage: {
        input_tokens: 10,
        input_tokens_details: { cached_tokens: 4, cache_write_tokens: 0 },
        output_tokens: 5,
        output_tokens_details: { reasoning_tokens: 2 },
        total_tokens: 15,
      },
      output: [
        {
          type: 'reasoning',
          id: 'rs_abc0000',
          summary: [{ type: 'summary_text', text: 'hm' }],
          encrypted_content: `cpx1.${Buffer.from('claude/m').toString('base64url')}.sig`,
        },
        {
          type: 'message',
          id: 'msg_abc0001',
          role: 'assistant',
          status: 'completed',
          content: [{ type: 'output_text', text: 'grüß 🙂', annotations: [], logprobs: [] }],
        },
        {
          type: 'function_call',
          id: 'fc_abc0002',
          call_id: 'c1',
          name: 'look',
          arguments: '{"x":1}',
          status: 'completed',
        },
        {
          type: 'custom_tool_call',
          id: 'ctc_abc0003',
          call_id: 'c2',
          name: 'patch',
          input: 'free',
          status: 'completed',
        } as never,
      ],
      model: 'asked-for',
      access_programs: null,
      background: false,
      instructions: 'Be brief.',
      max_output_tokens: null,
      max_tool_calls: null,
      metadata: { a: 'b' },
      parallel_tool_calls: true,
      previous_response_id: null,
      prompt_cache_key: 'k',
      reasoning: { effort: 'low', summary: null },
      temperature: 0.5,
      text: { format: { type: 'text' } },
      tool_choice: 'required',
      tools: [{ type: 'function', name: 'look', parameters: null, strict: null }],
      top_logprobs: null,
      top_p: null,
      truncation: 'disabled',
    };
    expect(response.encode(answer, { ...WRITE, echo })).toEqual(expected);
  });

  test('without a request to repeat and without usage', () => {
    const body = response.encode({ id: 'chatcmpl-1', parts, finish: 'tool-calls' }, WRITE);
    expect(body).toMatchObject({
      id: 'resp_abc',
      tools: [],
      tool_choice: 'auto',
      instructions: null,
    });
    expect(body).not.toHaveProperty('usage');
  });

  test('is read', () => {
    expect(decode(response.encode(answer, WRITE))).toEqual({
      ...answer,
      usage: { ...usage, cacheWriteTokens: 0 },
    });
    expect(
      decode({
        id: 'resp_2',
        status: 'completed',
        output: [
          {
            type: 'message',
            content: [
              { type: 'output_text', text: 'a' },
              { type: 'refusal', refusal: 'b' },
            ],
          },
          { type: 'web_search_call' },
          { type: 'function_call', call_id: 'c', name: 'short', arguments: '' },
        ],
      }),
    ).toEqual({
      id: 'resp_2',
      parts: [
        { type: 'text', text: 'a' },
        { type: 'refusal', text: 'b' },
        { type: 'tool-call', id: 'c', name: 'long.name', argumentsJson: '{}' },
      ],
      finish: 'tool-calls',
    });
    expect(decode({ status: 'completed', output: [] })).toEqual({ parts: [], finish: 'stop' });
  });

  test.each<[object, string]>([
    [
      { status: 'failed', error: { code: 'rate_limit_exceeded', message: 'slow' } },
      'UPSTREAM_RATE_LIMIT',
    ],
    [{ error: { message: 'no', code: 'invalid_encrypted_content' } }, 'UPSTREAM_BAD_REQUEST'],
    [{ status: 'cancelled', output: [] }, 'UPSTREAM_FAILED'],
    [{ status: 'queued', output: [] }, 'UPSTREAM_BAD_ANSWER'],
    [{ choices: [] }, 'UPSTREAM_BAD_ANSWER'],
  ])('%j is an error', (body, code) => {
    expect(() => decode(body)).toThrow(expect.objectContaining({ code }));
  });
});

/** Serves one answer on loopback, and lets OpenAI's SDK read it. */
async function readBySdk<T>(
  contentType: string,
  body: string,
  read: (client: OpenAI) => Promise<T>,
): Promise<T> {
  const server = createServer((_request, reply) => {
    reply.writeHead(200, { 'content-type': contentType }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const baseURL = `http://127.0.0.1:${port}/v1`;
  try {
    return await read(new OpenAI({ apiKey: 'k', maxRetries: 0, baseURL }));
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const written = (events: readonly ModelEvent[]): string => {
  const encoder = stream.encoder(WRITE);
  return events.map((event) => encoder.push(event)).join('') + encoder.end();
};

describe('OpenAI’s SDK', () => {
  test('reads a document', async () => {
    const body = JSON.stringify(response.encode(answer, WRITE));
    const read = await readBySdk('application/json', body, (client) =>
      client.responses.create({ model: 'm', input: 'hi' }),
    );
    expect(read.output_text).toBe('grüß 🙂');
  });

  test('adds up a stream to what it ends with', async () => {
    const asked = { model: 'm', input: 'hi' };
    const events: string[] = [];
    const final = await readBySdk('text/event-stream', written(answerEvents(answer)), (client) => {
      const reader = client.responses.stream(asked);
      reader.on('event', ({ type }) => events.push(type));
      return reader.finalResponse();
    });
    expect(final.output_text).toBe('grüß 🙂');
    const plain = JSON.parse(JSON.stringify(response.encode(answer, WRITE))) as JsonObject;
    expect(JSON.parse(JSON.stringify(final))).toMatchObject({
      id: plain.id,
      usage: plain.usage,
      output: plain.output,
    });
    expect(events.at(-1)).toBe('response.completed');
  });

  test('is told of a failure before the response began', async () => {
    const failure = stream
      .encoder(WRITE)
      .failure(new GatewayError('UPSTREAM_FAILED', 'broken'), 'r');
    await expect(
      readBySdk('text/event-stream', failure, async (client) => {
        const events = await client.responses.create({ model: 'm', input: 'hi', stream: true });
        for await (const event of events) expect(event).toBeUndefined();
      }),
    ).rejects.toMatchObject({ message: 'broken' });
  });
});
