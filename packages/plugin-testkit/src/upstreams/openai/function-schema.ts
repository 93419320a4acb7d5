import { checkClosedSchema } from '../closed-schema.ts';
import { demand } from '../refusal.ts';
import type { Path } from '../refusal.ts';
import { isObject } from '../shape.ts';

/** Keywords that strict schemas do not know. */
const STRICT = {
  refused: [
    'allOf',
    'oneOf',
    'not',
    'if',
    'then',
    'else',
    'dependentRequired',
    'patternProperties',
  ],
  allRequired: true,
};

/** The schema of a function's arguments. */
export function checkFunctionSchema(
  name: unknown,
  schema: unknown,
  isStrict: boolean,
  path: Path,
): void {
  if (schema === undefined || schema === null) return;
  const inFunction = `Invalid schema for function '${String(name)}': `;
  checkRoot(schema, inFunction, path);
  checkNodes(schema, inFunction, path);
  if (isStrict) checkClosedSchema(schema, path, STRICT);
}

/** The schema of an answer. */
export function checkAnswerSchema(
  name: unknown,
  schema: unknown,
  isStrict: boolean,
  path: Path,
): void {
  const inFormat = `Invalid schema for response_format '${String(name)}': `;
  checkType(schema, inFormat, path);
  if (!isStrict) return;
  checkRoot(schema, inFormat, path);
  checkClosedSchema(schema, path, STRICT);
}

function checkRoot(schema: unknown, where: string, path: Path): void {
  checkType(schema, where, path);
  const node = isObject(schema) ? schema : {};
  const union = ['oneOf', 'anyOf', 'allOf', 'enum', 'not'].find((key) => key in node);
  const flat = `${where}schema must have type 'object' and not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level.`;
  demand(union === undefined, path, flat, CODE);
}

function checkType(schema: unknown, where: string, path: Path): void {
  const type = isObject(schema) ? schema['type'] : undefined;
  const message = `${where}schema must be a JSON Schema of 'type: "object"', got 'type: ${JSON.stringify(type ?? 'None')}'.`;
  demand(type === 'object', path, message, CODE);
}

/** Objects name their properties, and arrays their items. */
function checkNodes(schema: unknown, where: string, path: Path, context = ''): void {
  if (!isObject(schema)) return;
  const here = `${where}In context=(${context}), `;
  const { type, properties, items } = schema;
  const hasProperties = type !== 'object' || context !== '' || isObject(properties);
  demand(hasProperties, path, `${here}object schema missing properties.`, CODE);
  demand(type !== 'array' || items !== undefined, path, `${here}array schema missing items.`, CODE);
  checkNodes(items, where, path, `${context}'items', `);
  if (!isObject(properties)) return;
  for (const [name, node] of Object.entries(properties)) {
    checkNodes(node, where, path, `${context}'properties', '${name}', `);
  }
}

const CODE = 'invalid_function_parameters';
