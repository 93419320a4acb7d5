import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseConfig } from '@cliproxy/config';
import { createGateway } from '@cliproxy/gateway';
import type { Gateway } from '@cliproxy/gateway';
import { startScriptedUpstream } from '@cliproxy/plugin-testkit';
import type { ScriptedUpstream, TestGateway } from '@cliproxy/plugin-testkit';
import plugin from '@cliproxy/plugin-aistudio-relay';
import { WebSocket } from 'ws';
import { openPageV1 } from './page-v1.ts';
import { openPageV2, tokenCredential } from './page-v2.ts';
import { RELAY_TOKEN, startRelayGateway, until, untilPages } from './relay-gateway.ts';

const packageJson = JSON.parse(
  readFileSync(new URL('../../plugins/aistudio-relay/package.json', import.meta.url), 'utf8'),
);
const PATH = '/v1beta/models/gemini-x-aistudio:generateContent';
const BODY = { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] };
const ANSWER = JSON.stringify({
  candidates: [{ content: { role: 'model', parts: [{ text: 'ho' }] }, finishReason: 'STOP' }],
  modelVersion: 'gemini-x',
});

let upstream: ScriptedUpstream;
let gateway: TestGateway | undefined;
const ends: (() => unknown)[] = [];

beforeEach(async () => {
  upstream = await startScriptedUpstream();
  upstream.answer(({ method }) => ({ body: method === 'GET' ? '{"models":[]}' : ANSWER }));
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  await gateway?.stop();
  gateway = undefined;
  await upstream.close();
});

const v1 = async (more: Partial<Parameters<typeof openPageV1>[0]> = {}) => {
  const page = await openPageV1({ gateway: gateway!.url, token: RELAY_TOKEN, ...more });
  ends.push(() => page.socket.terminate());
  return page;
};
const v2 = async (more: Partial<Parameters<typeof openPageV2>[0]> = {}) => {
  const page = await openPageV2({
    gateway: gateway!.url,
    credential: tokenCredential(RELAY_TOKEN),
    ...more,
  });
  ends.push(() => page.socket.terminate());
  return page;
};
const closed = async (socket: WebSocket): Promise<number> => {
  const [code] = (await once(socket, 'close')) as [number];
  return code;
};
const answerOf = async (response: Response) => {
  const { error } = (await response.json()) as { error?: { message: string } };
  return { status: response.status, message: error?.message ?? '' };
};

