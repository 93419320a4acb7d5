import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startScriptedUpstream, startTestGateway } from '@cliproxy/plugin-testkit';
import type { ScriptedAnswer, ScriptedUpstream, TestGateway } from '@cliproxy/plugin-testkit';
import compatible from '@cliproxy/plugin-openai-compatible';
import claude from '@cliproxy/plugin-llmux-claude';

const packageJson = (name: string) => new URL(`../plugins/${name}/package.json`, import.meta.url);

const sse = (...frames: readonly (object | string)[]) =>
  frames.map((frame) => `data: ${typeof frame === 'string' ? frame : JSON.stringify(frame)}\n\n`);
const chunk = (delta: object, finish: string | null = null) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: finish }],
});
const STREAM = { 'content-type': 'text/event-stream' };
const JSON_BODY = { 'content-type': 'application/json' };

const good: ScriptedAnswer = {
  headers: STREAM,
  body: sse(
    chunk({ role: 'assistant', content: '' }),
    chunk({ content: 'from the ' }),
    chunk({ content: 'second' }),
    chunk({}, 'stop'),
    '[DONE]',
  ),
};

let first: ScriptedUpstream;
let second: ScriptedUpstream;
let gateway: TestGateway | undefined;

beforeEach(async () => {
  [first, second] = await Promise.all([startScriptedUpstream(), startScriptedUpstream()]);
});

afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
  await Promise.all([first.close(), second.close()]);
});

/** A route `m` over two targets: `a` at the first upstream, `b` at the second. */
async function start(config: Readonly<Record<string, unknown>> = {}): Promise<TestGateway> {
  const mount = (instanceId: string, url: string) => ({
    plugin: compatible,
    packageJson: packageJson('openai-compatible'),
    instanceId,
    config: { baseUrl: `${url}/v1`, discover: false },
  });
  gateway = await startTestGateway({
    plugins: [mount('a', first.url), mount('b', second.url)],
    config: { routes: [{ match: 'm', targets: [{ plugin: 'a' }, { plugin: 'b' }] }], ...config },
  });
  return gateway;
}

/** Only what was asked for by clients: the probes ask for the list of models. */
const chats = (upstream: ScriptedUpstream) =>
  upstream.requests.filter(({ method }) => method === 'POST');

async function ask(to: TestGateway, extra: object = { stream: true }): Promise<Response> {
  return fetch(`${to.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${to.apiKey}` },
    body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }], ...extra }),
  });
}

async function explain(to: TestGateway): Promise<string> {
  const reply = await fetch(`${to.url}/v1/routes/explain?model=m`, {
    headers: { authorization: `Bearer ${to.adminKey}` },
  });
  return reply.text();
}

const failures: readonly (readonly [string, ScriptedAnswer, string])[] = [
  [
    '429 with Retry-After',
    {
      status: 429,
      headers: { ...JSON_BODY, 'retry-after': '7' },
      body: '{"error":{"message":"slow down","type":"rate_limit_error","code":"rate_limit_exceeded"}}',
    },
    'rate-limit',
  ],
  ['500', { status: 500, headers: JSON_BODY, body: '{"error":{"message":"oops"}}' }, 'upstream'],
  ['529', { status: 529, headers: JSON_BODY, body: '{"error":{"message":"busy"}}' }, 'overloaded'],
  [
    'an error inside a 200 stream',
    {
      headers: STREAM,
      body: sse(chunk({ role: 'assistant' }), { error: { message: 'oops', type: 'server_error' } }),
    },
    'upstream',
  ],
  [
    'a break before the first meaningful event',
    { headers: STREAM, body: sse(chunk({ role: 'assistant', content: '' })), finally: 'reset' },
    'network',
  ],
  [
    'an end before the first meaningful event',
    { headers: STREAM, body: sse(chunk({ role: 'assistant', content: '' })) },
    'upstream',
  ],
  [
    'an HTML page',
    { headers: { 'content-type': 'text/html' }, body: '<html>sorry</html>' },
    'upstream',
  ],
];

