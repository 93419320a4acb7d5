import { describe, expect, test } from '@jest/globals';
import type { Dialect } from '@cliproxy/plugin-api';
import type { EncodeTarget } from '@cliproxy/kernel';
import { createDialects } from './dialects.ts';
import { ItemMemory } from './item-memory.ts';

const item = (text: string): string => JSON.stringify({ type: 'message', text });

describe('what is kept', () => {
  test('is found by its owner alone, as it was', () => {
    const memory = new ItemMemory({ maxBytes: 10_000 });
    memory.keep('a', 'msg_1', item('grüß 🙂'));
    expect(memory.find('a', 'msg_1')).toEqual({ type: 'message', text: 'grüß 🙂' });
    expect(memory.find('b', 'msg_1')).toBeUndefined();
    expect(memory.find('', 'msg_1')).toBeUndefined();
    expect(memory.find('a', 'msg_2')).toBeUndefined();
    expect(memory.find('', 'a\nmsg_1')).toBeUndefined();
  });

  test('never is more than the bytes; what was used last stays', () => {
    const memory = new ItemMemory({ maxBytes: 3000 });
    memory.keep('a', 'one', item('x'.repeat(600)));
    memory.keep('a', 'two', item('x'.repeat(600)));
    memory.keep('a', 'three', item('x'.repeat(600)));
    expect(memory.find('a', 'one')).toBeDefined();
    memory.keep('b', 'four', item('x'.repeat(600)));
    expect(memory.bytes).toBeLessThanOrEqual(3000);
    expect(memory.find('a', 'two')).toBeUndefined();
    for (const id of ['one', 'three']) expect(memory.find('a', id)).toBeDefined();
    expect(memory.find('b', 'four')).toBeDefined();
  });

  test('never is more than the items', () => {
    const memory = new ItemMemory({ maxBytes: 1_000_000, maxItems: 2 });
    for (const id of ['one', 'two', 'three']) memory.keep('a', id, item(id));
    expect(['one', 'two', 'three'].map((id) => memory.find('a', id)?.text)).toEqual([
      undefined,
      'two',
      'three',
    ]);
  });

  test('is counted in bytes, not in characters, and once', () => {
    const memory = new ItemMemory({ maxBytes: 1_000_000 });
    memory.keep('a', 'one', item('🙂'.repeat(1000)));
    const { bytes } = memory;
    expect(bytes).toBeGreaterThan(4000);
    memory.keep('a', 'one', item('🙂'.repeat(1000)));
    expect(memory.bytes).toBe(bytes);
  });

  test('leaves out what is too large, and an older one of its id with it', () => {
    const memory = new ItemMemory({ maxBytes: 1000 });
    memory.keep('a', 'one', item('x'));
    memory.keep('a', 'two', item('x'));
    memory.keep('a', 'one', item('x'.repeat(1000)));
    expect(memory.find('a', 'one')).toBeUndefined();
    expect(memory.find('a', 'two')).toBeDefined();
  });

  test('gives way at once where less may be kept', () => {
    const memory = new ItemMemory({ maxBytes: 1000 });
    memory.keep('a', 'one', item('x'));
    memory.resize(0);
    expect(memory.bytes).toBe(0);
    memory.keep('a', 'one', item('x'));
    expect(memory.find('a', 'one')).toBeUndefined();
  });
});