describe('a page that leaves', () => {
  test('takes nobody with it: each of 20 calls moves once or fails, within 5 s', async () => {
    gateway = await startRelayGateway(upstream.url);
    const silent = await v2({ clientId: 'silent-page-1', silent: true });
    const other = await v2({ clientId: 'other-page-1' });
    await untilPages(gateway, 2);
    const generated = (urls: readonly string[]): number =>
      urls.filter((url) => url.includes('generateContent')).length;
    // They go to the two in turn.
    const asked = Array.from({ length: 40 }, () => gateway!.ask(PATH, { body: BODY }));
    await until(() => generated(silent.asked) === 20 && generated(other.asked) === 20);
    const began = performance.now();
    silent.socket.terminate();
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    const tookMs = performance.now() - began;
    expect(new Set(statuses)).toEqual(new Set([200, 502]));
    // As many move as the budget of retries lets; the other page was asked for each once.
    const moved = statuses.filter((status) => status === 200).length - 20;
    expect([moved > 0, generated(other.asked)]).toEqual([true, 20 + moved]);
    expect(tookMs).toBeLessThan(5000);
    console.log(
      `20 calls in flight: ${moved} moved, ${20 - moved} told, in ${tookMs.toFixed(0)} ms`,
    );
  });

  test('in the middle of an answer breaks it off', async () => {
    gateway = await startRelayGateway(upstream.url);
    const page = new WebSocket(
      `${gateway.url.replace('http', 'ws')}/v1/ws?auth_token=${RELAY_TOKEN}`,
      { origin: 'https://aistudio.google.com' },
    );
    ends.push(() => page.terminate());
    page.on('message', (data: Buffer) => {
      const { id, payload } = JSON.parse(data.toString());
      const say = (type: string, more: object): void =>
        page.send(JSON.stringify({ id, type, payload: more }));
      if (payload.method === 'GET') say('http_response', { status: 200, body: '{"models":[]}' });
      else {
        say('stream_start', { status: 200, headers: { 'Content-Type': 'text/event-stream' } });
        say('stream_chunk', {
          data: 'data: {"candidates":[{"content":{"parts":[{"text":"ha',
        });
        say('stream_chunk', { data: 'lf"}]}}]}\n\n' });
        setTimeout(() => page.terminate(), 50);
      }
    });
    await untilPages(gateway, 1);
    const answer = await gateway.ask(
      '/v1beta/models/gemini-x-aistudio:streamGenerateContent?alt=sse',
      { body: BODY },
    );
    expect(answer.status).toBe(200);
    const text = await answer.text().catch(() => 'broken off');
    expect(text).not.toContain('finishReason');
    expect(text).toMatch(/broken off|error/);
  });

  test('comes again as the same account; two at once: the newer one stays', async () => {
    gateway = await startRelayGateway(upstream.url);
    const first = await v2();
    const code = closed(first.socket);
    const second = await v2();
    expect(await code).toBe(4001);
    await untilPages(gateway, 1);
    expect((await gateway.ask(PATH, { body: BODY })).status).toBe(200);
    expect(second.asked.some((url) => url.includes('generateContent'))).toBe(true);
    second.socket.terminate();
    await untilPages(gateway, 0);
    // What it shows then is the token of its last welcome.
    await v2({ credential: `resume.${second.resume}` });
    await untilPages(gateway, 1);
    expect((await gateway.ask(PATH, { body: BODY })).status).toBe(200);
  });
});

describe('an answer under way', () => {
  let slowUrl = '';
  const settingsWith = (upstreamUrl: string, maxMessageMb: number) =>
    parseConfig({
      text: JSON.stringify({
        server: { port: 0, apiKeys: ['test-client-key-0123456789'], drainMs: 20_000 },
        log: { level: 'error', format: 'json' },
        plugins: {
          'aistudio-relay': {
            config: { relayTokens: [RELAY_TOKEN], baseUrl: upstreamUrl, maxMessageMb },
          },
        },
      }),
      file: `${import.meta.dirname}/test.yaml`,
      env: {},
    }).settings;

  test.each([
    ['a stop', (running: Gateway) => running.stop(), 1001],
    ['other settings', (running: Gateway) => running.apply(settingsWith(slowUrl, 8)), 1012],
  ])('outlives %s, and its page is closed afterwards', async (_name, change, code) => {
    let finish: () => void = () => undefined;
    const slow = createServer((request, response) => {
      request.resume();
      if (request.method === 'GET') {
        response.end('{"models":[]}');
        return;
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: {"candidates":[{"content":{"parts":[{"text":"begun "}]}}]}\n\n');
      finish = () =>
        response.end(
          'data: {"candidates":[{"content":{"parts":[{"text":"done"}]},"finishReason":"STOP"}]}\n\n',
        );
    });
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
    ends.push(() => slow.close());
    slowUrl = `http://127.0.0.1:${(slow.address() as AddressInfo).port}`;
    const running = createGateway(settingsWith(slowUrl, 16), {
      preloaded: [{ plugin, packageJson, packageName: packageJson.name }],
    });
    ends.push(() => running.kill());
    await running.prepare();
    const { url } = await running.listen();
    const page = await openPageV2({ gateway: url, credential: tokenCredential(RELAY_TOKEN) });
    ends.push(() => page.socket.terminate());
    const gone = closed(page.socket);
    await until(() => running.kernel.accounts().some(({ state }) => state === 'usable'));
    const answer = await fetch(
      `${url}/v1beta/models/gemini-x-aistudio:streamGenerateContent?alt=sse`,
      {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-goog-api-key': 'test-client-key-0123456789',
        },
        body: JSON.stringify(BODY),
      },
    );
    const changed = change(running);
    expect(page.socket.readyState).toBe(WebSocket.OPEN);
    finish();
    const text = await answer.text();
    expect(text).toContain('done');
    await changed;
    expect(await gone).toBe(code);
  });
});

