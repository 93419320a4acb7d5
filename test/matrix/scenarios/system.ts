import { deepEqual, equal } from 'node:assert/strict';
import type { Question } from '../conversation.ts';
import type { Scenario } from '../scenario.ts';

const HI = { by: 'user', text: 'Hi' } as const;

/** System text lands in the target's slot for it. */
export const system: readonly Scenario[] = [
  {
    name: 'system text',
    async run({ ask, seen }) {
      await ask({ system: 'Be brief. 请简短。', turns: [HI] });
      equal(seen().system.join('\n\n'), 'Be brief. 请简短。');
      deepEqual(seen().lines, [{ by: 'user', text: 'Hi' }]);
      return undefined;
    },
  },
  {
    name: 'system blocks',
    async run({ ask, seen }) {
      await ask({ system: ['Be brief.', 'Be kind.'], turns: [HI] });
      equal(seen().system.join('|').replaceAll(/\n+/gu, '|'), 'Be brief.|Be kind.');
      deepEqual(seen().lines, [{ by: 'user', text: 'Hi' }]);
      return undefined;
    },
  },
  {
    name: 'system text in mid-conversation',
    async run({ ask, seen, client, provider }) {
      await ask(MIDWAY);
      const { system: slot, lines } = seen();
      const told = lines.flatMap((line) => ('text' in line ? [line.text] : []));
      const kept = [...slot, ...told].join('\n');
      equal(kept.split('From now on, in French.').length - 1, 1, 'told once');
      deepEqual(
        told.filter((words) => ['Hi', 'Hello', 'And now?'].includes(words)),
        ['Hi', 'Hello', 'And now?'],
      );
      if (provider.dialect === client.dialect) return undefined;
      const inPlace = lines.some(
        (line) => line.by === 'system' && 'text' in line && line.text === 'From now on, in French.',
      );
      const hoisted = slot.some((words) => words.includes('From now on, in French.'));
      equal(inPlace || hoisted, true, 'in a slot for system text');
      return hoisted ? 'moved to the front, where the target has its only place for it' : undefined;
    },
  },
];

const MIDWAY: Question = {
  system: 'Be brief.',
  turns: [
    HI,
    { by: 'assistant', text: 'Hello' },
    { by: 'system', text: 'From now on, in French.' },
    { by: 'user', text: 'And now?' },
  ],
};
