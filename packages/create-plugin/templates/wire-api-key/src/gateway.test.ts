import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestGateway, startVendor } from '@cliproxy/plugin-testkit';
import type { TestGateway, Vendor } from '@cliproxy/plugin-testkit';
import plugin from './index.js';

const KEY = 'test-key-0123456789';
const MODEL = '«MODEL»';

// A strict fake of the API, and a whole gateway with the plugin before it, both over real HTTP.
let vendor: Vendor;
let gateway: TestGateway;

beforeAll(async () => {
  vendor = await startVendor('«DIALECT»', { apiKey: KEY, models: [MODEL] });
  gateway = await startTestGateway({
    plugins: [
      {
        plugin,
        packageJson: new URL('../package.json', import.meta.url),
        config: { baseUrl: vendor.url, apiKeys: [KEY] },
      },
    ],
  });
});

afterAll(async () => {
  await gateway.stop();
  await vendor.close();
});

test('a question reaches the API with its key, and the answer comes back', async () => {
  vendor.script({ parts: [{ type: 'text', text: 'Hello from the upstream' }] });
  const reply = await gateway.ask('/v1/chat/completions', {
    body: { model: MODEL, messages: [{ role: 'user', content: 'Hi' }] },
  });
  expect(reply.status).toBe(200);
  expect(await reply.json()).toMatchObject({
    model: MODEL,
    choices: [{ message: { role: 'assistant', content: 'Hello from the upstream' } }],
  });
  // In words, what the real API would have refused.
  expect(vendor.violations).toEqual([]);
  expect(gateway.log()).not.toContain(KEY);
});

test('what the API refuses is told to the client for what it is', async () => {
  vendor.script({ error: { status: 429, retryAfter: 7 } });
  const reply = await gateway.ask('/v1/chat/completions', {
    body: { model: MODEL, messages: [{ role: 'user', content: 'Hi' }] },
  });
  expect(reply.status).toBe(429);
  expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
});
