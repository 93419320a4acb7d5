import { describe, expect, test } from '@jest/globals';
import { isGatewayError } from '@cliproxy/plugin-api';
import type { Dialect, ModelEvent, ModelRequest, Operation } from '@cliproxy/plugin-api';
import type { ClientRequest, EncodeTarget, EventStage } from '@cliproxy/kernel';
import { createDialects } from './dialects.ts';

const hub = createDialects();

const read = (dialect: Dialect, body: object, operation: Operation = 'generate'): ClientRequest =>
  hub.read({
    dialect,
    operation,
    headers: {},
    body: Buffer.from(JSON.stringify(body)),
    requestId: 'req_1',
  });

const target = (dialect: Dialect): EncodeTarget => ({
  dialect,
  model: 'up',
  instanceId: 'one',
  passthrough: true,
  refuses: [],
  usage: 'off',
  maxAnswerBytes: 10_000,
});

const chat = {
  model: 'asked',
  stream: true,
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Who is it?' },
  ],
};

/** Every text in capitals. */
function loud(request: ModelRequest | undefined): ModelRequest {
  if (request === undefined) throw new Error('no request');
  const turns = request.turns.map((turn) => ({
    ...turn,
    parts: turn.parts.map((part) =>
      part.type === 'text' ? { ...part, text: part.text.toUpperCase() } : part,
    ),
  }));
  return { ...request, turns };
}

const stage: EventStage = {
  push(event: ModelEvent, tell: (event: ModelEvent) => void) {
    tell(event.type === 'delta' ? { ...event, text: event.text.toUpperCase() } : event);
  },
  end: () => undefined,
};

describe('a request with another body', () => {
  test('goes out with it, to the same dialect and to another', () => {
    const request = read('openai-chat', chat);
    const changed = request.withBody({ request: loud(request.body().request) });
    const same = JSON.parse(changed.wire(target('openai-chat')).body.toString()) as typeof chat;
    expect(same).toEqual({
      model: 'up',
      stream: true,
      messages: [
        { role: 'system', content: 'BE BRIEF.' },
        { role: 'user', content: 'WHO IS IT?' },
      ],
    });
    const other = changed.wire(target('anthropic-messages')).body.toString();
    expect(other).toContain('BE BRIEF.');
    expect(other).not.toContain('brief');
    expect(changed.events(target('openai-chat')).request.turns[0]?.parts[0]).toMatchObject({
      text: 'BE BRIEF.',
    });
    expect(request.wire(target('openai-chat')).body.toString()).toContain('Be brief.');
  });

  test('keeps it where reasoning is left out', () => {
    const messages = [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: [{ type: 'thinking', thinking: 'hm', signature: 'c2ln' }] },
      { role: 'user', content: 'b' },
    ];
    const request = read('anthropic-messages', { model: 'm', max_tokens: 9, messages });
    const changed = request.withBody({ request: loud(request.body().request) });
    const body = changed.withoutReasoning()?.wire(target('anthropic-messages')).body.toString();
    expect(body).toContain('"A"');
    expect(body).not.toContain('c2ln');
  });

  test('without one, it is encoded anew: the answer is not passed through', () => {
    const exchange = read('openai-chat', chat).withBody().wire(target('openai-chat'));
    const head = { status: 200, headers: { 'content-type': 'text/event-stream' } };
    const pipe = exchange.answer(head, stage);
    expect(pipe.passthrough).toBe(false);
    const out: Buffer[] = [];
    const chunk = (delta: object, finish: string | null = null): string =>
      `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
    expect(pipe.push(Buffer.from(chunk({ role: 'assistant' })), out)).toBe(false);
    expect(pipe.push(Buffer.from(chunk({ content: 'it is I' })), out)).toBe(true);
    pipe.push(Buffer.from(`${chunk({}, 'stop')}data: [DONE]\n\n`), out);
    pipe.end(out);
    const text = Buffer.concat(out).toString();
    expect(text).toContain('IT IS I');
    expect(text.match(/\[DONE\]/g)).toHaveLength(1);
    expect(pipe.finish).toBe('stop');
  });

  test('counts it', () => {
    const body = { model: 'm', messages: [{ role: 'user', content: 'how many' }] };
    const request = read('anthropic-messages', body, 'count-tokens');
    const changed = request.withBody({ request: loud(request.body().request) });
    expect(changed.wire(target('anthropic-messages')).body.toString()).toContain('HOW MANY');
  });
});

describe('embeddings', () => {
  const inputs = (request: ClientRequest): unknown =>
    (JSON.parse(request.wire(target('openai-chat')).body.toString()) as { readonly input: unknown })
      .input;

  test.each([
    ['one text', 'a', ['x'], 'x'],
    ['a list of one', ['a'], ['x'], ['x']],
    ['several', ['a', 'b'], ['x', 'y'], ['x', 'y']],
  ])('of %s, changed in their place', (_what, input, changed, sent) => {
    const request = read('openai-chat', { model: 'm', input }, 'embed');
    const { embed } = request.body();
    expect(embed).toEqual({ model: 'm', inputs: [input].flat() });
    const next = request.withBody({ embed: { model: 'm', inputs: changed } });
    expect(inputs(next)).toEqual(sent);
    expect(next.reply(target('openai-chat')).request).toMatchObject({ inputs: changed });
  });

  test('go out with what was shown alone, changed or not; the rest is told as ignored', () => {
    const shown = { model: 'm', input: ['a'], dimensions: 3, encoding_format: 'base64' };
    const body = { ...shown, user: 'alice', metadata: { of: 'alice' } };
    const request = read('openai-chat', body, 'embed');
    const changed = request.withBody({ embed: { model: 'm', inputs: ['x'], dimensions: 3 } });
    const again = changed.withBody({ embed: { model: 'm', inputs: ['x'], dimensions: 3 } });
    for (const [next, input] of [
      [request.withBody(), 'a'],
      [changed, 'x'],
      [again, 'x'],
    ] as const) {
      const exchange = next.wire(target('openai-chat'));
      expect(JSON.parse(exchange.body.toString())).toEqual({
        ...shown,
        model: 'up',
        input: [input],
      });
      expect(exchange.ignored).toEqual(['user', 'metadata']);
      expect(next.reply(target('openai-chat')).ignored).toEqual(['user', 'metadata']);
    }
  });

  test('of token ids can not be shown', () => {
    const request = read('openai-chat', { model: 'm', input: [1, 2, 3] }, 'embed');
    let code = '';
    try {
      request.body();
    } catch (thrown) {
      if (isGatewayError(thrown)) code = thrown.code;
    }
    expect(code).toBe('CLIENT_UNSUPPORTED');
    expect(inputs(request)).toEqual([1, 2, 3]);
  });
});
