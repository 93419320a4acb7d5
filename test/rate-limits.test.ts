import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import compatible from '@cliproxy/plugin-openai-compatible';
import { startScriptedUpstream, startTestGateway } from '@cliproxy/plugin-testkit';
import type { ScriptedAnswer, ScriptedUpstream, TestGateway } from '@cliproxy/plugin-testkit';

const KEYS = ['sk-first-account-0001', 'sk-second-account-0002', 'sk-third-account-0003'] as const;
const [FIRST, SECOND, THIRD] = KEYS;
const HOUR_MS = 3_600_000;

/** Stands still until it is told to pass. */
const clock = {
  time: Date.parse('2026-11-20T12:00:00Z'),
  now: (): number => clock.time,
  monotonic: (): number => performance.now(),
};

let upstream: ScriptedUpstream;
let gateway: TestGateway;
let dataFolder: string;
/** What each account's vendor answers now. */
let answers: Map<string, ScriptedAnswer>;

beforeEach(async () => {
  answers = new Map();
  dataFolder = path.join(await mkdtemp(path.join(tmpdir(), 'cliproxy-limits-')), 'data');
  upstream = await startScriptedUpstream();
  upstream.answer(({ headers }) => answers.get(keyOf(headers.authorization)) ?? good);
  gateway = await start();
});

function start(): Promise<TestGateway> {
  return startTestGateway({
    clock,
    dataFolder,
    plugins: [
      {
        plugin: compatible,
        packageJson: new URL('../plugins/openai-compatible/package.json', import.meta.url),
        instanceId: 'vendor',
        config: { baseUrl: `${upstream.url}/v1`, apiKeys: KEYS, discover: false },
      },
    ],
    config: { routes: [{ match: 'm', targets: [{ plugin: 'vendor' }] }] },
  });
}

afterEach(async () => {
  await gateway.stop();
  await upstream.close();
  await rm(path.dirname(dataFolder), { recursive: true });
});

const json = { 'content-type': 'application/json' };
const good: ScriptedAnswer = {
  headers: json,
  body: JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
  }),
};

const limited = (retryAfter?: string): ScriptedAnswer => ({
  status: 429,
  headers: { ...json, ...(retryAfter !== undefined && { 'retry-after': retryAfter }) },
  body: '{"error":{"message":"slow down","type":"rate_limit_error","code":"rate_limit_exceeded"}}',
});

function keyOf(authorization = ''): string {
  return authorization.replace('Bearer ', '');
}

/** How many chats an account's vendor was asked for. */
function asked(key: string): number {
  return upstream.requests.filter(
    ({ method, headers }) => method === 'POST' && keyOf(headers.authorization) === key,
  ).length;
}

function ask(signal?: AbortSignal): Promise<Response> {
  const body = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };
  return gateway.ask('/v1/chat/completions', { body, ...(signal && { signal }) });
}

async function statuses(count: number): Promise<ReadonlySet<number>> {
  const replies = await Promise.all(Array.from({ length: count }, () => ask()));
  await Promise.all(replies.map((reply) => reply.text()));
  return new Set(replies.map(({ status }) => status));
}

const inOneMinute = new Date(clock.time + 60_000).toUTCString();
const anHourAgo = new Date(clock.time - HOUR_MS).toUTCString();

describe('an account whose vendor says 429', () => {
  test.each([
    ['3', 3_000],
    [inOneMinute, 60_000],
    [anHourAgo, 1_000],
    ['-1', 1_000],
    ['0', 1_000],
    ['1e99', HOUR_MS],
    ['31536000', HOUR_MS],
    ['soon', 30_000],
    [undefined, 30_000],
  ])('with Retry-After %s is left alone for %d ms, then gets one trial', async (value, forMs) => {
    clock.time = Date.parse('2026-11-20T12:00:00Z');
    answers.set(FIRST, limited(value));
    expect(await statuses(9)).toEqual(new Set([200]));
    const before = asked(FIRST);
    // Those that were on their way at the same moment could not know.
    expect(before).toBeGreaterThanOrEqual(1);
    expect(before).toBeLessThanOrEqual(3);

    clock.time += forMs - 1;
    expect(await statuses(12)).toEqual(new Set([200]));
    expect(asked(FIRST)).toBe(before);

    clock.time += 1;
    // The trial is answered late: nobody else may try meanwhile.
    answers.set(FIRST, { ...good, headAfterMs: Infinity });
    const leaving = new AbortController();
    let answered = 0;
    const burst = Array.from({ length: 6 }, async () => {
      const reply = await ask(leaving.signal);
      answered += 1;
      return reply.text();
    });
    await expectSoon(() => asked(FIRST) === before + 1);
    expect(await statuses(6)).toEqual(new Set([200]));
    expect(asked(FIRST)).toBe(before + 1);
    await expectSoon(() => answered === 5);
    leaving.abort();
    const ends = await Promise.allSettled(burst);
    expect(ends.filter(({ status }) => status === 'rejected')).toHaveLength(1);
  });
});

