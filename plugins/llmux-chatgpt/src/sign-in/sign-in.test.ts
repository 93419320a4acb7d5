import { inspect } from 'node:util';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  jest,
  test,
} from '@jest/globals';
import { definePlugin } from '@cliproxy/plugin-api';
import type { Credential, NewAccount } from '@cliproxy/plugin-api';
import { pluginOptions } from '@cliproxy/plugin-api/host';
import { accessTokenOf } from '@cliproxy/oauth';
import { startScriptedUpstream, startTestGateway } from '@cliproxy/plugin-testkit';
import type { ScriptedAnswer, ScriptedUpstream, TestGateway } from '@cliproxy/plugin-testkit';
import { authContext, logged, testSession } from '../../../../packages/oauth/test/test-session.ts';
import { INSTALLATION_ID, ISSUED_ID, startChatGptAuthority } from '../../test/chatgpt-authority.ts';
import type { ChatGptAuthority } from '../../test/chatgpt-authority.ts';
import { planApi, refusal } from '../../test/plan-api.ts';
import plugin from '../index.ts';
import { chatGptAuthenticator } from './chatgpt-authenticator.ts';
import type { SignInConfig } from './sign-in-config.ts';

let authority: ChatGptAuthority;
beforeAll(async () => {
  for (const way of ['warn', 'info'] as const) {
    // The server has much to say on how it is not set up for the world.
    jest.spyOn(console, way).mockImplementation(() => undefined);
  }
  authority = await startChatGptAuthority();
});
afterEach(() => authority.tokens.answer());
afterAll(() => authority.close());

const authenticator = (more: Readonly<Record<string, unknown>> = {}) =>
  chatGptAuthenticator({ ...authority.config, ...more } as unknown as SignInConfig);

async function signedIn(): Promise<NewAccount & { readonly credential: Credential }> {
  const account = await authenticator().login?.(testSession());
  if (account?.credential === undefined) throw new Error('nobody was signed in');
  return { ...account, authenticator: 'chatgpt', credential: account.credential };
}

const refreshed = (credential: Credential) => authenticator().refresh?.(credential, authContext());
const refreshTokenOf = ({ secrets }: Credential) => secrets.refreshToken?.reveal();

describe('a sign-in', () => {
  test('keeps the client id that was issued, and signs in with it again', async () => {
    const session = testSession();
    const account = await authenticator().login?.(session);
    expect(account).toMatchObject({ key: 'alice', label: 'a***@example.com' });
    expect(account?.credential?.facts).toMatchObject({ clientId: ISSUED_ID });
    expect(Object.keys(account?.credential?.secrets ?? {})).toEqual(['refreshToken']);
    const first = new URL(session.opened[0] ?? '').searchParams;
    expect(first.get('client_id')).toBe('dynamic_agent_client');
    expect(first.get('agent_name_hint')).toBe('cliproxy of the tests');
    expect(inspect(account, { depth: 9 })).not.toContain('liddell');

    const again = testSession({ facts: account?.credential?.facts ?? {} });
    await expect(authenticator().login?.(again)).resolves.toMatchObject({ key: 'alice' });
    const second = new URL(again.opened[0] ?? '').searchParams;
    expect(second.get('client_id')).toBe(ISSUED_ID);
    expect(second.has('agent_name_hint')).toBe(false);
  });

  test('without an issued client is none', async () => {
    const onTheWay = (query: Readonly<Record<string, string>>) =>
      Object.fromEntries(Object.entries(query).filter(([name]) => name !== 'client_id'));
    const before = authority.tokens.requests.length;
    const login = authenticator().login?.(testSession({ onTheWay }));
    await expect(login).rejects.toThrow(/paste the whole address, not a code/);
    // Neither the code nor the name that all clients begin with goes to the vendor.
    expect(authority.tokens.requests).toHaveLength(before);
  });

  test('by a pasted code alone is none, but of an account whose client is known', async () => {
    const onTheWay = ({ code = '' }: Readonly<Record<string, string>>) => ({ code });
    const login = authenticator().login?.(testSession({ onTheWay }));
    await expect(login).rejects.toThrow(/paste the whole address, not a code/);
    const facts = { clientId: ISSUED_ID };
    const again = authenticator().login?.(testSession({ onTheWay, facts }));
    await expect(again).resolves.toMatchObject({ key: 'alice' });
  });

  test('begins with an id that was issued before, where there is one', async () => {
    const session = testSession();
    const account = await authenticator({ clientId: ISSUED_ID }).login?.(session);
    const page = new URL(session.opened[0] ?? '').searchParams;
    expect(page.get('client_id')).toBe(ISSUED_ID);
    expect(page.has('agent_name_hint')).toBe(false);
    expect(account?.credential?.facts).toMatchObject({ clientId: ISSUED_ID });
  });

  test('by a device code needs such an id', async () => {
    const input = { flow: 'device' };
    const login = authenticator().login?.(testSession({ input }));
    await expect(login).rejects.toThrow(/set signIn.clientId, or name an account/);
    const none = authenticator({ deviceUrl: undefined }).login?.(testSession({ input }));
    await expect(none).rejects.toMatchObject({
      code: 'CLIENT_BAD_REQUEST',
      message: '`flow` is none that there is; use one of redirect',
    });
  });

  test("that does not agree to the plan's use is none", async () => {
    authority.tokens.answer((reply) => ({
      ...reply,
      body: JSON.stringify({ ...JSON.parse(reply.body), scope: 'resource.invoke' }),
    }));
    await expect(authenticator().login?.(testSession())).rejects.toMatchObject({
      code: 'AUTH_LOGIN_FAILED',
      message: expect.stringContaining('chatgpt.tokens.use.direct'),
    });
  });
});

