import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { startCtonew, startTestGateway } from '@cliproxy/plugin-testkit';
import type { Ctonew, TestGateway } from '@cliproxy/plugin-testkit';
import plugin from './index.ts';

/** What the operator's routes answer, as far as it is looked at here. */
interface AuthAnswer {
  readonly state: string;
  readonly login?: { readonly state: string };
  readonly accounts: readonly { readonly id: string; readonly label: string }[];
  readonly revoked?: string;
}

let ctonew: Ctonew;
let gateway: TestGateway;
const answers: string[] = [];

beforeEach(async () => {
  answers.length = 0;
  ctonew = await startCtonew();
});

afterEach(async () => {
  await gateway.stop();
  expect(ctonew.violations()).toEqual([]);
  const told = [gateway.log(), ...answers].join('\n');
  for (const one of [...ctonew.account.secrets, ctonew.account.refreshToken]) {
    expect(told).not.toContain(one);
  }
  await ctonew.close();
});

async function start(mode: 'cli' | 'web'): Promise<OpenAI> {
  gateway = await startTestGateway({
    plugins: [
      {
        plugin,
        packageJson: new URL('../package.json', import.meta.url),
        config: {
          acceptSubscriptionRisk: true,
          mode,
          apiBaseUrl: ctonew.apiUrl,
          clerkBaseUrl: ctonew.clerkUrl,
        },
      },
    ],
  });
  return new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.apiKey, maxRetries: 0 });
}

async function auth(method: 'POST' | 'DELETE', body?: object): Promise<[number, AuthAnswer]> {
  const reply = await fetch(`${gateway.url}/v1/auth/ctonew`, {
    method,
    headers: {
      authorization: `Bearer ${gateway.adminKey}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await reply.text();
  answers.push(text);
  return [reply.status, JSON.parse(text) as AuthAnswer];
}

const chat = async (openai: OpenAI) => {
  const { choices } = await openai.chat.completions.create({
    model: 'ctonew-claude-sonnet',
    messages: [{ role: 'user', content: 'Hi' }],
  });
  return choices[0]?.message.content;
};

describe.each([
  ['cli', 'token', () => ({ token: ctonew.account.cookie }), 's***@example.com'],
  ['cli', 'credentials', () => ({ credentials: ctonew.credentialsFile() }), 'command line'],
  [
    'cli',
    'credentials as they are',
    () => ({ credentials: JSON.parse(ctonew.credentialsFile()) as object }),
    'command line',
  ],
  ['web', 'token', () => ({ token: ctonew.account.cookie }), 's***@example.com'],
  [
    'web',
    'cookie',
    () => ({ cookie: `a=b; __client=${ctonew.account.cookie}` }),
    's***@example.com',
  ],
] as const)('mode %s by %s', (mode, _, input, label) => {
  test('logs in, answers, stays logged in as tokens end, and logs out', async () => {
    const openai = await start(mode);
    await expect(chat(openai)).rejects.toMatchObject({ status: 503 });
    const [status, body] = await auth('POST', input());
    expect(status).toBe(200);
    expect(body.login?.state).toBe('done');
    expect(body.accounts).toMatchObject([{ label }]);
    for (let round = 0; round < 3; round += 1) {
      await expect(chat(openai)).resolves.toBeTruthy();
      ctonew.account.endTokens();
    }
    const [, out] = await auth('DELETE');
    expect(out.revoked).toBe('yes');
    await expect(chat(openai)).rejects.toMatchObject({ status: 503 });
  });
});

test('what is no token is refused with what is wrong', async () => {
  await start('cli');
  const [status, body] = await auth('POST', { token: 'canary.canary' });
  expect(status).toBe(400);
  expect(JSON.stringify(body)).toContain('it has 2 parts where a JWT has three');
  expect(JSON.stringify(body)).not.toContain('canary');
});

test('an account whose browser was signed out is usable again after another login', async () => {
  const openai = await start('web');
  await auth('POST', { token: ctonew.account.cookie });
  await chat(openai);
  ctonew.account.endSession(false);
  await expect(chat(openai)).rejects.toMatchObject({ status: 503 });
  ctonew.account.endSession(true);
  const [, body] = await auth('POST', { token: ctonew.account.cookie });
  expect(body.accounts).toHaveLength(1);
  await expect(chat(openai)).resolves.toBeTruthy();
});

test.each([
  ['an error', { status: 500 }],
  ['a page', { status: 200, body: '<html>' }],
])('%s of the sign-in service, again and again, ends no login', async (_, fault) => {
  const openai = await start('cli');
  await auth('POST', { token: ctonew.account.cookie });
  await chat(openai);
  ctonew.account.endTokens();
  ctonew.clerk.faults.push(fault, fault, fault, fault);
  await expect(chat(openai)).rejects.toMatchObject({ status: 502 });
  const health = await (await gateway.ask('/v1/health', { admin: true })).text();
  expect(health).toContain('"state":"cooling"');
  expect(health).not.toContain('needs-login');
});
