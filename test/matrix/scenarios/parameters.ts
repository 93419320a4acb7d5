import { deepEqual, equal, ok } from 'node:assert/strict';
import { ignored, refusedWhenStrict } from '../ignored.ts';
import type { Scenario } from '../scenario.ts';

/** What only the client's dialect can say passes untouched, or is named; nothing goes in silence. */
export const parameters: readonly Scenario[] = [
  {
    name: 'parameter of one dialect alone',
    async run(cell) {
      const { ask, vendor, client, provider } = cell;
      const { name, value } = client.special;
      await ask({ turns: [{ by: 'user', text: 'Hi' }], special: true });
      const asked = vendor.requests.find(({ method }) => method === 'POST')?.body;
      const told = (asked as Readonly<Record<string, unknown>>)[name];
      if (client.dialect === provider.dialect) {
        deepEqual(told, value);
        deepEqual(ignored(cell), []);
        return undefined;
      }
      equal(told, undefined);
      ok(ignored(cell).includes(name), `ignored: ${ignored(cell).join() || 'nothing'}`);
      await refusedWhenStrict(cell, { turns: [{ by: 'user', text: 'Hi' }], special: true });
      return undefined;
    },
  },
  {
    name: 'stream without usage',
    cannot: ({ client }) =>
      client.dialect === 'openai-chat' ? undefined : 'the dialect always tells usage',
    async run({ ask }) {
      const heard = await ask({
        turns: [{ by: 'user', text: 'Hi' }],
        stream: true,
        usage: false,
      });
      equal(heard.usage, undefined);
      return undefined;
    },
  },
];
