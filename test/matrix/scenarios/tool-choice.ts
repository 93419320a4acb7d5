import { deepEqual, equal, ok } from 'node:assert/strict';
import type { ToolChoice } from '../conversation.ts';
import { ignored, refusedWhenStrict } from '../ignored.ts';
import type { Scenario } from '../scenario.ts';
import { COMPARE } from './tools.ts';

/** Wishes about tools are honoured, or named as ignored and refused under `x-cliproxy-strict`. */
export const toolChoice: readonly Scenario[] = [
  ...(['auto', 'none', 'required', { named: 'clock' }] as readonly ToolChoice[]).map(
    (wish): Scenario => ({
      name: `tool choice: ${typeof wish === 'string' ? wish : 'named'}`,
      async run({ ask, seen, vendor }) {
        const call = { type: 'tool-call', name: 'clock', arguments: { city: 'Köln' } } as const;
        vendor.script({ parts: [wish === 'none' ? { type: 'text', text: 'No.' } : call] });
        const { finish } = await ask({ ...COMPARE, toolChoice: wish });
        equal(finish, wish === 'none' ? 'stop' : 'tool-calls');
        const { toolChoice: told } = seen();
        // Auto is what holds where nothing is said.
        if (wish === 'auto') ok(told === undefined || told === 'auto', JSON.stringify(told));
        else deepEqual(told, wish);
        deepEqual(
          seen().tools.map(({ name }) => name),
          ['weather', 'clock'],
          'history may refer to the tools',
        );
        return undefined;
      },
    }),
  ),
  {
    name: 'one tool at a time',
    async run(cell) {
      const { ask, seen } = cell;
      await ask({ ...COMPARE, parallelTools: false });
      if (seen().parallelTools === false) return undefined;
      const names = ignored(cell);
      equal(
        names.length,
        1,
        `told ${JSON.stringify(seen().parallelTools)}, ignored: ${names.join()}`,
      );
      await refusedWhenStrict(cell, { ...COMPARE, parallelTools: false });
      return `the target has no such switch: named as ignored`;
    },
  },
];
