import { expect, test } from '@jest/globals';
import type { ModelRequest, Part, Turn } from '@cliproxy/plugin-api';
import { promptOf } from './prompt.ts';

const ask = (turns: readonly Turn[], more: Partial<ModelRequest> = {}): string =>
  promptOf({
    model: 'm',
    turns,
    tools: [],
    stream: false,
    extras: { dialect: 'openai-chat', fields: {} },
    ...more,
  });
const text = (words: string): Part => ({ type: 'text', text: words });
const tools = [{ kind: 'function', name: 'look' }] as const;

test('what tools were asked and answered before is told in words; thoughts are not', () => {
  const turns: readonly Turn[] = [
    { role: 'developer', parts: [text('Be brief.')] },
    { role: 'user', parts: [text('Is it'), text('raining?')] },
    {
      role: 'assistant',
      parts: [
        { type: 'reasoning', text: 'I should look.' },
        { type: 'tool-call', id: 'c1', name: 'look', argumentsJson: '{"at":"sky"}' },
      ],
    },
    { role: 'user', parts: [{ type: 'tool-result', callId: 'c1', content: [text('blue')] }] },
    { role: 'assistant', parts: [{ type: 'refusal', text: 'No.' }] },
    { role: 'assistant', parts: [{ type: 'reasoning', text: 'All done.' }] },
  ];
  expect(ask(turns, { tools, toolChoice: 'none' })).toBe(
    'System: Be brief.\n\nUser: Is it\nraining?\n\nAssistant: [called look({"at":"sky"})]\n\n' +
      'User: [its answer: blue]\n\nAssistant: No.',
  );
});

const media = (mediaType: string): readonly Turn[] => [
  { role: 'user', parts: [{ type: 'media', mediaType, source: { base64: 'AA==' } }] },
];
test.each<[string, readonly Turn[], Partial<ModelRequest>]>([
  ['images', media('image/png'), {}],
  ['application/pdf', media('application/pdf'), {}],
  ['tools', [], { tools }],
  ['an answer in a form that is prescribed', [], { output: { type: 'json' } }],
])('%s is refused', (what, turns, more) => {
  expect(() => ask(turns, more)).toThrow(`the request has ${what}`);
});
