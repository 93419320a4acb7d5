import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startScriptedUpstream, startTestGateway } from '@cliproxy/plugin-testkit';
import type { ScriptedUpstream, TestGateway } from '@cliproxy/plugin-testkit';
import { startFakeApi } from './conformance.js';
import plugin from './index.js';

const KEY = 'test-key-0123456789';
const MODEL = '«MODEL»';

// A fake of the API, and a whole gateway with the plugin before it, both over real HTTP.
let upstream: ScriptedUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = await startFakeApi({ startScriptedUpstream }, KEY);
  gateway = await startTestGateway({
    plugins: [
      {
        plugin,
        packageJson: new URL('../package.json', import.meta.url),
        config: { baseUrl: upstream.url, apiKeys: [KEY] },
      },
    ],
  });
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

test('a question reaches the API in its words, and the answer comes back in those of the client', async () => {
  const reply = await gateway.ask('/v1/chat/completions', {
    body: {
      model: MODEL,
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
      ],
    },
  });
  expect(reply.status).toBe(200);
  expect(await reply.json()).toMatchObject({
    model: MODEL,
    choices: [{ message: { role: 'assistant', content: 'Hello from the upstream' } }],
    usage: { prompt_tokens: 3, completion_tokens: 4 },
  });
  expect(JSON.parse(String(upstream.requests.at(-1)?.body))).toEqual({
    model: MODEL,
    instructions: 'Be brief.',
    messages: [{ from: 'user', text: 'Hi' }],
  });
  expect(gateway.log()).not.toContain(KEY);
});

test('what the API refuses is told to the client for what it is', async () => {
  upstream.fault({ kind: 'status', status: 429, retryAfter: 7 });
  const reply = await gateway.ask('/v1/chat/completions', {
    body: { model: MODEL, messages: [{ role: 'user', content: 'Hi' }] },
  });
  expect(reply.status).toBe(429);
  expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
});
