import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { secret } from '@cliproxy/plugin-api';
import type { AuthContext, Credential, HttpClient, LoginSession } from '@cliproxy/plugin-api';
import { startCtonew } from '@cliproxy/plugin-testkit';
import type { Ctonew } from '@cliproxy/plugin-testkit';
import { Readable } from 'node:stream';
import { ctonewAuthenticator } from './authenticator.ts';
import type { CtonewService } from './config.ts';

let ctonew: Ctonew;

beforeEach(async () => {
  ctonew = await startCtonew();
});

afterEach(async () => {
  expect(ctonew.violations()).toEqual([]);
  await ctonew.close();
});

/** Without the gateway: what a login does with what it is given. */
const http: HttpClient = {
  async request({ method, url, headers, body }, signal) {
    const reply = await fetch(url, {
      method,
      headers: headers as Record<string, string>,
      signal,
      ...(body && { body: new Uint8Array(body) }),
    });
    const cookies = reply.headers.getSetCookie();
    return {
      status: reply.status,
      headers: {
        ...Object.fromEntries(reply.headers),
        ...(cookies[0] && { 'set-cookie': cookies }),
      },
      body: Readable.from([Buffer.from(await reply.arrayBuffer())]),
    };
  },
};
const logged: string[] = [];
const say = (...words: unknown[]): void => void logged.push(JSON.stringify(words));
const logger = { debug: say, info: say, warn: say, error: say };
const { signal } = new AbortController();
const context: AuthContext = { http, logger, signal };

function authenticator(mode: CtonewService['mode'] = 'cli') {
  return ctonewAuthenticator({
    mode,
    models: [],
    api: ctonew.apiUrl,
    webSocket: ctonew.apiUrl,
    clerk: ctonew.clerkUrl,
    clerkApiVersion: '2025-04-10',
    origin: 'https://cto.new',
    clock: Date,
  });
}

function logIn(input: Readonly<Record<string, string>>, mode?: CtonewService['mode']) {
  const session = {
    ...context,
    input: Object.fromEntries(Object.entries(input).map(([key, value]) => [key, secret(value)])),
    progress: say,
  } as unknown as LoginSession;
  return authenticator(mode).login!(session);
}

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const authorized = async (credential: Credential) =>
  authenticator().authorize(
    { method: 'GET', url: ctonew.apiUrl, headers: {} },
    credential,
    context,
  );

describe('a browser', () => {
  test.each([
    ['token', () => ` ${ctonew.account.cookie}\n`],
    ['cookie', () => `__client_uat=17; __client=${ctonew.account.cookie}; __cf_bm=x.y`],
    ['cookie', () => `Cookie: __client=${ctonew.account.cookie}`],
    ['token', () => `__client=${ctonew.account.cookie}`],
  ])('by %s', async (name, given) => {
    const { key, label, credential, authenticator: by } = await logIn({ [name]: given() });
    expect(by).toBe('ctonew');
    expect(key).toMatch(/^user-[\da-f]{12}$/u);
    expect(label).toBe('s***@example.com');
    expect(credential?.secrets['client']?.reveal()).toBe(ctonew.account.cookie);
    expect(credential?.expiresAtMs).toBeGreaterThan(Date.now() + 50_000);
    expect(await authorized(credential!)).toMatchObject(
      bearer(credential!.session!['token']!.reveal()),
    );
  });

  test('is the same account when it logs in again, with the cookie that the first login brought', async () => {
    ctonew.clerk.rotates = true;
    const first = await logIn({ token: ctonew.account.cookie });
    const second = await logIn({ token: first.credential!.secrets['client']!.reveal() });
    expect(second.key).toBe(first.key);
  });

  test('that is signed out is told what to do', async () => {
    ctonew.account.signedIn = false;
    await expect(logIn({ token: ctonew.account.cookie })).rejects.toMatchObject({
      code: 'AUTH_NEEDS_LOGIN',
      message: expect.stringMatching(/401 \(signed_out\): sign in at https:\/\/cto\.new/u),
    });
  });

  test('without a session is told what to do', async () => {
    ctonew.account.endSession(false);
    await expect(logIn({ token: ctonew.account.cookie })).rejects.toMatchObject({
      code: 'AUTH_NEEDS_LOGIN',
      message: expect.stringContaining('signed out of cto.new'),
    });
  });

  test('is signed out by a logout', async () => {
    const { credential } = await logIn({ token: ctonew.account.cookie });
    await authenticator().revoke!(credential!, context);
    expect(ctonew.account.sessionId).toBeUndefined();
  });

  test('keeps its secrets as they are where nothing new came, and takes a new cookie', async () => {
    const { credential } = await logIn({ token: ctonew.account.cookie });
    const renew = (one: Credential) => authenticator().refresh!(one, context);
    const next = await renew(credential!);
    expect(next.secrets).toBe(credential!.secrets);
    expect(next.session!['token']!.reveal()).not.toBe(credential!.session!['token']!.reveal());
    ctonew.clerk.rotates = true;
    const rotated = await renew(next);
    expect(rotated.secrets['client']!.reveal()).toBe(ctonew.account.cookie);
  });

  test('that was read from disk has no token until it is renewed', async () => {
    const { credential } = await logIn({ token: ctonew.account.cookie });
    const kept = { secrets: credential!.secrets, expiresAtMs: 0 };
    await expect(authorized(kept)).rejects.toMatchObject({ code: 'AUTH_NEEDS_LOGIN' });
    await expect(authorized(await authenticator().refresh!(kept, context))).resolves.toBeDefined();
  });
});

