import { deepEqual, ok } from 'node:assert/strict';
import type { Said } from '../conversation.ts';
import type { Scenario } from '../scenario.ts';
import type { SeenLine } from '../seen/seen.ts';
import { TOOLS } from './tools.ts';

const SCRIPTS = [
  'ascii',
  'žluťoučký',
  '日本語',
  'العربية',
  'עברית',
  'हिन्दी',
  '👩🏽‍🚀',
  '𝒳 ʼn',
  'a\u0301',
];

/** Forty turns, in every script, with calls between them. */
const TURNS: readonly Said[] = Array.from({ length: 40 }, (_, i): readonly Said[] => {
  const words = `${i} ${SCRIPTS[i % SCRIPTS.length]} "q" \\ \t<&>`;
  if (i % 2 === 0) return [{ by: 'user', text: words }];
  if (i % 10 !== 5) return [{ by: 'assistant', text: words }];
  const id = `call_${i}`;
  return [
    {
      by: 'assistant',
      text: words,
      calls: [{ id, name: 'weather', arguments: { city: words, days: i } }],
    },
    { by: 'tools', results: [{ id, name: 'weather', output: `output ${words}` }] },
  ];
})
  .flat()
  .concat({ by: 'user', text: 'the end' });

const LINES: readonly SeenLine[] = TURNS.flatMap((said): readonly SeenLine[] => {
  switch (said.by) {
    case 'user':
      return [{ by: 'user', text: said.text }];
    case 'assistant':
      return [
        { by: 'assistant', text: said.text ?? '' },
        ...(said.calls ?? []).map((call) => ({
          by: 'assistant' as const,
          call: call.name,
          arguments: call.arguments,
        })),
      ];
    case 'tools':
      return said.results.map(({ name, output }) => ({ by: 'tool', of: name, output }));
    case 'system':
    case 'replay':
      return [];
  }
});

/** A model that was cut off in the midst of its call. */
const BROKEN: readonly Said[] = [
  { by: 'user', text: 'Will it rain?' },
  {
    by: 'assistant',
    calls: [{ id: 'call_1', name: 'weather', arguments: undefined, json: '{"city": "Kö' }],
  },
  { by: 'tools', results: [{ id: 'call_1', name: 'weather', output: 'no such city' }] },
];

/** Everything that was said arrives, once, in its order. */
export const history: readonly Scenario[] = [
  {
    name: 'arguments that are no JSON, in the history',
    async run({ ask, seen, output }) {
      await ask({ turns: BROKEN, tools: TOOLS });
      const call = seen().lines.find((line) => 'call' in line);
      ok(call !== undefined && 'call' in call && call.call === 'weather', 'the call is gone');
      deepEqual(seen().lines.at(-1), output('weather', 'no such city'));
      return undefined;
    },
  },
  {
    name: '40 turns',
    async run({ ask, seen, output }) {
      await ask({ turns: TURNS, tools: TOOLS });
      deepEqual(
        seen().lines.filter((line) => !('thought' in line)),
        LINES.map((line) => ('of' in line ? output(line.of, line.output) : line)),
      );
      return undefined;
    },
  },
];
