import { createHash, randomInt } from 'node:crypto';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as later } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { TestGateway } from '@cliproxy/plugin-testkit';
import { openPageV1 } from './page-v1.ts';
import { openPageV2, tokenCredential } from './page-v2.ts';
import { RELAY_TOKEN, startRelayGateway, until, untilPages } from './relay-gateway.ts';

/** Half of them for each version. */
const STREAMS = 1000;
const AT_ONCE = 40;
const WORDS = ['Grüße ', '世界 ', '🌍🌎', 'plain ', 'ﬁn\u0301 ', '\\n"quoted" '];

let upstream: Server | undefined;
let gateway: TestGateway | undefined;
const ends: (() => void)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) end();
  await gateway?.stop();
  upstream?.closeAllConnections();
  upstream?.close();
});

/** A Gemini that streams what the request asks for, cut anywhere: within a character, too. */
async function startCutter(): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.method === 'GET') {
        response.end('{"models":[]}');
        return;
      }
      const { contents } = JSON.parse(Buffer.concat(chunks).toString());
      const [seed, count] = String(contents[0].parts[0].text).split(' ').map(Number);
      const bytes = Buffer.from(streamOf(seed!, count!));
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      void (async () => {
        for (let at = 0; at < bytes.length;) {
          const size = randomInt(1, 4000);
          if (!response.write(bytes.subarray(at, at + size))) await drained(response);
          else if (randomInt(20) === 0) await later(1);
          at += size;
        }
        response.end();
      })();
    });
  });
  upstream = server;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const drained = (stream: NodeJS.EventEmitter): Promise<void> =>
  new Promise((resolve) => {
    stream.once('drain', resolve);
    stream.once('close', resolve);
  });

/** The same for the same numbers. */
function streamOf(seed: number, count: number): string {
  let text = '';
  for (let n = 0; n < count; n += 1) {
    const last = n === count - 1;
    const word = `${seed}.${n} ${WORDS[(seed + n) % WORDS.length]!.repeat(1 + ((seed * 7 + n) % 40))}`;
    const candidate = {
      content: { role: 'model', parts: [{ text: word }] },
      ...(last ? { finishReason: 'STOP' } : {}),
    };
    text += `data: ${JSON.stringify({ candidates: [candidate], modelVersion: 'gemini-cut' })}\r\n\r\n`;
  }
  return text;
}

/** Asks for a stream, reads it slowly or not, and compares it to the byte. */
async function readOne(seed: number): Promise<'same' | 'other'> {
  const count = 2 + (seed % 60);
  const answer = await gateway!.ask(
    '/v1beta/models/gemini-cut-aistudio:streamGenerateContent?alt=sse',
    { body: { contents: [{ role: 'user', parts: [{ text: `${seed} ${count}` }] }] } },
  );
  const got = createHash('sha256');
  let chunks = 0;
  for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
    got.update(chunk);
    chunks += 1;
    if (seed % 10 === 0 && chunks % 3 === 0) await later(randomInt(1, 10));
  }
  // The model's name is given back as it was asked for.
  const sent = streamOf(seed, count).replaceAll('"gemini-cut"', '"gemini-cut-aistudio"');
  const right = createHash('sha256').update(sent).digest('hex');
  return answer.status === 200 && got.digest('hex') === right ? 'same' : 'other';
}

describe.each([1, 2] as const)('streams through pages of version %s', (version) => {
  test('lose, double and reorder nothing, and memory stays where it is', async () => {
    gateway = await startRelayGateway(await startCutter());
    const opened =
      version === 1
        ? [0, 1].map(() => openPageV1({ gateway: gateway!.url, token: RELAY_TOKEN }))
        : [0, 1].map((n) =>
            openPageV2({
              gateway: gateway!.url,
              credential: tokenCredential(RELAY_TOKEN),
              clientId: `node-page-${n}`,
              pieceBytes: () => randomInt(1, 3000),
            }),
          );
    for (const page of await Promise.all(opened)) ends.push(() => page.socket.terminate());
    await untilPages(gateway, 2);
    const before = process.memoryUsage().rss;
    let peak = before;
    const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 50);
    const outcomes = { same: 0, other: 0 };
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < STREAMS / 2) outcomes[await readOne((next += 1))] += 1;
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    clearInterval(watch);
    expect(outcomes).toEqual({ same: STREAMS / 2, other: 0 });
    const grownMb = (peak - before) / 1024 ** 2;
    console.log(
      `version ${version}: ${STREAMS / 2} streams, memory grew by ${grownMb.toFixed(0)} MiB`,
    );
    // Gateway, page, upstream and clients are one process here.
    expect(grownMb).toBeLessThan(400);
  });

  test('of a client that does not read cost the page and the gateway no more than was agreed', async () => {
    let sent = 0;
    const endless = createServer((request, response) => {
      request.resume();
      if (request.method === 'GET') {
        response.end('{"models":[]}');
        return;
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const frame = `data: {"candidates":[{"content":{"parts":[{"text":"${'x'.repeat(8000)}"}]}}]}\n\n`;
      const more = (): void => {
        while (sent < 200_000_000 && response.write(frame)) sent += frame.length;
        sent += frame.length;
      };
      response.on('drain', more);
      more();
    });
    upstream = endless;
    await new Promise<void>((resolve) => endless.listen(0, '127.0.0.1', resolve));
    gateway = await startRelayGateway(
      `http://127.0.0.1:${(endless.address() as AddressInfo).port}`,
    );
    const page =
      version === 1
        ? await openPageV1({ gateway: gateway.url, token: RELAY_TOKEN })
        : await openPageV2({ gateway: gateway.url, credential: tokenCredential(RELAY_TOKEN) });
    ends.push(() => page.socket.terminate());
    await untilPages(gateway, 1);
    const leave = new AbortController();
    const answer = await gateway.ask(
      '/v1beta/models/gemini-cut-aistudio:streamGenerateContent?alt=sse',
      { body: { contents: [{ role: 'user', parts: [{ text: 'x' }] }] }, signal: leave.signal },
    );
    expect(answer.status).toBe(200);
    let last = -1;
    while (version === 2 && last !== sent) {
      last = sent;
      await later(300);
    }
    if (version === 2) {
      // What fits into the buffers of five connections on the way, and 256 KiB of credit.
      expect(sent).toBeLessThan(40_000_000);
      leave.abort();
      return;
    }
    // Version 1 can't be told to stop: the answer breaks off, and never looks whole.
    const reader = (async () => {
      await until(() => page.cancelled.length > 0);
      let text = '';
      const decoder = new TextDecoder();
      for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
        text = (text + decoder.decode(chunk)).slice(-2000);
      }
      return text;
    })();
    const ended = await reader.then(
      (text) => (text.includes('finishReason') ? 'whole' : 'told'),
      () => 'broken',
    );
    expect(['told', 'broken']).toContain(ended);
    expect(page.cancelled).toHaveLength(1);
  });
});