describe('a renewal', () => {
  test('rotates the refresh token; the former one ends the login, and is told as that', async () => {
    const { credential } = await signedIn();
    const next = await refreshed(credential);
    if (next === undefined) throw new Error('nothing was renewed');
    expect(refreshTokenOf(next)).not.toBe(refreshTokenOf(credential));
    expect(next.facts).toMatchObject({ clientId: ISSUED_ID });
    const needsLogin = { code: 'AUTH_NEEDS_LOGIN' };
    await expect(refreshed(credential)).rejects.toMatchObject(needsLogin);
    // Whoever comes with a spent token may have stolen it: the whole family is dead.
    await expect(refreshed(next)).rejects.toMatchObject(needsLogin);
  });

  test.each(['refresh_token_reused', 'refresh_token_invalidated', 'token_expired'])(
    'that the vendor refuses with %s needs a new login',
    async (code) => {
      const { credential } = await signedIn();
      const body = JSON.stringify({ error: { code, message: 'no' } });
      authority.tokens.answer((reply) => ({ ...reply, status: 400, body }));
      await expect(refreshed(credential)).rejects.toMatchObject({ code: 'AUTH_NEEDS_LOGIN' });
    },
  );

  test('of a login that was revoked needs a new one', async () => {
    const { credential } = await signedIn();
    await authenticator().revoke?.(credential, authContext());
    await expect(refreshed(credential)).rejects.toMatchObject({ code: 'AUTH_NEEDS_LOGIN' });
  });
});

