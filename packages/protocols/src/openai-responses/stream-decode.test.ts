import { describe, expect, test } from '@jest/globals';
import type { FailureKind, ModelEvent } from '@cliproxy/plugin-api';
import fc from 'fast-check';
import type { DecodeContext } from '../codec/answer-context.ts';
import { collectAnswer } from '../model/answer-events.ts';
import type { Answer } from '../model/answer.ts';
import { eventReader } from '../sse/event-reader.ts';
import { stream } from './stream.ts';

const READ: DecodeContext = { origin: 'up/m', toolNames: new Map([['short', 'long.name']]) };

interface Wire {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** Events as the vendor writes them, numbered. */
const frames = (events: readonly Wire[]): string[] =>
  events.map(
    (event, sequence_number) =>
      `event: ${event.type}\ndata: ${JSON.stringify({ ...event, sequence_number })}\n\n`,
  );

function decode(text: string | readonly Buffer[], context = READ): ModelEvent[] {
  const reader = eventReader();
  const decoder = stream.decoder(context);
  const chunks = typeof text === 'string' ? [Buffer.from(text)] : text;
  const events = chunks.flatMap((chunk) => reader.push(chunk).flatMap((e) => decoder.push(e)));
  events.push(...reader.end().flatMap((event) => decoder.push(event)), ...decoder.end());
  return events;
}

const decoded = (events: readonly Wire[], context = READ): Answer =>
  collectAnswer(decode(frames(events).join(''), context));

const usage = {
  input_tokens: 15,
  input_tokens_details: { cached_tokens: 5 },
  output_tokens: 20,
  output_tokens_details: { reasoning_tokens: 7 },
  total_tokens: 35,
};
const created: Wire = {
  type: 'response.created',
  response: { id: 'resp_1', status: 'in_progress', output: [] },
};
const completed = (output: readonly object[] = [], more: object = {}): Wire => ({
  type: 'response.completed',
  response: { id: 'resp_1', status: 'completed', output, usage, ...more },
});
const added = (output_index: number, item: object): Wire => ({
  type: 'response.output_item.added',
  output_index,
  item,
});
const done = (output_index: number, item: object): Wire => ({
  ...added(output_index, item),
  type: 'response.output_item.done',
});
const delta = (
  what: string,
  item_id: string,
  output_index: number,
  text: string,
  more: object = {},
): Wire => ({
  type: `response.${what}.delta`,
  item_id,
  output_index,
  delta: text,
  ...more,
});

const reasoning = {
  type: 'reasoning',
  id: 'rs_1',
  summary: [
    { type: 'summary_text', text: 'hm' },
    { type: 'summary_text', text: 'so' },
  ],
  encrypted_content: 'gAAA',
};
const message = {
  type: 'message',
  id: 'msg_1',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text: 'grüß 🙂', annotations: [] }],
};
const look = {
  type: 'function_call',
  id: 'fc_1',
  call_id: 'call_1',
  name: 'short',
  arguments: '{"x":1}',
  status: 'completed',
};
const wait = {
  type: 'function_call',
  id: 'fc_2',
  call_id: 'call_2',
  name: 'wait',
  arguments: '',
  status: 'completed',
};
const items = [reasoning, message, look, wait];

