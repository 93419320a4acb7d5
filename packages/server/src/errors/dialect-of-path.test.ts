import { expect, test } from '@jest/globals';
import { ask, serverRig } from '../../test/fixture.ts';
import { dialectOfPath } from './dialect-of-path.ts';

const start = serverRig();

test.each([
  ['/v1/chat/completions', 'openai-chat'],
  ['/v1/completions', 'openai-chat'],
  ['/v1/embeddings', 'openai-chat'],
  ['/v1/responses', 'openai-responses'],
  ['/v1/responses/resp_1', 'openai-responses'],
  ['/v1/messages', 'anthropic-messages'],
  ['/v1/messages/batches', 'anthropic-messages'],
  ['/v1/messagesx', 'openai-chat'],
  ['/v1beta/models', 'gemini'],
  ['/v1beta/nonsense', 'gemini'],
  ['/v1beta', 'gemini'],
  ['/v1/models/a/b:generateContent', 'gemini'],
  ['/v1/models/llama3:8b', 'openai-chat'],
  ['/v1/models', 'openai-chat'],
  ['/', 'openai-chat'],
])('%s: errors in the shape of %s', (path, dialect) => {
  expect(dialectOfPath(path, {})).toBe(dialect);
});

test('the SDK that asks decides where several use a path, and nowhere else', () => {
  expect(dialectOfPath('/v1/models', { 'anthropic-version': '2023-06-01' })).toBe(
    'anthropic-messages',
  );
  expect(dialectOfPath('/v1/models', { 'x-goog-api-client': 'google-genai-sdk/2' })).toBe('gemini');
  expect(dialectOfPath('/v1beta/models', { 'anthropic-version': '2023-06-01' })).toBe('gemini');
  expect(dialectOfPath('/v1/responses', { 'x-goog-api-client': 'x' })).toBe('openai-responses');
});

test('what a wrong base URL leads to is told', async () => {
  const gateway = await start();
  for (const [asked, meant] of [
    ['/v1/v1/messages', '/v1/messages'],
    ['/messages', '/v1/messages'],
    ['/v1/v1beta/models/m-1:generateContent', '/v1beta/models/m-1:generateContent'],
    ['/models/m-1:countTokens', '/v1/models/m-1:countTokens'],
    ['/v1/responses/', '/v1/responses'],
  ]) {
    const { status, json } = await ask(gateway, asked ?? '', { body: '{}' });
    expect([asked, status]).toEqual([asked, 404]);
    expect(json.error.message).toContain(`did you mean ${meant}?`);
  }
});
