import { describe, expect, test } from '@jest/globals';
import type { Dialect, Json, ModelRequest } from '@cliproxy/plugin-api';
import type { EncodeTarget } from '@cliproxy/kernel';
import { encodeRequest as encodeResponses } from '../openai-responses/request-encode.ts';
import { encodeRequest as encodeChat } from './request-encode.ts';

const list = { type: 'array', items: { type: 'string' } };
const words = `Answer with JSON and nothing else: no other text, no code fence. It must match this JSON Schema:\n${JSON.stringify(list)}`;

function asked(schema: Json, dialect: Dialect): ModelRequest {
  return {
    model: 'm',
    stream: false,
    turns: [
      { role: 'system', parts: [{ type: 'text', text: 'Be brief.' }] },
      { role: 'user', parts: [{ type: 'text', text: 'Hi' }] },
    ],
    tools: [],
    output: { type: 'json-schema', name: 'answer', schema },
    extras: { dialect, fields: {} },
  };
}

function target(model: string): EncodeTarget {
  const up = { instanceId: 'up', refuses: [], usage: 'auto', maxAnswerBytes: 1e6 } as const;
  return { ...up, dialect: 'openai-chat', model, passthrough: false };
}

describe('answers that are no objects', () => {
  test('are told OpenAI in words, which binds answers to objects alone', () => {
    const request = asked(list, 'gemini');
    const chat = encodeChat(request, target('gpt-5'));
    expect(chat.ignored).toEqual(['generationConfig.responseSchema']);
    expect(chat.body).not.toHaveProperty('response_format');
    expect(chat.body).toHaveProperty('messages.0', { role: 'system', content: words });
    expect(chat.body).toHaveProperty('messages.1.content', 'Be brief.');

    const responses = encodeResponses(request, target('gpt-5'));
    expect(responses.ignored).toEqual(['generationConfig.responseSchema']);
    expect(responses.body).not.toHaveProperty('text');
    expect(JSON.stringify(responses.body)).toContain(JSON.stringify(words).slice(1, -1));
  });

  test('are bound by servers that can, and by what OpenAI says to its own clients', () => {
    for (const [dialect, model] of [
      ['gemini', 'qwen3'],
      ['openai-responses', 'gpt-5'],
    ] as const) {
      const { body, ignored } = encodeChat(asked(list, dialect), target(model));
      expect(ignored).toEqual([]);
      expect(body).toHaveProperty('response_format.json_schema.schema', list);
    }
  });

  test('objects are bound', () => {
    const schema = { type: 'object', properties: {} };
    const { body, ignored } = encodeChat(asked(schema, 'gemini'), target('gpt-5'));
    expect(ignored).toEqual([]);
    expect(body).toHaveProperty('response_format.json_schema.schema', schema);
  });
});
