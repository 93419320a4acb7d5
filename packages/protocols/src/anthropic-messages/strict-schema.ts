import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';

/**
 * A schema as the API takes it where it enforces one: every object closed, and without the bounds
 * that it refuses. What is taken out is told in the node's description, so the model still knows.
 *
 * Walked by the grammar of schemas, never by key alone: a property may be called `minimum`.
 *
 * @see https://platform.claude.com/docs/en/build-with-claude/structured-outputs
 */
export function strictSchema(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strictSchema);
  if (!isJsonObject(schema)) return schema;
  const result: Record<string, unknown> = {};
  const told: string[] = [];
  for (const [key, value] of Object.entries(schema)) {
    if (REFUSED.has(key) || (key === 'minItems' && value !== 0 && value !== 1)) {
      told.push(`${key}: ${JSON.stringify(value)}`);
    } else if (MAPS.has(key) && isJsonObject(value)) {
      result[key] = Object.fromEntries(
        Object.entries(value).map(([name, node]) => [name, strictSchema(node)]),
      );
    } else if (key === 'oneOf') {
      result.anyOf = strictSchema(value);
    } else {
      result[key] = NODES.has(key) ? strictSchema(value) : value;
    }
  }
  if (isObjectNode(schema)) result.additionalProperties = false;
  if (told.length > 0) {
    const before = typeof schema.description === 'string' ? `${schema.description}\n` : '';
    result.description = `${before}(${told.join(', ')})`;
  }
  return result;
}

function isObjectNode(node: JsonObject): boolean {
  return (
    node.type === 'object' ||
    (Array.isArray(node.type) && node.type.includes('object')) ||
    (node.type === undefined && isJsonObject(node.properties))
  );
}

/** Keys whose value maps names to schemas. */
const MAPS: ReadonlySet<string> = new Set(['properties', '$defs', 'definitions']);

/** Keys whose value is a schema or a list of schemas. */
const NODES: ReadonlySet<string> = new Set(['items', 'anyOf', 'allOf']);

const REFUSED: ReadonlySet<string> = new Set([
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
  'patternProperties',
  'propertyNames',
]);
