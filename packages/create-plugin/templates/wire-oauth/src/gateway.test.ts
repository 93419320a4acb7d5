import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import {
  LoginBrowser,
  startOAuthServer,
  startTestGateway,
  startVendor,
} from '@cliproxy/plugin-testkit';
import type { OAuthServer, TestGateway, Vendor } from '@cliproxy/plugin-testkit';
import plugin from './index.js';

const MODEL = '«MODEL»';

// Strict fakes of the API and of the vendor's authorization server, and a whole gateway with the plugin
// before them, all over real HTTP.
let vendor: Vendor;
let server: OAuthServer;
let gateway: TestGateway;

beforeAll(async () => {
  for (const way of ['warn', 'info'] as const) {
    // The server has much to say on how it is not set up for the world.
    jest.spyOn(console, way).mockImplementation(() => undefined);
  }
  server = await startOAuthServer({ clientId: 'test-client' });
  vendor = await startVendor('«DIALECT»', { models: [MODEL] });
  gateway = await startTestGateway({
    plugins: [
      {
        plugin,
        packageJson: new URL('../package.json', import.meta.url),
        config: {
          baseUrl: vendor.url,
          oauth: {
            clientId: 'test-client',
            authorizeUrl: `${server.issuer}/auth`,
            tokenUrl: `${server.issuer}/token`,
            revokeUrl: `${server.issuer}/token/revocation`,
          },
        },
      },
    ],
  });
});

afterAll(async () => {
  await gateway.stop();
  await vendor.close();
  await server.close();
});

const ask = (): Promise<Response> =>
  gateway.ask('/v1/chat/completions', {
    body: { model: MODEL, messages: [{ role: 'user', content: 'Hi' }] },
  });

test('before anybody has logged in, a client is told so', async () => {
  const reply = await ask();
  expect(reply.status).toBe(503);
  expect(await reply.text()).toContain('AUTH_NEEDS_LOGIN');
});

test('an account logs in by the browser; its token reaches the API, and the answer comes back', async () => {
  const begun = await gateway.ask('/v1/auth/«ID»/login', {
    admin: true,
    body: {},
  });
  const { login } = (await begun.json()) as { readonly login: { id: string; url: string } };
  await new LoginBrowser().visit(login.url);
  const ended = await gateway.ask(`/v1/auth/«ID»/status?login=${login.id}&wait=20`, {
    admin: true,
  });
  expect(await ended.json()).toMatchObject({ login: { state: 'done' } });

  vendor.script({ parts: [{ type: 'text', text: 'Hello from the upstream' }] });
  const reply = await ask();
  expect(reply.status).toBe(200);
  expect(await reply.json()).toMatchObject({
    choices: [{ message: { role: 'assistant', content: 'Hello from the upstream' } }],
  });
  expect(vendor.violations).toEqual([]);
  const token = vendor.requests.at(-1)?.headers.authorization?.replace('Bearer ', '') ?? '';
  expect(await server.whoHas(token)).toBe('alice');
  expect(gateway.log()).not.toContain(token);
});

test('what the API refuses is told to the client for what it is', async () => {
  vendor.script({ error: { status: 429, retryAfter: 7 } });
  const reply = await ask();
  expect(reply.status).toBe(429);
  expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
});