describe('requests', () => {
  let api: ScriptedUpstream;
  let gateway: TestGateway | undefined;
  beforeEach(async () => {
    api = await startScriptedUpstream();
  });
  afterEach(async () => {
    await gateway?.stop();
    await api.close();
    gateway = undefined;
  });

  /** A whole gateway with an account that has signed in before. */
  async function start(account: NewAccount & { readonly credential: Credential }) {
    const options = pluginOptions(plugin);
    if (options === undefined) throw new Error('no plugin');
    gateway = await startTestGateway({
      plugins: [
        {
          plugin: definePlugin({
            config: options.config,
            deps: options.deps ?? {},
            setup: async (context, services) => ({
              ...(await options.setup(context, services)),
              accounts: [account],
            }),
          }),
          packageJson: new URL('../../package.json', import.meta.url),
          config: { baseUrl: `${api.url}/v1`, signIn: authority.config },
        },
      ],
    });
    return gateway;
  }

  /** Once the list of models is there. */
  async function listed(to: TestGateway): Promise<readonly string[]> {
    for (;;) {
      const { data } = (await (await to.ask('/v1/models')).json()) as { data: { id: string }[] };
      if (data.length > 0) return data.map(({ id }) => id);
    }
  }

  const asked = () => api.requests.filter(({ method }) => method === 'POST');

  async function plan(answer?: () => ScriptedAnswer | undefined) {
    const account = await signedIn();
    const token = accessTokenOf(account.credential).reveal();
    api.answer(planApi(() => token, answer));
    return { account, token, to: await start(account) };
  }

  test.each([true, false])('are Responses within what a plan may, stream: %s', async (stream) => {
    const { account, token, to } = await plan();
    expect(await listed(to)).toEqual(['gpt-plan']);
    const reply = await to.ask('/v1/responses', {
      body: {
        model: 'gpt-plan',
        stream,
        temperature: 0.5,
        max_output_tokens: 99,
        user: 'me',
        input: [
          { role: 'system', content: 'be brief' },
          { role: 'user', content: 'hi' },
        ],
      },
    });
    expect(reply.status).toBe(200);
    const ignored = decodeURIComponent(reply.headers.get('x-cliproxy-ignored') ?? '');
    for (const name of ['temperature', 'max_output_tokens', 'user']) {
      expect(ignored).toContain(name);
    }
    const text = await reply.text();
    expect(text).toContain('hello');
    if (!stream) expect(JSON.parse(text)).toMatchObject({ status: 'completed', model: 'gpt-plan' });
    const [sent] = asked();
    expect(sent?.headers.authorization).toBe(`Bearer ${token}`);
    expect(sent?.headers['user-agent']).toMatch(/^cliproxy/);
    expect(sent?.headers).not.toHaveProperty('chatgpt-account-id');
    const shown = [to.log(), await (await to.ask('/v1/health/deep', { admin: true })).text()];
    for (const value of [token, refreshTokenOf(account.credential) ?? token]) {
      expect([...shown, ...logged].join('\n')).not.toContain(value);
    }
  });

  test('of other dialects are Responses as well', async () => {
    const { to } = await plan();
    await listed(to);
    const body = { model: 'gpt-plan', temperature: 1, messages: [{ role: 'user', content: 'hi' }] };
    const reply = await to.ask('/v1/chat/completions', { body });
    expect(await reply.json()).toMatchObject({ choices: [{ message: { content: 'hello' } }] });
    expect(reply.headers.get('x-cliproxy-ignored')).toContain('temperature');
  });

  test('to a model that no list names yet are made fit all the same', async () => {
    const { to } = await plan();
    const body = { model: 'gpt-new', temperature: 1, input: 'hi' };
    expect((await to.ask('/v1/responses', { body })).status).toBe(200);
  });

  test.each([
    ['previous_response_id', 'resp_1'],
    ['conversation', 'conv_1'],
  ])('that go on from what is not kept are refused by name: %s', async (name, id) => {
    const { to } = await plan();
    await listed(to);
    const body = { model: 'gpt-plan', input: 'hi', [name]: id };
    const reply = await to.ask('/v1/responses', { body });
    expect(reply.status).toBe(400);
    expect(await reply.text()).toContain(name);
    expect(asked()).toEqual([]);
  });

  test('with a prompt that is kept at the vendor show its refusal', async () => {
    const { to } = await plan();
    await listed(to);
    const body = { model: 'gpt-plan', prompt: { id: 'pmpt_1' }, input: 'hi' };
    const reply = await to.ask('/v1/responses', { body });
    expect(reply.status).toBe(400);
    expect(await reply.text()).toContain('Unsupported parameter: prompt');
  });

  test.each<[string, number, object, number | undefined]>([
    ['subscription_sharing_usage_limit_exceeded', 429, { resets_in_seconds: 600 }, 600],
    ['subscription_sharing_usage_limit_exceeded', 403, {}, undefined],
    ['usage_limit_reached', 429, { resets_at: Math.round(Date.now() / 1000) + 1200 }, 1200],
  ])('past the limit cool the account until it ends: %s %i %j', async (code, status, more, s) => {
    const { to } = await plan(() => refusal(status, code, more));
    await listed(to);
    const body = { model: 'gpt-plan', input: 'hi' };
    const reply = await to.ask('/v1/responses', { body });
    expect(reply.status).toBe(429);
    const health = await (await to.ask('/v1/health/deep', { admin: true })).text();
    expect(health).toContain('chatgpt.com/settings/usage');
    const wait = Number(reply.headers.get('retry-after'));
    if (s !== undefined) {
      expect(wait).toBeGreaterThan(s / 2);
      expect(wait).toBeLessThanOrEqual(s + 1);
    }
    expect((await to.ask('/v1/responses', { body })).status).toBe(429);
    expect(asked()).toHaveLength(1);
  });

  test('of an account that is not eligible say so', async () => {
    const { to } = await plan(() => refusal(403, 'subscription_sharing_user_not_eligible'));
    await listed(to);
    await to.ask('/v1/responses', { body: { model: 'gpt-plan', input: 'hi' } });
    expect(to.log()).toContain('may not use its plan in other programs');
  });

  test('with a token that has ended renew it once', async () => {
    const account = await signedIn();
    api.answer(planApi(() => 'another'));
    const to = await start(account);
    const before = authority.tokens.requests.length;
    await to.ask('/v1/responses', { body: { model: 'gpt-plan', input: 'hi' } });
    const tokens = new Set(asked().map(({ headers }) => headers.authorization));
    expect(tokens.size).toBe(2);
    expect(authority.tokens.requests.length).toBeGreaterThan(before);
  });

  test('whose stream breaks off are no answers', async () => {
    const cut = { headers: { 'content-type': 'text/event-stream' }, body: 'data: {"type":' };
    const { to } = await plan(() => cut);
    await listed(to);
    const reply = await to.ask('/v1/responses', { body: { model: 'gpt-plan', input: 'hi' } });
    expect(reply.status).toBe(502);
    expect(await reply.text()).toContain('UPSTREAM_TRUNCATED');
  });

  test('whose stream tells an error fail with it', async () => {
    const event = { type: 'error', code: 'server_error', message: 'no luck today', param: null };
    const body = `event: error\ndata: ${JSON.stringify(event)}\n\n`;
    const { to } = await plan(() => ({ headers: { 'content-type': 'text/event-stream' }, body }));
    await listed(to);
    const reply = await to.ask('/v1/responses', { body: { model: 'gpt-plan', input: 'hi' } });
    expect(reply.status).toBeGreaterThanOrEqual(500);
    expect(to.log()).toContain('no luck today');
  });
});

