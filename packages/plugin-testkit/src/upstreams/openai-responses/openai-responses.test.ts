import OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startVendor } from '../start-vendor.ts';
import type { VendorMessage } from '../vendor-answer.ts';
import type { Vendor } from '../vendor.ts';

type Events = OpenAI.Responses.ResponseStreamEvent[];
type Input = OpenAI.Responses.ResponseInputItem[];

let vendor: Vendor;
let client: OpenAI;
beforeEach(async () => {
  vendor = await startVendor('openai-responses');
  client = new OpenAI({
    baseURL: vendor.url,
    apiKey: 'key-1',
    maxRetries: 0,
    organization: null,
    project: null,
  });
});
afterEach(() => vendor.close());

const parameters = { type: 'object', properties: { x: { type: 'integer' } } };
const base = {
  model: 'gpt-5',
  input: [{ role: 'user' as const, content: 'look at it' }] as Input,
  tools: [
    { type: 'function' as const, name: 'look', parameters, strict: false },
    { type: 'custom' as const, name: 'patch' },
  ],
  reasoning: { summary: 'auto' as const },
  include: ['reasoning.encrypted_content' as const],
  store: false,
};
const everything: VendorMessage = {
  parts: [
    { type: 'reasoning', text: 'let me see' },
    { type: 'text', text: 'Looking: 🔎 ünïcode' },
    { type: 'tool-call', name: 'look', arguments: { x: 1, s: '日本' }, pieces: 4 },
    { type: 'tool-call', id: 'call_b', name: 'look', arguments: {} },
    { type: 'tool-call', id: 'call_c', name: 'patch', arguments: { input: '*** begin' } },
  ],
  usage: { input: 100, output: 30, cached: 60, reasoning: 12 },
};
const bare = (value: unknown) =>
  JSON.parse(JSON.stringify(value), (key, entry: unknown) =>
    ['id', 'call_id', 'encrypted_content', 'output_text'].includes(key) ? undefined : entry,
  );

async function eventsOf(body: object): Promise<Events> {
  const events: Events = [];
  const stream = await client.responses.create({ ...base, ...body, stream: true });
  for await (const event of stream) events.push(event);
  return events;
}

