import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startScriptedUpstream, startTestGateway } from '@cliproxy/plugin-testkit';
import type { ScriptedUpstream, TestGateway } from '@cliproxy/plugin-testkit';
import { prepareOnce, until } from '../process/gateway-process.ts';
import { openWicked } from './wicked.ts';

const MIB = 1024 * 1024;
const wicked = openWicked();
let gateway: TestGateway;
let upstream: ScriptedUpstream;

beforeAll(async () => {
  prepareOnce();
  upstream = await startScriptedUpstream();
  gateway = await startTestGateway({
    plugins: [
      {
        package: wicked.folder,
        instanceId: 'wicked',
        isolation: 'process',
        config: { baseUrl: `${upstream.url}/v1` },
      },
    ],
    // By its own name, so that no frame is touched.
    config: { routes: [{ match: 'm', targets: [{ plugin: 'wicked' }] }] },
  });
}, 300_000);
afterAll(async () => {
  await gateway.stop();
  await upstream.close();
  wicked.remove();
});

const question = (content: string, stream = false) => ({
  body: { model: 'm', stream, messages: [{ role: 'user', content }] },
});

const frame = (content: string): string => {
  const choices = [{ index: 0, delta: { content } }];
  const head = { id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm', choices };
  return `data: ${JSON.stringify(head)}\n\n`;
};

const EVENTS = { 'content-type': 'text/event-stream' };

async function seen() {
  const reply = await gateway.ask('/v1/chat/completions', question('seen'));
  const { choices } = (await reply.json()) as { choices: { message: { content: string } }[] };
  return JSON.parse(choices[0]?.message.content ?? '') as {
    readonly aborted: number;
    readonly closed: readonly string[];
    readonly made?: number;
  };
}

/** Asks for a stream, reads its beginning, and then nothing more until told. */
async function slowReader(content: string) {
  const reply = await new Promise<http.IncomingMessage>((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${gateway.apiKey}`,
      'content-type': 'application/json',
    };
    const url = `${gateway.url}/v1/chat/completions`;
    const asked = http.request(url, { method: 'POST', headers }, resolve).on('error', reject);
    asked.end(JSON.stringify(question(content, true).body));
  });
  await new Promise((resolve) => reply.once('data', resolve));
  reply.pause();
  return reply.on('error', () => undefined);
}

/** Waits until a figure no longer grows. */
async function settled(figure: () => number | Promise<number>): Promise<number> {
  let last = -1;
  await until(async () => {
    const former = last;
    last = await figure();
    if (former !== last) await sleep(300);
    return former === last;
  });
  return last;
}

describe('over the border', () => {
  test.each(['as it is', 'wrap', 'taps'])('bytes are the same: %s', async (content) => {
    const frames = Array.from({ length: 300 }, (_, n) => frame(`é${n} `));
    upstream.answer({ headers: EVENTS, body: [...frames, 'data: [DONE]\n\n'] });
    const body = question(content, true);
    const reply = await gateway.ask('/v1/chat/completions', body);
    expect(await reply.text()).toBe(`${frames.join('')}data: [DONE]\n\n`);
    const [sent] = upstream.requests.slice(-1);
    const text = sent?.body.toString() ?? '';
    expect(JSON.parse(text)).toMatchObject({ model: 'm', messages: body.body.messages });
    // Put on by the authenticator in its process, which has the body that it came with.
    expect(sent?.headers).toMatchObject({
      authorization: 'Bearer wicked-secret-key-0001',
      'x-length': String(sent?.body.length),
    });
    if (content === 'taps') {
      await until(async () => (await seen()).closed.length === 2);
      expect((await seen()).closed).toEqual(['end', 'close']);
    }
  });

  test('a large request comes as it was sent', async () => {
    const large = 'x'.repeat(5 * MIB);
    upstream.answer({ headers: EVENTS, body: [frame('well'), 'data: [DONE]\n\n'] });
    await (await gateway.ask('/v1/chat/completions', question(large, true))).text();
    expect(upstream.requests.at(-1)?.body.toString()).toContain(large);
  });

  test('a client that leaves is told there, too', async () => {
    const { aborted } = await seen();
    const leaving = new AbortController();
    const asked = gateway.ask('/v1/chat/completions', {
      ...question('waits'),
      signal: leaving.signal,
    });
    await sleep(100);
    const begunMs = performance.now();
    leaving.abort();
    await expect(asked).rejects.toThrow();
    await until(async () => (await seen()).aborted === aborted + 1);
    expect(performance.now() - begunMs).toBeLessThan(1_000);
  });

  test.each(['as it is', 'wrap'])('a slow client stops the upstream: %s', async (content) => {
    upstream.answer({ headers: EVENTS, body: { endless: frame('x'.repeat(16_000)) } });
    const reply = await slowReader(content);
    const request = upstream.requests.at(-1);
    const written = await settled(() => request?.writtenBytes ?? 0);
    // What the sockets of the machine hold is the most of it.
    expect(written).toBeLessThan(24 * MIB);
    reply.resume();
    await until(() => (request?.writtenBytes ?? 0) > written + 8 * MIB);
    reply.destroy();
    await request?.closed;
  });

  test('a slow client stops a body that the plugin makes', async () => {
    const reply = await slowReader('flood');
    const made = await settled(async () => (await seen()).made ?? 0);
    expect(made).toBeLessThan(16 * MIB);
    reply.resume();
    await until(async () => ((await seen()).made ?? 0) > made + 8 * MIB);
    reply.destroy();
  });

  test('what a vendor refuses is told as it is without isolation', async () => {
    const error = { message: 'no such thing', type: 'invalid_request_error', code: 'nothing' };
    upstream.answer({
      status: 400,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ error }),
    });
    const reply = await gateway.ask('/v1/chat/completions', question('as it is'));
    expect([reply.status, await reply.json()]).toEqual([
      400,
      { error: expect.objectContaining(error) },
    ]);
  });

  test('an upstream that breaks off is never taken for complete', async () => {
    upstream.answer({ headers: EVENTS, body: [frame('begun'), { pauseMs: 50 }], finally: 'reset' });
    for (const content of ['as it is', 'wrap']) {
      const reply = await gateway.ask('/v1/chat/completions', question(content, true));
      const text = await reply.text().catch(() => '');
      expect(text).not.toContain('[DONE]');
    }
  });
});
