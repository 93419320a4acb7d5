import { GoogleGenAI } from '@google/genai';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { TestGateway } from '@cliproxy/plugin-testkit';
import { startEchoGateway, unicodeTurns } from './echo-gateway.ts';

let gateway: TestGateway;
let gemini: GoogleGenAI;

const clientOf = (apiKey: string, apiVersion?: string): GoogleGenAI =>
  new GoogleGenAI({
    apiKey,
    ...(apiVersion === undefined ? {} : { apiVersion }),
    httpOptions: {
      baseUrl: gateway.url,
      retryOptions: { attempts: 1 },
      // The SDK's own way to the network looks for it in a global that tests have not.
      fetch: (url, init: RequestInit = {}) => {
        delete init.dispatcher;
        return fetch(url, init);
      },
    },
  });

beforeAll(async () => {
  gateway = await startEchoGateway();
  gemini = clientOf(gateway.apiKey);
});
afterAll(() => gateway.stop());

describe('content', () => {
  test.each([
    ['echo', undefined],
    ['models/echo', undefined],
    ['maker/parrot', undefined],
    ['echo', 'v1'],
  ])('of %s by API version %s, whole and streamed', async (model, version) => {
    const client = clientOf(gateway.apiKey, version);
    const answer = await client.models.generateContent({ model, contents: 'one two' });
    const name = model.replace('models/', '');
    expect([answer.text, answer.modelVersion]).toEqual(['one two', name]);
    expect(answer.candidates?.[0]?.finishReason).toBe('STOP');
    expect(answer.usageMetadata).toMatchObject({
      promptTokenCount: 2,
      candidatesTokenCount: 2,
      totalTokenCount: 4,
    });
    let text = '';
    let last: string | undefined;
    for await (const piece of await client.models.generateContentStream({
      model,
      contents: 'one two',
    })) {
      text += piece.text ?? '';
      last = piece.candidates?.[0]?.finishReason ?? last;
    }
    expect([text, last]).toEqual(['one two', 'STOP']);
  });

  test('a history of 40 turns stays in order, whatever its script', async () => {
    const contents = unicodeTurns.map((text, n) => ({
      role: n % 2 === 0 ? 'user' : 'model',
      parts: [{ text }],
    }));
    const text = unicodeTurns.join(' ');
    const answer = await gemini.models.generateContent({
      model: 'echo',
      contents: [...contents, { role: 'user', parts: [{ text }] }],
    });
    expect(answer.text).toBe(text);
  });

  test('a call of a function', async () => {
    const answer = await gemini.models.generateContent({
      model: 'echo',
      contents: '/tool look {"x": 1}',
      config: { tools: [{ functionDeclarations: [{ name: 'look' }] }] },
    });
    expect(answer.functionCalls).toMatchObject([{ name: 'look', args: { x: 1 } }]);
  });
});

test('a count of tokens', async () => {
  const counted = await gemini.models.countTokens({ model: 'maker/parrot', contents: 'one two' });
  expect(counted.totalTokens).toBe(2);
});

test('models, page by page, and one of them', async () => {
  const names: (string | undefined)[] = [];
  for await (const { name } of await gemini.models.list({ config: { pageSize: 1 } })) {
    names.push(name);
  }
  expect(names.sort()).toEqual(['models/echo', 'models/maker/parrot', 'tunedModels/echo']);
  await expect(gemini.models.get({ model: 'maker/parrot' })).resolves.toMatchObject({
    name: 'models/maker/parrot',
  });
  const first = await clientOf(gateway.apiKey, 'v1').models.get({ model: 'echo' });
  expect(first.name).toBe('models/echo');
});

test('errors have the status and the sentence', async () => {
  const ask = (client: GoogleGenAI, model: string) =>
    client.models.generateContent({ model, contents: 'x' });
  await expect(ask(clientOf('wrong'), 'echo')).rejects.toMatchObject({ status: 401 });
  await expect(ask(gemini, 'nobody')).rejects.toMatchObject({
    status: 404,
    message: expect.stringContaining('nobody'),
  });
  const embedded = gemini.models.embedContent({ model: 'echo', contents: 'x' });
  await expect(embedded).rejects.toMatchObject({
    status: 404,
    message: expect.stringContaining('there is no method'),
  });
});

describe('without an SDK', () => {
  const post = (path: string, headers: Record<string, string> = {}) =>
    fetch(gateway.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'one two' }] }] }),
    });

  test('the key in the query, which no log keeps', async () => {
    const reply = await post(`/v1beta/models/echo:generateContent?key=${gateway.apiKey}`);
    expect(reply.status).toBe(200);
    const lost = await post(`/v1beta/models/echo:nonsense?key=${gateway.apiKey}`);
    expect(await lost.json()).toMatchObject({ error: { code: 404, status: 'NOT_FOUND' } });
    expect(gateway.log()).not.toContain(gateway.apiKey);
  });

  test('a stream without alt=sse that does not begin is one error, with its status', async () => {
    const headers = { 'x-goog-api-key': gateway.apiKey };
    const reply = await post('/v1beta/models/nobody:streamGenerateContent', headers);
    expect(reply.status).toBe(404);
    expect(reply.headers.get('content-type')).toMatch(/^application\/json/u);
    expect(await reply.json()).toMatchObject({ error: { code: 404, status: 'NOT_FOUND' } });
  });

  test('a stream without alt=sse is a JSON array', async () => {
    const reply = await post('/v1beta/models/echo:streamGenerateContent', {
      'x-goog-api-key': gateway.apiKey,
    });
    expect(reply.headers.get('content-type')).toMatch(/^application\/json/u);
    const pieces = (await reply.json()) as {
      candidates?: { content?: { parts?: { text?: string }[] }; finishReason?: string }[];
    }[];
    const texts = pieces.map(({ candidates }) => candidates?.[0]?.content?.parts?.[0]?.text ?? '');
    expect(texts.join('')).toBe('one two');
    expect(pieces.at(-1)?.candidates?.[0]?.finishReason).toBe('STOP');
  });
});
