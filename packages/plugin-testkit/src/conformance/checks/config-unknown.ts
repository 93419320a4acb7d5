import { hold } from '../check.ts';
import type { Check } from '../check.ts';
import { examplesOf } from '../config-of.ts';
import { recordOf } from '../subject.ts';
import { problems } from './config-example.ts';

const UNKNOWN = 'misspelt-setting';

export const configUnknown: Check = {
  id: 'config-unknown',
  level: 'loads',
  means: 'A key of the configuration that the schema does not know is refused, at every depth.',
  needs: ['config-example'],
  async run({ subject }) {
    const { schema } = subject;
    for (const example of examplesOf(subject)) {
      for (const place of objectsIn(schema, example, [])) {
        const config = structuredClone(example) as Record<string, unknown>;
        const target = place.reduce<unknown>((at, step) => recordOf(at)[step], config);
        Object.assign(target as object, { [UNKNOWN]: 1 });
        hold(problems(schema, config).length > 0, {
          expected: `the key "${UNKNOWN}" to be refused in ${nameOf(place)}`,
          seen: 'it was taken',
          remedy: 'add `additionalProperties: false` there: a misspelt key is else lost in silence',
        });
      }
    }
  },
};

/** Where objects with named properties stand in a value. */
function objectsIn(
  schema: unknown,
  value: unknown,
  path: readonly string[],
): readonly (readonly string[])[] {
  const { properties } = recordOf(schema);
  const own = properties === undefined && path.length > 0 ? [] : [path];
  const inner = Object.entries(recordOf(properties)).flatMap(([name, of]) => {
    const at = recordOf(value)[name];
    return typeof at === 'object' && at !== null && !Array.isArray(at)
      ? objectsIn(of, at, [...path, name])
      : [];
  });
  return [...own, ...inner];
}

function nameOf(path: readonly string[]): string {
  return path.length === 0 ? 'the configuration' : `\`${path.join('.')}\``;
}