describe('the first target fails before it has said anything', () => {
  test.each(failures)('%s: one clean answer from the second', async (_name, script, kind) => {
    const to = await start();
    first.answer(script);
    second.answer(good);
    const reply = await ask(to);
    const text = await reply.text();
    expect(reply.status).toBe(200);
    expect(text).toContain('second');
    expect(text.match(/\[DONE\]/gu)).toHaveLength(1);
    expect(text).not.toContain('error');
    expect(chats(first)).toHaveLength(1);
    expect(chats(second)).toHaveLength(1);
    const line = to
      .log()
      .split('\n')
      .find((one) => one.includes('"name":"request"'));
    const attempts = (
      JSON.parse(line ?? '{}') as { attempts: { instance: string; failure?: string }[] }
    ).attempts;
    expect(attempts).toMatchObject([
      { instance: 'a', outcome: 'failed', failure: kind },
      { instance: 'b', outcome: 'answered' },
    ]);
  });

  test('a refused connection: one clean answer from the second', async () => {
    const to = await start();
    await first.close();
    second.answer(good);
    expect(await (await ask(to)).text()).toContain('second');
    first = await startScriptedUpstream();
  });

  test('explain says that the first is out, why, and until when', async () => {
    const to = await start();
    first.answer(failures[0]![1]);
    second.answer(good);
    await (await ask(to)).text();
    const explanation = await explain(to);
    expect(explanation).toContain('slow down');
    expect(explanation).toMatch(/rate.limit/u);
    first.answer(good);
    await (await ask(to)).text();
    // Cooling: not asked again.
    expect(chats(first)).toHaveLength(1);
  });
});

test('a break after the first word: an error event, no second answer, no [DONE]', async () => {
  const to = await start();
  first.answer({ headers: STREAM, body: sse(chunk({ content: 'half an ans' })), finally: 'reset' });
  second.answer(good);
  const reply = await ask(to);
  const text = await reply.text();
  expect(text).toContain('half an ans');
  // Whoever reads the event finds the log line by it.
  expect(reply.headers.get('x-request-id')).toMatch(/^req_/u);
  expect(text).toContain(`"request_id":"${reply.headers.get('x-request-id')}"`);
  expect(text).toContain('"error"');
  expect(text).not.toContain('[DONE]');
  expect(text).not.toContain('second');
  expect(chats(second)).toHaveLength(0);
  expect(to.log()).toContain('"outcome":"broken"');
});

test('the same through a translation: Claude breaks, the Chat client gets an error event', async () => {
  first.answer({
    headers: STREAM,
    body: [
      'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}}\n\n',
      'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n',
      'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"half"}}\n\n',
    ],
  });
  gateway = await startTestGateway({
    plugins: [
      {
        plugin: claude,
        packageJson: packageJson('llmux-claude'),
        config: { baseUrl: first.url, apiKeys: ['sk-ant-0123456789'] },
      },
    ],
  });
  const text = await (await ask(gateway, { model: 'claude-x', stream: true })).text();
  expect(text).toContain('half');
  expect(text).toContain('"error"');
  expect(text).not.toContain('[DONE]');
  expect(text).not.toContain('"finish_reason":"stop"');
});

test('an image goes to Claude in its own shape, byte for byte', async () => {
  first.answer({
    headers: JSON_BODY,
    body: '{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[{"type":"text","text":"a cat"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":5,"output_tokens":2}}',
  });
  gateway = await startTestGateway({
    plugins: [
      {
        plugin: claude,
        packageJson: packageJson('llmux-claude'),
        config: { baseUrl: first.url, apiKeys: ['sk-ant-0123456789'] },
      },
    ],
  });
  const data = Buffer.from(Array.from({ length: 999 }, (_, index) => index % 256)).toString(
    'base64',
  );
  const content = [{ type: 'image_url', image_url: { url: `data:image/jpeg;base64,${data}` } }];
  const reply = await ask(gateway, { model: 'claude-x', messages: [{ role: 'user', content }] });
  expect(await reply.json()).toMatchObject({ model: 'claude-x', usage: { total_tokens: 7 } });
  const sent = JSON.parse(chats(first)[0]!.body.toString());
  expect(sent.messages[0].content[0]).toEqual({
    type: 'image',
    source: { type: 'base64', media_type: 'image/jpeg', data },
  });
  expect(chats(first)[0]!.headers).toMatchObject({ 'x-api-key': 'sk-ant-0123456789' });
  expect(chats(first)[0]!.headers.authorization).toBeUndefined();
});

