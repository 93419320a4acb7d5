import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Credential, NewAccount } from '@cliproxy/plugin-api';
import { definePlugin, secret } from '@cliproxy/plugin-api';
import { accessTokenOf } from '@cliproxy/oauth';
import { startTestGateway, startVendor } from '@cliproxy/plugin-testkit';
import type { TestGateway, Vendor } from '@cliproxy/plugin-testkit';
import { authContext, logged, testSession } from '../../../packages/oauth/test/test-session.ts';
import { BETA, PASTE_PAGE, startClaudeAuthority } from '../test/claude-authority.ts';
import type { ClaudeAuthority } from '../test/claude-authority.ts';
import { apiKeyAuthenticator } from './api-key-authenticator.ts';
import { claudeAuthenticator } from './claude-authenticator.ts';
import { claudeApi, claudeConfig } from './config.ts';
import { claudeExecutor } from './executor.ts';
import plugin from './index.ts';
import type { ClaudeLoginConfig } from './login-config.ts';

let authority: ClaudeAuthority;
beforeAll(async () => {
  for (const way of ['warn', 'info'] as const) {
    // The server has much to say on how it is not set up for the world.
    jest.spyOn(console, way).mockImplementation(() => undefined);
  }
  authority = await startClaudeAuthority();
});
afterAll(() => authority.close());

const DEFAULTS = {
  scopes: ['user:profile', 'user:inference'],
  callbackPath: '/callback',
  beta: BETA,
};
const authenticator = (more: Partial<ClaudeLoginConfig> = {}) =>
  claudeAuthenticator({ ...DEFAULTS, ...authority.config, ...more } as ClaudeLoginConfig);

async function loggedIn(): Promise<NewAccount & { readonly credential: Credential }> {
  const account = await authenticator().login?.(testSession());
  if (account?.credential === undefined) throw new Error('nobody was logged in');
  return { ...account, authenticator: 'claude', credential: account.credential };
}

const refreshed = (credential: Credential) => authenticator().refresh?.(credential, authContext());
const refreshTokenOf = ({ secrets }: Credential) => secrets.refreshToken?.reveal();

describe('a login', () => {
  test('by the browser: an account with a masked name and the tokens where they belong', async () => {
    const session = testSession();
    const account = await authenticator({ callbackPort: 54_545 }).login?.(session);
    expect(account).toMatchObject({ label: 'a***@example.com' });
    expect(account?.key).toMatch(/^claude-[0-9a-f]{12}$/);
    expect(account?.credential?.facts).toEqual({ scopes: 'user:profile user:inference' });
    expect(Object.keys(account?.credential?.secrets ?? {})).toEqual(['refreshToken']);
    expect(Object.keys(account?.credential?.session ?? {})).toEqual(['accessToken']);
    const page = new URL(session.opened[0] ?? '').searchParams;
    expect(Object.fromEntries(page)).toMatchObject({
      code: 'true',
      client_id: authority.config.clientId,
      redirect_uri: 'http://localhost:54545/callback',
      state: session.state,
      code_challenge_method: 'S256',
    });
    expect(JSON.parse(authority.tokens.requests.at(-1)?.body ?? '')).toMatchObject({
      state: session.state,
    });
    expect(inspect(account, { depth: 9 })).not.toContain('liddell');
  });

  test.each([
    ['of this login', (state: string) => state, undefined],
    ['of another', () => 'another', /belongs to another login/],
  ])('by the page that shows code#state, with the state %s', async (_, shown, refusal) => {
    const session = testSession({
      onTheWay: ({ code = '', state = '' }) => ({ code: `${code}#${shown(state)}` }),
    });
    const login = authenticator({ pastePage: PASTE_PAGE }).login?.(session);
    if (refusal === undefined) await expect(login).resolves.toHaveProperty('credential');
    else await expect(login).rejects.toThrow(refusal);
  });

  test('that the vendor refuses says so by its code', async () => {
    const login = authenticator({ beta: 'oauth-1999-01-01' }).login?.(testSession());
    await expect(login).rejects.toMatchObject({
      code: 'AUTH_LOGIN_FAILED',
      message: expect.stringContaining('invalid_request_error'),
    });
  });

  test('of nobody known is none, and says what helps', async () => {
    const other = await startClaudeAuthority();
    other.tokens.answer();
    try {
      const config = { ...DEFAULTS, ...other.config } as unknown as ClaudeLoginConfig;
      const login = claudeAuthenticator(config).login?.(testSession());
      await expect(login).rejects.toThrow(/user:profile/);
    } finally {
      await other.close();
    }
  });
});

