import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TestGateway } from '@cliproxy/plugin-testkit';
import { startEchoGateway } from './sdks/echo-gateway.ts';

/** Of the text alone; some of its characters take several bytes. */
const TEXT_BYTES = 8 * 1024 * 1024;
const text = 'ä€𝒳x'.repeat(TEXT_BYTES / Buffer.byteLength('ä€𝒳x'));

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startEchoGateway();
});
afterAll(() => gateway.stop());

const turns = [
  { role: 'user', content: text },
  { role: 'assistant', content: 'so' },
  { role: 'user', content: 'and now' },
];
const gemini = {
  contents: turns.map(({ role, content }) => ({
    role: role === 'user' ? 'user' : 'model',
    parts: [{ text: content }],
  })),
};

test.each<[string, object]>([
  ['/v1/chat/completions', { model: 'echo', messages: turns }],
  ['/v1/responses', { model: 'echo', input: turns }],
  ['/v1/messages', { model: 'echo', max_tokens: 9, messages: turns }],
  ['/v1beta/models/echo:generateContent', gemini],
  ['/v1beta/models/echo:streamGenerateContent?alt=sse', gemini],
])('%s takes 8 MiB of text', async (path, body) => {
  const reply = await gateway.ask(path, { body });
  const answer = await reply.text();
  expect([reply.status, answer]).toEqual([200, expect.stringContaining('and ')]);
  expect(answer.length).toBeLessThan(10_000);
});

test.each<[string, object, (answer: never) => string]>([
  [
    '/v1/completions',
    { model: 'echo', prompt: text },
    ({ choices: [choice] }: { choices: { text: string }[] }) => choice?.text ?? '',
  ],
  [
    '/v1/chat/completions',
    { model: 'echo', messages: turns.slice(0, 1) },
    ({ choices: [choice] }: { choices: { message: { content: string } }[] }) =>
      choice?.message.content ?? '',
  ],
])('%s gives 8 MiB back, character by character', async (path, body, read) => {
  const reply = await gateway.ask(path, { body });
  expect(reply.status).toBe(200);
  expect(read((await reply.json()) as never) === text).toBe(true);
});
