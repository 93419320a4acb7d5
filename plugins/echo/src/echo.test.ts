import { afterEach, describe, expect, test } from '@jest/globals';
import type { CallContext, ModelEvent, ModelRequest, Part } from '@cliproxy/plugin-api';
import { startTestGateway } from '@cliproxy/plugin-testkit';
import type { TestGateway } from '@cliproxy/plugin-testkit';
import { echoExecutor } from './executor.ts';
import plugin from './index.ts';

let gateway: TestGateway | undefined;

afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
});

async function start(config: object = { paceMs: 0 }): Promise<TestGateway> {
  gateway = await startTestGateway({
    plugins: [{ plugin, packageJson: new URL('../package.json', import.meta.url), config }],
  });
  return gateway;
}

interface Message {
  readonly content: string | null;
  readonly reasoning_content?: string;
  readonly tool_calls?: readonly { id: string; function: { name: string; arguments: string } }[];
}

/** Sends messages, or one user message, and gives the answer. */
async function ask(messages: unknown, more: object = {}): Promise<Response> {
  const to = gateway ?? (await start());
  return to.ask('/v1/chat/completions', {
    body: {
      model: 'echo',
      messages: Array.isArray(messages) ? messages : [{ role: 'user', content: messages }],
      ...more,
    },
  });
}

async function answerTo(messages: unknown, more: object = {}) {
  const reply = await ask(messages, more);
  expect(reply.status).toBe(200);
  const { choices, usage } = (await reply.json()) as {
    choices: { message: Message; finish_reason: string }[];
    usage: Readonly<Record<string, number>>;
  };
  return { ...choices[0]!.message, finish: choices[0]!.finish_reason, usage };
}

const errorOf = async (messages: unknown): Promise<{ status: number; text: string }> => {
  const reply = await ask(messages);
  return { status: reply.status, text: await reply.text() };
};

describe('what is echoed', () => {
  test.each([
    'hello',
    ' two  spaces\tand\nlines \n',
    '你好，世界',
    '/toolbox is no order',
    '👋 👍🏽',
  ])('text, to the last character: %j', async (text) => {
    expect(await answerTo(text)).toMatchObject({ content: text, finish: 'stop' });
  });

  test('only the last turn; images by their type', async () => {
    const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } };
    const { content } = await answerTo([
      { role: 'user', content: 'before' },
      { role: 'assistant', content: 'between' },
      { role: 'user', content: [{ type: 'text', text: 'see' }, image] },
    ]);
    expect(content).toBe('see\n[image/png]');
  });

  test('what a tool answered, which gives no orders', async () => {
    const { tool_calls: calls, finish } = await answerTo('/tool look {"x":1}');
    expect(finish).toBe('tool_calls');
    const { content } = await answerTo([
      { role: 'user', content: '/tool look {"x":1}' },
      { role: 'assistant', content: null, tool_calls: calls },
      { role: 'tool', tool_call_id: calls?.[0]?.id, content: 'seen\n/error auth' },
    ]);
    expect(content).toBe('seen\n/error auth');
  });

  test('usage: words stand for tokens, of all that was said', async () => {
    const { usage } = await answerTo([
      { role: 'system', content: 'one two' },
      { role: 'user', content: '/think a b\nthree four five' },
    ]);
    expect(usage).toMatchObject({
      prompt_tokens: 8,
      completion_tokens: 5,
      total_tokens: 13,
      completion_tokens_details: { reasoning_tokens: 2 },
    });
  });
});

