import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';

/**
 * A tool's schema with the root that the API demands: an object, without a union. The branches of a
 * union become properties of one object; what all of them require stays required.
 *
 * @param schema - as the client declared it; absent or no schema of an object: any object.
 */
export function inputSchema(schema: unknown): JsonObject {
  if (!isJsonObject(schema)) return { type: 'object', properties: {} };
  const isUnion = UNIONS.some((key) => Array.isArray(schema[key])) || '$ref' in schema;
  const root = isUnion ? merged(schema, schema, 0) : schema;
  return {
    ...root,
    type: 'object',
    properties: isJsonObject(root.properties) ? root.properties : {},
  };
}

const UNIONS = ['anyOf', 'oneOf', 'allOf'] as const;
/** A schema that refers to itself would never end. */
const MAX_DEPTH = 16;

/** The node with its `$ref` and its unions folded into it. */
function merged(node: JsonObject, root: JsonObject, depth: number): JsonObject {
  const { $ref, anyOf, oneOf, allOf, ...own } = node;
  let result: JsonObject = own;
  if (depth > MAX_DEPTH) return result;
  const fold = (branch: unknown): JsonObject =>
    isJsonObject(branch) ? merged(branch, root, depth + 1) : {};
  if (typeof $ref === 'string') result = both(result, fold(resolvePointer(root, $ref)));
  if (Array.isArray(allOf)) for (const branch of allOf) result = both(result, fold(branch));
  for (const union of [anyOf, oneOf]) {
    if (Array.isArray(union) && union.length > 0) {
      result = both(result, union.map(fold).filter(canBeObject).reduce(either, {}));
    }
  }
  return result;
}

/** What satisfies both; where they differ in one word, the left one counts. */
export function both(left: JsonObject, right: JsonObject): JsonObject {
  const required = [...new Set([...names(left.required), ...names(right.required)])];
  return {
    ...right,
    ...left,
    ...(isJsonObject(left.properties) || isJsonObject(right.properties)
      ? { properties: { ...objectOf(right.properties), ...objectOf(left.properties) } }
      : {}),
    ...(required.length === 0 ? {} : { required }),
  };
}

/** What satisfies one of them. An empty left side is none yet. */
function either(left: JsonObject, right: JsonObject): JsonObject {
  if (Object.keys(left).length === 0) return right;
  const properties = new Map(Object.entries(objectOf(left.properties)));
  for (const [name, schema] of Object.entries(objectOf(right.properties))) {
    const other = properties.get(name);
    const same = other === undefined || JSON.stringify(other) === JSON.stringify(schema);
    properties.set(name, same ? schema : { anyOf: [other, schema] });
  }
  const inRight = new Set(names(right.required));
  return {
    ...left,
    additionalProperties: true,
    properties: Object.fromEntries(properties),
    required: names(left.required).filter((name) => inRight.has(name)),
  };
}

function canBeObject(node: JsonObject): boolean {
  return node.type === undefined || node.type === 'object' || Array.isArray(node.type);
}

/** What a reference points at; only pointers within the schema are followed. */
export function resolvePointer(root: JsonObject, pointer: string): unknown {
  if (!pointer.startsWith('#/')) return undefined;
  return pointer
    .slice(2)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>(
      (node, step) => (isJsonObject(node) && Object.hasOwn(node, step) ? node[step] : undefined),
      root,
    );
}

function names(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((name) => typeof name === 'string') : [];
}

function objectOf(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}
