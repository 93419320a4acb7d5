import { describe, expect, test } from '@jest/globals';
import type { Dialect } from '@cliproxy/plugin-api';
import type { WireExchange } from '@cliproxy/kernel';
import { createDialects } from '../hub/dialects.ts';

/** What JSON.parse gives: bodies are compared, not typed. */
type Loose = ReturnType<typeof JSON.parse>;

const dialects = createDialects();

function ask(
  dialect: Dialect,
  body: object,
): { readonly wire: WireExchange; readonly sent: Loose } {
  const wire = dialects
    .read({
      dialect,
      operation: 'generate',
      headers: {},
      body: Buffer.from(JSON.stringify({ model: 'asked', ...body })),
      requestId: 'req_1',
    })
    .wire({
      dialect: 'gemini',
      model: 'gemini-2.5-flash',
      instanceId: 'up',
      passthrough: true,
      refuses: [],
      usage: 'auto',
      maxAnswerBytes: 1_000_000,
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

const schema = {
  type: 'object',
  properties: {
    'x-y': { type: 'string', enum: ['x-y', 'b'], default: 'x-y' },
    $filter: {
      type: 'object',
      description: 'What to keep.',
      properties: { '2nd': { type: 'integer' }, plain: { type: 'string' } },
      required: ['2nd'],
      default: { '2nd': 1 },
    },
    имя: { type: 'string', title: 'Name' },
    plain: { type: 'array', items: { anyOf: [{ $ref: '#/$defs/row' }, { type: 'string' }] } },
    ['long'.repeat(20)]: { type: 'string' },
  },
  required: ['x-y', 'plain'],
  $defs: {
    row: {
      type: 'object',
      properties: { 'a.b': { type: 'string' }, more: { $ref: '#/$defs/row' } },
    },
  },
};
const args = {
  'x-y': 'x-y',
  $filter: { '2nd': 2, plain: '$filter' },
  имя: 'Анна',
  plain: [{ 'a.b': '1', more: { 'a.b': '2', more: { 'a.b': '3' } } }, 'x-y'],
};
const messages = {
  max_tokens: 9,
  tools: [
    { name: 'find', input_schema: schema },
    { name: 'other', input_schema: { type: 'object', properties: { x: { type: 'string' } } } },
  ],
  messages: [
    { role: 'user', content: 'hi' },
    {
      role: 'assistant',
      content: [
        { type: 'tool_use', id: 'a', name: 'find', input: args },
        { type: 'tool_use', id: 'b', name: 'other', input: { 'x-y': 1 } },
      ],
    },
    {
      role: 'user',
      content: ['a', 'b'].map((id) => ({ type: 'tool_result', tool_use_id: id, content: 'ok' })),
    },
  ],
};

/** All names in a tool's schema, and what they stand for. */
function namesIn(node: Loose): [string, Loose][] {
  const entries: [string, Loose][] = Object.entries(node.properties ?? {});
  const inner = [...entries.map(([, value]) => value), node.items ?? {}, ...(node.anyOf ?? [])];
  return [
    ...entries,
    ...inner.flatMap((one: Loose) => (one.type || one.anyOf ? namesIn(one) : [])),
  ];
}

describe('names of parameters that the API refuses', () => {
  const { wire, sent } = ask('anthropic-messages', messages);
  const [find, other] = sent.tools[0].functionDeclarations;
  const named = (name: string): string =>
    namesIn(find.parameters).find(([key, { title }]) => key === name || title === name)?.[0] ?? '';
  const x = named('x-y');

  test('are sent under others, in schemas by their grammar', () => {
    const names = namesIn(find.parameters).map(([name]) => name);
    expect(names.length).toBeGreaterThan(7);
    for (const name of names) expect(name).toMatch(/^[A-Za-z_]\w{0,63}$/);
    const { properties, required } = find.parameters;
    expect(required).toEqual([x, 'plain']);
    expect(properties[x]).toEqual({
      type: 'STRING',
      title: 'x-y',
      enum: ['x-y', 'b'],
      default: 'x-y',
    });
    const filter = properties[named('$filter')];
    expect(filter).toMatchObject({ title: '$filter', description: 'What to keep.' });
    expect(filter.required).toEqual([named('2nd')]);
    expect(filter.default).toEqual({ [named('2nd')]: 1 });
    expect(Object.values(properties)).toContainEqual({ type: 'STRING', title: 'Name' });
    expect(other.parameters).toEqual({ type: 'OBJECT', properties: { x: { type: 'STRING' } } });
  });

  test('and the same in calls that are sent back', () => {
    const [first, second] = sent.contents[1].parts;
    const ab = named('a.b');
    expect(first.functionCall.args[x]).toBe('x-y');
    expect(first.functionCall.args[named('$filter')]).toEqual({
      [named('2nd')]: 2,
      plain: '$filter',
    });
    expect(first.functionCall.args.plain).toEqual([
      { [ab]: '1', more: { [ab]: '2', more: { [ab]: '3' } } },
      'x-y',
    ]);
    // Nobody has told of such a name there.
    expect(second.functionCall.args).toEqual({ 'x-y': 1 });
  });

  const answer = {
    candidates: [
      {
        content: { role: 'model', parts: sent.contents[1].parts.slice(0, 1) },
        finishReason: 'STOP',
        index: 0,
      },
    ],
  };

  test('come back as the client has them', () => {
    const told: Loose = JSON.parse(answered(wire, 'application/json', JSON.stringify(answer)));
    expect(told.content).toMatchObject([{ type: 'tool_use', name: 'find', input: args }]);
  });

  test.each<[Dialect, object]>([
    ['anthropic-messages', messages],
    [
      'openai-chat',
      {
        messages: [{ role: 'user', content: 'hi' }],
        tools: [{ type: 'function', function: { name: 'find', parameters: schema } }],
      },
    ],
    [
      'openai-responses',
      {
        input: 'hi',
        tools: [{ type: 'function', name: 'find', parameters: schema, strict: false }],
      },
    ],
  ])('come back in a stream, too, to %s', (dialect, body) => {
    const streamed = ask(dialect, { ...body, stream: true }).wire;
    const text = answered(streamed, 'text/event-stream', `data: ${JSON.stringify(answer)}\n\n`);
    const json = JSON.stringify(args).slice(1, -1);
    expect(text).toContain(JSON.stringify(json).slice(1, -1));
    expect(text).not.toContain(x);
  });
});
