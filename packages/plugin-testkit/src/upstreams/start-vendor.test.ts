import { afterEach, describe, expect, test } from '@jest/globals';
import type { Dialect } from '@cliproxy/plugin-api';
import { askVendor } from '../../test/ask-vendor.ts';
import { startVendor } from './start-vendor.ts';
import type { StreamFaults, VendorAnswer } from './vendor-answer.ts';
import type { Vendor } from './vendor.ts';

/** The least that each vendor takes, and what its streams say. */
const VENDORS: readonly {
  readonly dialect: Dialect;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
  /** Stands in the event that tells how the answer ended. */
  readonly end: string;
}[] = [
  {
    dialect: 'openai-chat',
    path: '/chat/completions',
    headers: { authorization: 'Bearer key-1' },
    body: { model: 'm', messages: [{ role: 'user', content: 'hi' }], stream: true },
    end: '"finish_reason":"stop"',
  },
  {
    dialect: 'anthropic-messages',
    path: '/v1/messages',
    headers: { 'x-api-key': 'key-1', 'anthropic-version': '2023-06-01' },
    body: { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }], stream: true },
    end: '"stop_reason":"end_turn"',
  },
  {
    dialect: 'openai-responses',
    path: '/responses',
    headers: { authorization: 'Bearer key-1' },
    body: { model: 'm', input: 'hi', stream: true },
    end: 'response.completed',
  },
  {
    dialect: 'gemini',
    path: '/v1beta/models/m:streamGenerateContent?alt=sse',
    headers: { 'x-goog-api-key': 'key-1' },
    body: { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] },
    end: '"finishReason":"STOP"',
  },
];

let vendor: Vendor | undefined;
afterEach(async () => {
  await vendor?.close();
  vendor = undefined;
});

const spoken = 'Grüße, 世界 🌍!';
const faulty = (stream: StreamFaults): VendorAnswer => ({
  parts: [{ type: 'text', text: spoken, pieces: 3 }],
  stream,
});

describe.each(VENDORS)('the vendor of $dialect', ({ dialect, path, headers, body, end }) => {
  const start = async (...answers: VendorAnswer[]) => {
    vendor = await startVendor(dialect);
    if (answers.length > 0) vendor.script(...answers);
    return vendor;
  };
  const ask = (started: Vendor, sent: object = body) => askVendor(started, path, headers, sent);
  const open = (started: Vendor, signal?: AbortSignal) =>
    fetch(started.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      ...(signal && { signal }),
    });

  test('answers one after another, and repeats the last', async () => {
    const started = await start(
      { parts: [{ type: 'text', text: 'one' }] },
      { error: { status: 500, message: 'two' } },
    );
    expect((await ask(started)).text).toContain('on');
    expect((await ask(started)).text).toContain('two');
    expect((await ask(started)).status).toBe(500);
    expect(started.requests.map(({ method, body: sent }) => [method, sent])).toEqual(
      Array(3).fill(['POST', body]),
    );
    started.script();
    expect((await ask(started)).text).toContain('there.');
  });

  test('the wire may be cut at every byte, with any line end, comments and lines of data', async () => {
    const started = await start(
      faulty({}),
      faulty({ chunkBytes: 1 }),
      faulty({ lineEnd: '\r\n', comments: true, multiLineData: true, chunkBytes: 7 }),
    );
    const plain = await ask(started);
    const bytewise = await ask(started);
    const odd = await ask(started);
    expect(eventsIn(plain.text)).toEqual(eventsIn(bytewise.text));
    expect(eventsIn(odd.text)).toEqual(eventsIn(plain.text));
    expect(odd.text).toContain('\r\n: keep-alive\r\n');
    expect(odd.text).toMatch(/data: \{\r\ndata: {2}"/u);
    expect(plain.text).toContain(end);
  });

  test('is cut after so many bytes, which is no abort of the client', async () => {
    const started = await start(faulty({ cutAfterBytes: 40 }));
    const reply = await open(started);
    await expect(reply.text()).rejects.toThrow(/terminated/u);
    await started.requests[0]!.closed;
    expect(started.requests[0]!.aborted).toBe(false);
  });

  test('ends before it tells how', async () => {
    const reply = await ask(await start(faulty({ cutBeforeFinish: true })));
    expect(reply.text).toContain('Grü');
    expect(reply.text).not.toContain(end);
    expect(reply.text).not.toContain('[DONE]');
  });

  test('an error follows the first event, and an error takes its place', async () => {
    const fault = { status: 500, message: 'broken inside' };
    const started = await start(faulty({ errorAfterFirst: fault }), {
      error: { ...fault, inStream: true },
    });
    const late = await ask(started);
    expect(late.text).toMatch(/Grü.*broken inside/su);
    expect(late.text).not.toContain(end);
    const early = await ask(started);
    expect([early.status, eventsIn(early.text)]).toEqual([
      200,
      [expect.stringContaining('inside')],
    ]);
  });

  test('nothing comes before its time, and the rest after a pause', async () => {
    const first = deferred();
    const rest = deferred();
    const started = await start(
      faulty({ firstByteAfter: first.promise, pauseAfterFirst: rest.promise }),
    );
    let hasHead = false;
    const opening = open(started).then((reply) => {
      hasHead = true;
      return reply;
    });
    while (started.requests.length === 0) await new Promise(setImmediate);
    expect(hasHead).toBe(false);
    first.resolve(undefined);
    const reader = (await opening).body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('Grü')) text += (await reader.read()).value ?? '';
    expect(text).not.toContain('🌍');
    rest.resolve(undefined);
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      text += value;
    }
    expect(text).toContain(end);
    expect(started.requests[0]!.aborted).toBe(false);
  });

  test('goes on until the client leaves, and notices it', async () => {
    const started = await start(faulty({ endless: true }));
    const leaving = new AbortController();
    const reply = await open(started, leaving.signal);
    const reader = reply.body!.getReader();
    for (let count = 0; count < 20; count += 1) await reader.read();
    leaving.abort();
    await started.requests[0]!.closed;
    expect(started.requests[0]!.aborted).toBe(true);
  });

  test('a page of a proxy, and what is no JSON', async () => {
    const started = await start(
      { error: { status: 502, body: 'html' } },
      { error: { status: 200, body: 'garbage' } },
    );
    const page = await ask(started);
    expect([page.status, page.headers.get('content-type')]).toEqual([502, 'text/html']);
    const garbage = await ask(started);
    expect([garbage.status, garbage.json]).toEqual([200, undefined]);
  });
});

/** The data of each event, as the specification of event streams reads it. */
function eventsIn(text: string): readonly string[] {
  return text
    .replaceAll('\r\n', '\n')
    .split('\n\n')
    .map((event) =>
      event
        .split('\n')
        .flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : []))
        .join('\n'),
    )
    .filter((data) => data !== '')
    .map((data) => (data === '[DONE]' ? data : withoutIds(JSON.stringify(JSON.parse(data)))));
}

function withoutIds(text: string): string {
  return text.replaceAll(/[a-z]+[_-]?\d{12}/gu, 'id');
}

function deferred() {
  let resolve: (value: unknown) => void = () => undefined;
  const promise = new Promise<unknown>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
