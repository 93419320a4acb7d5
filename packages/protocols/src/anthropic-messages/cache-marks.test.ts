import { expect, test } from '@jest/globals';
import type { EncodeTarget } from '@cliproxy/kernel';
import type { JsonObject } from '../model/json-object.ts';
import { request as chat } from '../openai-chat/request.ts';
import { request as responses } from '../openai-responses/request.ts';
import { request as claude } from './request.ts';

/** What JSON.parse gives: bodies are compared, not typed. */
type Loose = ReturnType<typeof JSON.parse>;

const TARGET: EncodeTarget = {
  dialect: 'anthropic-messages',
  model: 'claude-sonnet-4-5',
  instanceId: 'claude',
  passthrough: true,
  refuses: [],
  usage: 'auto',
  maxAnswerBytes: 1000,
};
const mark = { type: 'ephemeral' };

function encoded(from: typeof chat, body: JsonObject): { body: Loose; ignored: readonly string[] } {
  const decoded = from.decode(body, { model: 'claude-sonnet-4-5', stream: false });
  return claude.encode(decoded, TARGET);
}

/** The texts, results, calls and tools that are marked, in the order of the API. */
function marked({ tools = [], system = [], messages }: Loose): string[] {
  const blocks = [...tools, ...system, ...messages.flatMap(({ content }: Loose) => content)];
  return blocks
    .filter(({ cache_control: set }: Loose) => set !== undefined)
    .map(({ text, tool_use_id: id, name, cache_control: set }: Loose) =>
      [text ?? id ?? name, ...(set.ttl === undefined ? [] : [set.ttl])].join(' '),
    );
}

const call = {
  role: 'assistant',
  content: null,
  reasoning_content: 'hm',
  tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'look', arguments: '{}' } }],
};
const tool = { type: 'function', function: { name: 'look', parameters: { type: 'object' } } };

test('marks of a Chat request stand on the blocks that become of what they stood on', () => {
  const { body, ignored } = encoded(chat, {
    tools: [tool, { ...tool, function: { name: 'last' }, cache_control: mark }],
    messages: [
      { role: 'system', content: 'be brief', cache_control: { type: 'ephemeral', ttl: '1h' } },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'one', cache_control: mark },
          { type: 'text', text: 'two' },
        ],
      },
      call,
      { role: 'tool', tool_call_id: 'call_1', content: 'a cat', cache_control: mark },
    ],
  });
  expect(marked(body)).toEqual(['last', 'be brief 1h', 'one', 'call_1']);
  expect(ignored.filter((name) => name.includes('cache_control'))).toEqual([]);
});

test('a mark on a message with calls stands on the last of them', () => {
  const result = { role: 'tool', tool_call_id: 'call_1', content: 'a cat' };
  const messages = [{ role: 'user', content: 'x' }, { ...call, cache_control: mark }, result];
  const { body } = encoded(chat, { tools: [tool], messages });
  expect(marked(body)).toEqual(['look']);
});

test('of more than four the last four are kept, and it is said', () => {
  const messages = ['a', 'b', 'c', 'd', 'e'].map((content) => ({
    role: 'user',
    content,
    cache_control: mark,
  }));
  const { body, ignored } = encoded(chat, { messages });
  expect(marked(body)).toEqual(['b', 'c', 'd', 'e']);
  expect(ignored).toContain('messages[].cache_control');
});

test.each(['yes', { type: 'forever' }, 7])('%j is no mark, and is told', (wrong) => {
  const messages = [{ role: 'user', content: 'x', cache_control: wrong }];
  const { body, ignored } = encoded(chat, { messages });
  expect(marked(body)).toEqual([]);
  expect(ignored).toContain('messages[].cache_control');
});

test('a cache key alone has the system text and the conversation so far cached', () => {
  const { body, ignored } = encoded(responses, {
    prompt_cache_key: 'session-1',
    instructions: 'be brief',
    input: [
      { role: 'developer', content: 'and kind' },
      { role: 'user', content: 'hi' },
    ],
  });
  expect(marked(body)).toEqual(['and kind', 'hi']);
  expect(ignored).not.toContain('prompt_cache_key');
  const alone = encoded(chat, {
    prompt_cache_key: 'session-1',
    messages: [{ role: 'user', content: 'hi' }],
  });
  expect(marked(alone.body)).toEqual(['hi']);
});

test('who asks for no caching gets none', () => {
  expect(marked(encoded(chat, { messages: [{ role: 'user', content: 'hi' }] }).body)).toEqual([]);
});