describe('references', () => {
  const target = (dialect: Dialect, model: string): EncodeTarget => ({
    dialect,
    model,
    instanceId: 'up',
    passthrough: true,
    refuses: [],
    usage: 'auto',
    maxAnswerBytes: 100_000,
  });
  const claude = target('anthropic-messages', 'claude-sonnet-4-5');
  const gpt = target('openai-responses', 'gpt-5');
  const answer = {
    id: 'msg_up',
    type: 'message',
    role: 'assistant',
    model: 'claude-sonnet-4-5',
    content: [
      { type: 'thinking', thinking: 'hm', signature: 'c2ln' },
      { type: 'text', text: 'one' },
      { type: 'text', text: 'two' },
      { type: 'tool_use', id: 'toolu_1', name: 'look', input: { x: 1 } },
    ],
    stop_reason: 'tool_use',
    usage: { input_tokens: 1, output_tokens: 1 },
  };
  const tools = [{ type: 'function', name: 'look', parameters: { type: 'object' } }];
  const thinking = { reasoning: { effort: 'medium' } };

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- bodies of the wire, looked into freely
  type Wire = any;

  function talk(memory?: ItemMemory) {
    const hub = createDialects(memory);
    const read = (
      body: object,
      client = 'a',
      operation: 'generate' | 'count-tokens' = 'generate',
    ) =>
      hub.read({
        dialect: 'openai-responses',
        operation,
        headers: {},
        body: Buffer.from(JSON.stringify({ model: 'm', tools, ...thinking, ...body })),
        requestId: 'r',
        client,
      });
    const ids = (body: object = {}): readonly string[] => {
      const pipe = read({ input: 'hi', ...body })
        .wire(claude)
        .answer({ status: 200, headers: { 'content-type': 'application/json' } });
      const out: Buffer[] = [];
      pipe.push(Buffer.from(JSON.stringify(answer)), out);
      pipe.end(out);
      const { output } = JSON.parse(Buffer.concat(out).toString());
      return output.map(({ id }: Wire) => id as string);
    };
    return { read, ids };
  }

  const refer = (ids: readonly string[]): object => ({
    input: [
      { role: 'user', content: 'hi' },
      ...ids.map((id) => ({ type: 'item_reference', id })),
      { type: 'function_call_output', call_id: 'toolu_1', output: 'a cat' },
    ],
  });
  const sentTo = ({ body }: { readonly body: Buffer }): Wire => JSON.parse(body.toString());

  test('are what they refer to, for the vendor that made it, each of them once', () => {
    const { read, ids } = talk(new ItemMemory({ maxBytes: 100_000 }));
    const [reasoning = '', message = '', call = ''] = ids();
    const again = read(refer([reasoning, message, message, call]));
    expect(again.facts.needs()).toContain('multi-turn');
    expect(sentTo(again.wire(claude)).messages[1].content).toEqual(answer.content);
  });

  test('and for another, whose bytes then are not the client’s', () => {
    const { read, ids } = talk(new ItemMemory({ maxBytes: 100_000 }));
    const { input } = sentTo(read(refer([...ids(), 'msg_native'])).wire(gpt));
    expect(input.map(({ type }: Wire) => type as string)).toEqual([
      'message',
      'message',
      'function_call',
      'item_reference',
      'function_call_output',
    ]);
    expect(JSON.stringify(input)).not.toContain('cpx1');
  });

  test('are counted', () => {
    const { read, ids } = talk(new ItemMemory({ maxBytes: 100_000 }));
    const { messages } = sentTo(read(refer(ids()), 'a', 'count-tokens').wire(claude));
    expect(messages[1].content).toHaveLength(4);
  });

  test('to what nobody kept go through to who may have, and nowhere else', () => {
    const memory = new ItemMemory({ maxBytes: 100_000 });
    const { read, ids } = talk(memory);
    const kept = ids();
    const unkept = ids({ store: false });
    const { bytes } = memory;
    for (const [client, names] of [
      ['a', unkept],
      ['b', kept],
    ] as const) {
      const request = read(refer(names), client);
      expect(sentTo(request.wire(gpt)).input).toEqual((refer(names) as Wire).input);
      expect(() => request.wire(claude)).toThrow(
        expect.objectContaining({ code: 'CLIENT_UNSUPPORTED' }),
      );
    }
    expect(memory.bytes).toBe(bytes);
  });

  test('find nothing where nothing is kept', () => {
    const { read, ids } = talk();
    expect(() => read(refer(ids())).wire(claude)).toThrow('store: false');
  });
});
