type Schema = Readonly<Record<string, unknown>>;

const MAX_SUBSCHEMAS = 1000;

/** A value's schemas: those that it may have to satisfy, with alternatives and references resolved. */
export interface SchemaPlace {
  readonly schemas: readonly Schema[];
  /** The schemas of a property or item of the value. */
  child(segment: string | number): SchemaPlace;
}

/** Begins a walk down a JSON Schema beside a value. References to other documents are not followed. */
export function walkSchema(root: unknown): SchemaPlace {
  const place = (found: readonly unknown[]): SchemaPlace => {
    const schemas = flatten(root, found);
    return {
      schemas,
      child: (segment) => place(schemas.flatMap((schema) => childrenOf(schema, segment))),
    };
  };
  return place([root]);
}

/** Whether a value here is a secret as a whole. */
export function isSecret(place: SchemaPlace): boolean {
  return place.schemas.some((schema) => schema['writeOnly'] === true);
}

/** Whether a value here, or any part of it, could be a secret; for values that don't fit the schema. */
export function mayHoldSecret(place: SchemaPlace): boolean {
  const seen = new Set<unknown>();
  const search = (value: unknown): boolean => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return false;
    seen.add(value);
    return (value as Schema)['writeOnly'] === true || Object.values(value).some(search);
  };
  return place.schemas.some(search);
}

function flatten(root: unknown, found: readonly unknown[]): Schema[] {
  const flat = new Set<Schema>();
  const add = (schema: unknown): void => {
    if (!isSchema(schema) || flat.has(schema) || flat.size > MAX_SUBSCHEMAS) return;
    flat.add(schema);
    if (typeof schema['$ref'] === 'string') add(resolve(root, schema['$ref']));
    for (const key of ['allOf', 'anyOf', 'oneOf']) {
      if (Array.isArray(schema[key])) schema[key].forEach(add);
    }
    add(schema['then']);
    add(schema['else']);
  };
  found.forEach(add);
  return [...flat];
}

function childrenOf(schema: Schema, segment: string | number): unknown[] {
  if (typeof segment === 'number') {
    const { items } = schema;
    return Array.isArray(items) ? [items[segment] ?? schema['additionalItems']] : [items];
  }
  const { properties, patternProperties } = schema;
  const found: unknown[] = [];
  if (isSchema(properties) && Object.hasOwn(properties, segment)) found.push(properties[segment]);
  if (isSchema(patternProperties)) {
    for (const [pattern, child] of Object.entries(patternProperties)) {
      if (new RegExp(pattern, 'u').test(segment)) found.push(child);
    }
  }
  return found.length > 0 ? found : [schema['additionalProperties']];
}

function resolve(root: unknown, reference: string): unknown {
  if (!reference.startsWith('#')) return undefined;
  let found: unknown = root;
  for (const segment of decodeURIComponent(reference.slice(1)).split('/').slice(1)) {
    const key = segment.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Schema)[key];
  }
  return found;
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
