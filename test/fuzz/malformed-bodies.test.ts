import http from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import echo from '@cliproxy/plugin-echo';
import claude from '@cliproxy/plugin-llmux-claude';
import { startScriptedUpstream, startTestGateway } from '@cliproxy/plugin-testkit';
import type { ScriptedUpstream, TestGateway } from '@cliproxy/plugin-testkit';
import fc from 'fast-check';

/** Bodies that are too large are those over this. */
const LIMIT_BYTES = 1024 * 1024;

let upstream: ScriptedUpstream;
let gateway: TestGateway | undefined;
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

beforeAll(async () => {
  upstream = await startScriptedUpstream();
  const manifest = (name: string) => new URL(`../../plugins/${name}/package.json`, import.meta.url);
  gateway = await startTestGateway({
    plugins: [
      { plugin: echo, packageJson: manifest('echo') },
      {
        plugin: claude,
        packageJson: manifest('llmux-claude'),
        config: { baseUrl: upstream.url, apiKeys: ['sk-ant-0123456789'] },
      },
    ],
    config: {
      server: {
        port: 0,
        apiKeys: ['test-client-key-0123456789'],
        adminKeys: ['test-admin-key-0123456789'],
        bodyLimitMb: 1,
        drainMs: 1000,
      },
    },
  });
});

afterAll(async () => {
  agent.destroy();
  await gateway?.stop();
  await upstream.close();
});

interface Reply {
  readonly status: number;
  readonly text: string;
}

