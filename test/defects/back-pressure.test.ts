import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Dialect } from '@cliproxy/plugin-api';
import { startScriptedUpstream, startTestGateway } from '@cliproxy/plugin-testkit';
import type { ScriptedUpstream, TestGateway } from '@cliproxy/plugin-testkit';
import { PROVIDERS } from '../matrix/pair.ts';

const MIB = 1024 * 1024;
const TEXT = 'x'.repeat(65536);

/** How a vendor's stream begins, and what it then says without end. */
const STREAMS: Readonly<Record<Dialect, readonly [begin: readonly object[], again: object]>> = {
  'openai-chat': [
    [],
    {
      id: 'c',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'm',
      choices: [{ index: 0, delta: { content: TEXT } }],
    },
  ],
  'openai-responses': [
    [
      { type: 'response.created', response: { id: 'r', model: 'm', output: [] } },
      {
        type: 'response.output_item.added',
        output_index: 0,
        item: { id: 'i', type: 'message', role: 'assistant', content: [] },
      },
    ],
    {
      type: 'response.output_text.delta',
      item_id: 'i',
      output_index: 0,
      content_index: 0,
      delta: TEXT,
    },
  ],
  'anthropic-messages': [
    [
      { type: 'message_start', message: { id: 'm', model: 'm', role: 'assistant', content: [] } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    ],
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: TEXT } },
  ],
  gemini: [[], { candidates: [{ index: 0, content: { role: 'model', parts: [{ text: TEXT }] } }] }],
};

/** The least that asks for a stream. */
const QUESTIONS: Readonly<
  Record<Dialect, (model: string) => readonly [path: string, body: object]>
> = {
  'openai-chat': (model) => [
    '/v1/chat/completions',
    { model, stream: true, messages: [{ role: 'user', content: 'x' }] },
  ],
  'openai-responses': (model) => ['/v1/responses', { model, stream: true, input: 'x' }],
  'anthropic-messages': (model) => [
    '/v1/messages',
    { model, stream: true, max_tokens: 9, messages: [{ role: 'user', content: 'x' }] },
  ],
  gemini: (model) => [
    `/v1beta/models/${model}:streamGenerateContent?alt=sse`,
    { contents: [{ role: 'user', parts: [{ text: 'x' }] }] },
  ],
};

const framed = (event: object): string => {
  const name = 'type' in event ? `event: ${String(event.type)}\n` : '';
  return `${name}data: ${JSON.stringify(event)}\n\n`;
};

let upstream: ScriptedUpstream;

beforeEach(async () => {
  upstream = await startScriptedUpstream();
});

afterEach(() => upstream.close());

test.each(PROVIDERS)(
  'readers that stop make $dialect stop, whatever they speak',
  async (provider) => {
    const [begin, again] = STREAMS[provider.dialect];
    upstream.answer({
      headers: { 'content-type': 'text/event-stream' },
      body: [...begin.map(framed), { endless: framed(again) }],
    });
    const gateway = await startTestGateway({
      plugins: [{ ...provider.mount(upstream.url), instanceId: 'up' }],
    });
    try {
      const model = `up/${provider.model}`;
      await Promise.all(Object.values(QUESTIONS).map((ask) => readLittle(gateway, ask(model))));
      const asked = upstream.requests.filter(({ method }) => method === 'POST');
      const closed = await Promise.all(asked.map((request) => request.closed));
      expect(closed).toHaveLength(Object.keys(QUESTIONS).length);
      // Buffers of the system on both ways, and no more: without a brake it is hundreds of MiB.
      for (const { writtenBytes } of closed) expect(writtenBytes).toBeLessThan(32 * MIB);
    } finally {
      await gateway.stop();
    }
  },
  30_000,
);

/** Takes the beginning of an answer, reads on no more, and leaves after a while. */
async function readLittle(
  { url, apiKey }: TestGateway,
  [path, body]: readonly [string, object],
): Promise<void> {
  const request = http.request(url + path, {
    method: 'POST',
    agent: false,
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
  });
  request.end(JSON.stringify(body));
  const [reply] = (await once(request, 'response')) as [http.IncomingMessage];
  expect(reply.statusCode).toBe(200);
  await once(reply, 'readable');
  await sleep(3000);
  reply.on('error', () => undefined);
  reply.destroy();
}
