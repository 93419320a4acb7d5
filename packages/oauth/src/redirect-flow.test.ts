import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { HttpClient } from '@cliproxy/plugin-api';
import { GatewayError } from '@cliproxy/plugin-api';
import { authContext, testSession } from '../test/test-session.ts';
import type { TestSession } from '../test/test-session.ts';
import { CLIENT_ID, NOW_MS, Vendor } from '../test/vendor.ts';
import { accessTokenOf } from './credential.ts';
import { oauthLogin } from './oauth-login.ts';

let vendor: Vendor;
beforeAll(async () => {
  vendor = await Vendor.start();
});
beforeEach(() => vendor.proxy.reset());
afterAll(() => vendor.close());

test('brings an account, with its tokens where they belong', async () => {
  const session = testSession();
  const account = await oauthLogin(vendor.discovered()).login(session);
  const credential = vendor.noted(account);
  expect(account).toMatchObject({ key: 'alice', label: 'a***@example.com' });
  expect(credential.facts).toEqual({ scopes: 'openid email offline_access' });
  expect(Object.keys(credential.secrets)).toEqual(['refreshToken']);
  expect(Object.keys(credential.session ?? {})).toEqual(['accessToken']);
  expect(credential.expiresAtMs).toBe(NOW_MS + 300_000);
  expect(await vendor.server.isActive(accessTokenOf(credential).reveal())).toBe(true);
  const page = new URL(session.opened[0] ?? '').searchParams;
  expect(page.get('code_challenge_method')).toBe('S256');
  expect(page.get('state')).toBe(session.state);
  expect(page.get('prompt')).toBe('consent');
});

test.each(['form', 'json'] as const)('asks for tokens as %s', async (tokenFormat) => {
  const session = testSession();
  await oauthLogin(
    vendor.written({
      tokenFormat,
      stateInTokenRequest: true,
      tokenParameters: { audience: 'https://api.example.com' },
      tokenHeaders: { 'x-beta': 'oauth' },
    }),
  ).login(session);
  const [{ headers, body } = { headers: {}, body: '' }] = vendor.proxy.requests;
  const isJson = tokenFormat === 'json';
  expect(headers['content-type']).toMatch(
    isJson ? /^application\/json$/ : /^application\/x-www-form-urlencoded/,
  );
  expect(headers['x-beta']).toBe('oauth');
  const sent = isJson ? JSON.parse(body) : Object.fromEntries(new URLSearchParams(body));
  expect(sent).toMatchObject({
    grant_type: 'authorization_code',
    client_id: CLIENT_ID,
    state: session.state,
    audience: 'https://api.example.com',
    redirect_uri: 'http://127.0.0.1:49152/callback',
  });
});

test('takes a pasted code, alone or with its state behind a #, as vendors show it', async () => {
  for (const [pasted, isFor] of [
    ['code#state', 'this'],
    ['code', 'this'],
    ['code#other', 'another'],
  ] as const) {
    const session = testSession({
      onTheWay: ({ code = '', state = '' }) => ({
        code: pasted.replace('code', code).replace('state', state),
      }),
    });
    const fault = await vendor.loginFault(session);
    expect(fault).toMatch(isFor === 'this' ? /^none$/ : /belongs to another login/);
  }
});

test('has the plugin say whose it is, who may ask the vendor', async () => {
  const options = vendor.written({
    scopes: ['offline_access', 'openid'],
    account: async ({ http, signal, accessToken, answer, claims }) => {
      expect(claims?.sub).toBe('alice');
      expect(answer).toEqual({ organization: { name: 'Wonderland' } });
      const reply = await http.request(
        {
          method: 'GET',
          url: `${vendor.server.issuer}/me`,
          headers: { authorization: `Bearer ${accessToken.reveal()}` },
        },
        signal,
      );
      reply.body.resume();
      return { key: 'me', label: `me ${reply.status}`, facts: { plan: 'max' } };
    },
  });
  vendor.proxy.answer((reply) => ({
    ...reply,
    body: JSON.stringify({ ...JSON.parse(reply.body), organization: { name: 'Wonderland' } }),
  }));
  const account = await oauthLogin(options).login(testSession());
  expect(account).toMatchObject({ key: 'me', label: 'me 200' });
  expect(vendor.noted(account).facts).toEqual({ plan: 'max', scopes: 'offline_access openid' });
});

test('goes on with the client id that the vendor issues, now and the next time', async () => {
  const options = vendor.written({ clientId: 'dynamic', issuesClientId: true });
  // This server issues none: it is told ours on the way in, and we are told on the way back.
  const session = testSession({ onTheWay: (query) => ({ ...query, client_id: CLIENT_ID }) });
  const asOurs: TestSession = {
    ...session,
    open: (url) => {
      expect(url).toContain('client_id=dynamic');
      session.open(url.replace('client_id=dynamic', `client_id=${CLIENT_ID}`));
    },
  };
  const credential = vendor.noted(await oauthLogin(options).login(asOurs));
  expect(credential.facts?.clientId).toBe(CLIENT_ID);
  vendor.kept(await oauthLogin(options).refresh(credential, authContext()));
  const again = testSession({ facts: credential.facts ?? {} });
  vendor.noted(await oauthLogin(options).login(again));
  expect(again.opened[0]).toContain(`client_id=${CLIENT_ID}`);
});