/** Reasoning, text and two calls whose arguments interleave, as the vendor streams them. */
const told: readonly Wire[] = [
  created,
  { type: 'response.in_progress', response: created.response },
  added(0, { ...reasoning, summary: [], encrypted_content: '' }),
  {
    type: 'response.reasoning_summary_part.added',
    item_id: 'rs_1',
    output_index: 0,
    summary_index: 0,
    part: {},
  },
  delta('reasoning_summary_text', 'rs_1', 0, 'hm', { summary_index: 0 }),
  {
    type: 'response.reasoning_summary_text.done',
    item_id: 'rs_1',
    output_index: 0,
    summary_index: 0,
    text: 'hm',
  },
  {
    type: 'response.reasoning_summary_part.added',
    item_id: 'rs_1',
    output_index: 0,
    summary_index: 1,
    part: {},
  },
  delta('reasoning_summary_text', 'rs_1', 0, 'so', { summary_index: 1 }),
  done(0, reasoning),
  added(1, { ...message, status: 'in_progress', content: [] }),
  {
    type: 'response.content_part.added',
    item_id: 'msg_1',
    output_index: 1,
    content_index: 0,
    part: {},
  },
  delta('output_text', 'msg_1', 1, 'grüß ', { content_index: 0, logprobs: [] }),
  { type: 'response.web_search_call.searching', item_id: 'ws', output_index: 9 },
  delta('output_text', 'msg_1', 1, '🙂', { content_index: 0, obfuscation: 'xyz' }),
  {
    type: 'response.output_text.done',
    item_id: 'msg_1',
    output_index: 1,
    content_index: 0,
    text: 'grüß 🙂',
  },
  {
    type: 'response.content_part.done',
    item_id: 'msg_1',
    output_index: 1,
    content_index: 0,
    part: message.content[0],
  },
  done(1, message),
  added(2, { ...look, arguments: '', status: 'in_progress' }),
  added(3, { ...wait, status: 'in_progress' }),
  delta('function_call_arguments', 'fc_1', 2, '{"x"'),
  delta('function_call_arguments', 'fc_2', 3, '{}'),
  delta('function_call_arguments', 'fc_1', 2, ':1}'),
  {
    type: 'response.function_call_arguments.done',
    item_id: 'fc_2',
    output_index: 3,
    arguments: '{}',
  },
  done(3, { ...wait, arguments: '{}' }),
  {
    type: 'response.function_call_arguments.done',
    item_id: 'fc_1',
    output_index: 2,
    arguments: '{"x":1}',
  },
  done(2, look),
];

const answer: Answer = {
  id: 'resp_1',
  parts: [
    { type: 'reasoning', text: 'hm\n\nso', opaque: { origin: 'up/m', value: 'rs_1/2,2:gAAA' } },
    { type: 'text', text: 'grüß 🙂' },
    { type: 'tool-call', id: 'call_1', name: 'long.name', argumentsJson: '{"x":1}' },
    { type: 'tool-call', id: 'call_2', name: 'wait', argumentsJson: '{}' },
  ],
  finish: 'tool-calls',
  usage: { inputTokens: 15, outputTokens: 20, cachedTokens: 5, reasoningTokens: 7 },
};