describe('every account is out', () => {
  test('by rate limits: 429 with the soonest time', async () => {
    const to = await start();
    const limited = (seconds: number): ScriptedAnswer => ({
      status: 429,
      headers: { ...JSON_BODY, 'retry-after': String(seconds) },
      body: '{"error":{"message":"slow down","code":"rate_limit_exceeded"}}',
    });
    first.answer(limited(40));
    second.answer(limited(20));
    for (let round = 0; round < 2; round += 1) {
      const reply = await ask(to);
      expect(reply.status).toBe(429);
      const seconds = Number(reply.headers.get('retry-after'));
      expect(seconds).toBeGreaterThan(10);
      expect(seconds).toBeLessThanOrEqual(20);
    }
    // The second time, nobody was asked.
    expect(chats(first)).toHaveLength(1);
    expect(chats(second)).toHaveLength(1);
  });

  test('by an outage: 502 or 503 at first, then 503 with Retry-After', async () => {
    const to = await start();
    first.answer({ status: 500 });
    second.answer({ status: 500 });
    // Each round is out for longer than the one before, so that a slow machine is in time for one.
    let reply = await ask(to);
    for (let round = 0; round < 60 && reply.status !== 503; round += 1) {
      expect(reply.status).toBe(502);
      reply = await ask(to);
    }
    expect(reply.status).toBe(503);
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(await reply.json()).toMatchObject({ error: { gateway_code: 'ROUTE_NO_ACCOUNT' } });
  });

  test('a hiccup of the only account is over after a second or so, not after thirty', async () => {
    const to = await start({ routes: [{ match: 'm', targets: [{ plugin: 'a' }] }] });
    first.answer({ status: 500 });
    expect((await ask(to)).status).toBe(502);
    first.answer(good);
    const began = performance.now();
    let reply = await ask(to);
    while (reply.status === 503) {
      expect(Number(reply.headers.get('retry-after'))).toBe(1);
      await sleep(100);
      reply = await ask(to);
    }
    expect(await reply.text()).toContain('second');
    // Nothing here takes 20 s but a cooling of the old length.
    expect(performance.now() - began).toBeLessThan(20_000);
  });

  test('a refused key of ours is never a 401 to the client', async () => {
    const to = await start();
    const refused = {
      status: 401,
      headers: JSON_BODY,
      body: '{"error":{"message":"bad key","code":"invalid_api_key"}}',
    };
    first.answer(refused);
    second.answer(refused);
    const reply = await ask(to);
    expect(reply.status).toBe(503);
    expect(reply.headers.get('retry-after')).not.toBeNull();
  });
});

describe('clients', () => {
  const slowStream: ScriptedAnswer = {
    headers: STREAM,
    body: [
      ...sse(chunk({ content: 'x' })),
      { endless: sse(chunk({ content: 'y'.repeat(4096) }))[0]! },
    ],
  };

  function open(to: TestGateway): Promise<http.IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = http.request(`${to.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${to.apiKey}` },
      });
      request.once('response', resolve);
      request.once('error', reject);
      request.end(
        JSON.stringify({ model: 'm', stream: true, messages: [{ role: 'user', content: 'hi' }] }),
      );
    });
  }

  test('one that hangs up in mid-stream: the upstream sees it within a second', async () => {
    const to = await start();
    first.answer({ headers: STREAM, body: sse(chunk({ content: 'x' })), finally: 'hang' });
    const reply = await open(to);
    await once(reply, 'data');
    const left = performance.now();
    reply.destroy();
    const { complete } = await chats(first)[0]!.closed;
    expect(complete).toBe(false);
    expect(performance.now() - left).toBeLessThan(1000);
  });

  test('one that hangs up before the first byte: the upstream sees it, nobody else is asked', async () => {
    const to = await start();
    first.answer({ headers: STREAM, body: [{ pauseMs: 30_000 }] });
    const leaving = new AbortController();
    const asked = fetch(`${to.url}/v1/chat/completions`, {
      method: 'POST',
      signal: leaving.signal,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${to.apiKey}` },
      body: JSON.stringify({
        model: 'm',
        stream: true,
        messages: [{ role: 'user', content: 'hi' }],
      }),
    }).catch(() => undefined);
    while (chats(first).length === 0) await sleep(5);
    leaving.abort();
    await asked;
    await chats(first)[0]!.closed;
    expect(chats(second)).toHaveLength(0);
  });

  test('one that stops reading: the upstream is paused, memory stays flat', async () => {
    const to = await start();
    first.answer(slowStream);
    const reply = await open(to);
    reply.pause();
    // Until the socket buffers on the way are full.
    await sleep(800);
    const before = process.memoryUsage.rss();
    await sleep(1500);
    expect(process.memoryUsage.rss() - before).toBeLessThan(50e6);
    reply.destroy();
    const { writtenBytes } = await chats(first)[0]!.closed;
    // Socket buffers of two connections, and what the gateway holds: a fraction of what 2.5 s give.
    expect(writtenBytes).toBeLessThan(32e6);
    expect(writtenBytes).toBeGreaterThan(100e3);
  });
});
