import { deepEqual, equal, ok } from 'node:assert/strict';
import type { JsonSchema } from '../conversation.ts';
import type { Scenario } from '../scenario.ts';

const SCHEMA: JsonSchema = {
  type: 'object',
  properties: { city: { type: 'string' }, degrees: { type: 'number' } },
  required: ['city', 'degrees'],
  additionalProperties: false,
};

/** The schema stands in the target's own slot, and the answer arrives as text. */
export const jsonSchema: readonly Scenario[] = [false, true].map((stream) => ({
  name: `JSON schema${stream ? ', streamed' : ''}`,
  async run({ ask, vendor, seen }) {
    vendor.script({ parts: [{ type: 'text', text: '{"city":"Köln","degrees":9}' }] });
    const heard = await ask({
      turns: [{ by: 'user', text: 'as JSON' }],
      schema: SCHEMA,
      stream,
    });
    deepEqual(JSON.parse(heard.text), { city: 'Köln', degrees: 9 });
    equal(heard.finish, 'stop');
    const told = seen().schema as JsonSchema | undefined;
    ok(told !== undefined, 'no schema in its slot');
    deepEqual(Object.keys(told.properties), ['city', 'degrees']);
    deepEqual(told.required, ['city', 'degrees']);
    return undefined;
  },
}));
