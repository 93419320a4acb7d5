import { expect, test } from '@jest/globals';
import type { Dialect, Json, ModelRequest } from '@cliproxy/plugin-api';
import type { EncodeTarget } from '@cliproxy/kernel';
import { request as responses } from '../openai-responses/request.ts';
import { request as chat } from './request.ts';

const target = (dialect: Dialect, model: string): EncodeTarget => ({
  dialect,
  model,
  instanceId: 'openai',
  passthrough: true,
  refuses: [],
  usage: 'auto',
  maxAnswerBytes: 1000,
});

function wish(dialect: Dialect, more: Partial<ModelRequest> = {}): ModelRequest {
  const fields: Record<string, Json> =
    dialect === 'gemini' ? { 'generationConfig.presencePenalty': 0.5 } : {};
  return {
    model: 'm',
    turns: [{ role: 'user', parts: [{ type: 'text', text: 'hi' }] }],
    tools: [],
    stream: false,
    temperature: 0.5,
    topP: 0.9,
    stop: ['END'],
    extras: { dialect, fields },
    ...more,
  };
}

const FREE = { temperature: 0.5, top_p: 0.9 };
const NAMES = {
  gemini: ['temperature', 'topP', 'stopSequences'].map((name) => `generationConfig.${name}`),
  'anthropic-messages': ['temperature', 'top_p', 'stop_sequences'],
};

test.each([
  ['gpt-5', 'gemini'],
  ['gpt-5-codex', 'gemini'],
  ['o3-mini', 'anthropic-messages'],
  ['openai/gpt-5', 'anthropic-messages'],
] as const)('%s takes none of it from a client of %s, and it is said', (model, dialect) => {
  const byChat = chat.encode(wish(dialect), target('openai-chat', model));
  for (const name of ['temperature', 'top_p', 'stop', 'presence_penalty']) {
    expect(byChat.body).not.toHaveProperty(name);
  }
  expect(byChat.ignored).toEqual(expect.arrayContaining(NAMES[dialect]));
  if (dialect === 'gemini') {
    expect(byChat.ignored).toContain('generationConfig.presencePenalty');
  }
  const byResponses = responses.encode(wish(dialect), target('openai-responses', model));
  for (const name of ['temperature', 'top_p', 'stop']) {
    expect(byResponses.body).not.toHaveProperty(name);
  }
  expect(byResponses.ignored).toEqual(expect.arrayContaining(NAMES[dialect]));
});

test('values that change nothing are left out without a word', () => {
  const plain = wish('gemini', {
    temperature: 1,
    topP: 1,
    stop: [],
    extras: wish('openai-chat').extras,
  });
  const asked = { ...plain, extras: { dialect: 'gemini', fields: {} } } as const;
  expect(responses.encode(asked, target('openai-responses', 'gpt-5')).ignored).toEqual([]);
  expect(chat.encode(asked, target('openai-chat', 'gpt-5')).ignored).toEqual([]);
});

test.each(['gpt-4o', 'gpt-5-chat-latest', 'gpt-5.1', 'kimi-k2'])('%s takes all of it', (model) => {
  const { body, ignored } = chat.encode(wish('gemini'), target('openai-chat', model));
  expect(body).toMatchObject({ ...FREE, stop: ['END'], presence_penalty: 0.5 });
  expect(ignored).toEqual([]);
  expect(responses.encode(wish('gemini'), target('openai-responses', model)).body).toMatchObject(
    FREE,
  );
});

test('a model that takes it without reasoning takes none with', () => {
  const thinking = wish('gemini', { reasoning: { enabled: true, effort: 'high' } });
  const { body } = chat.encode(thinking, target('openai-chat', 'gpt-5.1'));
  expect(body).not.toHaveProperty('temperature');
});

test("what a client of OpenAI's own dialects wrote stands", () => {
  const { body } = responses.encode(wish('openai-chat'), target('openai-responses', 'gpt-5'));
  expect(body).toMatchObject(FREE);
});