describe('a renewal', () => {
  test('rotates the refresh token; the former one ends the login, and is told as that', async () => {
    const { credential } = await loggedIn();
    const next = await refreshed(credential);
    if (next === undefined) throw new Error('nothing was renewed');
    expect(refreshTokenOf(next)).not.toBe(refreshTokenOf(credential));
    expect(await authority.server.isActive(accessTokenOf(next).reveal())).toBe(true);
    expect(next.facts).toEqual(credential.facts);
    const needsLogin = { code: 'AUTH_NEEDS_LOGIN' };
    await expect(refreshed(credential)).rejects.toMatchObject(needsLogin);
    // Whoever comes with a spent token may have stolen it: the whole family is dead.
    await expect(refreshed(next)).rejects.toMatchObject(needsLogin);
    expect(await authority.server.isActive(accessTokenOf(next).reveal())).toBe(false);
  });

  test('of a login that was revoked needs a new one', async () => {
    const { credential } = await loggedIn();
    await authenticator().revoke?.(credential, authContext());
    expect(await authority.server.isActive(refreshTokenOf(credential) ?? '')).toBe(false);
    await expect(refreshed(credential)).rejects.toMatchObject({ code: 'AUTH_NEEDS_LOGIN' });
  });
});

describe('requests', () => {
  let api: Vendor | undefined;
  let gateway: TestGateway | undefined;
  afterEach(async () => {
    await gateway?.stop();
    await api?.close();
    gateway = api = undefined;
  });

  /** A whole gateway with an account that has logged in before. */
  async function start(account: NewAccount, apiKeys: readonly string[] = []) {
    api = await startVendor('anthropic-messages', { models: ['claude-x'] });
    const withAccount = definePlugin({
      config: claudeConfig,
      setup: ({ config }) => ({
        executor: claudeExecutor(claudeApi(config)),
        authenticators: [
          apiKeyAuthenticator,
          ...(config.oauth === undefined ? [] : [claudeAuthenticator(config.oauth)]),
        ],
        accounts: [
          account,
          ...apiKeys.map((key) => ({
            key: 'key',
            label: 'key',
            authenticator: apiKeyAuthenticator.id,
            credential: { secrets: { apiKey: secret(key) } },
          })),
        ],
        probes: [
          {
            id: 'upstream',
            intervalMs: 1e9,
            timeoutMs: 1,
            affects: 'report-only',
            check: async () => ({ status: 'up' }),
          },
        ],
      }),
    });
    gateway = await startTestGateway({
      plugins: [
        {
          plugin: withAccount,
          packageJson: new URL('../package.json', import.meta.url),
          config: { baseUrl: api.url, oauth: authority.config },
        },
      ],
      config: { accountStrategy: 'fill-first' },
    });
    return { api, gateway };
  }

  const ask = (to: TestGateway, headers: Readonly<Record<string, string>> = {}) =>
    to.ask('/v1/messages', {
      body: { model: 'claude-x', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] },
      headers,
    });
  const asked = ({ requests }: Vendor) => requests.filter(({ method }) => method === 'POST');

  test("carry the token and the beta beside the client's, no key, and an honest name", async () => {
    const account = await loggedIn();
    const { api: vendor, gateway: to } = await start(account);
    expect((await ask(to, { 'anthropic-beta': `a-1, ${BETA}` })).status).toBe(200);
    expect((await ask(to)).status).toBe(200);
    const token = accessTokenOf(account.credential).reveal();
    expect(vendor.violations).toEqual([]);
    const [first, second] = asked(vendor);
    expect(first?.headers).toMatchObject({
      authorization: `Bearer ${token}`,
      'anthropic-beta': `a-1,${BETA}`,
      'anthropic-version': '2023-06-01',
      'user-agent': expect.stringMatching(/^cliproxy/),
    });
    expect(second?.headers).toMatchObject({ 'anthropic-beta': BETA });
    expect(first?.headers).not.toHaveProperty('x-api-key');
    const shown = [to.log(), await (await to.ask('/v1/health/deep', { admin: true })).text()];
    for (const value of [token, refreshTokenOf(account.credential) ?? token]) {
      expect([...shown, ...logged].join('\n')).not.toContain(value);
    }
  });

  test('renew a token that has ended first', async () => {
    const account = await loggedIn();
    const ended = { ...account, credential: { ...account.credential, expiresAtMs: 1 } };
    const { api: vendor, gateway: to } = await start(ended);
    expect((await ask(to)).status).toBe(200);
    const sent = asked(vendor)[0]?.headers.authorization?.slice('Bearer '.length) ?? '';
    expect(sent).not.toBe(accessTokenOf(account.credential).reveal());
    expect(await authority.server.isActive(sent)).toBe(true);
  });

  const REFUSALS = [
    [
      400,
      'This credential is only authorized for use with Claude Code and cannot be used for other API requests.',
    ],
    [401, 'OAuth authentication is currently not supported.'],
  ] as const;
  test.each(REFUSALS)(
    'that are refused for what they are show it: %i %s',
    async (status, message) => {
      const { api: vendor, gateway: to } = await start(await loggedIn());
      const before = authority.tokens.requests.length;
      vendor.script({ error: { status, message } });
      expect((await ask(to)).status).toBeGreaterThanOrEqual(400);
      const health = await (await to.ask('/v1/health/deep', { admin: true })).text();
      for (const shown of [health, to.log()]) {
        expect(shown).toContain(message);
        expect(shown).toContain('docs/PROVIDERS.md');
      }
      expect(authority.tokens.requests).toHaveLength(before);
    },
  );

  test('go on with a key where the login is refused', async () => {
    const { api: vendor, gateway: to } = await start(await loggedIn(), ['sk-ant-0123456789']);
    vendor.script(
      { error: { status: 400, message: REFUSALS[0][1] } },
      { parts: [{ type: 'text', text: 'hi' }] },
    );
    expect((await ask(to)).status).toBe(200);
    expect(asked(vendor).map(({ headers }) => headers['x-api-key'])).toEqual([
      undefined,
      'sk-ant-0123456789',
    ]);
    expect(vendor.violations).toEqual([]);
  });
});