describe('the command line', () => {
  test('by its credentials file; the gateway has tokens of its own from then on', async () => {
    const file = ctonew.credentialsFile();
    const { key, label, credential } = await logIn({ credentials: file });
    expect(key).toMatch(/^cli-[\da-f]{12}$/u);
    expect(label).toBe('command line');
    expect(file).not.toContain(ctonew.account.refreshToken);
    expect(credential?.secrets['refreshToken']?.reveal()).toBe(ctonew.account.refreshToken);
    const next = await authenticator().refresh!(credential!, context);
    expect(next.secrets['refreshToken']?.reveal()).toBe(ctonew.account.refreshToken);
    expect(ctonew.account.renewals).toBe(2);
    await expect(authorized(next)).resolves.toMatchObject(bearer(next.session!['token']!.reveal()));
  });

  test('whose token was used up elsewhere needs a login', async () => {
    const file = ctonew.credentialsFile();
    await logIn({ credentials: file });
    await expect(logIn({ credentials: file })).rejects.toMatchObject({
      code: 'AUTH_NEEDS_LOGIN',
      message: expect.stringContaining('400 (invalid_grant)'),
    });
  });

  test('serves mode cli alone', async () => {
    await expect(logIn({ credentials: ctonew.credentialsFile() }, 'web')).rejects.toMatchObject({
      code: 'CLIENT_BAD_REQUEST',
      message: expect.stringContaining('mode web needs the browser'),
    });
    expect(ctonew.account.renewals).toBe(0);
  });
});

describe('an input that can’t be one is refused with what is wrong, and never shown', () => {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const head = part({ alg: 'RS256' });
  const body = part({ id: 'client_canary', rotating_token: 'canary' });
  test.each([
    ['one part', 'canarycanary', /token is no JWT: it has 1 part where a JWT has three/u],
    ['two parts', `${head}.${body}`, /it has 2 parts/u],
    ['four parts', `${head}.${body}.a.b`, /it has 4 parts/u],
    ['an empty part', `${head}..canary`, /its second part is not base64url/u],
    ['other characters', `${head}.${body}+/.canary`, /its second part is not base64url/u],
    ['a cut-off part', `${head}.${body}.canar`, /its third part is not base64url/u],
    ['no JSON', `canarycanary.${body}.canary12`, /its first part is no JSON object/u],
    ['a list', `${head}.${part(['canary'])}.canary12`, /its second part is no JSON object/u],
    ['a line break', `${head}.${body}\n.canary12`, /white space inside/u],
    ['a session token', `${head}.${part({ sub: 'canary' })}.canary12`, /without rotating_token/u],
    ['an odd one', `${head}.${part({ rotating_token: 7 })}.canary12`, /without rotating_token/u],
    ['another cookie', '__session=canarycanary', /holds no cookie __client/u],
    ['an empty cookie', '__client=; a=canary', /holds no cookie __client/u],
  ])('%s', async (_, token, message) => {
    const refused: unknown = await logIn({ token }).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: 'CLIENT_BAD_REQUEST',
      message: expect.stringMatching(message),
    });
    expect(
      JSON.stringify([refused, (refused as Error).message, (refused as Error).stack]),
    ).not.toMatch(/canar/u);
    expect(ctonew.clerk.requests).toEqual([]);
  });

  test.each([
    ['no JSON', 'canary{', /credentials is no JSON object/u],
    ['no refresh token', '{"accessToken":"canary"}', /credentials has no refreshToken/u],
  ])('credentials: %s', async (_, credentials, message) => {
    await expect(logIn({ credentials })).rejects.toMatchObject({
      code: 'CLIENT_BAD_REQUEST',
      message: expect.stringMatching(message),
    });
  });

  test('nothing, and too much', async () => {
    for (const input of [{}, { token: 'a', cookie: 'b' }, { password: 'canary' }]) {
      await expect(logIn(input as Record<string, string>)).rejects.toMatchObject({
        code: 'CLIENT_BAD_REQUEST',
        message: expect.stringContaining('give one of token, cookie, credentials'),
      });
    }
  });
});

afterEach(() => expect(logged.join()).not.toMatch(/canar|cto_rt_|eyJ/u));