describe('a stream', () => {
  test('reasoning, text, calls that interleave, unknown events', () => {
    expect(decoded([...told, completed(items)])).toEqual(answer);
  });

  test('arguments are told as they come', () => {
    const events = decode(frames([...told, completed(items)]).join(''));
    const deltas = events.flatMap((event) => (event.type === 'delta' ? [event.text] : []));
    expect(deltas).toEqual(['hm', '\n\n', 'so', 'grüß ', '🙂', '{"x"', '{}', ':1}']);
  });

  test.each<[string, readonly Wire[]]>([
    ['an empty output in the end', [...told, completed([])]],
    ['no output in the end', [...told, completed(undefined, { output: undefined })]],
    [
      'items only when they are done',
      [created, ...items.map((item, i) => done(i, item)), completed([])],
    ],
    ['items only in the end', [created, completed(items)]],
    ['nothing but the end', [completed(items)]],
    ['no deltas', [...told.filter(({ type }) => !type.endsWith('.delta')), completed(items)]],
    ['no places', [...told.map((event) => ({ ...event, output_index: undefined })), completed([])]],
  ])('%s', (_name, events) => {
    expect(decoded(events)).toEqual(answer);
  });

  test('a trailing [DONE], events without names, and what comes after the end', () => {
    const bare = [...told, completed(items)].map((event) => `data: ${JSON.stringify(event)}\n\n`);
    expect(collectAnswer(decode(`${bare.join('')}data: [DONE]\n\n`))).toEqual(answer);
    expect(collectAnswer(decode(`${bare.join('')}${bare.at(-1)}data: junk\n\n`))).toEqual(answer);
  });

  test('split at any byte', () => {
    const bytes = Buffer.from(frames([...told, completed(items)]).join(''));
    const whole = decode([bytes]);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 6 }), (cuts) => {
        const at = [0, ...cuts, bytes.length].sort((a, b) => a - b);
        const chunks = at.slice(1).map((end, i) => bytes.subarray(at[i], end));
        expect(decode(chunks)).toEqual(whole);
      }),
    );
  });

  test('cut anywhere before its end, it is truncated', () => {
    for (let n = 0; n <= told.length; n += 1) {
      expect(() => decode(frames(told.slice(0, n)).join(''))).toThrow(
        expect.objectContaining({ code: 'UPSTREAM_TRUNCATED' }),
      );
    }
  });

  test('raw reasoning, where there is no summary', () => {
    const item = {
      type: 'reasoning',
      id: 'rs_1',
      summary: [],
      content: [{ type: 'reasoning_text', text: 'raw' }],
    };
    const raw = delta('reasoning_text', 'rs_1', 0, 'raw', { content_index: 0 });
    const expected = [{ type: 'reasoning', text: 'raw' }];
    expect(decoded([created, raw, done(0, item), completed()]).parts).toEqual(expected);
    expect(decoded([created, completed([item])]).parts).toEqual(expected);
    const both = { ...item, summary: [{ type: 'summary_text', text: 'short' }] };
    expect(
      decoded([
        created,
        raw,
        delta('reasoning_summary_text', 'rs_1', 0, 'short', { summary_index: 0 }),
        done(0, both),
        completed(),
      ]).parts,
    ).toEqual(expected);
  });

  test('reasoning that is not shown', () => {
    const item = { ...reasoning, summary: [] };
    expect(decoded([created, added(0, item), done(0, item), completed()]).parts).toEqual([
      { type: 'reasoning', text: '', opaque: { origin: 'up/m', value: 'rs_1:gAAA' } },
    ]);
    const nothing = { type: 'reasoning', id: 'rs_1', summary: [] };
    expect(decoded([created, done(0, nothing), completed()]).parts).toEqual([]);
  });

  test('a refusal', () => {
    const item = { ...message, content: [{ type: 'refusal', refusal: 'no' }] };
    const refused = delta('refusal', 'msg_1', 0, 'no', { content_index: 0 });
    for (const events of [
      [created, refused, done(0, item), completed()],
      [created, completed([item])],
    ]) {
      expect(decoded(events)).toMatchObject({
        parts: [{ type: 'refusal', text: 'no' }],
        finish: 'refusal',
      });
    }
  });

  test('free text for a tool, and one that was sent as a function', () => {
    const item = { type: 'custom_tool_call', id: 'ctc_1', call_id: 'c', name: 'n', input: 'free' };
    const part = { type: 'tool-call', kind: 'custom', id: 'c', name: 'n', argumentsJson: 'free' };
    const asText = [
      created,
      added(0, { ...item, input: '' }),
      delta('custom_tool_call_input', 'ctc_1', 0, 'free'),
      done(0, item),
      completed(),
    ];
    expect(decoded(asText).parts).toEqual([part]);
    const call = {
      type: 'function_call',
      id: 'fc_1',
      call_id: 'c',
      name: 'n',
      arguments: '{"input":"free"}',
    };
    const asFunction = [
      created,
      added(0, { ...call, arguments: '' }),
      delta('function_call_arguments', 'fc_1', 0, '{"input":'),
      done(0, call),
      completed(),
    ];
    expect(decoded(asFunction, { ...READ, customTools: new Set(['n']) }).parts).toEqual([part]);
  });

  test('an image', () => {
    const item = {
      type: 'image_generation_call',
      id: 'ig_1',
      status: 'completed',
      result: 'AA==',
      output_format: 'webp',
    };
    expect(
      decoded([created, added(0, { ...item, result: null }), done(0, item), completed()]).parts,
    ).toEqual([{ type: 'media', mediaType: 'image/webp', source: { base64: 'AA==' } }]);
  });

  test.each([
    ['max_output_tokens', 'length'],
    ['content_filter', 'refusal'],
    ['of_a_new_kind', 'length'],
  ])('incomplete by %s', (reason, finish) => {
    const response = { id: 'resp_1', status: 'incomplete', incomplete_details: { reason }, usage };
    expect(
      decoded([created, done(0, message), { type: 'response.incomplete', response }]),
    ).toMatchObject({ finish, parts: [{ text: 'grüß 🙂' }] });
  });
});

