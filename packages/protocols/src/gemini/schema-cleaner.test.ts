import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cleanSchema } from './schema-cleaner.ts';

describe('a schema', () => {
  test.each<[string, unknown, object]>([
    ['types are in upper case', { type: 'string' }, { type: 'STRING' }],
    [
      'a type with null is nullable',
      { type: ['string', 'null'] },
      { type: 'STRING', nullable: true },
    ],
    [
      'several types are a union, each with its own keywords',
      {
        type: ['string', 'array', 'null'],
        items: { type: 'number' },
        maxLength: 3,
        description: 'd',
      },
      {
        description: 'd',
        nullable: true,
        anyOf: [
          { type: 'STRING', maxLength: 3 },
          { type: 'ARRAY', items: { type: 'NUMBER' } },
        ],
      },
    ],
    ['a constant is a list of one', { const: 'a' }, { type: 'STRING', enum: ['a'] }],
    [
      'values of several types are words',
      { enum: ['a', 1, true, null] },
      { type: 'STRING', enum: ['a', '1', 'true'], nullable: true },
    ],
    [
      'numbers stay numbers, and their list is told in words',
      { type: 'integer', enum: [1, 2] },
      { type: 'INTEGER', description: '(enum: [1,2])' },
    ],
    ['a constant number too', { const: 1.5 }, { type: 'NUMBER', description: '(enum: [1.5])' }],
    [
      'an empty word is no value',
      { type: 'string', enum: ['', 'a'] },
      { type: 'STRING', enum: ['a'], description: '(enum: ["","a"])' },
    ],
    [
      'what is refused is told in words',
      {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        $id: 'x',
        type: 'integer',
        description: 'How many.',
        exclusiveMinimum: 0,
        maximum: 9,
        multipleOf: 3,
        format: 'int64',
        'x-own': 1,
        readOnly: true,
      },
      {
        type: 'INTEGER',
        format: 'int64',
        maximum: 9,
        description: 'How many.\n(exclusiveMinimum: 0, multipleOf: 3)',
      },
    ],
    [
      'formats of strings are few',
      { type: 'string', format: 'email', pattern: '@' },
      { type: 'STRING', pattern: '@', description: '(format: "email")' },
    ],
    [
      'a date stays',
      { type: 'string', format: 'date-time' },
      { type: 'STRING', format: 'date-time' },
    ],
    [
      'objects are open or closed without a word; only properties that exist are required',
      {
        type: 'object',
        additionalProperties: false,
        properties: { a: { type: 'boolean' }, never: false },
        required: ['a', 'a', 'b', 'never'],
      },
      { type: 'OBJECT', properties: { a: { type: 'BOOLEAN' } }, required: ['a'] },
    ],
    [
      'a map tells what it holds',
      { type: 'object', additionalProperties: { type: 'number' } },
      { type: 'OBJECT', description: '(additionalProperties: {"type":"number"})' },
    ],
    [
      'properties may be called like keywords',
      {
        properties: {
          default: { type: 'string' },
          properties: {
            type: 'object',
            properties: { propertyNames: { type: 'string', const: 'x' } },
          },
          title: { type: 'string', title: 'T' },
          $ref: { type: 'number' },
          enum: true,
        },
        required: ['properties'],
      },
      {
        type: 'OBJECT',
        properties: {
          default: { type: 'STRING' },
          properties: {
            type: 'OBJECT',
            properties: { propertyNames: { type: 'STRING', enum: ['x'] } },
          },
          title: { type: 'STRING', title: 'T' },
          $ref: { type: 'NUMBER' },
          enum: cleanSchema(true),
        },
        required: ['properties'],
      },
    ],
    [
      'a union with null is nullable; of one branch, it is that branch',
      { oneOf: [{ type: 'null' }, { type: 'string', minLength: 1 }], description: 'd' },
      { type: 'STRING', minLength: 1, description: 'd', nullable: true },
    ],
    [
      'what stands beside a union holds for its branches',
      {
        type: 'object',
        properties: { a: { type: 'string' }, b: { type: 'string' } },
        description: 'one of them',
        oneOf: [{ required: ['a'] }, { required: ['b'] }],
      },
      {
        description: 'one of them',
        anyOf: ['a', 'b'].map((name) => ({
          type: 'OBJECT',
          properties: { a: { type: 'STRING' }, b: { type: 'STRING' } },
          required: [name],
        })),
      },
    ],
    [
      'allOf is one schema',
      {
        allOf: [
          { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
          { $ref: '#/$defs/b' },
        ],
        $defs: { b: { properties: { b: { type: 'number' } }, required: ['b'] } },
      },
      {
        type: 'OBJECT',
        properties: { a: { type: 'STRING' }, b: { type: 'NUMBER' } },
        required: ['a', 'b'],
      },
    ],
    [
      'references are put in place, with what stands beside them',
      {
        type: 'object',
        properties: { a: { $ref: '#/definitions/x~1y', description: 'mine', default: 1 } },
        definitions: { 'x/y': { type: 'number', description: 'theirs' } },
      },
      {
        type: 'OBJECT',
        properties: { a: { type: 'NUMBER', description: 'mine', default: 1 } },
      },
    ],
    [
      'a reference to itself ends in words',
      {
        $ref: '#/$defs/node',
        $defs: {
          node: {
            type: 'object',
            properties: { next: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] } },
          },
        },
      },
      {
        type: 'OBJECT',
        properties: {
          next: { type: 'OBJECT', description: '(node, as described above)', nullable: true },
        },
      },
    ],
    [
      'a reference to nowhere too',
      { $ref: 'https://example.com/x.json' },
      { type: 'OBJECT', description: '(x.json, as described above)' },
    ],
    [
      'lists say what they hold',
      { type: 'array', uniqueItems: true, minItems: 1 },
      { type: 'ARRAY', items: cleanSchema(true), minItems: 1, description: '(uniqueItems: true)' },
    ],
    [
      'items of a tuple are one of its members',
      { type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }, { type: 'string' }] },
      { type: 'ARRAY', items: { anyOf: [{ type: 'STRING' }, { type: 'NUMBER' }] } },
    ],
    [
      'examples are one',
      { type: 'string', examples: ['a', 'b'] },
      { type: 'STRING', example: 'a' },
    ],
    [
      'null alone',
      { type: 'null', description: 'd' },
      { type: 'STRING', nullable: true, description: 'd' },
    ],
    [
      "the API's own form stays",
      { type: 'OBJECT', properties: { a: { type: 'STRING', nullable: true } } },
      { type: 'OBJECT', properties: { a: { type: 'STRING', nullable: true } } },
    ],
  ])('%s', (_, schema, expected) => {
    expect(cleanSchema(schema)).toEqual(expected);
  });

  test('that unfolds without end is cut', () => {
    const $defs = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => {
        const $ref = `#/$defs/${i + 1}`;
        return [i, { type: 'object', properties: { a: { $ref }, b: { $ref } } }];
      }),
    );
    expect(JSON.stringify(cleanSchema({ $ref: '#/$defs/0', $defs })).length).toBeLessThan(
      1_000_000,
    );
  });

  test('is never anything that the API refuses, whatever it was', () => {
    const name = fc.constantFrom('a', 'type', 'default', 'properties', '$ref', '__proto__', 'enum');
    const type = fc.constantFrom(
      'string',
      'object',
      'array',
      'null',
      'integer',
      'NUMBER',
      'what',
      7,
    );
    const { schema } = fc.letrec<{ schema: unknown; node: unknown }>((tie) => ({
      schema: fc.oneof({ depthSize: 'small', withCrossShrink: true }, fc.boolean(), tie('node')),
      node: fc.record(
        {
          type: fc.oneof(type, fc.array(type, { maxLength: 3 })),
          properties: fc.oneof(fc.dictionary(name, tie('schema'), { maxKeys: 3 }), fc.constant(1)),
          required: fc.array(fc.oneof(name, fc.integer()), { maxLength: 3 }),
          items: fc.oneof(tie('schema'), fc.array(tie('schema'), { maxLength: 2 })),
          anyOf: fc.array(tie('schema'), { maxLength: 3 }),
          oneOf: fc.array(tie('schema'), { maxLength: 2 }),
          allOf: fc.array(tie('schema'), { maxLength: 2 }),
          $ref: fc.constantFrom('#', '#/$defs/a', '#/nowhere', '#/properties/a'),
          $defs: fc.dictionary(name, tie('schema'), { maxKeys: 2 }),
          enum: fc.array(fc.oneof(fc.string(), fc.integer(), fc.constant(null)), { maxLength: 3 }),
          const: fc.jsonValue(),
          additionalProperties: tie('schema'),
          minimum: fc.oneof(fc.integer(), fc.string()),
          exclusiveMinimum: fc.integer(),
          format: fc.constantFrom('date-time', 'email', 'int32'),
          nullable: fc.boolean(),
          not: tie('schema'),
          if: tie('schema'),
        },
        { requiredKeys: [] },
      ),
    }));
    fc.assert(
      fc.property(schema, (given) => {
        checkNode(cleanSchema(given));
      }),
      { numRuns: 500 },
    );
  });
});