test.each<[object, RegExp]>([
  [{ signIn: { installationId: INSTALLATION_ID } }, /acceptSubscriptionRisk/],
  [
    { signIn: { installationId: INSTALLATION_ID, acceptSubscriptionRisk: false } },
    /acceptSubscriptionRisk.*true/,
  ],
  [{ signIn: { installationId: 'x', acceptSubscriptionRisk: true } }, /installationId/],
  [
    {
      apiKeys: ['sk-0123456789'],
      signIn: { installationId: INSTALLATION_ID, acceptSubscriptionRisk: true },
    },
    /mount the plugin twice/,
  ],
])('half opting in is refused: %j', async (config, sentence) => {
  const packageJson = new URL('../../package.json', import.meta.url);
  await expect(startTestGateway({ plugins: [{ plugin, packageJson, config }] })).rejects.toThrow(
    sentence,
  );
});

test('an instance is refused where other machines can reach the gateway', async () => {
  const packageJson = new URL('../../package.json', import.meta.url);
  const config = { signIn: authority.config };
  const started = startTestGateway({
    plugins: [{ plugin, packageJson, config }],
    config: {
      server: {
        host: '0.0.0.0',
        port: 0,
        apiKeys: ['a-client-key-1'],
        adminKeys: ['an-admin-key'],
      },
    },
  });
  await expect(started).rejects.toThrow(/server\.host lets others reach the gateway; set it to/);
});

test('an account without a token lets no request pass bare', async () => {
  const request = { method: 'GET', url: 'https://a.example', headers: {} } as const;
  const bare = authenticator().authorize(request, { secrets: {} }, authContext());
  await expect(bare).rejects.toMatchObject({ code: 'AUTH_NEEDS_LOGIN' });
});
