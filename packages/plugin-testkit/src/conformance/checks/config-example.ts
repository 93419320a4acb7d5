import { createSchemaChecker } from '@cliproxy/config';
import { hold, shown } from '../check.ts';
import type { Check } from '../check.ts';
import { examplesOf } from '../config-of.ts';

export const configExample: Check = {
  id: 'config-example',
  level: 'loads',
  means:
    "The configurations that the schema gives as `examples` are valid; there is one where it's needed.",
  async run({ subject }) {
    const examples = examplesOf(subject);
    hold(examples.length > 0, {
      expected: '`examples` in the configuration schema, since it has required settings',
      seen: 'none',
      remedy: 'add `examples: [{ … }]` beside `properties`: what an operator would paste',
    });
    for (const example of examples) {
      const found = problems(subject.schema, example);
      hold(found.length === 0, () => ({
        expected: `the example ${shown(example)} to be valid`,
        seen: shown(found[0]),
        remedy: 'mend the example or the schema',
      }));
    }
  },
};

/** What the gateway says of a configuration. */
export function problems(schema: object, config: object): readonly string[] {
  const { problems: found } = createSchemaChecker().check(schema, structuredClone(config), '');
  return found.map(({ message }) => message);
}