const KEYS = new Set(
  'type format title description nullable enum items minItems maxItems properties required minProperties maxProperties minLength maxLength pattern minimum maximum anyOf default example'.split(
    ' ',
  ),
);

/** What the API checks. */
function checkNode(node: unknown): void {
  const {
    type,
    anyOf,
    enum: values,
    properties,
    required,
    items,
    ...rest
  } = node as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(rest)) expect(KEYS).toContain(key);
  expect((type === undefined) !== (anyOf === undefined)).toBe(true);
  if (anyOf !== undefined) (anyOf as unknown[]).forEach(checkNode);
  else expect(['STRING', 'NUMBER', 'INTEGER', 'BOOLEAN', 'ARRAY', 'OBJECT']).toContain(type);
  if (values !== undefined) {
    expect(type).toBe('STRING');
    expect((values as unknown[]).every((value) => typeof value === 'string' && value !== '')).toBe(
      true,
    );
  }
  if (type === 'ARRAY') checkNode(items);
  else expect(items).toBeUndefined();
  if (properties !== undefined) {
    expect(type).toBe('OBJECT');
    const names = Object.keys(properties as object);
    expect(names.length).toBeGreaterThan(0);
    for (const one of (required ?? []) as string[]) expect(names).toContain(one);
    Object.values(properties as object).forEach(checkNode);
  } else expect(required).toBeUndefined();
}
