/** A type of the API's schemas. */
export type SchemaType = 'STRING' | 'NUMBER' | 'INTEGER' | 'BOOLEAN' | 'ARRAY' | 'OBJECT';

/**
 * What the API takes in a schema, and what the gateway tells in words instead. The API refuses a
 * request for one keyword that it does not know; Google adds some from time to time, so they are
 * listed here as data.
 *
 * @see https://ai.google.dev/api/caching#Schema
 */

/** Types by their names in JSON Schema. */
export const TYPES: ReadonlyMap<unknown, SchemaType> = new Map([
  ['string', 'STRING'],
  ['number', 'NUMBER'],
  ['integer', 'INTEGER'],
  ['boolean', 'BOOLEAN'],
  ['array', 'ARRAY'],
  ['object', 'OBJECT'],
]);

/** Keywords of every type that are copied as they are. */
export const COPIED = ['title', 'default', 'example'] as const;

/** Keywords whose value is a number, by type. */
export const BOUNDS: Readonly<Record<SchemaType, readonly string[]>> = {
  STRING: ['minLength', 'maxLength'],
  NUMBER: ['minimum', 'maximum'],
  INTEGER: ['minimum', 'maximum'],
  BOOLEAN: [],
  ARRAY: ['minItems', 'maxItems'],
  OBJECT: ['minProperties', 'maxProperties'],
};

/** Values of `format` that are taken, by type. */
export const FORMATS: Readonly<Record<SchemaType, readonly string[]>> = {
  STRING: ['date-time'],
  NUMBER: ['float', 'double'],
  INTEGER: ['int32', 'int64'],
  BOOLEAN: [],
  ARRAY: [],
  OBJECT: [],
};

/** Keywords that the API refuses and that bind what the model writes: told in the description. */
export const DESCRIBED: readonly string[] = [
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'uniqueItems',
  'contains',
  'minContains',
  'maxContains',
  'patternProperties',
  'propertyNames',
  'dependentRequired',
  'dependentSchemas',
  'unevaluatedProperties',
  'not',
  'if',
  'then',
  'else',
  'contentEncoding',
  'contentMediaType',
];

/** Longest text of one keyword that is told in a description. */
export const MAX_DESCRIBED_CHARS = 500;