describe('an error in a stream', () => {
  const failed = (error: unknown): Wire => ({
    type: 'response.failed',
    response: { id: 'resp_1', status: 'failed', error },
  });

  test.each<[string, Wire, FailureKind, string]>([
    ['server_error', failed({ code: 'server_error', message: 'broken' }), 'upstream', 'broken'],
    [
      'a rate limit',
      failed({ code: 'rate_limit_exceeded', message: 'slow down' }),
      'rate-limit',
      'slow down',
    ],
    [
      'a context too long',
      failed({ code: 'context_length_exceeded', message: 'too long' }),
      'bad-request',
      'too long',
    ],
    ['a bad prompt', failed({ code: 'invalid_prompt', message: 'no' }), 'bad-request', 'no'],
    ['a bad image', failed({ code: 'invalid_image_url', message: 'no' }), 'bad-request', 'no'],
    ['no credit', failed({ code: 'insufficient_quota', message: 'pay' }), 'billing', 'pay'],
    ['a failure without a reason', failed(null), 'upstream', ''],
    [
      'a bare error',
      { type: 'error', code: 'server_is_overloaded', message: 'busy', param: null },
      'overloaded',
      'busy',
    ],
    [
      'an error as WebSockets tell it',
      {
        type: 'error',
        status: 400,
        error: {
          code: 'previous_response_not_found',
          message: 'gone',
          type: 'invalid_request_error',
        },
      },
      'bad-request',
      'gone',
    ],
    ['a cancelled response', { type: 'response.cancelled', response: {} }, 'upstream', 'cancelled'],
  ])('%s', (_name, event, kind, message) => {
    expect(() => decode(frames([created, event]).join(''))).toThrow(
      expect.objectContaining({
        message: expect.stringContaining(message),
        failure: expect.objectContaining({ kind }),
      }),
    );
  });

  test.each([
    ['event: error\ndata: it broke\n\n', 'UPSTREAM_FAILED'],
    ['data: {"error":{"message":"no","code":"invalid_api_key"}}\n\n', 'UPSTREAM_AUTH'],
    ['data: <html>\n\n', 'UPSTREAM_BAD_ANSWER'],
    ['data: []\n\n', 'UPSTREAM_BAD_ANSWER'],
  ])('%s', (text, code) => {
    expect(() => decode(text)).toThrow(expect.objectContaining({ code }));
  });
});

describe('what is kept of a stream that does not end', () => {
  test('free text for a tool: up to 4 MiB', () => {
    const decoder = stream.decoder({ ...READ, customTools: new Set(['n']) });
    const push = (event: Wire) => decoder.push({ data: JSON.stringify(event) });
    push(added(0, { type: 'function_call', id: 'fc_1', call_id: 'c', name: 'n', arguments: '' }));
    const half = 'x'.repeat(512 * 1024);
    const feed = () => push(delta('function_call_arguments', 'fc_1', 0, half));
    for (let n = 0; n < 8; n += 1) feed();
    expect(feed).toThrow(expect.objectContaining({ code: 'UPSTREAM_TOO_LARGE' }));
  });

  test('items: up to 10,000', () => {
    const decoder = stream.decoder(READ);
    const push = (place: number) =>
      decoder.push({ data: JSON.stringify(delta('output_text', 'm', place, 'x')) });
    for (let n = 0; n < 10_000; n += 1) push(n);
    expect(() => push(10_000)).toThrow(expect.objectContaining({ code: 'UPSTREAM_TOO_LARGE' }));
  });
});
