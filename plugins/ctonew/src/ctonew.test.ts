import { once } from 'node:events';
import http from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { startCtonew, startScriptedUpstream, startTestGateway } from '@cliproxy/plugin-testkit';
import type { Ctonew, TestGateway, TestGatewayOptions } from '@cliproxy/plugin-testkit';
import plugin from './index.ts';

const packageJson = new URL('../package.json', import.meta.url);
const MODEL = 'ctonew-claude-sonnet';
const TRUNCATED: unknown = expect.stringMatching(/before the answer was complete|cancelled/u);
const MODES = ['cli', 'web'] as const;
type Mode = (typeof MODES)[number];

let ctonew: Ctonew;
let gateway: TestGateway | undefined;

beforeEach(async () => {
  ctonew = await startCtonew();
});

afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
  const unknown = /the model '\S+' does not exist/u;
  expect(ctonew.violations().filter((one) => !unknown.test(one))).toEqual([]);
  await ctonew.close();
});

const instance = (mode: Mode, config: object = {}) => ({
  plugin,
  packageJson,
  config: {
    acceptSubscriptionRisk: true,
    mode,
    tokens: [ctonew.account.cookie],
    apiBaseUrl: ctonew.apiUrl,
    clerkBaseUrl: ctonew.clerkUrl,
    ...config,
  },
});

async function start(mode: Mode, config: object = {}, more: Partial<TestGatewayOptions> = {}) {
  gateway = await startTestGateway({ plugins: [instance(mode, config)], ...more });
  const { url, apiKey } = gateway;
  return { gateway, openai: new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 }) };
}

/** What the model says, in both modes. */
function say(...text: string[]): void {
  ctonew.commandLine.script({ parts: text.map((one) => ({ type: 'text', text: one })) });
  ctonew.engineLabs.answers.splice(0, Infinity, { text });
}

const messages = [{ role: 'user', content: 'Hi' }] as const;
const chat = (openai: OpenAI, more: object = {}) =>
  openai.chat.completions.create({ model: MODEL, messages: [...messages], ...more });

async function until(met: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await met())) await new Promise((resolve) => setTimeout(resolve, 10));
}

async function listed(to: TestGateway): Promise<readonly string[]> {
  const { data } = (await (await to.ask('/v1/models')).json()) as { data: { id: string }[] };
  return data.map(({ id }) => id);
}