const refused: [string, (query: Record<string, string>) => Record<string, string>, string][] = [
  ['another state', (query) => ({ ...query, state: 'of-another-login' }), 'its state differs'],
  ['neither state nor code', ({ iss = '' }) => ({ iss }), 'its state differs'],
  ['a foreign iss', (query) => ({ ...query, iss: 'https://evil.example' }), 'its iss differs'],
  ['no iss', ({ code = '', state = '' }) => ({ code, state }), 'its iss differs'],
  ['no code', ({ state = '', iss = '' }) => ({ state, iss }), 'holds no code'],
  ['a refusal', ({ state = '', iss = '' }) => ({ state, iss, error: 'access_denied' }), 'declined'],
  ['junk as error', ({ state = '', iss = '' }) => ({ state, iss, error: '<b>sk-1' }), 'an error'],
  [
    'another code',
    (query) => ({ ...query, code: 'made-up' }),
    'invalid_grant: the code has expired',
  ],
];
test.each(refused)('refuses a callback with %s', async (_what, onTheWay, reason) => {
  const session = testSession({ onTheWay });
  const fault = await vendor.loginFault(session);
  expect(fault).toMatch(/^AUTH_LOGIN_FAILED: the login failed/);
  expect(fault).toContain(reason);
  expect(fault).not.toContain('sk-1');
});

test('refuses a callback that was used already', async () => {
  const first = testSession();
  vendor.noted(await oauthLogin(vendor.written()).login(first));
  expect(await vendor.loginFault(testSession({ onTheWay: () => first.query() }))).toContain(
    'its state',
  );
  // Also where the state is made to fit: the code was made for another verifier, and is spent.
  const state = testSession();
  const forged = { ...state, callback: async () => ({ ...first.query(), state: state.state }) };
  expect(await vendor.loginFault(forged)).toContain(
    'was used already, or belongs to another login',
  );
});

test("refuses the code of another person's login: it was made for another verifier", async () => {
  const other = testSession();
  const stolen = await new Promise<Record<string, string>>((resolve) => {
    void oauthLogin(vendor.written())
      .login({
        ...other,
        callback: async () => {
          resolve({ ...(await other.callback()) });
          throw new Error('never arrives');
        },
      })
      .catch(() => undefined);
  });
  const session = testSession();
  const fooled = { ...session, callback: async () => ({ ...stolen, state: session.state }) };
  expect(await vendor.loginFault(fooled)).toContain('belongs to another login');
  const pasted = { ...session, callback: async () => ({ code: stolen.code ?? '' }) };
  expect(await vendor.loginFault(pasted)).toContain('belongs to another login');
});

test('refuses an id token that nobody has signed so', async () => {
  vendor.proxy.answer((reply) => {
    const answer = JSON.parse(reply.body) as { id_token: string };
    const [head, , signature] = answer.id_token.split('.');
    const claims = JSON.parse(
      Buffer.from(answer.id_token.split('.')[1] ?? '', 'base64url').toString(),
    );
    const forged = Buffer.from(JSON.stringify({ ...claims, sub: 'mallory' }));
    const token = `${head}.${forged.toString('base64url')}.${signature}`;
    return { ...reply, body: JSON.stringify({ ...answer, id_token: token }) };
  });
  expect(await vendor.loginFault(testSession())).toContain('no usable tokens');
});

test('says what is wrong with addresses, before and after they were discovered', async () => {
  const options = { ...vendor.discovered(), insecureLoopback: false };
  expect(() => oauthLogin(options)).toThrow('issuer must begin with https://');
  expect(() => oauthLogin({ ...options, server: { issuer: 'nowhere' } })).toThrow('no absolute');
  expect(() =>
    oauthLogin({ ...vendor.discovered(), server: { issuer: 'http://auth.example.com' } }),
  ).toThrow('https://');
  const elsewhere = {
    ...vendor.discovered(),
    server: { issuer: `${vendor.server.issuer}/elsewhere` },
  };
  expect(await vendor.loginFault(testSession(), elsewhere)).toContain('UPSTREAM_FAILED');
  const hostile = {
    issuer: vendor.server.issuer,
    endpoints: { token: vendor.proxy.url, authorize: 'file:///x' },
  };
  expect(() => oauthLogin({ ...vendor.discovered(), server: hostile })).toThrow(
    'endpoints.authorize',
  );
  const noPage = { issuer: vendor.server.issuer, endpoints: { token: vendor.proxy.url } };
  expect(
    await vendor.loginFault(testSession(), { ...vendor.discovered(), server: noPage }),
  ).toContain('missing');
});

test('refuses a code that has expired', async () => {
  const hurried = await Vendor.start({ codeLifeS: 1 });
  try {
    const session = testSession({
      onTheWay: async (query) => {
        await sleep(2100);
        return query;
      },
    });
    expect(await vendor.loginFault(session, hurried.written())).toContain('has expired');
  } finally {
    await hurried.close();
  }
});

test('knows no other way out than the one it is given', async () => {
  const credential = await vendor.loggedIn();
  const closed: HttpClient = {
    request: async ({ url }) => {
      throw new GatewayError('PLUGIN_HOST_FORBIDDEN', new URL(url).pathname);
    },
  };
  const context = { ...authContext(), http: closed };
  for (const options of [vendor.discovered(), vendor.written()]) {
    const { login, refresh, revoke } = oauthLogin(options);
    for (const work of [
      () => login({ ...testSession(), http: closed }),
      () => refresh(credential, context),
      () => revoke(credential, context),
    ]) {
      expect(await vendor.faultOf(work())).toMatch(/^PLUGIN_HOST_FORBIDDEN: /);
    }
  }
});

test('no secret is in anything that was thrown or logged', () => {
  const { caught, secrets, found } = vendor.leaks();
  expect(found).toEqual([]);
  expect(caught).toBeGreaterThan(10);
  expect(secrets).toBeGreaterThan(10);
});
