import { afterEach, describe, expect, test } from '@jest/globals';
import { apiKeyAccounts, configSchema, definePlugin } from '@cliproxy/plugin-api';
import type { Dialect } from '@cliproxy/plugin-api';
import { startTestGateway, startVendor } from '@cliproxy/plugin-testkit';
import type { TestGateway, Vendor } from '@cliproxy/plugin-testkit';
import redact from './index.ts';

const EMAIL = 'alice.martin@example.com';
const KEY = `sk-live-${'Zz9'.repeat(12)}`;
const CARD = '4111 1111 1111 1111';
const HIDDEN = [EMAIL, KEY, CARD];

const open: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** Moves bytes to a fake vendor of a dialect. */
const wire = definePlugin({
  config: configSchema<{ readonly url: string; readonly dialect: string }>({
    type: 'object',
    required: ['url', 'dialect'],
    properties: { url: { type: 'string' }, dialect: { type: 'string' } },
  }),
  setup: ({ config: { url, dialect } }) => ({
    accounts: apiKeyAccounts(['key-of-the-gateway'], 'key'),
    authenticators: [
      {
        id: 'key',
        method: 'api-key',
        authorize: async (request) => ({
          ...request,
          headers: {
            ...request.headers,
            ...(dialect === 'anthropic-messages'
              ? { 'x-api-key': 'k', 'anthropic-version': '2023-06-01' }
              : { authorization: 'Bearer k' }),
          },
        }),
      },
    ],
    executor: {
      kind: 'wire',
      speaks: { [dialect]: ['generate', 'count-tokens', 'embed'] },
      models: async () => [],
      send: async ({ http, path, headers, body, signal }) =>
        http.request({ method: 'POST', url: url + path, headers, body }, signal),
    },
  }),
});

const manifest = (id: string): object => ({
  name: `@test/${id}`,
  version: '1.0.0',
  cliproxyPlugin: {
    manifestVersion: 1,
    id,
    apiVersion: '1.0',
    entry: './index.js',
    provides: { executor: true, authenticators: ['key'], models: [{ match: '*' }] },
    permissions: { hosts: ['config:/url'] },
  },
});

interface Rig {
  readonly gateway: TestGateway;
  readonly vendor: Vendor;
  /** What the vendor was sent last, as text. */
  readonly sent: () => string;
}

async function rig(dialect: Dialect, config: object = {}): Promise<Rig> {
  const vendor = await startVendor(dialect);
  open.push(() => vendor.close());
  const gateway = await startTestGateway({
    plugins: [
      { plugin: redact, packageJson: new URL('../package.json', import.meta.url), config },
      {
        plugin: wire,
        packageJson: manifest('wire'),
        instanceId: 'wire',
        config: { url: vendor.url, dialect },
      },
    ],
  });
  open.push(() => gateway.stop());
  const sent = (): string =>
    JSON.stringify(vendor.requests.filter(({ method }) => method === 'POST').at(-1)?.body);
  return { gateway, vendor, sent };
}

const tool = {
  name: 'send_mail',
  description: `Sends mail, by default to ${EMAIL}`,
  input_schema: { type: 'object', properties: { to: { type: 'string', enum: [EMAIL] } } },
};

const messages = (stream: boolean): object => ({
  model: 'claude-x',
  max_tokens: 100,
  stream,
  system: `You work for ${EMAIL}.`,
  tools: [tool],
  messages: [
    { role: 'user', content: `My key is ${KEY}, my card ${CARD}. Write to ${EMAIL}.` },
    {
      role: 'assistant',
      content: [{ type: 'tool_use', id: 'toolu_1', name: 'send_mail', input: { to: EMAIL } }],
    },
    {
      role: 'user',
      content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: `sent to ${EMAIL}` }],
    },
  ],
});

const chat = (stream: boolean): object => ({
  model: 'claude-x',
  stream,
  user: EMAIL,
  metadata: { owner: EMAIL },
  messages: [
    { role: 'system', content: `You work for ${EMAIL}.` },
    { role: 'user', content: `My key is ${KEY}, my card ${CARD}.` },
    {
      role: 'assistant',
      content: null,
      tool_calls: [
        {
          id: 'call_1',
          type: 'function',
          function: { name: 'send_mail', arguments: JSON.stringify({ to: EMAIL, n: 7 }) },
        },
      ],
    },
    { role: 'tool', tool_call_id: 'call_1', content: `sent to ${EMAIL}` },
    { role: 'user', content: 'And now?' },
  ],
});

const asks: Readonly<Record<string, readonly [string, (stream: boolean) => object]>> = {
  'anthropic-messages': ['/v1/messages', messages],
  'openai-chat': ['/v1/chat/completions', chat],
};

async function ask({ gateway }: Rig, path: string, body: object): Promise<string> {
  const reply = await gateway.ask(path, { body });
  const text = await reply.text();
  expect([reply.status, text]).toEqual([200, text]);
  return text;
}

