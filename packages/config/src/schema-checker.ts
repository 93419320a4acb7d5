import { Ajv } from 'ajv';
import type { ErrorObject, ValidateFunction } from 'ajv';
import type { Problem, SchemaChecker } from '@cliproxy/kernel';
import { deepFreeze } from './deep-freeze.ts';
import { fromPointer, pathName } from './pointer.ts';
import { isSecret, mayHoldSecret, walkSchema } from './schema-walk.ts';
import type { SchemaPlace } from './schema-walk.ts';
import { schemaProblem } from './schema-problem.ts';
import type { Manner } from './schema-problem.ts';
import type { Words } from './words.ts';

/** {@link SchemaChecker}, with a say in how values are spoken of. */
export interface ConfigChecker extends SchemaChecker {
  check(
    schema: object,
    value: unknown,
    pointer: string,
    words?: Words,
  ): { readonly value: unknown; readonly problems: readonly Problem[] };
}

/**
 * A checker on Ajv (draft-07). Beyond the schema: an optional property without a value counts as
 * absent; text that is a number or `true`/`false` is taken as such where the schema wants one, since
 * environment variables are text. Messages never show a secret, nor text of an instance, which may
 * come from the environment. The value given back is a frozen copy. Problems carry `PLUGIN_BAD_CONFIG` and the
 * instance for a pointer into `/plugins/<id>/config`, else `CONFIG_INVALID`; a schema that can't be
 * used is a `PLUGIN_BAD_CONTRIBUTION`.
 */
export function createSchemaChecker(): ConfigChecker {
  const ajv = new Ajv({
    allErrors: true,
    verbose: true,
    useDefaults: true,
    allowUnionTypes: true,
    strict: false,
    logger: false,
    addUsedSchema: false,
    // Most schemas are used once; making their code shorter costs more than it saves.
    code: { optimize: false },
  });
  const compiled = new WeakMap<object, ValidateFunction>();
  const validatorOf = (schema: object): ValidateFunction => {
    const known = compiled.get(schema);
    if (known !== undefined) return known;
    if ('$async' in schema) throw new Error('"$async" is not supported');
    try {
      const validate = ajv.compile(schema);
      compiled.set(schema, validate);
      return validate;
    } finally {
      // Ajv would hold every schema for ever, and take one that it refused for good the next time.
      ajv.removeSchema(schema);
    }
  };
  return {
    check: (schema, value, pointer, words) => {
      let validate: ValidateFunction;
      try {
        validate = validatorOf(schema);
      } catch (error) {
        return { value, problems: [brokenSchema(error, pointer)] };
      }
      return run(validate, walkSchema(schema), value, pointer, words);
    },
  };
}

const MAX_PASSES = 8;

function run(
  validate: ValidateFunction,
  place: SchemaPlace,
  original: unknown,
  pointer: string,
  words: Words | undefined,
): { readonly value: unknown; readonly problems: readonly Problem[] } {
  const holder = { value: copyWithoutGaps(original, place, 0) };
  const fromText = new Set<string>();
  let errors: readonly ErrorObject[] = [];
  // Each pass can bring to light what the former one turned into a number.
  for (let pass = 0; pass < MAX_PASSES; pass += 1) {
    errors = validate(holder.value) ? [] : [...(validate.errors ?? [])];
    if (!errors.map((error) => readText(holder, error, fromText)).includes(true)) break;
  }
  const owner = ownerOf(pointer);
  const full: Manner = {
    code: owner === undefined ? 'CONFIG_INVALID' : 'PLUGIN_BAD_CONFIG',
    pointer,
    mayShow: (at, value) => {
      if (typeof value === 'string' || fromText.has(at)) {
        if (!(words?.mayShow(at) ?? owner === undefined)) return false;
      }
      return !holdsSecret(place, holder.value, at);
    },
    nameOf: words?.nameOf ?? ((at) => pathName(pointer + at)),
  };
  const problems = withoutRepetition(errors).flatMap((error) => {
    const problem = schemaProblem(error, full);
    if (problem === undefined) return [];
    return [owner === undefined ? problem : { ...problem, instanceId: owner }];
  });
  return { value: deepFreeze(holder.value), problems };
}