describe('what a page reports', () => {
  const wordsOf = async (payload: object): Promise<{ status: number; message: string }> => {
    gateway = await startRelayGateway(upstream.url, { config: {} });
    const page = new WebSocket(`${gateway.url.replace('http', 'ws')}/v1/ws?key=${RELAY_TOKEN}`, {
      origin: 'https://aistudio.google.com',
    });
    ends.push(() => page.terminate());
    page.on('message', (data: Buffer) => {
      const { id, payload: asked } = JSON.parse(data.toString());
      const [type, more] =
        asked.method === 'GET'
          ? ['http_response', { status: 200, headers: {}, body: '{"models":[]}' }]
          : ['error', payload];
      page.send(JSON.stringify({ id, type, payload: more }));
    });
    await untilPages(gateway, 1);
    return answerOf(await gateway.ask(PATH, { body: BODY }));
  };

  test.each([
    [
      'as gateways expect it',
      { error: 'quota of the page', status: 429 },
      429,
      'quota of the page',
    ],
    [
      'as the applet has it',
      { code: 'X', message: 'no such model', http_response: { status: 404 } },
      404,
      'no such model',
    ],
    ['without a status', { code: 'X', message: 'fetch failed' }, 502, 'fetch failed'],
    ['without a word', {}, 502, 'no reason'],
  ])('%s is understood', async (_name, payload, status, words) => {
    const got = await wordsOf(payload);
    expect(got.status).toBe(status);
    expect(got.message).toContain(words);
  });

  test('a 429 cools the account of that page alone', async () => {
    gateway = await startRelayGateway(upstream.url);
    upstream.answer(({ method }) =>
      method === 'GET'
        ? { body: '{"models":[]}' }
        : {
            status: 429,
            headers: { 'retry-after': '60' },
            body: JSON.stringify({
              error: { code: 429, message: 'slow down', status: 'RESOURCE_EXHAUSTED' },
            }),
          },
    );
    await v1();
    await untilPages(gateway, 1);
    const refused = await gateway.ask(PATH, { body: BODY });
    expect(refused.status).toBe(429);
    await untilPages(gateway, 0);
    upstream.answer({ body: ANSWER });
    await v2({ clientId: 'fresh-page-1' });
    await untilPages(gateway, 1);
    expect((await gateway.ask(PATH, { body: BODY })).status).toBe(200);
  });

  test('its models are listed, by the name that leads to it', async () => {
    gateway = await startRelayGateway(upstream.url);
    upstream.answer({
      body: JSON.stringify({
        models: [
          { name: 'models/gemini-9', supportedGenerationMethods: ['generateContent'] },
          { name: 'models/embedding-1', supportedGenerationMethods: ['embedContent'] },
        ],
      }),
    });
    await v2();
    await until(async () => {
      const { data } = (await (await gateway!.ask('/v1/models')).json()) as {
        data: { id: string }[];
      };
      return data.map(({ id }) => id).join() === 'gemini-9-aistudio';
    });
  });
});

