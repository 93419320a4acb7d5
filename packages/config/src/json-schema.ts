import { configDocumentSchema } from './config-document.ts';
import { pluginEntrySchema } from './sections/plugins-section.ts';
import { escapeSegment } from './pointer.ts';

/**
 * The JSON Schema of the configuration file, for editors. Unlike the one that is checked against it
 * takes a `${NAME}` wherever a scalar stands, and an empty value where defaults fill it.
 *
 * @param pluginSchemas - each instance's own schema, by instance id.
 */
export function configJsonSchema(pluginSchemas: Readonly<Record<string, object>> = {}): object {
  const { plugins, ...properties } = configDocumentSchema.properties;
  const instances = Object.entries(pluginSchemas).map(([id, schema]): [string, object] => {
    const place = `#/properties/plugins/properties/${encodeURIComponent(escapeSegment(id))}/properties/config`;
    const config = embed(schema, place);
    return [id, { ...pluginEntrySchema, properties: { ...pluginEntrySchema.properties, config } }];
  });
  const document = {
    ...configDocumentSchema,
    properties: {
      ...properties,
      plugins: {
        ...plugins,
        properties: Object.fromEntries(
          instances.map(([id, entry]) => [id, { ...entry, type: ['object', 'null'] }]),
        ),
        additionalProperties: { ...pluginEntrySchema, type: ['object', 'null'] },
      },
    },
  };
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Configuration of cliproxy',
    ...(allowReferences(document) as object),
  };
}

const SECTION_TYPES = new Set<unknown>(['integer', 'number', 'boolean', 'string']);
const CONSTRAINTS = [
  'enum',
  'const',
  'pattern',
  'format',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
];
const REFERENCE = { type: 'string', pattern: '\\$\\{' };

/** A plugin's schema as part of a larger one: its inner references point there. */
function embed(schema: object, place: string): unknown {
  const visit = (value: unknown, key: string): unknown => {
    if (key === '$ref' && typeof value === 'string' && value.startsWith('#')) {
      return place + value.slice(1);
    }
    if (Array.isArray(value)) return value.map((item) => visit(item, ''));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, visit(inner, name)]),
    );
  };
  // A second $id would change what references mean.
  const own = Object.entries(schema).filter(([key]) => key !== '$schema' && key !== '$id');
  return visit(Object.fromEntries(own), '');
}

/** Lets a reference stand in for every scalar that it would not fit. */
function allowReferences(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(allowReferences);
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).map(([key, value]): [string, unknown] => {
    const isData = key === 'default' || key === 'examples' || key === 'enum' || key === 'const';
    return [key, isData ? value : allowReferences(value)];
  });
  const { type } = schema as { type?: unknown };
  const constraints = entries.filter(([key]) => CONSTRAINTS.includes(key));
  const isPlainText = type === 'string' && constraints.length === 0;
  if (!SECTION_TYPES.has(type) || isPlainText) return Object.fromEntries(entries);
  const rest = entries.filter(([key]) => key !== 'type' && !CONSTRAINTS.includes(key));
  return {
    ...Object.fromEntries(rest),
    anyOf: [Object.fromEntries([['type', type], ...constraints]), REFERENCE],
  };
}