describe.each(MODES)('mode %s', (mode) => {
  test('a stream through the openai SDK', async () => {
    say('Hello', ' from', ' Claude – ünïcode');
    const { openai } = await start(mode);
    const stream = await openai.chat.completions.create({
      model: MODEL,
      messages: [...messages],
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let finish: string | null | undefined;
    let usage: unknown;
    for await (const chunk of stream) {
      expect(chunk.model).toBe(MODEL);
      text += chunk.choices[0]?.delta.content ?? '';
      finish ??= chunk.choices[0]?.finish_reason;
      usage ??= chunk.usage ?? undefined;
    }
    expect([text, finish]).toEqual(['Hello from Claude – ünïcode', 'stop']);
    expect(usage).toMatchObject({ completion_tokens: expect.any(Number) });
  });

  test('an answer in one piece', async () => {
    say('Hello', ' there');
    const { openai } = await start(mode);
    const { choices, model, usage } = await chat(openai);
    expect(choices[0]?.message.content).toBe('Hello there');
    expect(model).toBe(MODEL);
    expect(usage?.total_tokens).toBeGreaterThan(0);
  });

  test('one token serves many requests, at once and one after another', async () => {
    const { openai } = await start(mode);
    await Promise.all(Array.from({ length: 20 }, () => chat(openai)));
    await chat(openai);
    expect(ctonew.account.exchanges).toBe(1);
  });

  test('a token that has expired is exchanged once for all who wait', async () => {
    ctonew.account.tokenLifetime = 1;
    const { openai } = await start(mode);
    await chat(openai);
    const { exchanges } = ctonew.account;
    ctonew.account.tokenLifetime = 60;
    ctonew.account.endTokens();
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await Promise.all(Array.from({ length: 30 }, () => chat(openai)));
    expect(ctonew.account.exchanges).toBe(exchanges + 1);
  });

  test('a token that is refused in the middle of the day: one exchange, one replay each', async () => {
    const { gateway, openai } = await start(mode);
    await until(async () => (await listed(gateway)).includes(MODEL));
    await chat(openai);
    const { exchanges } = ctonew.account;
    ctonew.account.endTokens();
    await Promise.all(Array.from({ length: 30 }, () => chat(openai)));
    expect(ctonew.account.exchanges).toBe(exchanges + 1);
  });

  test('a session that is over is followed by the one that the browser uses now', async () => {
    const { openai } = await start(mode);
    await chat(openai);
    ctonew.account.endSession(true);
    await chat(openai);
    expect(ctonew.clerk.requests.filter((asked) => asked === 'GET /v1/client')).toHaveLength(2);
  });

  test('a cookie that each answer replaces is kept up with', async () => {
    ctonew.clerk.rotates = true;
    const { openai } = await start(mode);
    for (let round = 0; round < 3; round += 1) {
      await chat(openai);
      ctonew.account.endTokens();
    }
    await chat(openai);
    expect(ctonew.account.exchanges).toBe(4);
  });

  test('a browser that is signed out: the account needs a login, and the client a remedy', async () => {
    const { gateway, openai } = await start(mode);
    await chat(openai);
    ctonew.account.signedIn = false;
    ctonew.account.endTokens();
    await expect(chat(openai)).rejects.toMatchObject({ status: 503 });
    const health = await (await gateway.ask('/v1/health', { admin: true })).text();
    expect(health).toContain('"state":"needs-login"');
  });

  test.each([
    ['an error', { status: 500, body: { errors: [{ code: 'internal_error' }] } }],
    ['a page', { status: 200, body: '<html>just a moment</html>' }],
    ['a limit', { status: 429, headers: { 'retry-after': '1' } }],
  ])('%s of the sign-in service costs no login', async (_, fault) => {
    ctonew.account.tokenLifetime = 1;
    const { gateway, openai } = await start(mode);
    await until(async () => (await listed(gateway)).includes(MODEL));
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    ctonew.clerk.faults.push(fault, fault, fault);
    await expect(chat(openai)).rejects.toMatchObject({ status: expect.any(Number) });
    const health = await (await gateway.ask('/v1/health', { admin: true })).text();
    expect(health).not.toContain('needs-login');
  });

  test('nor does its failing when a token is refused in the middle of the day', async () => {
    const { gateway, openai } = await start(mode);
    await until(async () => (await listed(gateway)).includes(MODEL));
    ctonew.account.endTokens();
    ctonew.clerk.faults.push({ status: 502 });
    await expect(chat(openai)).rejects.toMatchObject({ status: 502 });
    const health = await (await gateway.ask('/v1/health', { admin: true })).text();
    expect(health).toContain('"state":"cooling"');
  });

  test('a limit of the account is told with its time', async () => {
    const fault = { status: 429, headers: { 'retry-after': '7' }, body: { error: 'daily limit' } };
    const { gateway, openai } = await start(mode);
    await until(async () => (await listed(gateway)).includes(MODEL));
    ctonew.engineLabs.faults.push(fault);
    const error: unknown = await chat(openai).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ status: 429 });
    const after = Number((error as { headers: Headers }).headers.get('retry-after'));
    expect(after).toBeGreaterThan(0);
    expect(after).toBeLessThanOrEqual(7);
  });

  test('a page in the place of an answer is no answer', async () => {
    const { gateway, openai } = await start(mode);
    await until(async () => (await listed(gateway)).includes(MODEL));
    ctonew.engineLabs.faults.push({ status: 200, body: '<html>welcome</html>' });
    await expect(chat(openai)).rejects.toMatchObject({ status: 502 });
  });

  test('models are found, with a short name for the newest of a family', async () => {
    const { gateway } = await start(mode);
    await until(async () => (await listed(gateway)).length > 0);
    expect((await listed(gateway)).toSorted()).toEqual([
      'ctonew-claude-sonnet',
      'ctonew-claude-sonnet-4',
      'ctonew-claude-sonnet-4-5',
      'ctonew-gpt',
      'ctonew-gpt-5',
    ]);
  });

  test('a model that is not offered is a 404', async () => {
    const { openai } = await start(mode);
    await expect(chat(openai, { model: 'ctonew-claude-opus' })).rejects.toMatchObject({
      status: 404,
    });
  });

  test.each([
    ['claude-sonnet-4-5-20250929', undefined],
    ['claude-sonnet-4-5', MODEL],
    ['gpt-5', undefined],
  ])('%s fails over to it', async (model, target) => {
    say('instead');
    const broken = await startScriptedUpstream();
    broken.answer({ status: 500, body: '{"error":{"message":"down"}}' });
    gateway = await startTestGateway({
      plugins: [
        {
          package: '@cliproxy/plugin-openai-compatible',
          instanceId: 'first',
          config: { baseUrl: `${broken.url}/v1`, discover: false },
        },
        instance(mode),
      ],
      config: {
        routes: [
          {
            match: model,
            targets: [{ plugin: 'first' }, { plugin: 'ctonew', ...(target && { model: target }) }],
          },
        ],
      },
    });
    const { url, apiKey } = gateway;
    const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
    const answer = await chat(openai, { model });
    expect(answer.choices[0]?.message.content).toBe('instead');
    expect(answer.model).toEqual(
      mode === 'cli' && target === undefined ? expect.any(String) : model,
    );
    await broken.close();
  });

  test.each([
    [200, 'up'],
    [404, 'up'],
    [429, 'degraded'],
    [500, 'down'],
  ])('the probe with %i: %s', async (status, state) => {
    const { gateway } = await start(mode);
    await until(async () => (await listed(gateway)).includes(MODEL));
    if (status !== 200) ctonew.engineLabs.faults.push({ status });
    const health = await (await gateway.ask('/v1/health/deep', { admin: true })).text();
    expect(health).toContain(`"probe":"upstream","status":"${state}"`);
  });

  test('models of the configuration are offered beside the listed, and without a list', async () => {
    ctonew.engineLabs.faults.push(...Array.from({ length: 9 }, () => ({ status: 500 })));
    const { gateway } = await start(mode, { models: ['Gemini2_5Pro'] });
    await until(async () => (await listed(gateway)).includes('ctonew-gemini-2-5-pro'));
  });

  test('a count of tokens is estimated, and says so', async () => {
    const { gateway } = await start(mode);
    await until(async () => (await listed(gateway)).includes(MODEL));
    const reply = await gateway.ask('/v1/messages/count_tokens', {
      body: { model: MODEL, messages: [{ role: 'user', content: 'How many tokens are these?' }] },
    });
    expect(reply.headers.get('x-cliproxy-estimated')).toBe('input_tokens');
    expect(((await reply.json()) as { input_tokens: number }).input_tokens).toBeGreaterThan(3);
  });

  const echoed = (): object => ({ error: { message: ctonew.account.secrets.join(' ') } });
  test.each<[string, () => void]>([
    ['nothing', () => undefined],
    ['a request', () => ctonew.engineLabs.faults.push({ status: 400, body: echoed() })],
    ['a server', () => ctonew.engineLabs.faults.push({ status: 500, body: echoed() })],
    ['a stream', () => ctonew.engineLabs.refusedStreams.push(500)],
    [
      'an exchange',
      () => {
        ctonew.account.endTokens();
        const body = { errors: [{ code: ctonew.account.cookie, message: ctonew.account.cookie }] };
        ctonew.clerk.faults.push({ status: 500, body }, { status: 401, body });
      },
    ],
    [
      'a login',
      () => {
        ctonew.account.endTokens();
        ctonew.account.signedIn = false;
      },
    ],
  ])('no secret is told where %s fails', async (_, breakIt) => {
    const { gateway, openai } = await start(mode);
    await chat(openai);
    const { secrets } = ctonew.account;
    expect(secrets).toHaveLength(3);
    breakIt();
    const answer: unknown = await chat(openai).catch((thrown: unknown) => thrown);
    const health = await (await gateway.ask('/v1/health/deep', { admin: true })).text();
    const told = [JSON.stringify(answer), answer instanceof Error ? answer.message : ''];
    const all = [gateway.log(), health, ...told].join('\n');
    for (const one of secrets) expect(all).not.toContain(one);
  });
});

