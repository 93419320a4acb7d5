import { atPointer } from './json-pointer.ts';

/**
 * The strings of a configuration that its schema marks `writeOnly`: secrets.
 *
 * @param schema - a JSON Schema; `properties`, `items`, `additionalProperties`, the combining
 *   keywords and local `$ref`s are followed.
 */
export function writeOnlyStrings(schema: unknown, value: unknown): readonly string[] {
  const found = new Set<string>();
  walk(schema, value, schema, found, 0);
  return [...found];
}

/** Deep enough for any configuration; a schema that refers to itself ends here. */
const MAX_DEPTH = 32;

function walk(
  schema: unknown,
  value: unknown,
  root: unknown,
  found: Set<string>,
  depth: number,
): void {
  if (!isRecord(schema) || value === undefined || depth > MAX_DEPTH) return;
  if (schema.writeOnly === true) {
    collect(value, found);
    return;
  }
  const go = (inner: unknown, of: unknown): void => walk(inner, of, root, found, depth + 1);
  if (typeof schema.$ref === 'string' && schema.$ref.startsWith('#')) {
    go(atPointer(root, schema.$ref.slice(1)), value);
  }
  for (const keyword of ['allOf', 'anyOf', 'oneOf']) {
    if (Array.isArray(schema[keyword])) for (const one of schema[keyword]) go(one, value);
  }
  for (const keyword of ['if', 'then', 'else']) go(schema[keyword], value);
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      go(Array.isArray(schema.items) ? schema.items[index] : schema.items, item);
    }
  } else if (isRecord(value)) {
    const properties = isRecord(schema.properties) ? schema.properties : {};
    for (const [key, inner] of Object.entries(value)) {
      const known = Object.hasOwn(properties, key);
      go(known ? properties[key] : schema.additionalProperties, inner);
    }
  }
}

function collect(value: unknown, found: Set<string>): void {
  if (typeof value === 'string' && value !== '') found.add(value);
  else if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) collect(inner, found);
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
