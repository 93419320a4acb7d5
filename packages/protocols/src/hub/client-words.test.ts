import { describe, expect, test } from '@jest/globals';
import type { Dialect } from '@cliproxy/plugin-api';
import { createDialects } from './dialects.ts';

/** A refusal names the field as the client's dialect does, whoever the target is. */

const dialects = createDialects();
const MODELS = {
  'openai-chat': 'gpt-4.1',
  'openai-responses': 'gpt-4.1',
  'anthropic-messages': 'claude-sonnet-4-5',
  gemini: 'gemini-2.5-flash',
} as const;
const ALL = Object.keys(MODELS) as Dialect[];

function send(from: Dialect, body: object, to: Dialect): void {
  dialects
    .read({
      dialect: from,
      operation: 'generate',
      body: Buffer.from(JSON.stringify(body)),
      ...(from === 'gemini' ? { model: 'm', stream: false } : {}),
      headers: {},
      requestId: 'r',
    })
    .wire({
      dialect: to,
      instanceId: 'up',
      model: MODELS[to],
      refuses: [],
      usage: 'auto',
      maxAnswerBytes: 1e6,
      passthrough: false,
    });
}

interface Case {
  readonly body: object;
  /** How the sentence begins. */
  readonly told: string;
  /** Targets that don't refuse it; the client's own never does. */
  readonly takenBy?: readonly Dialect[];
}

const named = { model: 'm', max_tokens: 100 };
const hi = { role: 'user', content: 'Hi' };
const parameters = { type: 'object', properties: {} };

/** A file that another vendor keeps. */
const files: Readonly<Record<Dialect, Case>> = {
  'openai-chat': {
    body: {
      ...named,
      messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'file-1' } }] }],
    },
    told: '`messages[].content[].file.file_id` names a file of another vendor',
  },
  'openai-responses': {
    body: {
      model: 'm',
      input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'file-1' }] }],
    },
    told: '`input[].content[].file_id` names a file of another vendor',
  },
  'anthropic-messages': {
    body: {
      ...named,
      messages: [
        {
          role: 'user',
          content: [{ type: 'document', source: { type: 'file', file_id: 'file_1' } }],
        },
      ],
    },
    told: '`messages[].content[].source.file_id` names a file of another vendor',
  },
  gemini: {
    body: {
      contents: [
        {
          parts: [
            { fileData: { fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/1' } },
          ],
        },
      ],
    },
    told: '`contents[].parts[].fileData.fileUri` names a file of another vendor',
  },
};

/** A tool that must be called and is not there. */
const choices: Readonly<Record<Dialect, Case>> = {
  'openai-chat': {
    body: {
      ...named,
      messages: [hi],
      tools: [{ type: 'function', function: { name: 'look', parameters } }],
      tool_choice: { type: 'function', function: { name: 'gone' } },
    },
    told: '`tool_choice` names gone, which is none of the tools',
  },
  'openai-responses': {
    body: {
      model: 'm',
      input: 'Hi',
      tools: [{ type: 'function', name: 'look', parameters }],
      tool_choice: { type: 'function', name: 'gone' },
    },
    told: '`tool_choice` names gone, which is none of the tools',
  },
  'anthropic-messages': {
    body: {
      ...named,
      messages: [hi],
      tools: [{ name: 'look', input_schema: parameters }],
      tool_choice: { type: 'tool', name: 'gone' },
    },
    told: '`tool_choice` names gone, which is none of the tools',
  },
  gemini: {
    body: {
      contents: [{ parts: [{ text: 'Hi' }] }],
      tools: [{ functionDeclarations: [{ name: 'look' }] }],
      toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['gone'] } },
    },
    told: '`toolConfig.functionCallingConfig` names gone, which is none of the tools',
  },
};

/** A tool must be called, and there is none. */
const forced: Readonly<Record<Dialect, Case>> = {
  'openai-chat': {
    body: { ...named, messages: [hi], tool_choice: 'required' },
    told: '`tool_choice` needs tools',
  },
  'openai-responses': {
    body: { model: 'm', input: 'Hi', tool_choice: 'required' },
    told: '`tool_choice` needs tools',
  },
  'anthropic-messages': {
    body: { ...named, messages: [hi], tool_choice: { type: 'any' } },
    told: '`tool_choice` needs tools',
  },
  gemini: {
    body: {
      contents: [{ parts: [{ text: 'Hi' }] }],
      toolConfig: { functionCallingConfig: { mode: 'ANY' } },
    },
    told: '`toolConfig.functionCallingConfig` needs tools',
  },
};

/** Nobody says anything. */
const silence: Readonly<Record<Dialect, Case>> = {
  'openai-chat': {
    body: { ...named, messages: [{ role: 'user', content: '' }] },
    told: '`messages` holds no text',
    takenBy: ['openai-responses'],
  },
  'openai-responses': {
    body: { model: 'm', input: [{ role: 'user', content: '' }] },
    told: '`input` holds no text',
    takenBy: ['openai-chat'],
  },
  'anthropic-messages': {
    body: { ...named, messages: [{ role: 'user', content: '' }] },
    told: '`messages` holds no text',
    takenBy: ['openai-chat', 'openai-responses'],
  },
  gemini: {
    body: { contents: [{ parts: [{ text: '' }] }] },
    told: '`contents` holds no text',
    takenBy: ['openai-chat', 'openai-responses'],
  },
};

test.each(ALL.filter((to) => to !== 'openai-responses'))(
  'a conversation that only OpenAI can read, to %s',
  (to) => {
    const input = [{ type: 'compaction', id: 'cmp_1', encrypted_content: 'e' }, hi];
    expect(() => send('openai-responses', { model: 'm', input }, to)).toThrow(
      '`input[compaction]` holds the conversation so far',
    );
  },
);

describe.each([
  ['a file of another vendor', files],
  ['a choice of a tool that is not there', choices],
  ['a choice without tools', forced],
  ['silence', silence],
])('%s', (_, cases) => {
  test.each(ALL.flatMap((from) => ALL.map((to) => [from, to] as const)))(
    'from %s to %s',
    (from, to) => {
      const { body, told, takenBy = [] } = cases[from];
      if (from === to || takenBy.includes(to)) return;
      expect(() => send(from, body, to)).toThrow(told);
    },
  );
});