describe('is off', () => {
  const start = (oauth?: object) =>
    startTestGateway({
      plugins: [
        {
          plugin,
          packageJson: new URL('../package.json', import.meta.url),
          config: { apiKeys: ['sk-ant-0123456789'], baseUrl: 'http://127.0.0.1:9', oauth },
        },
      ],
    });

  test.each([
    [{ clientId: 'x' }, /acceptSubscriptionRisk/],
    [{ clientId: 'x', acceptSubscriptionRisk: false }, /acceptSubscriptionRisk.*true/],
    [{ acceptSubscriptionRisk: true }, /clientId/],
    [{ clientId: 'x', acceptSubscriptionRisk: true, tokenUrl: 'http://a.example/' }, /tokenUrl/],
  ])('and a half opting in is refused: %j', async (oauth, sentence) => {
    await expect(start(oauth)).rejects.toThrow(sentence);
  });

  test('unless it is opted into', async () => {
    for (const oauth of [undefined, authority.config]) {
      await (await start(oauth)).stop();
    }
  });
});

test('an account without a token lets no request pass bare', async () => {
  const request = { method: 'GET', url: 'https://a.example', headers: {} } as const;
  const bare = authenticator().authorize(request, { secrets: {} }, authContext());
  await expect(bare).rejects.toMatchObject({ code: 'AUTH_NEEDS_LOGIN' });
});
