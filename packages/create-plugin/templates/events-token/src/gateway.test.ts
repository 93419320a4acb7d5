import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startScriptedUpstream, startTestGateway } from '@cliproxy/plugin-testkit';
import type { ScriptedUpstream, TestGateway } from '@cliproxy/plugin-testkit';
import { startFakeApi } from './conformance.js';
import plugin from './index.js';

const TOKEN = 'test-token-0123456789';
const MODEL = '«MODEL»';

// A fake of the API, and a whole gateway with the plugin before it, both over real HTTP.
let upstream: ScriptedUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = await startFakeApi({ startScriptedUpstream }, TOKEN);
  gateway = await startTestGateway({
    plugins: [
      {
        plugin,
        packageJson: new URL('../package.json', import.meta.url),
        config: { baseUrl: upstream.url },
      },
    ],
  });
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

const logIn = (body: object): Promise<Response> =>
  gateway.ask('/v1/auth/«ID»/login', { admin: true, body });

test('a login that gives no token, or one that the API refuses, says so', async () => {
  const without = await logIn({});
  expect(without.status).toBe(400);
  expect(await without.text()).toContain('give \\"token\\"');
  const refused = await logIn({ token: 'of-nobody-0123456789' });
  expect(refused.status).toBe(502);
  expect(await refused.text()).toMatch(/AUTH_LOGIN_FAILED|the API answered the token with 40/u);
});

test('a token is logged in, reaches the API with a question, and the answer comes back', async () => {
  expect((await logIn({ token: TOKEN })).status).toBe(200);
  const reply = await gateway.ask('/v1/chat/completions', {
    body: { model: MODEL, messages: [{ role: 'user', content: 'Hi' }] },
  });
  expect(reply.status).toBe(200);
  expect(await reply.json()).toMatchObject({
    model: MODEL,
    choices: [{ message: { role: 'assistant', content: 'Hello from the upstream' } }],
  });
  expect(gateway.log()).not.toContain(TOKEN);
});

test('what the API refuses is told to the client for what it is', async () => {
  upstream.fault({ kind: 'status', status: 429, retryAfter: 7 });
  const reply = await gateway.ask('/v1/chat/completions', {
    body: { model: MODEL, messages: [{ role: 'user', content: 'Hi' }] },
  });
  expect(reply.status).toBe(429);
  expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
});