/** What a client reads of an answer, streamed or whole. */
function said(body: string): string {
  const texts = [...body.matchAll(/"(?:text|content)":("(?:[^"\\]|\\.)*")/g)];
  return texts.map(([, text]) => JSON.parse(text ?? '""') as string).join('');
}

describe.each(['anthropic-messages', 'openai-chat'] as const)('a client of %s', (client) => {
  test.each([
    ['anthropic-messages', true],
    ['anthropic-messages', false],
    ['openai-chat', true],
    ['openai-chat', false],
  ] as const)('with an upstream of %s (stream: %s)', async (dialect, stream) => {
    const found = await rig(dialect);
    const text =
      'I wrote to [EMAIL_1], and keep [API_KEY_1] and [CARD_1] to myself; [EMAIL_7] is none.';
    found.vendor.script({ parts: [{ type: 'text', text, pieces: 40 }] });
    const [path, body] = asks[client] as (typeof asks)[string];
    const answer = await ask(found, path, body(stream));
    for (const hidden of HIDDEN) expect(found.sent()).not.toContain(hidden);
    expect(found.sent()).toContain('[EMAIL_1]');
    expect(found.vendor.violations).toEqual([]);
    expect(said(answer)).toBe(
      `I wrote to ${EMAIL}, and keep ${KEY} and ${CARD} to myself; [EMAIL_7] is none.`,
    );
    for (const hidden of HIDDEN) expect(found.gateway.log()).not.toContain(hidden);
  });
});

test.each(['anthropic-messages', 'openai-chat'] as const)(
  'the arguments of a tool call are restored as JSON, from %s',
  async (dialect) => {
    const found = await rig(dialect);
    const args = { to: '[EMAIL_1]', text: 'with [API_KEY_1]' };
    found.vendor.script({
      parts: [{ type: 'tool-call', name: 'send_mail', arguments: args, pieces: 20 }],
    });
    const answer = await ask(found, '/v1/messages', messages(true));
    const pieces = [...answer.matchAll(/"partial_json":("(?:[^"\\]|\\.)*")/g)];
    const whole = pieces.map(([, piece]) => JSON.parse(piece ?? '""') as string).join('');
    expect(JSON.parse(whole)).toEqual({ to: EMAIL, text: `with ${KEY}` });
  },
);

test('a conversation keeps its placeholders from one request to the next', async () => {
  const found = await rig('openai-chat');
  found.vendor.script({ parts: [{ type: 'text', text: 'Done, [EMAIL_1].' }] });
  const first = { role: 'user', content: `Write to ${EMAIL}.` };
  await ask(found, '/v1/chat/completions', { model: 'm', messages: [first] });
  const more = [
    first,
    { role: 'assistant', content: `Done, ${EMAIL}.` },
    { role: 'user', content: 'And to bob@example.com.' },
  ];
  await ask(found, '/v1/chat/completions', { model: 'm', messages: more });
  expect(found.sent()).toContain('Done, [EMAIL_1].');
  expect(found.sent()).toContain('And to [EMAIL_2].');
});

test('what looks like a placeholder in the description of a tool or in a schema is none', async () => {
  const found = await rig('openai-chat');
  found.vendor.script({ parts: [{ type: 'text', text: 'For [EMAIL_1], [EMAIL_2], [EMAIL_3].' }] });
  const schema = { type: 'object', properties: {}, description: 'of [EMAIL_2]' };
  const body = {
    ...chat(false),
    messages: [{ role: 'user', content: `I am ${EMAIL}.` }],
    tools: [
      {
        type: 'function',
        function: { name: 'f', description: 'to [EMAIL_1]', parameters: schema },
      },
    ],
  };
  const answer = await ask(found, '/v1/chat/completions', body);
  expect(said(answer)).toBe(`For [EMAIL_1], [EMAIL_2], ${EMAIL}.`);
});

test('without restoring, answers keep their placeholders', async () => {
  const found = await rig('openai-chat', { restore: false });
  found.vendor.script({ parts: [{ type: 'text', text: 'Dear [EMAIL_1]' }] });
  expect(said(await ask(found, '/v1/chat/completions', chat(false)))).toBe('Dear [EMAIL_1]');
  expect(found.sent()).not.toContain(EMAIL);
});

test('only the models that are named', async () => {
  const found = await rig('openai-chat', { models: ['gpt-*'] });
  await ask(found, '/v1/chat/completions', chat(false));
  expect(found.sent()).toContain(EMAIL);
  await ask(found, '/v1/chat/completions', { ...chat(false), model: 'wire/gpt-x' });
  expect(found.sent()).not.toContain(EMAIL);
});

test('counts and embeddings are redacted as well; token ids are refused', async () => {
  const claude = await rig('anthropic-messages');
  const { max_tokens, stream, ...count } = messages(false) as Record<string, unknown>;
  expect([max_tokens, stream]).toEqual([100, false]);
  await ask(claude, '/v1/messages/count_tokens', count);
  expect(claude.sent()).not.toContain(EMAIL);
  const openai = await rig('openai-chat');
  const input = [`mail ${EMAIL}`, 'b'];
  await ask(openai, '/v1/embeddings', { model: 'e', input, user: EMAIL });
  expect(openai.sent()).toContain('mail [EMAIL_1]');
  expect(openai.sent()).not.toContain(EMAIL);
  const asked = openai.vendor.requests.length;
  const reply = await openai.gateway.ask('/v1/embeddings', { body: { model: 'e', input: [1, 2] } });
  expect(reply.status).toBe(400);
  expect(await reply.text()).toContain('must read the request');
  expect(openai.vendor.requests).toHaveLength(asked);
});

test('a pattern that can not be used is named, and the gateway does not start without it', async () => {
  const patterns = [{ name: 'TICKET', match: '(a+)+b' }];
  await expect(rig('openai-chat', { patterns })).rejects.toThrow(/PLUGIN_BAD_CONFIG.*TICKET/);
});

test('explained', async () => {
  const { gateway } = await rig('openai-chat');
  const reply = await gateway.ask('/v1/routes/explain?model=m', { admin: true });
  expect(await reply.json()).toMatchObject({
    passthrough: false,
    hooks: [{ instance: 'redact', hook: 'redact', endsPassthrough: true, onFailure: 'refuse' }],
  });
});
