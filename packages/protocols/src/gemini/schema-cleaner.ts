import { both, resolvePointer } from '../anthropic-messages/input-schema.ts';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import {
  BOUNDS,
  COPIED,
  DESCRIBED,
  FORMATS,
  MAX_DESCRIBED_CHARS,
  TYPES,
} from './schema-keywords.ts';
import type { SchemaType } from './schema-keywords.ts';

/**
 * A JSON Schema as the API takes it: only keywords that it knows, one type per node. References are
 * put in place, up to where they repeat; what is taken out is told in the node's description, so the
 * model still knows.
 *
 * Walked by the grammar of schemas, never by key alone: a property may be called `default`.
 *
 * @param root - what references in the schema point into.
 */
export function cleanSchema(schema: unknown, root: unknown = schema): JsonObject {
  return new SchemaCleaner(isJsonObject(root) ? root : {}).clean(schema, []);
}

/** References may unfold without end though none repeats itself: a schema of this size is cut. */
const MAX_NODES = 5000;
const MAX_DEPTH = 32;

class SchemaCleaner {
  readonly #root: JsonObject;
  #nodes = 0;

  constructor(root: JsonObject) {
    this.#root = root;
  }

  /** @param refs - the references that the node stands in; its depth counts them too. */
  clean(schema: unknown, refs: readonly string[], depth = 0): JsonObject {
    this.#nodes += 1;
    if (!isJsonObject(schema)) return ANYTHING;
    if (this.#nodes > MAX_NODES || depth > MAX_DEPTH) return described({ type: 'OBJECT' }, schema);
    const { node, refs: inside } = this.#folded(schema, refs, 0);
    const inner = (value: unknown): JsonObject => this.clean(value, inside, depth + 1);
    return cleanNode(node, inner);
  }

  /** The node with its reference and its `allOf` folded into it. */
  #folded(
    schema: JsonObject,
    refs: readonly string[],
    depth: number,
  ): { readonly node: JsonObject; readonly refs: readonly string[] } {
    const { $ref, allOf, ...own } = schema;
    if (typeof $ref === 'string') {
      const found = refs.includes($ref) ? undefined : pointedAt(this.#root, $ref);
      if (!isJsonObject(found) || depth > MAX_DEPTH) {
        const name = $ref.slice($ref.lastIndexOf('/') + 1);
        const told = `(${name}, as described above)`;
        return { node: both(own, { type: 'object', description: told }), refs };
      }
      const target = this.#folded(found, [...refs, $ref], depth + 1);
      return this.#folded(
        both({ ...own, ...(allOf === undefined ? {} : { allOf }) }, target.node),
        target.refs,
        depth + 1,
      );
    }
    if (!Array.isArray(allOf) || depth > MAX_DEPTH) return { node: own, refs };
    let node: JsonObject = own;
    let inside = refs;
    for (const branch of allOf.filter(isJsonObject)) {
      const folded = this.#folded(branch, inside, depth + 1);
      node = both(node, folded.node);
      inside = folded.refs;
    }
    return { node, refs: inside };
  }
}

/** Of a value that may be anything: the API wants a type. */
const ANYTHING: JsonObject = Object.freeze({
  anyOf: [
    { type: 'STRING' },
    { type: 'NUMBER' },
    { type: 'BOOLEAN' },
    { type: 'OBJECT' },
    { type: 'ARRAY', items: { type: 'STRING' } },
  ],
});

type Inner = (value: unknown) => JsonObject;

function cleanNode(node: JsonObject, inner: Inner): JsonObject {
  const branches = [node.anyOf, node.oneOf].find((list) => Array.isArray(list) && list.length > 0);
  if (Array.isArray(branches)) return cleanUnion(node, branches, inner);
  const types = typesOf(node);
  const nullable = isNullable(node);
  const [type, ...more] = types;
  if (type === undefined) return nullable ? nullValue(node) : described(ANYTHING, node);
  if (more.length === 0) {
    const result = cleanTyped(node, type, inner);
    return nullable ? { ...result, nullable: true } : result;
  }
  const { description, ...rest } = node;
  return {
    ...described({}, { description }),
    ...(nullable ? { nullable: true } : {}),
    anyOf: types.map((one) => cleanTyped(rest, one, inner)),
  };
}

