import { deepEqual, equal, ok } from 'node:assert/strict';
import type { VendorMessage } from '@cliproxy/plugin-testkit';
import type { Heard, Question, ToolSpec } from '../conversation.ts';
import type { Provider } from '../pair.ts';
import type { Scenario } from '../scenario.ts';
import type { Seen } from '../seen/seen.ts';

export const TOOLS: readonly ToolSpec[] = (['weather', 'clock'] as const).map((name) => ({
  name,
  description: `Asks the ${name}.`,
  schema: {
    type: 'object',
    properties: { city: { type: 'string' }, days: { type: 'integer' } },
    required: ['city'],
  },
}));

export const COMPARE: Question = {
  turns: [{ by: 'user', text: 'Compare the weather and the time.' }],
  tools: TOOLS,
};

const CITY = { city: 'Zażółć 北京 "x" \\ 👋', days: 3, deep: { list: [1, null, true, 0.5] } };

const ONE: VendorMessage = {
  parts: [{ type: 'tool-call', name: 'weather', arguments: CITY, pieces: 6 }],
};
const TWO: VendorMessage = {
  parts: [
    { type: 'text', text: 'Let me see.' },
    { type: 'tool-call', name: 'weather', arguments: CITY, pieces: 4 },
    { type: 'tool-call', name: 'clock', arguments: { city: 'Köln' }, pieces: 3 },
  ],
};
const DONE: VendorMessage = { parts: [{ type: 'text', text: 'Rain at noon.' }] };

/** Calls arrive with ids, and their results return to the vendor in its order and grouping. */
export const tools: readonly Scenario[] = [false, true].flatMap(
  (stream) =>
    [
      {
        name: `tools${stream ? ', streamed' : ''}`,
        async run({ ask, vendor, seen, output, provider, client }) {
          vendor.script(ONE, DONE);
          const heard = await ask({ ...COMPARE, stream });
          deepEqual(
            seen().tools.map(({ name }) => name),
            ['weather', 'clock'],
          );
          deepEqual(named(heard), [{ name: 'weather', arguments: CITY }]);
          equal(heard.finish, 'tool-calls');

          if (stream && provider.dialect !== 'gemini' && client.dialect !== 'gemini') {
            ok(heard.pieces.arguments >= 3, `arguments came in ${heard.pieces.arguments} pieces`);
          }
          await answerTo(heard, { ...COMPARE, stream }, ask);
          deepEqual(spoken(seen()).slice(1), [
            { by: 'assistant', call: 'weather', arguments: CITY },
            output('weather', 'output of weather'),
          ]);
          return undefined;
        },
      },
      {
        name: `parallel tools${stream ? ', streamed' : ''}`,
        async run({ ask, vendor, seen, output, provider, client }) {
          vendor.script(TWO, DONE);
          const heard = await ask({ ...COMPARE, stream });
          deepEqual(named(heard), [
            { name: 'weather', arguments: CITY },
            { name: 'clock', arguments: { city: 'Köln' } },
          ]);
          equal(heard.text, 'Let me see.');
          equal(heard.finish, 'tool-calls');
          checkIds(heard, client.name, provider);
          await answerTo(heard, { ...COMPARE, stream }, ask);
          deepEqual(spoken(seen()).slice(1), [
            { by: 'assistant', text: 'Let me see.' },
            { by: 'assistant', call: 'weather', arguments: CITY },
            { by: 'assistant', call: 'clock', arguments: { city: 'Köln' } },
            output('weather', 'output of weather'),
            output('clock', 'output of clock'),
          ]);
          return undefined;
        },
      },
    ] satisfies Scenario[],
);

/** Gemini gives calls no ids, and its own SDK makes none. */
function checkIds({ calls }: Heard, sdk: string, { dialect }: Provider): void {
  if (sdk === '@google/genai' && dialect === 'gemini') return;
  const ids = calls.map(({ id }) => id);
  ok(!ids.includes(''), 'a call without id');
  equal(new Set(ids).size, calls.length, 'ids are not distinct');
}

/** What was said, without signatures of calls. */
function spoken({ lines }: Seen) {
  return lines.filter((line) => !('thought' in line));
}

function named({ calls }: Heard) {
  return calls.map((call) => ({ name: call.name, arguments: call.arguments }));
}

async function answerTo(
  heard: Heard,
  question: Question,
  ask: (question: Question) => Promise<Heard>,
): Promise<void> {
  const results = heard.calls.map(({ id, name }) => ({ id, name, output: `output of ${name}` }));
  const answer = await ask({
    ...question,
    turns: [...question.turns, { by: 'replay', heard }, { by: 'tools', results }],
  });
  equal(answer.text, 'Rain at noon.');
  equal(answer.finish, 'stop');
}