describe('mode cli', () => {
  test('tools, reasoning and the rest of the dialect go through', async () => {
    ctonew.commandLine.script({
      parts: [{ type: 'tool-call', id: 'call_1', name: 'look', arguments: { at: 'sky' } }],
      finish: 'tool-calls',
    });
    const { openai } = await start('cli');
    const { choices } = await chat(openai, {
      tools: [
        {
          type: 'function',
          function: {
            name: 'look',
            parameters: { type: 'object', properties: { at: { type: 'string' } } },
          },
        },
      ],
    });
    expect(choices[0]?.message.tool_calls?.[0]).toMatchObject({
      function: { name: 'look', arguments: '{"at":"sky"}' },
    });
  });

  test('a conversation keeps its place, by a name that is not the client’s', async () => {
    const { openai } = await start('cli');
    await chat(openai, { prompt_cache_key: 'project-of-a-person' });
    const { headers } = ctonew.commandLine.requests.find(({ method }) => method === 'POST')!;
    expect(headers['x-session-id']).toMatch(/^[\da-f]{32}$/u);
    expect(headers['x-session-affinity']).toBe(headers['x-session-id']);
  });
});

describe('mode web', () => {
  const answers = (...list: typeof ctonew.engineLabs.answers): void => {
    ctonew.engineLabs.answers.splice(0, Infinity, ...list);
  };

  test('what grows, and what comes in pieces, is the same text', async () => {
    const text = ['Ha', 'Ha', 'ha', ' – ', 'so', ' so'];
    const { openai } = await start('web');
    for (const snapshots of [true, false]) {
      answers({ text: ['Well, ', ...text], thoughts: ['Let', ' me', ' think'], snapshots });
      const { choices } = await chat(openai);
      const { message } = choices[0]!;
      expect(message.content).toBe(`Well, ${text.join('')}`);
      expect(message).toMatchObject({ reasoning_content: 'Let me think' });
    }
  });

  test('messages that mean nothing to an answer are passed over', async () => {
    answers({
      raw: ['pong', 'ping', '{"type":"label","label":"x"}', '{"type":"history","messages":[]}'],
      text: ['fine'],
    });
    const { openai } = await start('web');
    expect((await chat(openai)).choices[0]?.message.content).toBe('fine');
  });

  test.each([1000, 1001, 1011])(
    'a stream closed early with %i is a truncation',
    async (closeCode) => {
      answers({ text: ['half of'], closeCode });
      const { openai } = await start('web');
      await expect(chat(openai)).rejects.toMatchObject({ status: 502, message: TRUNCATED });
      const seen: string[] = [];
      const streamed = (async () => {
        const stream = await openai.chat.completions.create({
          model: `ctonew/${MODEL}`,
          messages: [...messages],
          stream: true,
        });
        for await (const { choices } of stream) seen.push(choices[0]?.delta.content ?? '');
      })();
      await expect(streamed).rejects.toThrow();
    },
  );

  test.each([
    [1008, 'a token that has ended', 2],
    [4000, 'another end', 1],
  ])('a stream closed with %i before any answer: %s', async (closeCode, _, exchanges) => {
    const { gateway, openai } = await start('web');
    await until(async () => (await listed(gateway)).includes(MODEL));
    answers({ text: [], closeCode }, { text: ['well'] });
    const said = await chat(openai).then(
      ({ choices }) => choices[0]?.message.content,
      (error: unknown) => (error as Error).message,
    );
    expect(said).toMatch(exchanges === 2 ? /^well$/u : /closed with 4000 before/u);
    expect(ctonew.account.exchanges).toBe(exchanges);
  });

  test('a server that restarts is overloaded', async () => {
    answers({ text: [], closeCode: 1012 });
    const { openai } = await start('web');
    await expect(chat(openai)).rejects.toMatchObject({ status: 503 });
  });

  test('a message that is none is no answer', async () => {
    for (const raw of ['<html>', '{"type":"update","buffer":"<html>"}']) {
      answers({ raw: [raw], text: [] });
      const { openai } = await start('web');
      await expect(chat(openai)).rejects.toMatchObject({
        status: 502,
        message: expect.stringContaining('no JSON'),
      });
      await gateway?.stop();
    }
  });

  test('a stream that nobody serves', async () => {
    const { openai } = await start('web', { webSocketBaseUrl: 'http://127.0.0.1:9' });
    const error: unknown = await chat(openai).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ status: 502, message: expect.stringContaining('ECONNREFUSED') });
    expect((error as Error).message).not.toContain('token=');
  });

  test('an answer that was cancelled is a truncation', async () => {
    answers({ text: ['half of'], cancelled: true });
    const { openai } = await start('web');
    await expect(chat(openai)).rejects.toMatchObject({ message: TRUNCATED });
  });

  test.each([
    [401, 200],
    [403, 200],
    [429, 429],
    [503, 503],
  ])('a stream that is refused with %i', async (status, answered) => {
    const { gateway, openai } = await start('web');
    await until(async () => (await listed(gateway)).includes(MODEL));
    ctonew.engineLabs.refusedStreams.push(status);
    const outcome = await chat(openai).then(
      () => 200,
      (error: unknown) => (error as { status: number }).status,
    );
    expect(outcome).toBe(answered);
    expect(ctonew.account.exchanges).toBe(answered === 200 ? 2 : 1);
  });

  test('what it can’t do is said before anything is sent', async () => {
    const { gateway, openai } = await start('web');
    const tools = [{ type: 'function', function: { name: 'look', parameters: {} } }];
    for (const known of [false, true]) {
      if (known) await until(async () => (await listed(gateway)).includes(MODEL));
      await expect(chat(openai, { tools })).rejects.toMatchObject({ status: 400 });
    }
    expect(ctonew.engineLabs.chats).toEqual([]);
  });

  test('what it does not heed is named', async () => {
    const { gateway } = await start('web');
    await until(async () => (await listed(gateway)).includes(MODEL));
    const reply = await gateway.ask('/v1/chat/completions', {
      body: { model: MODEL, messages, temperature: 0.5, max_tokens: 5 },
    });
    expect(reply.status).toBe(200);
    expect(reply.headers.get('x-cliproxy-ignored')?.split(/, ?/u).toSorted()).toEqual([
      'max_tokens',
      'temperature',
    ]);
  });

  test('a conversation goes as one text', async () => {
    const { openai } = await start('web');
    await chat(openai, {
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'Hello' },
        { role: 'user', content: 'Bye' },
      ],
    });
    await chat(openai);
    expect(ctonew.engineLabs.chats.map(({ prompt }) => prompt)).toEqual([
      'System: Be brief.\n\nUser: Hi\n\nAssistant: Hello\n\nUser: Bye',
      'Hi',
    ]);
    expect(ctonew.engineLabs.chats[0]?.adapterName).toBe('ClaudeSonnet4_5');
  });

  test('without a list, what has always been offered is', async () => {
    ctonew.engineLabs.adapters = undefined;
    const { openai } = await start('web');
    await chat(openai, { model: 'ctonew-gpt-5' });
    expect(ctonew.engineLabs.chats[0]?.adapterName).toBe('GPT5');
  });

  test('a client that leaves ends the stream', async () => {
    answers({ text: ['and'], hangs: true });
    const { openai } = await start('web');
    const stream = await openai.chat.completions.create({
      model: MODEL,
      messages: [...messages],
      stream: true,
    });
    for await (const { choices } of stream) if (choices[0]?.delta.content) break;
    await until(() => ctonew.engineLabs.openStreams === 0);
  });

  test('a client that reads slowly makes the upstream wait', async () => {
    answers({ text: ['x', 'y'].map((letter) => letter.repeat(64 * 1024)), endless: true });
    const { gateway } = await start('web');
    const asked = http.request(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${gateway.apiKey}`,
        'content-type': 'application/json',
      },
    });
    asked.end(JSON.stringify({ model: MODEL, messages, stream: true }));
    // The answer is there, and nobody reads it.
    await once(asked, 'response');
    let seen = -1;
    // It ends once nothing more is sent for a while, which never happens without back-pressure.
    while (seen !== ctonew.engineLabs.sent) {
      seen = ctonew.engineLabs.sent;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    asked.destroy();
    await until(() => ctonew.engineLabs.openStreams === 0);
  });
});

test('without the word that the risk is taken, it does not start', async () => {
  await expect(start('cli', { acceptSubscriptionRisk: false })).rejects.toThrow(
    /acceptSubscriptionRisk: true/u,
  );
});