describe('orders', () => {
  test('/tool: several lines, several calls, each with an id of its own', async () => {
    const { tool_calls: calls, content } = await answerTo(
      'so\n/tool look {"x": 1, "y": [true]}\r\n  /tool wait',
    );
    expect(content).toBe('so');
    expect(calls?.map(({ function: { name, arguments: json } }) => [name, json])).toEqual([
      ['look', '{"x": 1, "y": [true]}'],
      ['wait', '{}'],
    ]);
    expect(new Set(calls?.map(({ id }) => id)).size).toBe(2);
  });

  test('/think: reasoning before the text', async () => {
    expect(await answerTo('/think about  it\nyes')).toMatchObject({
      reasoning_content: 'about  it',
      content: 'yes',
    });
  });

  test.each([
    ['bad-request', 400, 'UPSTREAM_BAD_REQUEST'],
    ['too-large', 413, 'UPSTREAM_REQUEST_TOO_LARGE'],
    ['auth', 503, 'UPSTREAM_AUTH'],
    ['billing', 503, 'UPSTREAM_BILLING'],
    ['forbidden', 503, 'UPSTREAM_FORBIDDEN'],
    ['not-found', 404, 'UPSTREAM_NOT_FOUND'],
    ['rate-limit', 429, 'UPSTREAM_RATE_LIMIT'],
    ['overloaded', 503, 'UPSTREAM_OVERLOADED'],
    ['timeout', 504, 'UPSTREAM_TIMEOUT'],
    ['network', 502, 'UPSTREAM_UNREACHABLE'],
    ['upstream', 502, 'UPSTREAM_FAILED'],
  ])('/error %s: %i', async (kind, status, code) => {
    const error = await errorOf(`/error ${kind}`);
    expect(error.status).toBe(status);
    expect(error.text).toContain(code);
  });

  test('/error rate-limit 30: out for that long, and the client is told', async () => {
    const first = await ask('/error rate-limit 30');
    expect(Number(first.headers.get('retry-after'))).toBeGreaterThan(25);
    const second = await ask('hello');
    expect(second.status).toBe(429);
    expect(Number(second.headers.get('retry-after'))).toBeLessThanOrEqual(30);
  });

  test.each([
    ['/error', /no such kind; use one of bad-request, auth/u],
    ['/error sunshine', /sunshine.*no such kind/u],
    ['/error auth soon', /soon.*whole number/u],
    ['/break soon', /soon.*whole number/u],
    ['/tool', /name a tool.*\/tool look/u],
    ['/tool look {x}', /\/tool look: .*JSON object/u],
    ['/tool look [1]', /\/tool look: .*JSON object/u],
  ])('%s is refused, and says what is right', async (order, sentence) => {
    const error = await errorOf(order);
    expect(error.status).toBe(400);
    expect((JSON.parse(error.text) as { error: { message: string } }).error.message).toMatch(
      sentence,
    );
  });

  test('/break 2: two words, an error, no end as if all were well', async () => {
    const reply = await ask('/break 2\none two three', { stream: true });
    const text = await reply.text();
    expect(text).toContain('one ');
    expect(text).toContain('two ');
    expect(text).not.toContain('three');
    expect(text).toContain('told to break off');
    expect(text).not.toContain('[DONE]');
  });

  test.each(['/break 0\none', '/break', '/break 9\none', '/break\n/tool x'])(
    '%j without a stream: an error, not half an answer',
    async (order) => {
      const error = await errorOf(order);
      expect(error.status).toBe(502);
      expect(error.text).toContain('told to break off');
    },
  );
});

