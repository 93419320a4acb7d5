import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Dialect } from '@cliproxy/plugin-api';
import type { Fault } from './fault.ts';
import { startScriptedUpstream } from './scripted-upstream.ts';
import type { ScriptedUpstream } from './scripted-upstream.ts';
import { startVendor } from './upstreams/start-vendor.ts';

/** A question that each vendor takes, streamed. */
const QUESTIONS: Readonly<Record<Dialect, readonly [path: string, body: object]>> = {
  'openai-chat': [
    '/chat/completions',
    { model: 'm', stream: true, messages: [{ role: 'user', content: 'hi' }] },
  ],
  'openai-responses': ['/responses', { model: 'm', stream: true, input: 'hi' }],
  'anthropic-messages': [
    '/v1/messages',
    { model: 'm', max_tokens: 9, stream: true, messages: [{ role: 'user', content: 'hi' }] },
  ],
  gemini: [
    '/v1beta/models/m:streamGenerateContent?alt=sse',
    { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] },
  ],
};
const HEADERS: Readonly<Record<Dialect, Readonly<Record<string, string>>>> = {
  'openai-chat': { authorization: 'Bearer k' },
  'openai-responses': { authorization: 'Bearer k' },
  'anthropic-messages': { 'x-api-key': 'k', 'anthropic-version': '2023-06-01' },
  gemini: { 'x-goog-api-key': 'k' },
};

describe.each(Object.keys(QUESTIONS) as Dialect[])('%s', (dialect) => {
  test('plays every fault, and is healthy again', async () => {
    const vendor = await startVendor(dialect);
    const [path, body] = QUESTIONS[dialect];
    const request = (signal?: AbortSignal): Promise<Response> =>
      fetch(vendor.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...HEADERS[dialect] },
        body: JSON.stringify(body),
        ...(signal && { signal }),
      });
    const ask = async (signal?: AbortSignal): Promise<readonly [number, string]> => {
      const reply = await request(signal);
      return [reply.status, await reply.text()];
    };
    try {
      const [, healthy] = await ask();
      vendor.fault({ kind: 'unfinished' });
      const [, unfinished] = await ask();
      expect(unfinished.length).toBeLessThan(healthy.length);
      vendor.fault({ kind: 'cut', afterBytes: 10 });
      await expect(ask()).rejects.toThrow(/terminated/u);
      expect(vendor.requests.at(-1)).toMatchObject({ writtenBytes: 10, aborted: false });
      for (const status of [429, 529]) {
        vendor.fault({ kind: 'status', status, retryAfter: 7 });
        const [answered, refusal] = await ask();
        expect([answered, JSON.parse(refusal)]).toEqual([
          status,
          expect.objectContaining({ error: expect.anything() }),
        ]);
      }
      vendor.fault({ kind: 'garbage' });
      expect(await ask()).toEqual([200, expect.stringContaining('<html>')]);
      vendor.fault({ kind: 'latency', ms: Number.POSITIVE_INFINITY });
      await expect(ask(AbortSignal.timeout(100))).rejects.toThrow(/abort|timeout/iu);
      vendor.fault({ kind: 'latency', ms: 1 });
      expect((await ask())[0]).toBe(200);
      vendor.fault({ kind: 'endless' });
      await leaveAfter(2 * healthy.length, request);
      const last = vendor.requests.at(-1);
      await last?.closed;
      expect(last?.aborted).toBe(true);
      expect(last?.writtenBytes).toBeGreaterThan(healthy.length);
      vendor.fault();
      expect((await ask())[0]).toBe(200);
      expect(vendor.violations).toEqual([]);
    } finally {
      await vendor.close();
    }
  });
});

test('a list of models suffers only from what befalls everything', async () => {
  const vendor = await startVendor('openai-chat');
  const list = async () => {
    const reply = await fetch(`${vendor.url}/models`, { headers: HEADERS['openai-chat'] });
    await reply.arrayBuffer();
    return reply.status;
  };
  vendor.fault({ kind: 'status', status: 500 });
  expect(await list()).toBe(200);
  vendor.fault({ kind: 'status', status: 500, on: 'everything' });
  expect(await list()).toBe(500);
  await vendor.close();
});

describe('a scripted upstream', () => {
  let upstream: ScriptedUpstream;
  beforeEach(async () => {
    upstream = await startScriptedUpstream();
    upstream.answer({ body: ['one ', 'two ', 'three'] });
  });
  afterEach(() => upstream.close());
  const request = (signal?: AbortSignal): Promise<Response> =>
    fetch(upstream.url, { method: 'POST', ...(signal && { signal }) });
  const ask = async (fault?: Fault): Promise<string> => {
    upstream.fault(fault);
    const reply = await request();
    return `${reply.status} ${await reply.text()}`;
  };

  test('plays every fault on what is scripted', async () => {
    expect(await ask({ kind: 'unfinished' })).toBe('200 one two ');
    await expect(ask({ kind: 'cut', afterBytes: 5 })).rejects.toThrow(/terminated/u);
    expect(upstream.requests.at(-1)).toMatchObject({ writtenBytes: 5, aborted: false });
    expect(await ask({ kind: 'status', status: 529, code: 'busy' })).toBe(
      '529 {"error":{"message":"status 529","code":"busy"}}',
    );
    expect(await ask({ kind: 'garbage' })).toContain('<html>');
    upstream.fault({ kind: 'endless' });
    await leaveAfter(1000, request);
    await upstream.requests.at(-1)?.closed;
    expect(upstream.requests.at(-1)?.aborted).toBe(true);
    expect(upstream.requests.at(-1)?.writtenBytes).toBeGreaterThan(1000);
    expect(await ask()).toBe('200 one two three');
  });
});

/** Reads so many bytes of an answer, and leaves. */
async function leaveAfter(
  bytes: number,
  request: (signal: AbortSignal) => Promise<Response>,
): Promise<void> {
  const leaving = new AbortController();
  const reply = await request(leaving.signal);
  let read = 0;
  for await (const chunk of reply.body as AsyncIterable<Uint8Array>) {
    read += chunk.length;
    if (read > bytes) break;
  }
  leaving.abort();
}