/** What stands beside a union holds for each of its branches; null among them makes it nullable. */
function cleanUnion(node: JsonObject, branches: readonly unknown[], inner: Inner): JsonObject {
  const { description, title, nullable, ...rest } = node;
  const beside = Object.fromEntries(Object.entries(rest).filter(([key]) => !UNIONS.has(key)));
  const real = branches.filter((branch) => !isNull(branch));
  const isOptional = nullable === true || real.length < branches.length;
  const [only, ...more] = real;
  if (only === undefined) return nullValue(node);
  const told = description === undefined && title === undefined ? {} : { description, title };
  if (more.length === 0) {
    const result = inner(isJsonObject(only) ? both({ ...beside, ...defined(told) }, only) : only);
    return isOptional ? { ...result, nullable: true } : result;
  }
  const hasBeside = Object.keys(beside).some((key) => !ANNOTATIONS.has(key));
  return {
    ...described({}, { description }),
    ...(typeof title === 'string' ? { title } : {}),
    ...(isOptional ? { nullable: true } : {}),
    anyOf: real.map((branch) =>
      inner(hasBeside && isJsonObject(branch) ? both(branch, beside) : branch),
    ),
  };
}

const UNIONS: ReadonlySet<string> = new Set(['anyOf', 'oneOf']);

/** Keywords that bind nothing. */
const ANNOTATIONS: ReadonlySet<string> = new Set([
  '$schema',
  '$id',
  '$defs',
  'definitions',
  '$comment',
  'default',
  'example',
  'examples',
  'deprecated',
  'discriminator',
]);

function cleanTyped(node: JsonObject, type: SchemaType, inner: Inner): JsonObject {
  const result: Record<string, unknown> = { type };
  const untold: string[] = [];
  for (const key of COPIED) if (node[key] !== undefined) result[key] = node[key];
  if (result.example === undefined && Array.isArray(node.examples)) {
    const [example] = node.examples as readonly unknown[];
    if (example !== undefined) result.example = example;
  }
  for (const key of BOUNDS[type]) if (typeof node[key] === 'number') result[key] = node[key];
  if (typeof node.format === 'string') {
    if (FORMATS[type].includes(node.format)) result.format = node.format;
    else untold.push('format');
  }
  const values = valuesOf(node);
  if (values !== undefined) {
    // The API takes lists of words alone, none empty; numbers must stay numbers in the arguments.
    const words = type === 'STRING' ? values.map(asText).filter((word) => word !== '') : [];
    if (words.length > 0) result.enum = [...new Set(words)];
    if (words.length < values.length) untold.push('enum');
  }
  switch (type) {
    case 'STRING':
      if (typeof node.pattern === 'string') result.pattern = node.pattern;
      break;
    case 'ARRAY':
      result.items = itemsOf(node, inner);
      break;
    case 'OBJECT':
      Object.assign(result, membersOf(node, inner));
      if (isJsonObject(node.additionalProperties)) untold.push('additionalProperties');
      break;
    case 'NUMBER':
    case 'INTEGER':
    case 'BOOLEAN':
      break;
  }
  return described(result, values === undefined ? node : { ...node, enum: values }, untold);
}

function membersOf(node: JsonObject, inner: Inner): JsonObject {
  if (!isJsonObject(node.properties)) return {};
  const entries = Object.entries(node.properties).filter(([, schema]) => schema !== false);
  if (entries.length === 0) return {};
  const names = new Set(entries.map(([name]) => name));
  const required = Array.isArray(node.required)
    ? [...new Set(node.required as readonly unknown[])].filter((name) => names.has(name as string))
    : [];
  return {
    properties: Object.fromEntries(entries.map(([name, schema]) => [name, inner(schema)])),
    ...(required.length === 0 ? {} : { required }),
  };
}

