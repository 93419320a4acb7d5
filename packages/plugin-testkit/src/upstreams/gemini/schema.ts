import { demand } from '../refusal.ts';
import type { Path } from '../refusal.ts';
import { anything, byKind, fields, flag, isObject, list, number, oneOf, text } from '../shape.ts';
import type { Json, Shape } from '../shape.ts';

/** The API writes 64-bit numbers as text, and reads both. */
const count: Shape = (value, path) => {
  if (typeof value === 'string') text({ pattern: /^\d+$/u })(value, path);
  else number(0)(value, path);
};
const types = ['STRING', 'NUMBER', 'INTEGER', 'BOOLEAN', 'ARRAY', 'OBJECT', 'NULL'];

const node = fields(
  {},
  {
    type: oneOf(...types, ...types.map((type) => type.toLowerCase())),
    format: text(),
    title: text(),
    description: text(),
    nullable: flag,
    enum: list(text()),
    items: anything,
    minItems: count,
    maxItems: count,
    properties: byKind({ object: anything }),
    required: list(text()),
    minProperties: count,
    maxProperties: count,
    propertyOrdering: list(text()),
    minLength: count,
    maxLength: count,
    pattern: text(),
    minimum: number(),
    maximum: number(),
    anyOf: list(anything, 1),
    default: anything,
    example: anything,
  },
);

/**
 * The subset of OpenAPI's schemas that stands under `parameters` and `responseSchema`.
 *
 * @see https://ai.google.dev/api/caching#Schema
 */
export const openApiSchema: Shape = (value, path) => {
  node(value, path);
  const { type, format, enum: words, items, properties, required, anyOf } = value as Json;
  const kind = typeof type === 'string' ? type.toUpperCase() : undefined;
  if (words !== undefined) {
    demand(kind === 'STRING', [...path, 'enum'], 'only allowed for STRING type');
  }
  if (kind === 'STRING' && format !== undefined) {
    const isKnown = format === 'enum' || format === 'date-time';
    const message = "only 'enum' and 'date-time' are supported for STRING type";
    demand(isKnown, [...path, 'format'], message);
  }
  if (kind === 'ARRAY') demand(items !== undefined, [...path, 'items'], 'missing field.');
  if (items !== undefined) openApiSchema(items, [...path, 'items']);
  if (Array.isArray(anyOf))
    anyOf.forEach((entry, at) => openApiSchema(entry, [...path, 'anyOf', at]));
  checkProperties(properties, required, path);
};

function checkProperties(properties: unknown, required: unknown, path: Path): void {
  const known = isObject(properties) ? properties : {};
  for (const [name, entry] of Object.entries(known)) {
    openApiSchema(entry, [...path, 'properties', name]);
  }
  if (!Array.isArray(required)) return;
  (required as readonly string[]).forEach((name, at) => {
    demand(name in known, [...path, 'required', at], 'property is not defined');
  });
}

/** The schema of a function's arguments. */
export const parameters: Shape = (value, path) => {
  openApiSchema(value, path);
  const type = (value as Json)['type'];
  const isObjectType = typeof type === 'string' && type.toUpperCase() === 'OBJECT';
  demand(isObjectType, path, 'functionDeclaration parameters schema should be of type OBJECT');
  const { properties } = value as { readonly properties?: Json };
  for (const name of Object.keys(properties ?? {})) {
    const isName = /^[A-Za-z_]\w{0,63}$/u.test(name);
    const message = 'the name of a parameter must be an identifier of at most 64 characters';
    demand(isName, [...path, 'properties', name], message);
  }
};