async function expectSoon(holds: () => boolean): Promise<void> {
  for (let n = 0; n < 500 && !holds(); n++) await sleep(10);
  expect(holds()).toBe(true);
}

test('a restart forgets nothing, and keeps no key', async () => {
  answers.set(FIRST, limited('600'));
  answers.set(SECOND, { status: 401, headers: json, body: '{"error":{"code":"invalid_api_key"}}' });
  expect(await statuses(6)).toEqual(new Set([200]));
  await gateway.stop();
  const kept = await readFile(path.join(dataFolder, 'account-state.json'), 'utf8');
  expect(kept).toContain('rate-limit');
  for (const key of KEYS) expect(kept).not.toContain(key);
  const before = [asked(FIRST), asked(SECOND)];

  gateway = await start();
  expect(await statuses(9)).toEqual(new Set([200]));
  expect([asked(FIRST), asked(SECOND)]).toEqual(before);
  const health = (await (await gateway.ask('/v1/health')).json()) as {
    readonly plugins: readonly { readonly accounts: readonly object[] }[];
  };
  expect(health.plugins[0]?.accounts).toMatchObject([
    { state: 'cooling', reason: 'slow down', retryInMs: 600_000 },
    { state: 'invalid-key' },
    { state: 'usable' },
  ]);
  clock.time += 600_000;
  answers.delete(FIRST);
  expect(await statuses(6)).toEqual(new Set([200]));
  expect(asked(FIRST)).toBeGreaterThan(before[0] ?? 0);
});

test('what a vendor says is left is shown to operators', async () => {
  const headers = {
    ...json,
    'x-ratelimit-limit-requests': '500',
    'x-ratelimit-remaining-requests': '499',
    'x-ratelimit-reset-requests': '6m0s',
  };
  answers.set(FIRST, { ...good, headers });
  expect(await statuses(3)).toEqual(new Set([200]));
  const health = (await (await gateway.ask('/v1/health')).json()) as {
    readonly plugins: readonly { readonly accounts: readonly object[] }[];
  };
  const resetAtMs = clock.time + 360_000;
  expect(health.plugins[0]?.accounts).toMatchObject([
    { quotas: [{ name: 'requests', limit: 500, remaining: 499, resetAtMs }] },
    {},
    {},
  ]);
});

describe('while all accounts are out', () => {
  test.each(['/v1/chat/completions', '/v1/messages', '/v1beta/models/m:generateContent'])(
    'nobody is asked, and %s tells when the first is back',
    async (path) => {
      clock.time = Date.parse('2026-11-20T12:00:00Z');
      answers.set(FIRST, limited('40'));
      answers.set(SECOND, limited(new Date(clock.time + 20_000).toUTCString()));
      answers.set(THIRD, limited('1e99'));
      expect(await statuses(1)).toEqual(new Set([429]));
      expect(KEYS.map(asked)).toEqual([1, 1, 1]);
      const told: string[] = [];
      for (let n = 0; n < 10; n++) {
        const reply = await gateway.ask(path, {
          body: path.includes('v1beta')
            ? { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] }
            : { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] },
        });
        expect(reply.status).toBe(429);
        expect(reply.headers.get('retry-after')).toBe(String(20 - n));
        told.push(await reply.text());
        clock.time += 1_000;
      }
      expect(KEYS.map(asked)).toEqual([1, 1, 1]);
      expect(told[0]).toContain('slow down');
      answers.clear();
      clock.time += 10_000;
      expect(await statuses(1)).toEqual(new Set([200]));
      expect(KEYS.map(asked)).toEqual([1, 2, 1]);
    },
  );
});