/** The API wants to know the items; those of a tuple are one of its members. */
function itemsOf({ items, prefixItems }: JsonObject, inner: Inner): JsonObject {
  const tuple = Array.isArray(prefixItems) ? prefixItems : items;
  if (!Array.isArray(tuple)) return inner(isJsonObject(items) ? items : true);
  const members = new Map(tuple.map((one) => [JSON.stringify(one), one as unknown]));
  const [only, ...more] = members.values();
  return inner(more.length === 0 ? only : { anyOf: [...members.values()] });
}

/** The node with the description, and in it what binds and could not be said otherwise. */
function described(
  result: JsonObject,
  node: JsonObject,
  untold: readonly string[] = [],
): JsonObject {
  const told = [...untold, ...DESCRIBED].flatMap((key) => {
    if (node[key] === undefined) return [];
    const text = JSON.stringify(node[key]);
    return text.length > MAX_DESCRIBED_CHARS ? [] : [`${key}: ${text}`];
  });
  const before = typeof node.description === 'string' ? [node.description] : [];
  const lines = told.length === 0 ? before : [...before, `(${told.join(', ')})`];
  return lines.length === 0 ? result : { ...result, description: lines.join('\n') };
}

/** Types of the node, as declared or as its other keywords tell; none where it may be anything. */
function typesOf(node: JsonObject): readonly SchemaType[] {
  const declared = wordsOf(node).flatMap((word) => TYPES.get(word) ?? []);
  if (declared.length > 0) return [...new Set(declared)];
  if (isJsonObject(node.properties) || isJsonObject(node.additionalProperties)) return ['OBJECT'];
  if (node.items !== undefined || node.prefixItems !== undefined) return ['ARRAY'];
  const values = valuesOf(node);
  if (values !== undefined && values.length > 0) return [typeOfAll(values)];
  if (typeof node.pattern === 'string' || typeof node.maxLength === 'number') return ['STRING'];
  if (typeof node.minimum === 'number' || typeof node.maximum === 'number') return ['NUMBER'];
  return [];
}

function wordsOf({ type }: JsonObject): readonly unknown[] {
  const words: readonly unknown[] = Array.isArray(type) ? type : [type];
  return words.map((word) => (typeof word === 'string' ? word.toLowerCase() : word));
}

/** The values that are allowed, null aside. */
function valuesOf(node: JsonObject): readonly unknown[] | undefined {
  const values = allValues(node)?.filter((value) => value !== null);
  return values === undefined || values.length === 0 ? undefined : values;
}

function allValues(node: JsonObject): readonly unknown[] | undefined {
  if (Array.isArray(node.enum)) return node.enum as readonly unknown[];
  return node.const === undefined ? undefined : [node.const];
}

function typeOfAll(values: readonly unknown[]): SchemaType {
  if (values.every((value) => Number.isInteger(value))) return 'INTEGER';
  if (values.every((value) => typeof value === 'number')) return 'NUMBER';
  if (values.every((value) => typeof value === 'boolean')) return 'BOOLEAN';
  return 'STRING';
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isNullable(node: JsonObject): boolean {
  if (node.nullable === true || wordsOf(node).includes('null')) return true;
  return node.type === undefined && allValues(node)?.includes(null) === true;
}

function isNull(schema: unknown): boolean {
  if (!isJsonObject(schema)) return false;
  const words = wordsOf(schema);
  if (words.length === 1 && words[0] === 'null') return true;
  return schema.const === null || (allValues(schema)?.every((value) => value === null) ?? false);
}

/** Nothing but null: the API has a type of that name, and few models know what to do with it. */
function nullValue(node: JsonObject): JsonObject {
  return described({ type: 'STRING', nullable: true }, node);
}

function defined(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

function pointedAt(root: JsonObject, pointer: string): unknown {
  return pointer === '#' ? root : resolvePointer(root, pointer);
}
