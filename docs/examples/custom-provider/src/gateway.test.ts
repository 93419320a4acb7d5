import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { services } from '@cliproxy/plugin-api';
import { replaceService, startScriptedUpstream, startTestGateway } from '@cliproxy/plugin-testkit';
import type { TestGateway } from '@cliproxy/plugin-testkit';
import { startFakeAcme } from './fake-acme.ts';
import type { FakeAcme } from './fake-acme.ts';
import plugin from './index.ts';

const KEY = 'acme-key-0123456789';
const NOON = Date.UTC(2026, 0, 2, 12);

// A fake of Acme, and a whole gateway with the plugin before it, all over real HTTP.
let acme: FakeAcme;
let gateway: TestGateway;

beforeEach(async () => {
  acme = await startFakeAcme({ startScriptedUpstream });
  gateway = await startTestGateway({
    plugins: [
      {
        plugin,
        packageJson: new URL('../package.json', import.meta.url),
        config: { baseUrl: acme.url, apiKeys: [KEY] },
      },
    ],
    services: [replaceService(services.clock, { now: () => NOON })],
  });
});

afterEach(async () => {
  await gateway.stop();
  await acme.close();
  expect(gateway.log()).not.toContain(KEY);
});

const hi = [{ role: 'user', content: 'Hi' }];
const chat = (body: object): Promise<Response> =>
  gateway.ask('/v1/chat/completions', { body: { model: 'acme-owl', messages: hi, ...body } });
const asked = (): unknown => JSON.parse(String(acme.requests.at(-1)?.body));

test('an answer, its usage, and what Acme was asked for it', async () => {
  const reply = await chat({
    messages: [{ role: 'system', content: 'Be brief.' }, ...hi],
    max_completion_tokens: 100,
    temperature: 0.5,
    top_p: 0.9,
  });
  expect(await reply.json()).toMatchObject({
    choices: [{ message: { content: 'Hello from Acme' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 3, completion_tokens: 2 },
  });
  // What Acme has not was taken out, and the client is told.
  expect(reply.headers.get('x-cliproxy-ignored')).toBe('top_p');
  expect(acme.requests.at(-1)?.headers).toMatchObject({ authorization: `Bearer ${KEY}` });
  expect(asked()).toEqual({
    engine: 'acme-owl',
    rules: 'Be brief.',
    lines: [{ by: 'person', text: 'Hi' }],
    word_limit: 100,
    warmth: 0.5,
  });
  expect(acme.violations).toEqual([]);
});

test('thoughts and a tool, for a client of another dialect, and what the tool said', async () => {
  acme.says(
    [
      { t: 'thought', text: 'The weather, then.' },
      { t: 'use', id: 'use-1', tool: 'weather', with: '{"city":' },
      { t: 'with', id: 'use-1', with: '"Rome"}' },
    ],
    'tools',
  );
  const tools = [{ name: 'weather', description: 'Tells it.', input_schema: { type: 'object' } }];
  const first = { model: 'acme-owl', max_tokens: 99, tools, messages: hi };
  const reply = await gateway.ask('/v1/messages', { body: first });
  const { content, stop_reason } = (await reply.json()) as Readonly<Record<string, unknown>>;
  expect(stop_reason).toBe('tool_use');
  expect(content).toContainEqual({
    type: 'tool_use',
    id: 'use-1',
    name: 'weather',
    input: { city: 'Rome' },
  });
  const answered = [{ type: 'tool_result', tool_use_id: 'use-1', content: 'Sunny.' }];
  await gateway.ask('/v1/messages', {
    body: {
      ...first,
      messages: [...hi, { role: 'assistant', content }, { role: 'user', content: answered }],
    },
  });
  expect(asked()).toMatchObject({
    lines: [
      { by: 'person', text: 'Hi' },
      { by: 'engine', uses: [{ id: 'use-1', tool: 'weather', with: '{"city":"Rome"}' }] },
      { by: 'tool', use: 'use-1', text: 'Sunny.' },
    ],
    tools: [{ name: 'weather', about: 'Tells it.', takes: { type: 'object' } }],
    tool_use: 'free',
  });
});

test('a stream arrives piece by piece, and an error on the way ends it as an error', async () => {
  acme.says([
    { t: 'text', text: 'Hello' },
    { t: 'oops', code: 'tired', say: 'Too much to do.' },
  ]);
  const told = await (await chat({ stream: true })).text();
  expect(told).toContain('"content":"Hello"');
  expect(told).toContain('Too much to do.');
  expect(told).not.toContain('[DONE]');
});

test('two errors with one status: who must wait, and who is out of credit', async () => {
  acme.fault({ kind: 'status', status: 429, code: 'no_credit' });
  expect(await (await chat({})).text()).toContain('UPSTREAM_BILLING');
  await gateway.ask('/v1/accounts/reset', { admin: true, body: {} });
  acme.fault({ kind: 'status', status: 429, code: 'slow_down', retryAfter: 7 });
  const reply = await chat({});
  expect(reply.status).toBe(429);
  expect(await reply.text()).toContain('UPSTREAM_RATE_LIMIT');
  const [attempt] = gateway.events
    .flatMap((event) => (event.type === 'request-finished' ? event.attempts.slice(-1) : []))
    .slice(-1);
  expect(attempt).toMatchObject({ failure: 'rate-limit' });
});

test('what Acme can not do goes elsewhere, and says so where there is no elsewhere', async () => {
  const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } };
  const reply = await chat({ messages: [{ role: 'user', content: [image] }] });
  expect(reply.status).toBe(400);
  expect(acme.requests.filter(({ method }) => method === 'POST')).toEqual([]);
});