describe('a ticket', () => {
  const ticketOf = async (name: string) => {
    const given = await gateway!.ask(`/v1/sockets/${name}/ticket`, { admin: true, body: {} });
    return (await given.json()) as { path: string; ticket: string; expiresAtMs: number };
  };
  const refused = { message: expect.stringContaining('401') };

  test.each([
    ['a relay token', [RELAY_TOKEN]],
    ['none', []],
  ])(
    'lets a page in once, with %s configured; then it comes by its resume token',
    async (_name, relayTokens) => {
      gateway = await startRelayGateway(upstream.url, { config: { relayTokens } });
      const { path, ticket, expiresAtMs } = await ticketOf('aistudio');
      expect([path, expiresAtMs > Date.now()]).toEqual(['/v1/ws', true]);
      const page = await v2({ credential: ticket });
      await untilPages(gateway, 1);
      expect((await gateway.ask(PATH, { body: BODY })).status).toBe(200);
      await expect(v2({ credential: ticket, clientId: 'another-page' })).rejects.toEqual(
        expect.objectContaining(refused),
      );
      page.socket.terminate();
      await untilPages(gateway, 0);
      const back = await v2({ credential: `resume.${page.resume}` });
      await untilPages(gateway, 1);
      expect((await gateway.ask(PATH, { body: BODY })).status).toBe(200);
      expect(back.asked.some((url) => url.includes('generateContent'))).toBe(true);
      expect(gateway.log()).not.toContain(ticket.replace('ticket.', ''));
    },
  );

  test('is given to whoever has an admin key, and to nobody else', async () => {
    gateway = await startRelayGateway(upstream.url);
    const at = '/v1/sockets/aistudio-relay/ticket';
    expect((await gateway.ask(at, { body: {} })).status).toBe(403);
    expect((await fetch(gateway.url + at, { method: 'POST' })).status).toBe(401);
  });
});