function post(at: string, body: Buffer, type = 'application/json'): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      gateway!.url + at,
      {
        method: 'POST',
        agent,
        headers: {
          'content-type': type,
          'content-length': body.length,
          'x-api-key': gateway!.apiKey,
        },
      },
      (reply) => {
        const chunks: Buffer[] = [];
        reply.on('data', (chunk: Buffer) => chunks.push(chunk));
        reply.on('end', () =>
          resolve({ status: reply.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
        );
        reply.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

const AT = { openai: '/v1/chat/completions', anthropic: '/v1/messages' } as const;

function expectError({ status, text }: Reply, shape: keyof typeof AT, allowed = [400]): void {
  const context = text.slice(0, 500);
  expect({ known: allowed.includes(status), status, context }).toMatchObject({ known: true });
  const answer = JSON.parse(text);
  const error = answer.error;
  expect(error).toMatchObject({ message: expect.any(String), type: expect.any(String) });
  expect(error.message.length).toBeGreaterThan(10);
  expect(error.message.length).toBeLessThan(3000);
  expect(error.gateway_code).toMatch(/^(?:CLIENT|ROUTE|UPSTREAM)_[A-Z_]+$/u);
  if (shape === 'anthropic') {
    expect(answer.type).toBe('error');
    expect(answer.request_id).toEqual(expect.any(String));
  } else {
    expect(error).toHaveProperty('code');
    expect(error).toHaveProperty('param');
    expect(answer).not.toHaveProperty('type');
  }
}

const models = fc.constantFrom('echo', 'claude-sonnet-4-5');
const proper = (model: string, shape: keyof typeof AT): Record<string, unknown> => ({
  model,
  messages: [{ role: 'user', content: 'hello' }],
  ...(shape === 'anthropic' && { max_tokens: 5 }),
});
const deep = (depth: number, open: string, close: string) =>
  `{"model":"echo","messages":${open.repeat(depth)}1${close.repeat(depth)}}`;

/** What is no JSON object in UTF-8. */
const unparsable = (shape: keyof typeof AT): fc.Arbitrary<Buffer> => {
  const text = models.map((model) => JSON.stringify(proper(model, shape)));
  return fc.oneof(
    // Cut somewhere.
    fc
      .tuple(text, fc.double({ min: 0, max: 0.999, noNaN: true }))
      .map(([whole, part]) => Buffer.from(whole.slice(0, Math.floor(whole.length * part)))),
    // One byte that no JSON has, put anywhere.
    fc
      .tuple(text, fc.nat(), fc.constantFrom(0x00, 0x01, 0x1f, 0x80, 0xc0, 0xf5, 0xff, 0xfe))
      .map(([whole, at, byte]) => {
        const bytes = Buffer.from(whole);
        const place = at % bytes.length;
        return Buffer.concat([bytes.subarray(0, place), Buffer.of(byte), bytes.subarray(place)]);
      }),
    // Something behind the end.
    fc
      .tuple(text, fc.constantFrom('}', ',', '{}', '[]', 'x', '\u0000', '"', '//', 'null'))
      .map(([whole, more]) => Buffer.from(whole + more)),
    // JSON, but no object.
    fc
      .constantFrom('', ' ', '\n\t', 'null', 'true', '0', '"x"', '[]', '[{}]', 'NaN', "{'a':1}")
      .map((one) => Buffer.from(one)),
    fc.array(fc.json(), { maxLength: 3 }).map((list) => Buffer.from(`[${list.join()}]`)),
    // A repeated key.
    fc
      .tuple(text, fc.constantFrom('"model":"x"', '"messages":[]', '"m\\u006fdel":"x"'))
      .map(([whole, again]) => Buffer.from(`${whole.slice(0, -1)},${again}}`)),
    // Not UTF-8.
    text.map((whole) => Buffer.from(`\uFEFF${whole}`, 'utf16le')),
    fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => Buffer.from([0xff, ...bytes])),
    fc
      .constantFrom(
        '\u2028{',
        '{"a":1,}',
        '{,}',
        '{"a"}',
        '{a:1}',
        '{"a":01}',
        '{"a":.5}',
        '{"a":"\n"}',
      )
      .map((one) => Buffer.from(one)),
  );
};

const strange: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(null, true, false, 0, -1, 1.5, 1e308, '', 'x', [], {}, [[]], [null], {
    a: 1,
  }),
  fc.jsonValue({ maxDepth: 2 }),
);

/** JSON objects in which a field that every request needs is of another kind, or not there. */
const wrong = (shape: keyof typeof AT): fc.Arbitrary<Buffer> => {
  const isText = (value: unknown) => typeof value === 'string' && value !== '';
  const json = (value: unknown) => Buffer.from(JSON.stringify(value));
  const using = (change: (body: Record<string, unknown>) => unknown) =>
    fc.constant(proper('echo', shape)).map((body) => json(change(body)));
  return fc.oneof(
    strange.filter((value) => !isText(value)).chain((model) => using((b) => ({ ...b, model }))),
    strange
      .filter((value) => !Array.isArray(value))
      .chain((messages) => using((b) => ({ ...b, messages }))),
    strange
      .filter((value) => typeof value !== 'object' || value === null || Array.isArray(value))
      .chain((message) => using((b) => ({ ...b, messages: [message] }))),
    strange
      .filter((value) => !isText(value))
      .chain((role) => using((b) => ({ ...b, messages: [{ role, content: 'x' }] }))),
    fc
      .constantFrom<unknown>(1, true, { a: 1 }, [1], [null], [{ type: 7 }], [[]], [{}])
      .chain((content) => using((b) => ({ ...b, messages: [{ role: 'user', content }] }))),
    strange
      .filter((value) => typeof value !== 'boolean' && value !== null)
      .chain((stream) => using((b) => ({ ...b, stream }))),
    fc
      .constantFrom<unknown>(1, 'x', true, { a: 1 }, [1], ['x'], [[]])
      .chain((tools) => using((b) => ({ ...b, tools }))),
    fc.constantFrom('{}', '{"model":"echo"}', '{"messages":[]}').map((text) => Buffer.from(text)),
    // `__proto__` is a key like any other, and gives no model.
    fc
      .constantFrom(
        '{"__proto__":{"model":"echo","messages":[{"role":"user","content":"x"}]}}',
        '{"constructor":{"prototype":{"model":"echo"}}}',
      )
      .map((text) => Buffer.from(text)),
    fc
      .tuple(
        fc.integer({ min: 300, max: 20_000 }),
        fc.constantFrom<[string, string]>(['[', ']'], ['{"a":', '}']),
      )
      .map(([depth, [open, close]]) => Buffer.from(deep(depth, open, close))),
  );
};

const alive = async () => {
  const good = await post(AT.openai, Buffer.from(JSON.stringify(proper('echo', 'openai'))));
  expect(good.status).toBe(200);
};

test.each([
  ['openai', 500],
  ['anthropic', 150],
] as const)(
  '%s: what is no JSON object is a 400 and reaches nobody',
  async (shape, numRuns) => {
    await fc.assert(
      fc.asyncProperty(unparsable(shape), async (body) => {
        expectError(await post(AT[shape], body), shape);
      }),
      { numRuns },
    );
    // The probes ask for the list of models, by GET.
    expect(upstream.requests.filter(({ method }) => method === 'POST')).toEqual([]);
    await alive();
  },
  120_000,
);

test.each([
  ['openai', 500],
  ['anthropic', 150],
] as const)(
  '%s: a field of the wrong kind is a 400 that says which',
  async (shape, numRuns) => {
    await fc.assert(
      fc.asyncProperty(wrong(shape), async (body) => {
        expectError(await post(AT[shape], body), shape, [400]);
      }),
      { numRuns },
    );
    await alive();
  },
  120_000,
);

test.each(['openai', 'anthropic'] as const)(
  '%s: odd, but JSON: never a 500',
  async (shape) => {
    const fields = [
      ...['max_tokens', 'temperature', 'top_p', 'stop', 'n', 'tools', 'tool_choice', 'metadata'],
      ...['response_format', 'logit_bias', 'seed', 'user', 'system', 'thinking', 'stream_options'],
      ...['stop_sequences', 'reasoning_effort', '__proto__', 'constructor', 'toString', ''],
    ];
    const raw = fc.constantFrom(
      ...[
        '1e400',
        '-1e400',
        '9'.repeat(400),
        '"\\ud800"',
        '"\\u0000"',
        '"\\udc00\\ud800"',
        '-0',
        '{}',
      ],
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...fields),
        fc.oneof(
          raw,
          strange.map((value) => JSON.stringify(value)),
        ),
        async (field, value) => {
          const { model, messages } = proper('echo', shape);
          const needs = shape === 'anthropic' && field !== 'max_tokens' ? '"max_tokens":5,' : '';
          const text = `{"model":"${String(model)}",${needs}${JSON.stringify(field)}:${value},"messages":${JSON.stringify(messages)}}`;
          const reply = await post(AT[shape], Buffer.from(text));
          if (reply.status !== 200) expectError(reply, shape);
        },
      ),
      { numRuns: 200 },
    );
    await alive();
  },
  120_000,
);

test.each(['openai', 'anthropic'] as const)('%s: too large, and not JSON', async (shape) => {
  const large = Buffer.from(
    JSON.stringify({ ...proper('echo', shape), pad: 'x'.repeat(LIMIT_BYTES) }),
  );
  expectError(await post(AT[shape], large), shape, [413]);
  const fine = Buffer.from(JSON.stringify(proper('echo', shape)));
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', '', 'json', 'a/b+json']) {
    expectError(await post(AT[shape], fine, type), shape, [415]);
  }
  await alive();
});

test('after all of this every log line is one JSON object, and nothing was thrown', () => {
  const lines = gateway!.log().trimEnd().split('\n');
  expect(lines.length).toBeGreaterThan(100);
  for (const line of lines) {
    const record = JSON.parse(line);
    expect(record).toMatchObject({ time: expect.any(String), level: expect.any(String) });
    expect(record.level).not.toBe('error');
  }
});
