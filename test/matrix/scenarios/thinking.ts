import { deepEqual, equal, ok } from 'node:assert/strict';
import type { VendorMessage } from '@cliproxy/plugin-testkit';
import type { Question } from '../conversation.ts';
import type { Pair } from '../pair.ts';
import type { Scenario } from '../scenario.ts';
import type { Seen } from '../seen/seen.ts';
import { COMPARE } from './tools.ts';

const THOUGHT = 'The user wants 雨.\nSo I look it up. 🤔';
const QUESTION: Question = {
  turns: [{ by: 'user', text: 'Will it rain?' }],
  thinking: 'on',
  maxTokens: 8192,
};
const ANSWER: VendorMessage = {
  parts: [
    { type: 'reasoning', text: THOUGHT, pieces: 3 },
    { type: 'text', text: 'It will.' },
  ],
};
const CALLS: VendorMessage = {
  parts: [
    { type: 'reasoning', text: THOUGHT, pieces: 3 },
    { type: 'tool-call', name: 'weather', arguments: { city: 'Köln' }, pieces: 2 },
    { type: 'tool-call', name: 'clock', arguments: { city: 'Köln' }, pieces: 2 },
  ],
};

/** Thoughts never mix into text, and their signatures come back to the vendor that made them. */
export const thinking: readonly Scenario[] = [false, true].flatMap(
  (stream) =>
    [
      {
        name: `thinking${stream ? ', streamed' : ''}`,
        async run(cell) {
          const { ask, vendor, seen } = cell;
          vendor.script(ANSWER);
          const heard = await ask({ ...QUESTION, stream });
          equal(seen().thinking, 'on');
          equal(heard.reasoning, isShown(cell) ? THOUGHT : '');
          equal(heard.text, 'It will.');
          equal(heard.finish, 'stop');
          return isShown(cell) ? undefined : HIDDEN;
        },
      },
      {
        name: `thinking with tools${stream ? ', streamed' : ''}`,
        async run(cell) {
          const { ask, vendor, seen, output, provider } = cell;
          vendor.script(CALLS, { parts: [{ type: 'text', text: 'It will.' }] });
          const question = { ...QUESTION, tools: COMPARE.tools ?? [], stream };
          const heard = await ask(question);
          equal(heard.reasoning, isShown(cell) ? THOUGHT : '');
          equal(heard.finish, 'tool-calls');
          const results = heard.calls.map(({ id, name }) => ({ id, name, output: `of ${name}` }));
          const answer = await ask({
            ...question,
            turns: [...QUESTION.turns, { by: 'replay', heard }, { by: 'tools', results }],
          });
          equal(answer.text, 'It will.');
          equal(seen().thinking, 'on', 'in the second turn');
          deepEqual(seen().lines.filter(isCallOrResult), [
            { by: 'assistant', call: 'weather', arguments: { city: 'Köln' } },
            { by: 'assistant', call: 'clock', arguments: { city: 'Köln' } },
            output('weather', 'of weather'),
            output('clock', 'of clock'),
          ]);
          // The vendor itself has compared the signature with the one that it gave.
          if (provider.dialect !== 'openai-chat')
            ok(hasSignature(seen()), 'no signature came back');
          return isShown(cell) ? undefined : HIDDEN;
        },
      },
    ] satisfies Scenario[],
);

/** OpenAI shows reasoning where it is asked for, and not to every organisation. */
function isShown({ client, provider }: Pair): boolean {
  return client.dialect !== 'openai-chat' || provider.dialect !== 'openai-responses';
}

const HIDDEN =
  'Chat can not ask OpenAI to show reasoning; it is kept for the next turn all the same';

function isCallOrResult(line: Seen['lines'][number]): boolean {
  return 'call' in line || 'of' in line;
}

function hasSignature({ lines }: Seen): boolean {
  return lines.some((line) => 'thought' in line && line.signature !== undefined);
}
