import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import {
  LoginBrowser,
  startOAuthServer,
  startScriptedUpstream,
  startTestGateway,
} from '@cliproxy/plugin-testkit';
import type { OAuthServer, TestGateway } from '@cliproxy/plugin-testkit';
import { startFakeAcme } from './fake-acme.ts';
import type { FakeAcme } from './fake-acme.ts';
import plugin from './index.ts';

let acme: FakeAcme;
/** A strict authorization server: it holds clients to PKCE, rotates refresh tokens, revokes. */
let authority: OAuthServer;
let gateway: TestGateway;

beforeAll(async () => {
  for (const way of ['warn', 'info'] as const) {
    // It has much to say on how it is not set up for the world.
    jest.spyOn(console, way).mockImplementation(() => undefined);
  }
  authority = await startOAuthServer({ clientId: 'cliproxy' });
  acme = await startFakeAcme({ startScriptedUpstream });
  gateway = await startTestGateway({
    plugins: [
      {
        plugin,
        packageJson: new URL('../package.json', import.meta.url),
        config: { baseUrl: acme.url, loginUrl: authority.issuer },
      },
    ],
  });
});

afterAll(async () => {
  await gateway.stop();
  await acme.close();
  await authority.close();
});

const ask = (): Promise<Response> =>
  gateway.ask('/v1/messages', {
    body: { model: 'acme-owl', max_tokens: 99, messages: [{ role: 'user', content: 'Hi' }] },
  });

/** The token that Acme was asked with last. */
const token = (): string =>
  acme.requests.findLast(({ method }) => method === 'POST')?.headers.authorization?.slice(7) ?? '';

test('without an account, a client is told what is missing', async () => {
  const reply = await ask();
  expect(reply.status).toBe(503);
  expect(await reply.text()).toContain('AUTH_NEEDS_LOGIN');
});

test('a person logs in by a browser; requests carry their token', async () => {
  const begun = await gateway.ask('/v1/auth/acme/login', { admin: true, body: {} });
  const { login } = (await begun.json()) as { readonly login: { id: string; url: string } };
  // As the person's browser does: to Acme's page, and back to this machine with a code.
  await new LoginBrowser().visit(login.url);
  const status = `/v1/auth/acme/status?login=${login.id}&wait=20`;
  const ended = await gateway.ask(status, { admin: true });
  expect(await ended.json()).toMatchObject({ login: { state: 'done' } });

  expect((await ask()).status).toBe(200);
  expect(await authority.whoHas(token())).toBe('alice');
  expect(gateway.log()).not.toContain(token());
});

test('a token that Acme refuses is renewed once, and the client gets its answer', async () => {
  const former = token();
  acme.refuseToken(former);
  expect((await ask()).status).toBe(200);
  expect(token()).not.toBe(former);
  expect(authority.seen.refreshed).toBe(1);
});

test('logging out ends the login at Acme', async () => {
  const former = token();
  const out = await fetch(`${gateway.url}/v1/auth/acme`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${gateway.adminKey}` },
  });
  expect(out.status).toBe(200);
  expect(await authority.isActive(former)).toBe(false);
  expect((await ask()).status).toBe(503);
});