describe("the vendor's SDK", () => {
  test.each([false, true])(
    'reads the same answer, streamed and not (interleaved: %s)',
    async (interleaved) => {
      vendor.script({ ...everything, stream: { interleaved } });
      const whole = await client.responses.create(base);
      expect(whole).toMatchObject({
        status: 'completed',
        model: 'gpt-5',
        output_text: 'Looking: 🔎 ünïcode',
        output: [
          {
            type: 'reasoning',
            summary: [{ text: 'let me see' }],
            encrypted_content: expect.any(String),
          },
          { type: 'message', role: 'assistant' },
          { type: 'function_call', name: 'look', arguments: '{"x":1,"s":"日本"}' },
          { type: 'function_call', call_id: 'call_b', arguments: '{}' },
          { type: 'custom_tool_call', call_id: 'call_c', input: '*** begin' },
        ],
        usage: {
          input_tokens: 100,
          input_tokens_details: { cached_tokens: 60 },
          output_tokens: 30,
          output_tokens_details: { reasoning_tokens: 12 },
          total_tokens: 130,
        },
      });
      const stream = client.responses.stream(base);
      expect(bare(await stream.finalResponse())).toMatchObject(bare(whole));
      expect(vendor.violations).toEqual([]);
    },
  );

  test('the events are numbered, and the parts are the whole', async () => {
    vendor.script(everything);
    const events = await eventsOf({});
    expect(events.map(({ sequence_number: n }) => n)).toEqual(events.map((_, at) => at));
    const last = events.at(-1);
    const done = events.flatMap((event) =>
      event.type === 'response.output_item.done' ? [event.item] : [],
    );
    expect(last?.type === 'response.completed' && last.response.output).toEqual(done);
    expect(events.filter(({ type }) => type === 'response.output_item.added')).toHaveLength(5);
  });

  test('sends everything back unchanged; what is left out, changed or foreign is refused', async () => {
    vendor.script(everything, { parts: [{ type: 'text', text: 'done' }] });
    const { output } = await client.responses.create(base);
    const results: Input = output.flatMap((item): Input => {
      if (item.type === 'function_call') {
        return [{ type: 'function_call_output', call_id: item.call_id, output: 'a cat' }];
      }
      if (item.type !== 'custom_tool_call') return [];
      return [{ type: 'custom_tool_call_output', call_id: item.call_id, output: 'ok' }];
    });
    const next = (items: Input, more: object = {}) =>
      client.responses.create({ ...base, ...more, input: [...base.input, ...items, ...results] });
    const items = output as Input;
    expect(await next(items)).toMatchObject({ output_text: 'done' });
    await expect(next(items.slice(1))).rejects.toThrow(/without its required 'reasoning' item/u);
    await expect(next([...items.slice(1), items[0]!])).rejects.toThrow(
      /required (following|'reasoning')/u,
    );
    const told = { ...items[0], summary: [] } as Input[number];
    await expect(next([told, ...items.slice(1)])).rejects.toThrow(/could not be verified/u);
    await expect(next(items, { model: 'gpt-5.1' })).rejects.toThrow(/could not be verified/u);
    const bareOne = { ...items[0], encrypted_content: null } as Input[number];
    await expect(next([bareOne, ...items.slice(1)])).rejects.toThrow(/not persisted/u);
    expect(vendor.violations).toHaveLength(5);
  });

  test('goes on from a stored answer', async () => {
    vendor.script(everything, { parts: [{ type: 'text', text: 'done' }] });
    const stored = { ...base, store: true };
    const { id, output } = await client.responses.create(stored);
    const input = output.flatMap((item): Input =>
      'call_id' in item
        ? [{ type: 'function_call_output', call_id: String(item.call_id), output: 'x' }]
        : [],
    );
    const more = { ...stored, previous_response_id: id };
    expect((await client.responses.create({ ...more, input })).output_text).toBe('done');
    await expect(client.responses.create({ ...more, input: 'go on' })).rejects.toThrow(
      /No tool output/u,
    );
  });

  test('is told only what it asked for', async () => {
    vendor.script(everything);
    const { output } = await client.responses.create({ ...base, include: [], reasoning: {} });
    expect(output[0]).toEqual({ type: 'reasoning', id: expect.any(String), summary: [] });
    const plain = { ...base, include: [], reasoning: null, model: 'gpt-4o' };
    expect((await client.responses.create(plain)).output[0]?.type).toBe('message');
  });

  test('reads every ending, counts and errors', async () => {
    for (const [finish, reason] of [
      ['length', 'max_output_tokens'],
      ['refusal', 'content_filter'],
    ] as const) {
      vendor.script({ parts: [{ type: 'text', text: 'so' }], finish });
      expect(await client.responses.create(base)).toMatchObject({
        status: 'incomplete',
        incomplete_details: { reason },
      });
      expect((await eventsOf({})).at(-1)?.type).toBe('response.incomplete');
    }
    vendor.script({ tokens: 42 });
    const { model, input } = base;
    expect(await client.responses.inputTokens.count({ model, input })).toEqual({
      object: 'response.input_tokens',
      input_tokens: 42,
    });
    vendor.script({ error: { status: 429, retryAfter: 3 } });
    await expect(client.responses.create(base)).rejects.toThrow(OpenAI.RateLimitError);
    vendor.script({ error: { status: 500, inStream: true, message: 'broken inside' } });
    await expect(eventsOf({})).rejects.toThrow(/broken inside/u);
    const fault = { status: 503, message: 'broken later' };
    vendor.script({ ...everything, stream: { errorAfterFirst: fault } });
    const events = await eventsOf({});
    expect(events.at(-1)).toMatchObject({
      type: 'response.failed',
      response: { status: 'failed', error: { message: 'broken later' } },
    });
    expect(events.map(({ sequence_number: n }) => n)).toEqual(events.map((_, at) => at));
  });
});