describe('a page is not taken', () => {
  const refusalOf = async (
    query: string,
    protocols: string[],
    headers: Record<string, string>,
  ): Promise<number> => {
    const socket = new WebSocket(`${gateway!.url.replace('http', 'ws')}/v1/ws${query}`, protocols, {
      headers,
    });
    socket.on('error', () => undefined);
    return new Promise((resolve) => {
      socket.on('open', () => {
        socket.terminate();
        resolve(101);
      });
      socket.on('unexpected-response', (_request, response) => {
        response.resume();
        resolve(response.statusCode!);
      });
    });
  };
  const origin = 'https://aistudio.google.com';

  test('with a foreign origin or host, without a credential, or with one of the gateway', async () => {
    gateway = await startRelayGateway(upstream.url);
    const right = `?auth_token=${RELAY_TOKEN}`;
    const { apiKey, adminKey } = gateway;
    const v2of = (credential: string): string[] => ['cliproxy-relay.2', credential];
    const cases: [number, string, string[], Record<string, string>][] = [
      [101, right, [], { origin }],
      [101, right, [], { origin: 'https://abc.scf.usercontent.goog' }],
      [403, right, [], {}],
      [403, right, [], { origin: 'null' }],
      [403, right, [], { origin: 'https://evil.example' }],
      [403, right, [], { origin: 'https://scf.usercontent.goog.evil.example' }],
      [403, right, [], { origin, host: 'evil.example' }],
      [401, '', [], { origin }],
      [401, `?auth_token=${RELAY_TOKEN}x`, [], { origin }],
      [401, `?auth_token=${apiKey}`, [], { origin }],
      [401, `?key=${adminKey}`, [], { origin }],
      [401, '', [], { origin, authorization: `Bearer ${apiKey}` }],
      [401, '', ['cliproxy-relay.2'], { origin }],
      [401, '', v2of('ticket.never-given'), { origin }],
      [401, '', v2of('resume.node-page-1.9999999999..AAAA'), { origin }],
      [401, '', v2of(tokenCredential(apiKey)), { origin }],
      [401, '', [...v2of(tokenCredential(RELAY_TOKEN)), 'ticket.x'], { origin }],
      [101, '', v2of(tokenCredential(RELAY_TOKEN)), { origin }],
    ];
    for (const [status, query, protocols, headers] of cases) {
      const got = await refusalOf(query, protocols, headers);
      expect([got, query, protocols, headers]).toEqual([status, query, protocols, headers]);
    }
    expect(gateway.log()).not.toContain(RELAY_TOKEN);
    expect(gateway.log()).not.toContain('never-given');
  });

  test('or stays, when it floods, speaks out of turn or sends more than it may', async () => {
    gateway = await startRelayGateway(upstream.url, { config: { maxMessageMb: 1 } });
    const url = `${gateway.url.replace('http', 'ws')}/v1/ws`;
    const first = async (say: (socket: WebSocket) => void, version: 1 | 2 = 1): Promise<number> => {
      const socket =
        version === 1
          ? new WebSocket(`${url}?auth_token=${RELAY_TOKEN}`, { origin })
          : new WebSocket(url, ['cliproxy-relay.2', tokenCredential(RELAY_TOKEN)], { origin });
      await once(socket, 'open');
      const code = closed(socket);
      say(socket);
      return code;
    };
    const flood = (text: string) => (socket: WebSocket) => {
      for (let n = 0; n < 1000; n += 1) socket.send(text);
    };
    expect(await first(flood('{"id":"x","type":"stream_chunk","payload":{"data":"y"}}'))).toBe(
      1008,
    );
    expect(await first(flood('{"type":"ping"}'))).toBe(1008);
    expect(await first((socket) => socket.send('no json'))).toBe(1008);
    expect(await first((socket) => socket.send(Buffer.alloc(3)))).toBe(1003);
    expect(await first((socket) => socket.send('x'.repeat(1024 * 1024 + 1)))).toBe(1009);
    expect(await first((socket) => socket.send('{"type":"end","call":1}'), 2)).toBe(1008);
    const hello = JSON.stringify({ type: 'hello', version: 2, clientId: 'flooding-page' });
    const asOther = JSON.stringify({
      type: 'hello',
      version: 2,
      clientId: 'page-1234',
      profile: 'p',
    });
    expect(await first((socket) => socket.send(asOther), 2)).toBe(1008);
    expect(
      await first((socket) => {
        socket.send(hello);
        flood('{"type":"pong","at":1}')(socket);
      }, 2),
    ).toBe(1008);
    expect((await gateway.ask('/v1/health')).status).toBe(200);
  });

  test('any more once its token is taken out of the configuration', async () => {
    const other = 'another-token-0123456789';
    const settings = (tokens: readonly string[]) =>
      parseConfig({
        text: JSON.stringify({
          server: { port: 0, apiKeys: ['test-client-key-0123456789'], drainMs: 100 },
          log: { level: 'error', format: 'json' },
          plugins: { 'aistudio-relay': { config: { relayTokens: tokens, baseUrl: upstream.url } } },
        }),
        file: `${import.meta.dirname}/test.yaml`,
        env: {},
      }).settings;
    const running: Gateway = createGateway(settings([RELAY_TOKEN, other]), {
      preloaded: [{ plugin, packageJson, packageName: packageJson.name }],
    });
    ends.push(() => running.stop());
    await running.prepare();
    const { url } = await running.listen();
    const revoked = await openPageV1({ gateway: url, token: RELAY_TOKEN });
    const resumed = await openPageV2({ gateway: url, credential: tokenCredential(RELAY_TOKEN) });
    const kept = await openPageV1({ gateway: url, token: other });
    const codes = Promise.all([revoked, resumed, kept].map(({ socket }) => closed(socket)));
    expect((await running.apply(settings([other]))).applied).toBe(true);
    // The third is only asked to come again: it has no call under way.
    expect(await codes).toEqual([1008, 1008, 1012]);
    gateway = { url } as TestGateway;
    expect(await refusalOf(`?auth_token=${RELAY_TOKEN}`, [], { origin })).toBe(401);
    expect(await refusalOf('', ['cliproxy-relay.2', `resume.${resumed.resume}`], { origin })).toBe(
      401,
    );
    expect(await refusalOf(`?auth_token=${other}`, [], { origin })).toBe(101);
    gateway = undefined;
  });
});
