import { expect, test } from '@jest/globals';
import { jsonSchema } from './json-schema.ts';

test.each<[object, object]>([
  [{ type: 'STRING', nullable: true }, { type: ['string', 'null'] }],
  [
    { type: 'STRING', format: 'enum', enum: ['a'], nullable: true },
    { type: ['string', 'null'], enum: ['a', null] },
  ],
  [
    { any_of: [{ type: 'STRING' }, { type: 'NUMBER' }], nullable: true },
    { anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'null' }] },
  ],
  [
    { type: 'ARRAY', min_items: '1', maxItems: 3, items: { type: 'OBJECT' }, example: [1] },
    { type: 'array', minItems: 1, maxItems: 3, items: { type: 'object' }, examples: [[1]] },
  ],
  [{ type: 'TYPE_UNSPECIFIED', description: 'd' }, { description: 'd' }],
  [
    { type: ['STRING', 'null'], default: 'STRING' },
    { type: ['string', 'null'], default: 'STRING' },
  ],
])('%j is %j', (schema, expected) => {
  expect(jsonSchema(schema, 'parameters')).toEqual(expected);
});

test('properties keep their names, whatever they are, and come in the order that is asked for', () => {
  const schema = jsonSchema(
    {
      type: 'OBJECT',
      propertyOrdering: ['property_ordering', 'type'],
      properties: {
        nullable: { type: 'BOOLEAN' },
        type: { type: 'STRING' },
        property_ordering: { type: 'INTEGER' },
      },
      required: ['type'],
    },
    'parameters',
  );
  expect(JSON.stringify(schema)).toBe(
    JSON.stringify({
      type: 'object',
      properties: {
        property_ordering: { type: 'integer' },
        type: { type: 'string' },
        nullable: { type: 'boolean' },
      },
      required: ['type'],
    }),
  );
});

test('a schema without end is refused by the name of its field', () => {
  let schema: object = { type: 'STRING' };
  for (let depth = 0; depth < 10_000; depth += 1) schema = { type: 'ARRAY', items: schema };
  expect(() => jsonSchema(schema, 'tools[0].x')).toThrow(/`tools\[0\]\.x` is nested deeper/);
});
