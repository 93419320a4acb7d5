import { GatewayError } from '@cliproxy/plugin-api';
import type { BodyCheck, JsonKind } from '@cliproxy/kernel';
import type { JsonSchema, JsonType } from '../schemas/json-schema.ts';

/**
 * Compiles what a schema says of a body's top level: which keys must be there, and of which types
 * the values are. What is below is checked where it is read.
 *
 * @returns throws GatewayError `CLIENT_BAD_REQUEST`, naming the key.
 */
export function compileBodyCheck(schema: JsonSchema): BodyCheck {
  const required = schema.required ?? [];
  const anyOf = schema.anyOf?.map((one) => one.required ?? []) ?? [];
  const typed = Object.entries(schema.properties ?? {}).flatMap(([key, { type }]) =>
    type === undefined ? [] : [{ key, types: typeof type === 'string' ? [type] : type }],
  );
  const rules = typed.map(({ key, types }) => ({
    key,
    types,
    kinds: new Set(types.map(kindOfType)),
  }));
  return (kindOf) => {
    for (const key of required) if (kindOf(key) === undefined) throw bad(key, 'is missing');
    const [first] = anyOf;
    if (first !== undefined && !anyOf.some((keys) => keys.every((key) => kindOf(key)))) {
      throw bad(first[0] ?? '', 'is missing');
    }
    for (const { key, types, kinds } of rules) {
      const kind = kindOf(key);
      if (kind === undefined || kinds.has(kind)) continue;
      throw bad(key, `must be ${inWords(types)}, not ${NAMES[kind]}`);
    }
  };
}

function kindOfType(type: JsonType): JsonKind {
  return type === 'integer' ? 'number' : type;
}

const NAMES: Readonly<Record<JsonType, string>> = {
  object: 'an object',
  array: 'an array',
  string: 'a string',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  null: 'null',
};

function inWords(types: readonly JsonType[]): string {
  const names = types.filter((type) => type !== 'null').map((type) => NAMES[type]);
  return names.join(' or ');
}

function bad(key: string, problem: string): GatewayError {
  return new GatewayError('CLIENT_BAD_REQUEST', `\`${key}\` ${problem}.`, {
    failure: { kind: 'bad-request', scope: 'request' },
  });
}
