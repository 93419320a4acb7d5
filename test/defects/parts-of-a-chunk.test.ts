import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startScriptedUpstream, startTestGateway } from '@cliproxy/plugin-testkit';
import type { ScriptedUpstream, TestGateway } from '@cliproxy/plugin-testkit';
import { CLIENTS, PROVIDERS } from '../matrix/pair.ts';

const gemini = PROVIDERS.find(({ dialect }) => dialect === 'gemini')!;

/** Several parts in one chunk, as Gemini sends them when it is quick. */
const CHUNKS = [
  {
    parts: [
      { text: 'I think.', thought: true },
      { text: 'One. ' },
      { text: 'Two.' },
      { functionCall: { name: 'weather', args: { city: 'Köln' } } },
      { functionCall: { name: 'clock', args: {} } },
    ],
  },
  { parts: [{ text: '' }], finishReason: 'STOP' },
];

let upstream: ScriptedUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = await startScriptedUpstream();
  upstream.answer({
    headers: { 'content-type': 'text/event-stream' },
    body: CHUNKS.map(({ parts, ...rest }) => {
      const candidates = [{ content: { role: 'model', parts }, index: 0, ...rest }];
      const usageMetadata = { promptTokenCount: 5, candidatesTokenCount: 5, totalTokenCount: 10 };
      return `data: ${JSON.stringify({ candidates, usageMetadata, modelVersion: gemini.model })}\n\n`;
    }),
  });
  gateway = await startTestGateway({ plugins: [gemini.mount(upstream.url)] });
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

test.each(CLIENTS)('all of them reach a client of $dialect', async (client) => {
  const heard = await client.ask(
    { turns: [{ by: 'user', text: 'Hi' }], stream: true },
    { url: gateway.url, apiKey: gateway.apiKey, model: gemini.model, fetch },
  );
  expect(heard.text).toBe('One. Two.');
  expect(heard.reasoning).toBe('I think.');
  expect(heard.calls.map((call) => call.name)).toEqual(['weather', 'clock']);
});
