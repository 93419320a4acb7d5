import type { Json } from '@cliproxy/plugin-api';
import { isJsonObject } from '../model/json-object.ts';
import { fieldError } from '../openai-chat/field-path.ts';
import { camelKeys } from './field-names.ts';

/** Deeper is no schema but an attack. */
const MAX_DEPTH = 100;

/**
 * A schema in the API's own form as JSON Schema: types in lower case, `nullable` as the type `null`,
 * bounds as numbers. Keys that JSON Schema has too, which clients mix in, stay.
 *
 * @throws GatewayError `CLIENT_BAD_REQUEST` for a schema that is nested too deeply.
 * @see https://ai.google.dev/api/caching#Schema
 */
export function jsonSchema(schema: unknown, path: string, depth = 0): Json {
  if (depth > MAX_DEPTH) throw fieldError(path, `is nested deeper than ${MAX_DEPTH} levels`);
  if (!isJsonObject(schema)) return schema as Json;
  const inner = (value: unknown): Json => jsonSchema(value, path, depth + 1);
  const node = camelKeys(schema);
  const { nullable, propertyOrdering: order } = node;
  const result: Record<string, Json> = {};
  for (const [key, value] of Object.entries(node)) {
    if (value === null || key === 'nullable' || key === 'propertyOrdering') continue;
    if (key === 'type') Object.assign(result, typeOf(value));
    else if (key === 'example') result.examples = [value as Json];
    else if (COUNTS.has(key))
      result[key] = typeof value === 'string' ? Number(value) : (value as Json);
    else if (key === 'properties' && isJsonObject(value))
      result[key] = ordered(value, order, inner);
    else if (MAPS.has(key) && isJsonObject(value)) result[key] = ordered(value, undefined, inner);
    else if (LISTS.has(key) && Array.isArray(value)) result[key] = value.map(inner);
    else if (NODES.has(key)) result[key] = inner(value);
    else if (key !== 'format' || value !== 'enum') result[key] = value as Json;
  }
  return nullable === true ? withNull(result) : result;
}

/** Keys whose values are 64-bit integers, which the API writes as strings. */
const COUNTS: ReadonlySet<string> = new Set([
  'minItems',
  'maxItems',
  'minLength',
  'maxLength',
  'minProperties',
  'maxProperties',
]);
const MAPS: ReadonlySet<string> = new Set(['$defs', 'defs', 'definitions', 'patternProperties']);
const LISTS: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'allOf', 'prefixItems']);
const NODES: ReadonlySet<string> = new Set(['items', 'additionalProperties', 'not']);

function typeOf(type: unknown): { readonly type?: Json } {
  if (Array.isArray(type)) {
    return {
      type: type.map((one) => (typeof one === 'string' ? one.toLowerCase() : (one as Json))),
    };
  }
  if (typeof type !== 'string') return { type: type as Json };
  return type === 'TYPE_UNSPECIFIED' ? {} : { type: type.toLowerCase() };
}

/** JSON Schema has no order of its own: the order of the keys is what models keep to. */
function ordered(
  properties: Readonly<Record<string, unknown>>,
  order: unknown,
  inner: (value: unknown) => Json,
): Json {
  const names = Object.keys(properties);
  const first = Array.isArray(order) ? names.filter((name) => order.includes(name)) : [];
  if (Array.isArray(order)) first.sort((a, b) => order.indexOf(a) - order.indexOf(b));
  const all = new Set([...first, ...names]);
  return Object.fromEntries([...all].map((name) => [name, inner(properties[name])]));
}

function withNull(node: Readonly<Record<string, Json>>): Json {
  const { type, anyOf } = node;
  if (Array.isArray(anyOf))
    return { ...node, anyOf: [...(anyOf as readonly Json[]), { type: 'null' }] };
  const values = Array.isArray(node.enum)
    ? { enum: [...(node.enum as readonly Json[]), null] }
    : {};
  if (typeof type === 'string') return { ...node, type: [type, 'null'], ...values };
  if (Array.isArray(type)) {
    return { ...node, type: [...new Set([...(type as readonly Json[]), 'null'])], ...values };
  }
  return { ...node, ...values };
}