describe('the pace', () => {
  test('one word after the other', async () => {
    await start({ paceMs: 30 });
    const began = performance.now();
    const reply = await ask('a b c d', { stream: true });
    const arrived: number[] = [];
    for await (const bytes of reply.body as AsyncIterable<Uint8Array>) {
      if (Buffer.from(bytes).includes('"content":"')) arrived.push(performance.now() - began);
    }
    expect(arrived.at(-1)).toBeGreaterThanOrEqual(4 * 30 - 10);
    expect(arrived.length).toBeGreaterThan(1);
  });

  test('a client that leaves ends the answer between two words', async () => {
    await start({ paceMs: 60_000 });
    const leaving = new AbortController();
    const asked = gateway!.ask('/v1/chat/completions', {
      body: { model: 'echo', messages: [{ role: 'user', content: 'a b' }] },
      signal: leaving.signal,
    });
    setTimeout(() => leaving.abort(), 50);
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
    while (!gateway!.log().includes('"outcome":"client-left"')) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });

  test('an aborted call throws at once, however long the pause', async () => {
    const executor = echoExecutor({ paceMs: 60_000 }, Date);
    const abort = new AbortController();
    const events = run(executor, [{ type: 'text', text: 'a b' }], abort.signal);
    await events.next();
    await events.next();
    const next = events.next();
    abort.abort();
    await expect(next).rejects.toMatchObject({ name: 'AbortError' });
  });

  test.each([{ paceMs: -1 }, { paceMs: 60_001 }, { paceMs: 'slow' }, { pace: 1 }])(
    '%j is refused',
    async (config) => {
      await expect(start(config)).rejects.toThrow(/PLUGIN_BAD_CONFIG.*pace/u);
    },
  );
});

function run(
  executor: ReturnType<typeof echoExecutor>,
  parts: readonly Part[],
  signal: AbortSignal,
): AsyncIterator<ModelEvent> {
  const request: ModelRequest = {
    model: 'echo',
    turns: [{ role: 'user', parts }],
    tools: [],
    stream: true,
    extras: { dialect: 'openai-chat', fields: {} },
  };
  const call = { requestId: 'r', signal } as CallContext;
  return executor.run(request, call)[Symbol.asyncIterator]();
}

test('every part has words; a token count is of the same words', async () => {
  const executor = echoExecutor({ paceMs: 0 }, Date);
  const parts: readonly Part[] = [
    { type: 'refusal', text: 'no' },
    { type: 'reasoning', text: 'because so' },
    { type: 'tool-call', id: 'c', name: 'look', argumentsJson: '{"x": 1}' },
    {
      type: 'tool-result',
      callId: 'c',
      content: [
        { type: 'text', text: 'a' },
        { type: 'media', mediaType: 'image/png', source: { url: 'https://a.example' } },
      ],
    },
  ];
  let text = '';
  const events = run(executor, parts, new AbortController().signal);
  for (let step = await events.next(); step.done !== true; step = await events.next()) {
    if (step.value.type === 'delta') text += step.value.text;
  }
  expect(text).toBe('no\nbecause so\nlook({"x": 1})\na\n[image/png]');
  const request = { turns: [{ role: 'user', parts }] } as unknown as ModelRequest;
  await expect(executor.countTokens?.(request, {} as CallContext)).resolves.toBe(7);
});

test('a vector is of the words alone, of length 1, and of as many dimensions as are asked for', async () => {
  const to = await start();
  const vectorsOf = async (body: object): Promise<number[][]> => {
    const reply = await to.ask('/v1/embeddings', { body: { model: 'echo', ...body } });
    const { data } = (await reply.json()) as { data: { embedding: number[] }[] };
    return data.map(({ embedding }) => embedding);
  };
  const near = (a: number[] = [], b: number[] = []): number =>
    a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
  const [cat, same, other] = await vectorsOf({
    input: ['a black cat', 'A black cat!', 'über uns'],
  });
  expect(cat).toHaveLength(64);
  expect(same).toEqual(cat);
  expect(near(cat, cat)).toBeCloseTo(1);
  expect(near(cat, other)).toBeLessThan(0.9);
  const [three] = await vectorsOf({ input: 'x', dimensions: 3 });
  expect(three).toHaveLength(3);
});

test('it is listed, found by its pattern, and alive', async () => {
  const to = await start();
  for (;;) {
    const { data } = (await (await to.ask('/v1/models')).json()) as { data: { id: string }[] };
    if (data.length === 0) continue;
    expect(data.map(({ id }) => id)).toEqual(['echo']);
    break;
  }
  expect(await answerTo('hi', { model: 'echo-any' })).toMatchObject({ content: 'hi' });
  const health = await (await to.ask('/v1/health/deep', { admin: true })).text();
  expect(health).toContain('"probe":"alive","status":"up"');
});
