import { inputSchema } from '../anthropic-messages/input-schema.ts';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';

/**
 * A tool's schema with what OpenAI demands and other vendors leave open: a root that is an object
 * without a union and names its properties, and lists that tell of what.
 *
 * @param schema - as a client of another dialect declared it.
 */
export function functionSchema(schema: unknown): JsonObject {
  return withItems(inputSchema(schema));
}

/** Walked by the grammar of schemas, never by key alone: a property may be called `items`. */
function withItems(schema: JsonObject): JsonObject {
  const result: Record<string, unknown> = { ...schema };
  for (const key of MAPS) {
    const map = schema[key];
    if (!isJsonObject(map)) continue;
    const nodes = Object.entries(map).map(([name, node]) => [name, nodeWithItems(node)] as const);
    result[key] = Object.fromEntries(nodes);
  }
  for (const key of NODES) if (key in schema) result[key] = nodeWithItems(schema[key]);
  for (const key of LISTS) {
    const list = schema[key];
    if (Array.isArray(list)) result[key] = list.map(nodeWithItems);
  }
  if (isList(schema.type) && !('items' in schema)) result.items = {};
  return result;
}

const MAPS = ['properties', '$defs', 'definitions'] as const;
const NODES = ['items', 'additionalProperties'] as const;
const LISTS = ['anyOf', 'oneOf', 'allOf'] as const;

function nodeWithItems(node: unknown): unknown {
  return isJsonObject(node) ? withItems(node) : node;
}

function isList(type: unknown): boolean {
  return type === 'array' || (Array.isArray(type) && type.includes('array'));
}
