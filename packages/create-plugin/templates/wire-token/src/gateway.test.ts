import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestGateway, startVendor } from '@cliproxy/plugin-testkit';
import type { TestGateway, Vendor } from '@cliproxy/plugin-testkit';
import plugin from './index.js';

const TOKEN = 'test-token-0123456789';
const MODEL = '«MODEL»';

// A strict fake of the API, and a whole gateway with the plugin before it, both over real HTTP.
let vendor: Vendor;
let gateway: TestGateway;

beforeAll(async () => {
  vendor = await startVendor('«DIALECT»', { apiKey: TOKEN, models: [MODEL] });
  gateway = await startTestGateway({
    plugins: [
      {
        plugin,
        packageJson: new URL('../package.json', import.meta.url),
        config: { baseUrl: vendor.url },
      },
    ],
  });
});

afterAll(async () => {
  await gateway.stop();
  await vendor.close();
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
  vendor.script({ parts: [{ type: 'text', text: 'Hello from the upstream' }] });
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
  vendor.script({ error: { status: 429, retryAfter: 7 } });
  const reply = await gateway.ask('/v1/chat/completions', {
    body: { model: MODEL, messages: [{ role: 'user', content: 'Hi' }] },
  });
  expect(reply.status).toBe(429);
  expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
});
