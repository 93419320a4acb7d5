import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startScriptedUpstream } from './scripted-upstream.ts';
import type { ScriptedUpstream } from './scripted-upstream.ts';

let upstream: ScriptedUpstream;

beforeEach(async () => {
  upstream = await startScriptedUpstream();
});

afterEach(() => upstream.close());

/** A client that reads only when it is told to. */
async function open(body = ''): Promise<http.IncomingMessage> {
  const request = http.request(upstream.url, { method: 'POST', agent: false });
  request.end(body);
  const [reply] = (await once(request, 'response')) as [http.IncomingMessage];
  return reply;
}

async function textOf(reply: http.IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of reply) text += String(chunk);
  return text;
}

describe('what was received', () => {
  test('is kept as it came, and whether its answer was complete', async () => {
    upstream.answer({ body: 'yes' });
    await (
      await fetch(`${upstream.url}/a/b?c=d`, {
        method: 'POST',
        headers: { 'x-some': 'thing' },
        body: 'zażółć',
      })
    ).text();
    const [request] = upstream.requests;
    expect(request).toMatchObject({
      method: 'POST',
      url: '/a/b?c=d',
      headers: { 'x-some': 'thing' },
    });
    expect(request?.body.toString()).toBe('zażółć');
    const { complete, writtenBytes } = await request!.closed;
    expect(complete).toBe(true);
    expect(writtenBytes).toBeGreaterThan(3);
  });

  test('a caller that leaves in the middle of its request is nobody, and harms nobody', async () => {
    const socket = net.connect(Number(new URL(upstream.url).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nten bytes.');
    await sleep(20);
    socket.destroy();
    await sleep(20);
    upstream.answer({ body: 'still here' });
    expect(await textOf(await open())).toBe('still here');
    expect(upstream.requests).toHaveLength(1);
  });
});

describe('what is answered', () => {
  test('500 until told; then a list one by one, its last entry for all that follow', async () => {
    expect((await open()).statusCode).toBe(500);
    upstream.answer([{ status: 201 }, { status: 202 }]);
    const statuses = [];
    for (let turn = 0; turn < 3; turn += 1) statuses.push((await open()).statusCode);
    expect(statuses).toEqual([201, 202, 202]);
    upstream.answer([]);
    expect((await open()).statusCode).toBe(500);
  });

  test('what a function says; what it throws is told', async () => {
    upstream.answer(({ body }) => {
      if (body.length === 0) throw new Error('nothing to answer');
      return { headers: { 'x-it': 'is' }, body: [body, '!'] };
    });
    const reply = await open('hey');
    expect(reply.headers).toMatchObject({ 'x-it': 'is' });
    expect(await textOf(reply)).toBe('hey!');
    const broken = await open();
    expect(broken.statusCode).toBe(500);
    expect(await textOf(broken)).toContain('nothing to answer');
  });

  test('piece by piece, with pauses', async () => {
    upstream.answer({ body: ['one', { pauseMs: 30 }, Buffer.from('two')] });
    const reply = await open();
    const pieces: string[] = [];
    for await (const chunk of reply) pieces.push(String(chunk));
    expect(pieces).toEqual(['one', 'two']);
  });

  test('its head after a while', async () => {
    upstream.answer({ headAfterMs: 50, status: 204 });
    const began = performance.now();
    expect((await open()).statusCode).toBe(204);
    expect(performance.now() - began).toBeGreaterThan(40);
  });
});

describe('the end', () => {
  test('reset: what was written, then a broken connection', async () => {
    upstream.answer({ body: 'half', finally: 'reset' });
    const reply = await open();
    let text = '';
    reply.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const [error] = (await once(reply, 'error')) as [Error];
    expect(error).toMatchObject({ code: 'ECONNRESET' });
    expect(text).toBe('half');
    await expect(upstream.requests[0]?.closed).resolves.toMatchObject({ complete: false });
  });

  test.each([
    ['hang', { body: 'half', finally: 'hang' }],
    ['a pause', { body: ['half', { pauseMs: 3_600_000 }] }],
    ['an endless body', { body: [{ endless: 'half' }] }],
  ] as const)('%s goes on until the other side goes', async (_, script) => {
    upstream.answer(script);
    const reply = await open();
    await once(reply, 'data');
    await sleep(20);
    expect(reply.complete).toBe(false);
    reply.on('error', () => undefined);
    reply.destroy();
    await expect(upstream.requests[0]?.closed).resolves.toMatchObject({ complete: false });
  });

  test('no head ever: until the other side goes', async () => {
    upstream.answer({ headAfterMs: Infinity });
    const request = http.request(upstream.url, { agent: false });
    request.on('error', () => undefined);
    request.end();
    while (upstream.requests.length === 0) await sleep(5);
    request.destroy();
    await expect(upstream.requests[0]?.closed).resolves.toEqual({
      complete: false,
      writtenBytes: 0,
    });
  });

  test('closing ends what hangs, and twice is no error', async () => {
    upstream.answer({ finally: 'hang' });
    const reply = await open();
    const broken = once(reply, 'error');
    reply.resume();
    await Promise.all([upstream.close(), upstream.close()]);
    await upstream.close();
    await broken;
  });
});

test('an endless answer waits for its reader', async () => {
  upstream.answer({ body: [{ endless: Buffer.alloc(65_536, 'x') }] });
  const reply = await open();
  await once(reply, 'readable');
  // Nobody reads: what can be written fills the buffers of both ends and of the system, no more.
  await sleep(300);
  reply.on('error', () => undefined);
  reply.destroy();
  const { writtenBytes } = await upstream.requests[0]!.closed;
  expect(writtenBytes).toBeGreaterThan(65_536);
  expect(writtenBytes).toBeLessThan(64 * 1024 * 1024);
});