/** A deep copy; optional properties without a value are left out, so that defaults fill them. */
function copyWithoutGaps(value: unknown, place: SchemaPlace, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_DEPTH) return value;
  if (Array.isArray(value)) {
    return value.map((item, index) => copyWithoutGaps(item, place.child(index), depth + 1));
  }
  const entries = Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
    if (inner === null && isOptional(place, key)) return [];
    return [[key, copyWithoutGaps(inner, place.child(key), depth + 1)]];
  });
  return Object.fromEntries(entries);
}

const MAX_DEPTH = 100;

function isOptional(place: SchemaPlace, key: string): boolean {
  const declared = place.schemas.some((schema) => {
    const properties = schema['properties'];
    return typeof properties === 'object' && properties !== null && Object.hasOwn(properties, key);
  });
  const required = place.schemas.some((schema) => {
    const names = schema['required'];
    return Array.isArray(names) && names.includes(key);
  });
  return declared && !required;
}

/** Turns text into what the schema wants, if that is what it says. */
function readText(holder: { value: unknown }, error: ErrorObject, fromText: Set<string>): boolean {
  if (error.keyword !== 'type' || typeof error.data !== 'string') return false;
  const types = [(error.params as { type: unknown }).type]
    .flat()
    .flatMap((t) => String(t).split(','));
  const wanted = readScalar(error.data, types);
  if (wanted === undefined) return false;
  const segments = ['value', ...fromPointer(error.instancePath)];
  const last = segments.pop() ?? '';
  let parent: unknown = holder;
  for (const segment of segments) parent = (parent as Record<string, unknown>)[segment];
  const target = parent as Record<string, unknown>;
  if (target[last] !== error.data) return false;
  target[last] = wanted;
  fromText.add(error.instancePath);
  return true;
}

function readScalar(text: string, types: readonly string[]): number | boolean | undefined {
  if (types.includes('boolean') && (text === 'true' || text === 'false')) return text === 'true';
  const isNumber = /^-?\d{1,15}(\.\d{1,15})?$/.test(text);
  if (isNumber && types.includes('number')) return Number(text);
  if (isNumber && types.includes('integer') && Number.isInteger(Number(text))) return Number(text);
  return undefined;
}

/** One sentence per mistake: an empty text also has the wrong form. */
function withoutRepetition(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const short = new Set(
    errors.filter(({ keyword }) => keyword === 'minLength').map((error) => error.instancePath),
  );
  return withoutBranches(errors).filter(
    ({ keyword, instancePath }) => keyword !== 'pattern' || !short.has(instancePath),
  );
}

/** Keeps what `anyOf` and `oneOf` say as a whole, not what each alternative misses. */
function withoutBranches(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const groups = errors.filter(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf');
  return errors.filter(
    (error) =>
      !groups.some((group) => {
        return error !== group && error.schemaPath.startsWith(`${group.schemaPath}/`);
      }),
  );
}

function holdsSecret(root: SchemaPlace, value: unknown, pointer: string): boolean {
  let place = root;
  let inner = value;
  for (const segment of fromPointer(pointer)) {
    if (isSecret(place)) return true;
    place = place.child(Array.isArray(inner) ? Number(segment) : segment);
    inner = (inner as Record<string, unknown> | undefined)?.[segment];
  }
  return mayHoldSecret(place);
}

function ownerOf(pointer: string): string | undefined {
  const [section, id, part] = fromPointer(pointer);
  return section === 'plugins' && part === 'config' ? id : undefined;
}

function brokenSchema(error: unknown, pointer: string): Problem {
  const reason = error instanceof Error ? error.message : String(error);
  const owner = ownerOf(pointer);
  const whose = owner === undefined ? 'A' : `The plugin of "${owner}" brings a`;
  return {
    code: 'PLUGIN_BAD_CONTRIBUTION',
    message: `${whose} configuration schema that can't be used: ${reason}. Ask the plugin author.`,
    cause: error,
    ...(owner !== undefined && { instanceId: owner }),
    pointer,
  };
}
